"""Does one robot have one owner, whoever comes when?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.actions import LookAtRobot
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.names import ALT, RobotName
from quayrobot.model.resources.robot import RobotState, RobotStatus
from quayrobot.model.resources.rotation import Intent, Retiring, RotationState
from quayrobot.model.world import Absent, Claimant, Missing, Present, RobotView, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.claim import check_claim, held_by
from quayrobot.plan.scene import Look, Scene

from ..pairs import alt, pair, turns
from ..scenes import (
    ACME,
    BORN,
    CREATED,
    OUTAGE,
    UID,
    does,
    fresh,
    got,
    held,
    listed,
    marked,
    me,
    rival,
    status,
    stops,
    terminating,
    unknown,
)

ROBOT = RobotName(ACME, "ci")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(rival(older=True), id="an older one"),
        pytest.param(rival(holds=True), id="a younger one that holds it"),
        pytest.param(replace(rival(), created=BORN, uid="a"), id="a twin with the lower uid"),
    ],
)
def test_who_comes_later_stalls_and_learns_nothing_of_the_first(other):
    error = stops(fresh(rivals=(other,)))

    assert (type(error), error.reason) == (Refused, Reason.ALREADY_CLAIMED)
    assert other.namespace not in error.message
    assert other.name not in error.message


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(rival(), id="a younger one"),
        pytest.param(replace(rival(), created=BORN, uid="z"), id="a twin with the higher uid"),
    ],
)
def test_who_comes_first_is_not_disturbed(other):
    check_claim(fresh(rivals=(other,)))


def test_who_holds_it_keeps_it_from_an_older_one():
    check_claim(held(rivals=(rival(older=True),)))


def test_the_loser_is_told_before_anything_is_asked_of_quay():
    assert stops(fresh(rivals=(rival(older=True),))).reason == Reason.ALREADY_CLAIMED


def test_the_deletion_of_the_loser_touches_nothing():
    plan = decide(terminating(guarded=False, rivals=(rival(holds=True),)))

    assert plan.actions == ()


def test_a_loser_with_a_finalizer_is_let_go_and_the_winners_robot_stays():
    winners = Present(got(marked(namespace="bakery", name="oven")))
    plan = decide(terminating(robot=winners, status=status(robot=None, credential=None)))

    assert [type(each).__name__ for each in plan.actions] == ["RemoveFinalizer"]


# What a backup brings to another name or namespace with its status says that it has the robot.
FIRST = replace(rival(older=True, holds=True), guarded=True)


def test_a_status_that_was_restored_under_another_name_loses_the_claim():
    assert stops(held(rivals=(FIRST,))).reason == Reason.ALREADY_CLAIMED


@pytest.mark.parametrize("adopted", [False, True])
def test_the_deletion_of_such_a_copy_is_decided_by_the_marker(adopted: bool):
    known = status()
    assert known.robot is not None
    known = known.model_copy(update={"robot": known.robot.model_copy(update={"adopted": adopted})})
    copy = terminating(rivals=(FIRST,), status=known)

    assert [type(each).__name__ for each in decide(copy).actions] == ["LookAtRobot"]

    seen = got(None if adopted else marked(namespace="bakery", name="oven"))
    looked = decide(replace(copy, robot=Present(seen)))
    assert [type(each).__name__ for each in looked.actions] == ["RemoveFinalizer"]


def test_who_made_the_robot_deletes_it_whatever_a_copy_says():
    made = terminating(rivals=(FIRST,), robot=Present(got(marked())))

    assert [type(each).__name__ for each in decide(made).actions] == ["DeleteRobot"]


claimants = st.builds(
    Claimant,
    kind=st.just("QuayRobot"),
    namespace=st.sampled_from(["a", "b"]),
    name=st.sampled_from(["x", "y"]),
    uid=st.uuids().map(str),
    created=st.integers(0, 2).map(lambda seconds: BORN + timedelta(seconds=seconds)),
    holds=st.booleans(),
)


def wins(one: Claimant, others: tuple[Claimant, ...]) -> bool:
    held_by_me = status() if one.holds else status(robot=None)
    mine = me(namespace=one.namespace, name=one.name, uid=one.uid, created=one.created)
    try:
        check_claim(fresh(me=mine, status=held_by_me, rivals=others))
    except Refused:
        return False
    return True


@given(st.lists(claimants, min_size=2, max_size=3, unique_by=lambda each: each.uid))
def test_exactly_one_of_all_claimants_has_it_in_every_order(found):
    for order in permutations(found):
        winners = [
            one for one in order if wins(one, tuple(each for each in order if each is not one))
        ]

        assert len(winners) == 1


def test_who_holds_it_wins_over_all_who_do_not():
    older = replace(rival(older=True), uid=UID + "0")

    assert wins(replace(rival(), holds=True, uid="me"), (older,))


# A finalizer may be left of a claim that was lost.
LEFT = replace(rival(older=True), guarded=True)


@pytest.mark.parametrize("other", [rival(older=True), LEFT], ids=["", "guarded"])
def test_a_robot_that_carries_the_mark_of_one_claimant_is_never_refused_to_both(other: Claimant):
    first = fresh(
        me=me(guarded=True), robot=Present(got()), rivals=(other,)
    )  # it made the robot, then the process died
    second = fresh(
        me=me(namespace="bakery", name="oven", uid="uid-rival", created=other.created,
              guarded=other.guarded),
        robot=Present(got()),
        rivals=(Claimant("QuayRobot", "shop", "ci", UID, BORN, holds=False, guarded=True),),
        owner_lives=True,
    )  # fmt: skip

    assert does(first) == ["CreateSecret"]
    assert stops(second).reason == Reason.ALREADY_CLAIMED


THEIRS = got(marked(namespace="bakery", name="oven"))
LOST = {"me": me(guarded=True), "rivals": (LEFT,)}


@pytest.mark.parametrize("robot", [Unlooked(), Missing(), Present(listed())])
def test_who_lost_the_status_asks_for_the_mark_before_an_older_one_has_it(robot):
    assert decide(fresh(robot=robot, **LOST)).actions == (LookAtRobot(ROBOT),)
    assert does(fresh(robot=Present(got()), **LOST)) == ["CreateSecret"]


@pytest.mark.parametrize("robot", [Absent(), Present(got(None)), Present(THEIRS)])
def test_without_that_mark_the_older_one_has_it(robot):
    assert stops(fresh(robot=robot, **LOST)).reason == Reason.ALREADY_CLAIMED


def test_a_look_for_the_mark_that_failed_is_no_claim_that_was_lost():
    assert stops(fresh(robot=unknown(), **LOST)) is OUTAGE


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"rivals": (replace(LEFT, holds=True),)}, id="the other one holds it"),
        pytest.param({"me": me()}, id="nothing was ever made"),
    ],
)
def test_nobody_asks_for_a_mark_where(changes):
    assert stops(fresh(**{**LOST, **changes})).reason == Reason.ALREADY_CLAIMED


def test_a_mark_is_no_claim_against_who_holds_the_robot_and_may_have_adopted_it():
    holder = replace(rival(), holds=True)

    scene = fresh(robot=Present(got()), **{**LOST, "rivals": (holder,)})
    assert stops(scene).reason == Reason.ALREADY_CLAIMED


def test_of_two_that_take_turns_the_contested_one_is_asked_for_its_mark():
    names = frozenset({"acme+ci.alt"})
    other = replace(LEFT, contested=names)
    known = {"spec": turns(), "status": RobotStatus(), "rivals": (other,)}

    def scene(there: RobotView, main: RobotView) -> Scene:
        return pair(**known, robot=main, other=Look(robot=there))

    assert check_claim(scene(Unlooked(), Unlooked())) == (LookAtRobot(ROBOT.in_slot(ALT)),)
    assert check_claim(scene(Present(alt()), Unlooked())) == ()
    for theirs in (Absent(), Present(alt(None))):
        # The mark on the main one says nothing of the other.
        with pytest.raises(Refused):
            check_claim(scene(theirs, Present(got())))


def test_who_comes_later_in_one_namespace_is_told_who_was_first():
    first = replace(rival(older=True), namespace="shop")
    scene = fresh(rivals=(first,))
    assert scene.me.namespace == "shop"

    assert stops(scene).message == (
        f"the robot {scene.robot_name.full} is claimed by QuayRobot oven: "
        "choose another robotName, or delete one of them"
    )


# What a resource holds --------------------------------------------------------------------


def turning(active: str, *, slot: str, intent: str | None = None, retiring: str | None = None):
    """Return the status of a resource whose robots take turns."""
    rotation = RotationState(
        intent=None if intent is None else Intent(
            cause="Interval", request="2026-11-24T03:00:00Z", digest="sha256:0", slot=intent
        ),
        retiring=None if retiring is None else Retiring(
            full_name=retiring, slot="main", until="2026-11-25T03:00:00Z"
        ),
    )  # fmt: skip
    robot = RobotState(full_name=active, created_at=CREATED, slot=slot)
    return status(robot=robot, rotation=rotation)


@pytest.mark.parametrize(
    ("known", "holds"),
    [
        pytest.param(status(), {"acme+ci"}, id="one robot"),
        pytest.param(status(robot=None), set(), id="none"),
        pytest.param(
            status(robot=RobotState(full_name="acme+ci")), set(), id="one that was not made yet"
        ),
        pytest.param(turning("acme+ci", slot="main"), {"acme+ci"}, id="no rotation under way"),
        pytest.param(
            turning("acme+ci", slot="main", intent="alt"),
            {"acme+ci", "acme+ci.alt"},
            id="its successor is being made",
        ),
        pytest.param(
            turning("acme+ci.alt", slot="alt", intent="main"),
            {"acme+ci", "acme+ci.alt"},
            id="its successor is the first again",
        ),
        pytest.param(
            turning("acme+ci.alt", slot="main", intent="alt"),
            {"acme+ci.alt", "acme+ci.alt.alt"},
            id="a first robot whose name looks like a second's",
        ),
        pytest.param(
            turning("acme+ci.alt", slot="alt", retiring="acme+ci"),
            {"acme+ci", "acme+ci.alt"},
            id="its predecessor still lives",
        ),
        pytest.param(
            turning("acme+ci", slot="main", intent="alt", retiring="acme+old"),
            {"acme+ci", "acme+ci.alt", "acme+old"},
            id="a predecessor of another name",
        ),
    ],
)
def test_a_resource_holds_every_robot_that_was_made_for_it(known, holds):
    assert held_by(known) == holds
