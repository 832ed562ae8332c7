"""What does somebody do next whom Quay refused to make a robot?"""

from __future__ import annotations

from dataclasses import replace

from quayrobot.model.conditions import Condition, ConditionType
from quayrobot.model.errors import Reason
from quayrobot.model.resources.robot import RobotStatus
from quayrobot.model.world import Absent, Unknown

from ..scenes import NO_RIGHT, does, fresh, stops

BARRED = Condition(
    type=ConditionType.READY, status="False", reason=Reason.INSUFFICIENT_SCOPE, message="x"
)
SCENE = fresh(status=RobotStatus(conditions=(BARRED,)))


def test_a_look_comes_before_anything_is_bound_again():
    assert does(SCENE) == ["LookAtRobot"]


def test_a_look_that_is_refused_too_ends_it():
    refused = replace(SCENE, robot=Unknown(NO_RIGHT), organization_exists=True)

    assert stops(refused).reason is Reason.INSUFFICIENT_SCOPE


def test_once_the_look_is_answered_the_robot_is_made():
    assert does(replace(SCENE, robot=Absent()))[-2:] == ["AddFinalizer", "CreateRobot"]
