"""How is the report written, for people and for programs?"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from tests.bench.report import Row, tables
from tests.zoo.bugs import BUGS

from .reading import Findings
from .summary import summary

__all__ = ["KEPT", "faults", "markdown", "values"]

KEPT = ("failover", "upgrade", "whole_sieve", "mutants")


def values(
    tests: Findings,
    bench: Row | None,
    soak: Row | None = None,
    odd: Row | None = None,
    **kept: Any,
) -> Row:
    """
    Return all figures as one JSON value; *odd* are those of misoperations.

    *kept* are those of benches that take too long to be run with the others: `failover`,
    `upgrade`, `whole_sieve` and `mutants`, from their last runs on the same sources.
    """
    return {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "tests": asdict(tests),
        "bench": bench,
        "soak": soak,
        "misoperations": odd,
        **{each: kept.get(each) for each in KEPT},
        "zoo": _zoo(tests, soak),
        "faults": faults(tests, bench, soak, odd),
    }


def faults(
    tests: Findings, bench: Row | None, soak: Row | None = None, odd: Row | None = None
) -> list[str]:
    """Return what is not as it has to be, or what is not known."""
    found = [f"failed: {name}" for name in tests.failed]
    for what, figures in (
        ("crash points", tests.crashes),
        ("calls to Quay", tests.calls),
        ("attacks", tests.attacks),
        ("sieve", tests.sieve),
        ("contract cases", tests.contract.same),
        ("bench", bench),
        ("soak", soak),
        ("misoperations", odd),
    ):
        if not figures:
            found.append(f"no figures: {what}")
    for each in (*tests.attacks, *tests.sieve):
        found += [f"{each.attack}: {what} {n}" for what, n in each.got.items() if n]
    found += [f"soak: {rule} broken {n} times" for rule, n in _broken(soak).items()]
    found += [f"zoo: {row} was not found" for row, by in _zoo(tests, soak).items() if not by]
    if odd and (odd["wrong"] or odd["leaks"]):
        found.append(f"misoperations: {odd['wrong']} ended wrong, statuses {odd['leaks']}")
    for row in (bench or {}).get("rows", ()):
        found += [f"bench of {row['robots']} robots: {each}" for each in row["faults"]]
    return found


def markdown(figures: Row) -> str:
    """Return the report of *figures*, with the figures themselves at its end."""
    parts = (
        _head,
        summary,
        _crashes,
        _sieve,
        _lives,
        _misoperations,
        _mutants,
        _calls,
        _attacks,
        _contract,
        _bench,
    )
    lines = [line for part in parts for line in (*part(figures), "")]
    return "\n".join([*lines, "```json", json.dumps(figures, indent=2), "```", ""])


def _head(figures: Row) -> Iterator[str]:
    machine, outcomes = figures["machine"], figures["tests"]["outcomes"]
    yield "# Figures"
    yield ""
    yield f"Measured on {machine['cores']} cores with Python {machine['python']}."
    yield "Tests: " + ", ".join(f"{n} {name}" for name, n in outcomes.items()) + "."
    for fault in figures["faults"]:
        yield f"- NOT AS IT HAS TO BE: {fault}"


def _crashes(figures: Row) -> Iterator[str]:
    rows = figures["tests"]["crashes"]
    yield "## Crashes"
    yield ""
    yield "Each request of a life is a point at which the operator is killed twice: before the"
    yield "request takes effect and after it did. The end has to be the same as without a kill."
    yield ""
    yield "| life | crash points | kills |"
    yield "| --- | ---: | ---: |"
    for row in rows:
        yield f"| {row['life']} | {row['points']} | {row['kills']} |"
    total = {name: sum(row[name] for row in rows) for name in ("points", "kills")}
    yield f"| all | {total['points']} | {total['kills']} |"


def _broken(soak: Row | None) -> dict[str, int]:
    found: dict[str, int] = (soak or {}).get("violations", {})
    return found


def _zoo(tests: Findings, soak: Row | None) -> dict[str, str]:
    """Return by which invariant each deliberate bug was found; empty where it was not."""
    lived = {row for row, red in (soak or {}).get("zoo", {}).items() if red}
    by = {row: bug.breaks for row, bug in BUGS.items()}
    return {row: by[row] if row in lived else tests.zoo.get(row, "") for row in BUGS}


def _lives(figures: Row) -> Iterator[str]:
    soak, zoo = figures["soak"], figures["zoo"]
    yield "## Lives drawn from seeds"
    yield ""
    if soak is None:
        yield "They were not lived to their end."
        return
    broken = soak["violations"]
    rows = {
        "seeds": soak["seeds"],
        "seeds an hour": soak["seeds_per_hour"],
        "steps, faults among them": f"{soak['steps']}, {sum(soak['faults'].values())}",
        "faults by kind": ", ".join(f"{what} {n}" for what, n in soak["faults"].items()),
        "invariants violated": sum(broken.values()),
        "robots leaked (S6)": broken.get("S6", 0),
        "tokens lost (S4)": broken.get("S4", 0),
        "regenerates too many (S5)": broken.get("S5", 0),
        "longest time that a Secret held a dead token, s": soak["longest_dead_token_s"],
        "longest time to be as asked for after the last fault, s": soak["longest_settled_s"],
        "deliberate bugs found": f"{sum(map(bool, zoo.values()))} of {len(zoo)}",
    }
    yield "| figure | value |"
    yield "| --- | --- |"
    yield from (f"| {what} | {value} |" for what, value in rows.items())


def _mutants(figures: Row) -> Iterator[str]:
    seen = figures["mutants"]
    yield "## Mutants of the rules"
    yield ""
    if seen is None:
        yield "They were not tried on these sources; `make mutants` does it."
        return
    modules = ", ".join(seen["modules"])
    yield f"{seen['killed']} of {seen['mutants']} killed, {seen['explained']} that survive are"
    yield f"explained, {seen['survived']} are not. Tried were those of {modules}."


def _misoperations(figures: Row) -> Iterator[str]:
    odd = figures["misoperations"]
    yield "## Misoperations"
    yield ""
    if odd is None:
        yield "They were not tried to their end."
        return
    yield f"{odd['properties']} properties in {odd['cases']} cases, {odd['wrong']} of which ended"
    yield "wrong. Each is declared, waited for, taken back, and compared with what was before."
    yield ""
    yield "| ended | cases |"
    yield "| --- | ---: |"
    yield from (f"| {how} | {count} |" for how, count in odd["ended"].items())


def _calls(figures: Row) -> Iterator[str]:
    yield "## Calls to Quay"
    yield ""
    yield "| operation | calls | which |"
    yield "| --- | ---: | --- |"
    for row in figures["tests"]["calls"]:
        yield f"| {row['operation']} | {row['calls']} | {row['which']} |"


def _sieve(figures: Row) -> Iterator[str]:
    yield "## Lives cut short, with an old view, or with events missed"
    yield ""
    yield "Plans drawn from recorded lives; the end has to be the same, by no longer way."
    yield ""
    yield from _counted("pattern", "plans", figures["tests"]["sieve"])


def _attacks(figures: Row) -> Iterator[str]:
    yield "## Attacks by a tenant"
    yield ""
    yield "Each on a real API server, in variants; what an attack got has to be nothing."
    yield ""
    yield from _counted("attack", "variants", figures["tests"]["attacks"])


def _counted(what: str, count: str, rows: list[Row]) -> Iterator[str]:
    """One line for each of *rows* with all that came of it, and one for all together."""
    kinds = list(dict.fromkeys(what for row in rows for what in row["got"]))
    yield f"| {what} | {count} | " + "".join(f"{kind} | " for kind in kinds)
    yield "| --- | ---: | " + "---: | " * len(kinds)
    for row in rows:
        got = "".join(f"{row['got'].get(kind, '')} | " for kind in kinds)
        yield f"| {row['attack']} | {row['variants']} | {got}"
    totals = "".join(f"{sum(row['got'].get(kind, 0) for row in rows)} | " for kind in kinds)
    yield f"| all | {sum(row['variants'] for row in rows)} | {totals}"


def _contract(figures: Row) -> Iterator[str]:
    contract: dict[str, Any] = figures["tests"]["contract"]
    skipped = sum(contract["skipped"].values())
    yield "## The contract with Quay"
    yield ""
    yield f"Asked of {os.environ.get('QUAY_URL', 'the double')}: same {contract['same']}, "
    yield f"different {len(contract['different'])}, skipped {skipped}."
    for name in contract["different"]:
        yield f"- different: {name}"
    for reason, count in contract["skipped"].items():
        yield f"- skipped ({count}): {reason}"


def _bench(figures: Row) -> Iterator[str]:
    bench = figures["bench"]
    yield "## The bench, beside a bare script that makes the same calls"
    yield ""
    if bench is None:
        yield "It did not run to its end."
        return
    yield tables(bench["rows"])
    yield ""
    reads = bench["double_reads_per_core_s"]
    yield f"The double of Quay answers {reads} robot reads per second and core."
