"""When is it news what a connection says of its robots?"""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from quayrobot.engine.connection.status import _is_news, lacks_scope
from quayrobot.model.conditions import Condition, ConditionType, Status
from quayrobot.model.errors import Reason
from quayrobot.model.resources.connection import ConnectionStatus, OwnerCount, RobotCounts
from quayrobot.model.resources.robot import RobotStatus

from ...plan.scenes import NOW

MINUTE = timedelta(minutes=1)
NONE = ConnectionStatus(robots=RobotCounts())
ACME = OwnerCount(name="acme", unmanaged=1, sample=("acme+old",))
ONE = ConnectionStatus(robots=RobotCounts(unmanaged=1, organizations=1, owners=(ACME,)))


def told(before: ConnectionStatus, after: ConnectionStatus, *minutes: float) -> list[bool]:
    """Return whether it is news at each of *minutes* since the operator started."""
    live = cast("Any", SimpleNamespace(told_at=None, counted_at=None))
    return [
        _is_news(
            cast("Any", SimpleNamespace(now=lambda each=each: NOW + each * MINUTE)),
            live,
            before,
            after,
        )
        for each in minutes
    ]


@pytest.mark.parametrize(("before", "after"), [(ONE, NONE), (NONE, ONE)])
def test_robots_without_an_owner_are_no_reason_to_write_at_a_start(before, after):
    assert told(before, after, 0, 0.5, 1.1) == [False, False, True]


def test_the_first_of_them_are_told_at_once():
    assert told(ConnectionStatus(), ONE, 0) == [True]


def test_nothing_new_stays_so():
    assert told(ONE, ONE, 0, 30) == [False, False]


def said(kind: ConditionType, status: Status, reason: Reason) -> Condition:
    return Condition(type=kind, status=status, reason=reason, message=f"{kind} {reason}")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        pytest.param(ConditionType.READY, "False", id="not ready"),
        pytest.param(ConditionType.GRANTS_READY, "Unknown", id="rights that are not shown"),
        pytest.param(ConditionType.RECONCILING, "True", id="a rotation that waits"),
        pytest.param(ConditionType.STALLED, "True", id="stalled"),
    ],
)
def test_what_a_robot_says_its_token_lacks_is_known_to_the_connection(kind, status):
    ready = said(ConditionType.READY, "True", Reason.RECONCILED)
    lacking = said(kind, status, Reason.INSUFFICIENT_SCOPE)

    assert lacks_scope(RobotStatus(conditions=[ready, lacking])) == f"{kind} InsufficientScope"
    assert lacks_scope(RobotStatus(conditions=[ready])) is None
