"""Is the end the same for who is cut short, sees an old view, or misses events?"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.kit.controlplane import ControlPlane
from tests.kit.crashing import CrashPoint

from .lens import Event, Key, Lens, Version, line
from .lives import LIVES
from .plans import PATTERNS, Plan, Record, plans
from .referee import WHICH, End, differing, masked, surplus
from .running import Outcome, ran, recorded
from .stage import staged

WORKLOADS = {f"W{number}" for number in range(1, 19)}
TENANT = "t-0123abcd"
ROBOT = Key("quayrobots", TENANT, "ci")


def chosen(plan: Plan) -> bool:
    """A few of each pattern; all of them: make sieve."""
    if plan.life == "create":
        return plan.pattern == "intermediate" and "quayrobots" not in str(plan.after)
    alone = len(plan.at or plan.withheld) == 1
    return plan.pattern != "intermediate" and alone and "quayrobots/ci" in plan.what


def version(number: int, type_: str = "MODIFIED") -> Version:
    meta = {"name": "ci", "namespace": TENANT, "resourceVersion": str(number)}
    return Version(number, type_, {"metadata": meta})


def test_the_lives_cover_every_workload():
    assert {each for life in LIVES.values() for each in life.covers.split()} == WORKLOADS


def test_plans_are_drawn_from_writes_events_and_versions():
    write = CrashPoint("quay", "PUT", "/robots/ci", 1)
    told = CrashPoint("cluster", "POST", "/events", 1)
    events = [Event("quayrobots", "ci", nth, "MODIFIED") for nth in (1, 2, 3)]
    known = {ROBOT: [version(5), version(6), version(7), version(8)]}
    record = Record("rights", [write, told], events, known, {ROBOT: 1})

    drawn = plans(record, TENANT)

    assert [each.after for each in drawn if each.pattern == "intermediate"] == [write]
    runs = ["1", "2", "3", "12", "23", "123"]
    unobserved = [each.withheld for each in drawn if each.pattern == "unobserved"]
    assert ["".join(str(nth) for *_, nth in each) for each in unobserved] == runs
    # What was there before the first act counts, the last version is no old one.
    stale = [each.at[0][2] for each in drawn if each.pattern == "stale"]
    assert stale == [0, 1, 2, 1, 2]


def test_a_frozen_object_is_shown_as_it_was_and_then_all_that_came_later():
    lens = Lens()
    for number in (1, 2):
        assert lens.passes("quayrobots", line(version(number)))
    lens.freeze(ROBOT, version(1))

    assert not lens.passes("quayrobots", line(version(3)))
    listed = {"metadata": {"resourceVersion": "3"}, "items": [version(3).body]}
    assert lens.listed("quayrobots", listed)["items"] == [version(1).body]
    gone = {"metadata": {"resourceVersion": "9"}, "items": []}
    assert lens.listed("quayrobots", gone)["items"] == [version(1).body]
    late = [each for _kind, each in lens.release()]
    assert late == [
        line(version(2)),
        line(version(3)),
        line(Version(9, "DELETED", version(3).body)),
    ]


def test_a_withheld_event_is_not_shown_and_the_next_one_is():
    lens = Lens(withheld={TENANT: {("quayrobots", "ci", 2)}})
    lens.follow(TENANT)

    shown = [lens.passes("quayrobots", line(version(number))) for number in (1, 2, 3)]

    assert shown == [True, False, True]
    assert [each.nth for each in lens.events[TENANT]] == [1, 2, 3]


def test_what_differs_between_undisturbed_lives_is_masked_and_nothing_else():
    one = End({"token": "a", "role": "read", "at times": 1}, Counter({"robot.create": 1}))
    other = End({"token": "b", "role": "read"}, Counter({"robot.create": 1}))
    wanted = masked([one, other])

    def found(**facts: object) -> list[str]:
        return differing(wanted, facts, [one, other], "")

    assert found(token="c", role="read") == []
    assert found(token="c", role="write") == ["role: read became write"]
    assert found(role="read") == ["token: <masked> became nothing"]
    assert found(token="c", role="read", more=1) == ["more: nothing became 1"]
    assert surplus(wanted, Counter({"robot.create": 2, "robot.delete": 1, "x": 1})) == {
        "creates": 1, "deletes": 1, "others": 1,
    }  # fmt: skip
    again = ("x",)
    assert surplus(wanted, Counter({"robot.create": 1, "x": 1}), again) == {}
    assert surplus(wanted, Counter({"robot.create": 1, "x": 2}), again) == {"others": 1}


@pytest.mark.rotates
@pytest.mark.timeout(400)
def test_chosen_disturbances_change_nothing_in_the_end(
    own_control_plane: ControlPlane, record_property
):
    if not own_control_plane.has_controllers:
        pytest.skip("the lives need a control plane that collects garbage")
    with staged(own_control_plane) as stage:
        found = recorded(stage, ["create", "rights"], settle_s=3.0)
        records = {record.life: record for record, _ in found}
        drawn = [each for pair in found for each in plans(*pair) if chosen(each)]
        outcomes = []
        for restarts in (True, False):
            batch = [each for each in drawn if (each.pattern != "unobserved") == restarts]
            outcomes += ran(stage, batch, records)

        assert [f"{e.plan}: {e.unequal} {e.surplus}" for e in outcomes if e.wrong] == []
        assert stage.house.recorder is not None
        assert stage.house.recorder.problems() == []
    for pattern in PATTERNS:
        record_property("sieve", told(pattern, [e for e in outcomes if e.plan.pattern == pattern]))


def told(pattern: str, outcomes: list[Outcome]) -> str:
    """Return one line of the closing table; *outcomes* are those of the plans that were met."""
    met = [each for each in outcomes if each.met]
    assert met, pattern
    more = sum((Counter(each.surplus) for each in met), Counter[str]())
    counts = ", ".join(f"surplus {what} {more[what]}" for what in WHICH)
    return f"{pattern}: {len(met)} plans, unequal {sum(bool(e.unequal) for e in met)}, {counts}"
