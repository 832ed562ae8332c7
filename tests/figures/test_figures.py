"""Does the report say what the tests and the bench found, and what they did not?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.load import Load
from tests.bench.measuring import Bare, Converged, Created, Restarted
from tests.bench.report import Row, row_of
from tests.kit.kept import keep, kept

from .reading import Attacks, Call, Contract, Crashes, Findings, read
from .summary import summary
from .writing import faults, markdown, values

MEASURING = """
import pytest

def test_crashes(record_property):
    record_property("crash points", "create: 12 requests, 23 kills")

def test_costs(record_property):
    record_property("calls to Quay", "create a robot: and more: 2 (1 user.get, 1 robot.create)")

def test_attacks(record_property):
    record_property("attacks", "N1: and more: 3 variants, bytes read 0, objects written 2")
    record_property("attacks", "N4 fields: 9 variants")

def test_sieve(record_property):
    record_property("sieve", "stale: 7 plans, unequal 0, surplus deletes 0")

def test_zoo(record_property):
    record_property("zoo", "B1: L1: Secrets are written: once")

@pytest.mark.parametrize("one", ["a", "b", "c", "d"])
def test_quay_answers_as_the_reference_says(one):
    if one in "bc":
        pytest.skip("this Quay has no such thing")
    assert one != "d"

def test_of_something_else():
    pytest.skip("no case of the contract")

@pytest.fixture
def broken():
    yield
    raise RuntimeError

def test_that_breaks_while_cleaning_up(broken):
    pass
