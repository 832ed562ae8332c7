"""Does the log tell of what was done, and of nothing else?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from quayrobot.app.logs import LOGGER, route_structlog
from quayrobot.engine.robot.effects import log_effect
from quayrobot.model.actions import (
    Action,
    CreateRobot,
    Exchange,
    GiveRole,
    JoinTeam,
    RecordProgress,
    SetFederation,
)
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.world import Password, Present, Unknown
from quayrobot.plan.rights.grants import target_of
from quayrobot.plan.scene import Scene

from ...plan.scenes import NO_RIGHT, OUTAGE, TOKEN, fresh, held

WHO = {"namespace": "shop", "name": "ci"}
COMMON = {"level", "logger", "timestamp", *WHO}
HELD = held()
ROBOT = HELD.robot_name
PASSWORD = Password(TOKEN, HELD.now, HELD.now)


Told = Callable[[Action, Scene], list[dict[str, object]]]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    """Return what is logged of an action, save for what every line has."""

    def fields(record: logging.LogRecord) -> dict[str, object]:
        assert isinstance(record.msg, dict)
        assert record.msg.items() >= WHO.items()
        return {key: record.msg[key] for key in record.msg.keys() - COMMON}

    def tell(action: Action, after: Scene) -> list[dict[str, object]]:
        route_structlog()
        with caplog.at_level(logging.INFO, LOGGER):
            log_effect(action, after, WHO)
        return [fields(each) for each in caplog.records]

    return tell


@pytest.mark.parametrize(
    ("action", "after", "line"),
    [
        (
            GiveRole(ROBOT, "app", "read"),
            HELD,
            {"event": "grant.given", "robot": "acme+ci", "repository": "app", "role": "read"},
        ),
        (
            JoinTeam(ROBOT, "devs"),
            HELD,
            {"event": "grant.given", "robot": "acme+ci", "team": "devs"},
        ),
        (CreateRobot(ROBOT, "", {}), HELD, {"event": "robot.created", "robot": "acme+ci"}),
        (
            Exchange(ROBOT, "shop", "builder", ()),
            replace(HELD, exchange=Present(PASSWORD)),
            {"event": "token.exchanged", "robot": "acme+ci", "serviceaccount": "builder"},
        ),
        (
            RecordProgress(RobotState(full_name="acme+ci", adopted=True, slot="main")),
            HELD,
            {"event": "robot.adopted", "robot": "acme+ci"},
        ),
    ],
    ids=["role", "team", "creation", "exchange", "adoption"],
)
def test_an_effect_is_told_with_what_and_whose(told, action, after, line):
    assert told(action, after) == [line]


@pytest.mark.parametrize("action", [GiveRole(ROBOT, "app", "read"), JoinTeam(ROBOT, "devs")])
def test_a_right_that_quay_refused_is_not_told_as_given(told, action):
    refused = replace(HELD, grant_refusals={target_of(action): NO_RIGHT})

    assert told(action, refused) == []


@pytest.mark.parametrize(
    ("action", "after"),
    [
        (CreateRobot(ROBOT, "", {}), replace(fresh(), robot=Unknown(OUTAGE))),
        (Exchange(ROBOT, "shop", "builder", ()), replace(HELD, exchange=Unknown(OUTAGE))),
        (SetFederation(ROBOT, ()), replace(HELD, federation=Unknown(OUTAGE))),
        (RecordProgress(RobotState(full_name="acme+ci", slot="main")), fresh()),
    ],
    ids=["creation", "exchange", "identities", "about to be created"],
)
def test_what_failed_or_is_only_about_to_be_done_is_not_told(told, action, after):
    assert told(action, after) == []
