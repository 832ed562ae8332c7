"""What does a look say after a step, seen from the other robot, and how long does it wait?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quayrobot.model.conditions import Condition, ConditionType
from quayrobot.model.errors import QuayRobotError, Reason, Refused
from quayrobot.model.names import ALT
from quayrobot.model.world import Absent, Present
from quayrobot.plan.scene import Look

from .scenes import NOW, OUTAGE, held, listed, me, ours, status

GRACE = timedelta(minutes=5)
NO_TEAM = Refused(Reason.TEAM_NOT_FOUND, "there is no such team")


def test_a_wanted_secret_that_was_deleted_is_absent_and_a_spare_one_is_no_more():
    spare = [replace(ours(held()), name=each) for each in ("old", "older")]
    scene = held(spare_secrets=tuple(spare))

    without = scene.without_secret("old")
    assert without == replace(scene, spare_secrets=(spare[1],))
    gone = without.without_secret("ci")
    assert gone == replace(without, secrets={"ci": Absent()})
    assert gone.without_secret("never-there") == gone


def test_the_robot_that_is_asked_for_is_in_front():
    other = Look(robot=Present(listed(full_name="acme+ci.alt")))
    scene = held(other=other)
    main = scene.robot_name

    assert scene.towards(None) is scene.towards(main) is scene
    turned = scene.towards(main.in_slot(ALT))
    assert (turned.slot, turned.robot) == (ALT, other.robot)
    assert turned.towards(main) == scene
    alone = held()
    assert alone.towards(main.in_slot(ALT)) is alone


def stalled(generation: int) -> Condition:
    return Condition(
        type=ConditionType.STALLED,
        status="True",
        reason=NO_TEAM.reason,
        observed_generation=generation,
    )


@pytest.mark.parametrize(
    ("edited", "told", "error", "until"),
    [
        pytest.param(None, (), NO_TEAM, NOW + GRACE, id="since now"),
        pytest.param(NOW - GRACE / 2, (), NO_TEAM, NOW + GRACE, id="an edit of before"),
        pytest.param(None, (), OUTAGE, None, id="what is tried again anyway"),
        pytest.param(None, (stalled(1),), NO_TEAM, None, id="it was a failure already"),
        pytest.param(None, (stalled(0),), NO_TEAM, NOW + GRACE, id="before the edit"),
    ],
)
def test_what_may_come_later_is_waited_for(edited, told, error: QuayRobotError, until):
    scene = held(grace=GRACE, me=me(edited=edited), status=status(conditions=told))

    assert scene.waits_until(error) == until


def test_an_edit_begins_the_wait_once_more():
    since = Condition(
        type=ConditionType.RECONCILING,
        status="True",
        reason=NO_TEAM.reason,
        last_transition_time=(NOW - GRACE).isoformat(),
    )
    scene = held(grace=GRACE, status=status(conditions=(since,)))

    assert scene.waits_until(NO_TEAM) is None
    edited = replace(scene, me=me(edited=NOW - GRACE / 5))
    assert edited.waits_until(NO_TEAM) == NOW + GRACE * 4 / 5