"""
OTHER_BUGS = {f"B{number}": True for number in range(2, 19)}
SOAK = {
    "seeds": 2, "seeds_per_hour": 90, "steps": 24, "faults": {"cut": 3, "kill": 1},
    "violations": {}, "longest_dead_token_s": 1.5, "longest_settled_s": 9.0, "zoo": OTHER_BUGS,
}  # fmt: skip
ODD = {"cases": 9, "properties": 3, "by_kind": {"QuayRobot": 9}, "leaks": [], "seconds": 5,
       "ended": {"refused": 5, "matched": 3, "AccessDenied": 1}, "wrong": 0}  # fmt: skip
BARE = Bare(seconds=2.0, cpu_s=1.0, calls=30, writes=60)
CREATED = Created(seconds=3.0, cpu_s=2.0, calls=30, writes=60, rss_mb=90.0)
RESTARTED = Restarted(seconds=1.0, calls=["robot.list"], writes=0)
BEATS = {"robot.list": 2, "robot.list-grants": 2, "repository.list-roles": 20, "prototype.list": 2}
CONVERGED = Converged(
    rounds=2, seconds=20.0, calls=BEATS, unexplained=0, writes=0, cpu_s=0.5, rss_mb=91.0
)
LOAD = Load(10, grants=2)


def run_of(folder: Path, text: str) -> Findings:
    (folder / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    subprocess.run(
        [*command, "--junitxml=out.xml", "test_it.py"],
        cwd=folder,
        check=False,
        capture_output=True,
    )
    return read(folder / "out.xml")


def bench(
    created: Created = CREATED, restarted: Restarted = RESTARTED, converged: Converged = CONVERGED
) -> Row:
    row = row_of(LOAD, [BARE], [created], restarted, converged)
    return {"double_reads_per_core_s": 1500, "rows": [row]}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    return run_of(tmp_path_factory.mktemp("run"), MEASURING)


def test_what_tests_noted_is_read(seen: Findings):
    assert seen.crashes == [Crashes("create", 12, 23)]
    assert seen.sieve == [Attacks("stale", 7, {"unequal": 0, "surplus deletes": 0})]
    assert seen.attacks == [
        Attacks("N1: and more", 3, {"bytes read": 0, "objects written": 2}),
        Attacks("N4 fields", 9, {}),
    ]
    assert seen.zoo == {"B1": "L1"}
    assert seen.calls == [Call("create a robot: and more", 2, "1 user.get, 1 robot.create")]


def test_the_contracts_cases_are_counted_apart_from_other_tests(seen: Findings):
    assert seen.contract == Contract(
        same=1,
        different=["test_it::test_quay_answers_as_the_reference_says[d]"],
        skipped={"this Quay has no such thing": 2},
    )


def test_a_failed_test_and_one_that_broke_while_cleaning_up_are_named(seen: Findings):
    assert faults(seen, bench(), SOAK, ODD) == [
        "failed: test_it::test_quay_answers_as_the_reference_says[d]",
        "failed: test_it::test_that_breaks_while_cleaning_up",
        "N1: and more: objects written 2",
    ]


def test_a_note_that_is_not_understood_is_not_left_out(tmp_path: Path):
    text = MEASURING.replace("12 requests", "a dozen requests")

    with pytest.raises(ValueError, match="a dozen"):
        run_of(tmp_path, text)


def test_figures_that_are_missing_are_told():
    assert faults(Findings(), None) == [
        "no figures: crash points",
        "no figures: calls to Quay",
        "no figures: attacks",
        "no figures: sieve",
        "no figures: contract cases",
        "no figures: bench",
        "no figures: soak",
        "no figures: misoperations",
        *(f"zoo: B{number} was not found" for number in range(1, 19)),
    ]


@pytest.mark.parametrize(
    ("figures", "fault"),
    [
        pytest.param(bench(), None, id="as designed"),
        pytest.param(
            bench(Created(3.0, 2.0, calls=31, writes=60, rss_mb=90.0)),
            "31 calls for 10 robots of 3",
            id="a call too many",
        ),
        pytest.param(
            bench(restarted=Restarted(1.0, ["robot.list"], writes=1)),
            "a restart asked ['robot.list'] and made 1 writes",
            id="a write at a restart",
        ),
        pytest.param(
            bench(converged=Converged(2, 20.0, BEATS, 0, writes=3, cpu_s=0.5, rss_mb=91.0)),
            "3 writes while nothing changed",
            id="a write while nothing changed",
        ),
        pytest.param(
            bench(converged=Converged(2, 20.0, BEATS, 1, writes=0, cpu_s=0.5, rss_mb=91.0)),
            "Quay saw 1 calls more than the operator counted",
            id="a call that is not counted",
        ),
    ],
)
def test_a_bench_with_other_counts_than_designed_is_told(figures: Row, fault: str | None):
    assert figures["rows"][0]["faults"] == ([fault] if fault else [])


def test_a_beat_that_reads_each_robot_is_told():
    calls = {**BEATS, "repository.list-roles": 40}
    seen = Converged(2, 20.0, calls, unexplained=0, writes=0, cpu_s=0.5, rss_mb=91.0)

    [fault] = bench(converged=seen)["rows"][0]["faults"]

    assert "'repository.list-roles': 40" in fault


def test_the_report_holds_all_figures_for_people_and_for_programs(seen: Findings):
    report = markdown(values(seen, bench(), SOAK, ODD))

    assert "| create | 12 | 23 |" in report
    assert "| all | 12 | 0 | 2 |" in report
    assert "| stale | 7 | 0 | 0 |" in report
    assert "| faults by kind | cut 3, kill 1 |" in report
    assert "| deliberate bugs found | 18 of 18 |" in report
    assert "| AccessDenied | 1 |" in report
    assert "same 1" in report
    assert "different 1, skipped 2." in report
    assert "1500 robot reads" in report
    assert "failed: test_it::test_that_breaks" in report
    text = report.split("```json\n")[1].split("```")[0]
    assert json.loads(text)["bench"]["rows"][0]["ratio"] == 1.5


FAILOVER = [{
    "change": "killed", "robots": 1000, "edits": 90, "seconds": 15.0, "overlapping": 0,
    "surplus": 2, "which": {"robot.regenerate": 2, "robot.create": -1}, "lists": 1, "lost": 1,
    "logins": 90, "failed": 3,
}]  # fmt: skip
SIEVE = {"plans": {"stale": 900, "intermediate": 30}, "lives": 31, "missed": 0, "unequal": 1,
         "surplus": {"creates": 4, "others": 0}, "wrong": 5}  # fmt: skip

UPGRADE = {"old": "v0.2.0", "steps": [
    {"name": "this version", "edits": 24, "cuts": 5, "surprises": 0},
    {"name": "the older one", "edits": 25, "cuts": 4, "surprises": 2},
]}  # fmt: skip


def test_one_table_has_what_every_bench_found(seen: Findings):
    tried = {"modules": ["a", "b"], "mutants": 9, "killed": 7, "explained": 1, "survived": 1}
    soak = SOAK | {"violations": {"S6": 2, "L1": 1}}

    kept = {"mutants": tried, "whole_sieve": SIEVE, "failover": FAILOVER, "upgrade": UPGRADE}

    table = list(summary(values(seen, None, soak, ODD, **kept)))

    cost = (
        "15.0 s until the other writes, 0 writes of both, 2 regenerates and 2 calls too many, "
        "1 edits lost, 3 of 90 logins failed"
    )
    there = "from v0.2.0 and back"
    assert table[4:] == [
        f"| `make failover` | leader killed, 1000 robots, 90 edits | {cost} |",
        "| `make soak` | seeds run | 2 |",
        "| `make soak` | faults by kind | cut 3, kill 1 |",
        "| `make soak` | invariants violated | 3 |",
        "| `make soak` | robots leaked (S6) | 2 |",
        "| `make soak` | tokens lost (S4) | 0 |",
        "| `make soak` | regenerates too many (S5) | 0 |",
        "| `make soak` | longest time that a Secret held a dead token, s | 1.5 |",
        f"| `make upgrade` | {there}: this version | 24 edits, 5 cuts, a kill, 0 surprises |",
        f"| `make upgrade` | {there}: the older one | 25 edits, 4 cuts, a kill, 2 surprises |",
        "| `make sieve` | plans of 31 lives | stale 900, intermediate 30 |",
        "| `make sieve` | end states unequal | 1 |",
        "| `make sieve` | surplus | creates 4, others 0 |",
        "| `make mutants` | killed, in 2 modules of the rules | 7 of 9; 1 explained |",
        "| `make mutants` | not explained | 1 |",
        "| `make misoperations` | cases of 3 properties | 9 |",
        "| `make misoperations` | ended wrong | 0 |",
        "| tests, `make soak` | deliberate bugs found | 18 of 18 |",
    ]


def test_a_bench_that_did_not_run_is_told_as_such():
    rows = list(summary(values(Findings(), None)))[4:]

    assert [each.split(" | ")[0] for each in rows if "did not run on these sources" in each] == [
        f"| `make {each}`"
        for each in ("failover", "soak", "upgrade", "sieve", "mutants", "misoperations")
    ]
    assert rows[-1].endswith("| 0 of 18 |")


def test_figures_that_were_kept_hold_while_the_sources_stay_the_same(tmp_path: Path):
    source = tmp_path / "operator/quayrobot/it.py"
    source.parent.mkdir(parents=True)
    source.write_text("a = 1")

    assert kept("soak", root=tmp_path) is None
    keep("soak", {"seeds": 3}, root=tmp_path)
    assert kept("soak", root=tmp_path) == {"seeds": 3}
    assert kept("sieve", root=tmp_path) is None
    source.write_text("a = 2")
    assert kept("soak", root=tmp_path) is None


def test_mutants_are_told_where_they_were_tried(seen: Findings):
    tried = {"modules": ["a", "b"], "mutants": 9, "killed": 7, "explained": 2, "survived": 0}

    report = markdown(values(seen, bench(), SOAK, ODD, mutants=tried))

    assert "7 of 9 killed, 2 that survive are\nexplained, 0 are not. Tried" in report
    assert "Tried were those of a, b." in report
    assert "They were not tried on these sources" in markdown(values(seen, bench(), SOAK, ODD))


def test_a_misoperation_that_ended_wrong_is_told(seen: Findings):
    [*_, last] = faults(seen, bench(), SOAK, ODD | {"wrong": 1})

    assert last == "misoperations: 1 ended wrong, statuses []"


def test_a_broken_invariant_and_a_bug_that_was_not_found_are_told(seen: Findings):
    worse = SOAK | {"violations": {"S6": 2}, "zoo": OTHER_BUGS | {"B13": False}}

    assert faults(seen, bench(), worse, ODD)[-2:] == [
        "soak: S6 broken 2 times", "zoo: B13 was not found",
    ]  # fmt: skip
    assert "| robots leaked (S6) | 2 |" in markdown(values(seen, bench(), worse, ODD))
