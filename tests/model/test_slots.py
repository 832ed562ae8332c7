"""Which robots does a resource name, and for how long the second one?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.model.errors import InvalidSpec
from quayrobot.model.resources.parse import lenient_robot, parse_robot
from quayrobot.model.resources.robot import RobotState, RobotStatus
from quayrobot.model.resources.rotation import Intent, Retiring, RotationState
from quayrobot.model.resources.slots import active_name_of, robot_names_of, takes_turns

ONE = ["acme+ci"]
BOTH = ["acme+ci", "acme+ci.alt"]
OVERLAP: dict[str, Any] = {
    "organization": "acme", "permissions": {}, "rotation": {"strategy": "Overlap"},
}  # fmt: skip
IN_PLACE = {"organization": "acme"}


def turn(**fields: Any) -> Intent:
    return Intent(cause="Request", request="x", digest="y", **fields)


def names(spec: dict[str, Any], status: RobotStatus | None = None) -> list[str]:
    found = robot_names_of("ci", parse_robot("ci", spec), status or RobotStatus())
    return [each.full for each in found]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(RobotStatus(), ONE, id="in place: one"),
        pytest.param(RobotStatus(rotation=RotationState(intent=turn())), ONE, id="in a rotation"),
        pytest.param(
            RobotStatus(rotation=RotationState(intent=turn(slot="alt"))), BOTH, id="in a turn"
        ),
        pytest.param(
            RobotStatus(robot=RobotState(full_name="acme+ci.alt", slot="alt")), BOTH,
            id="while the second one is the active one",
        ),
        pytest.param(
            RobotStatus(
                rotation=RotationState(
                    retiring=Retiring(full_name="acme+ci.alt", slot="alt", until="x")
                )
            ),
            BOTH, id="while the second one retires",
        ),
    ],
)  # fmt: skip
def test_who_changes_back_keeps_the_second_name_while_a_robot_may_have_it(status, expected):
    assert names(IN_PLACE, status) == expected
    assert names(OVERLAP, status) == BOTH


def test_the_active_name_is_what_the_status_says():
    spec = parse_robot("ci", OVERLAP)
    second = RobotStatus(robot=RobotState(full_name="acme+ci.alt", slot="alt"))

    assert active_name_of("ci", spec, RobotStatus()).full == "acme+ci"
    assert active_name_of("ci", spec, second).full == "acme+ci.alt"


def test_a_spec_that_became_invalid_still_tells_that_there_may_be_two():
    broken = {"organization": "acme", "rotation": {"strategy": "Overlap"}}
    with pytest.raises(InvalidSpec):
        parse_robot("ci", broken)

    assert takes_turns(lenient_robot("ci", broken), RobotStatus())
    assert not takes_turns(lenient_robot("ci", {"rotation": "x"}), RobotStatus())
    assert not takes_turns(lenient_robot("ci", {"rotation": {"strategy": 1}}), RobotStatus())
