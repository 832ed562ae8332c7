"""What does somebody do next whom Quay refused to make a robot?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.conditions import Condition, ConditionType
from quayrobot.model.errors import Reason
from quayrobot.model.resources.robot import RobotStatus
from quayrobot.model.world import Absent, Unknown
from quayrobot.plan.scene import Scene

from ..scenes import NO_RIGHT, does, fresh, stops


def barred(reason: Reason = Reason.INSUFFICIENT_SCOPE) -> Scene:
    """Return the scene of somebody who was told *reason*, and is bound to nothing."""
    told = Condition(type=ConditionType.READY, status="False", reason=reason, message="x")
    return fresh(status=RobotStatus(conditions=(told,)))


@pytest.mark.parametrize(
    "reason",
    [Reason.INSUFFICIENT_SCOPE, Reason.ORGANIZATION_NOT_FOUND, Reason.CREDENTIAL_REFUSED],
)
def test_a_look_comes_before_anything_is_bound_again(reason):
    assert does(barred(reason)) == ["LookAtRobot"]


def test_a_look_that_is_refused_too_ends_it():
    refused = replace(barred(), robot=Unknown(NO_RIGHT), organization_exists=True)

    assert stops(refused).reason is Reason.INSUFFICIENT_SCOPE


def test_once_the_look_is_answered_the_robot_is_made():
    assert does(replace(barred(), robot=Absent()))[-2:] == ["AddFinalizer", "CreateRobot"]
