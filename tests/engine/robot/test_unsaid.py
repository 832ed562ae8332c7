"""When does a robot come again whose status could not be stored?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from quayrobot.engine.cache.in_flight import InFlight
from quayrobot.engine.cache.records import RobotRecord
from quayrobot.engine.cache.store import Store
from quayrobot.engine.connection.context import Outcome
from quayrobot.engine.controller.runner import Runner
from quayrobot.engine.robot.reconciler import RobotPass
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.errors import QuayRobotError, Reason, Refused, TryLater

from .test_unbinding import body

BUSY = TryLater(Reason.CLUSTER_UNAVAILABLE, "x")
BUSY_FOR_LONG = TryLater(Reason.CLUSTER_UNAVAILABLE, "x", retry_after=45.0)
DENIED = Refused(Reason.ADMISSION_DENIED, "x")
RECORD = RobotRecord("QuayRobot", body(5, 1))


def some_context() -> Any:
    queue = Queue(clock=lambda: 0.0, jitter=lambda: 1.0)
    parts = {"store": Store(), "in_flight": InFlight(), "spread": lambda seconds: seconds}
    return cast("Any", SimpleNamespace(queue=queue, **parts))


def outcomes(error: QuayRobotError, *, passes: int, found: Outcome) -> list[Outcome]:
    """Return how *passes* ended whose status met *error*, and that were to end as *found*."""
    context, ended = some_context(), []
    for _ in range(passes):
        this = RobotPass(context, RECORD, None)
        this.unsaid = error
        ended.append(this.unless_unsaid(found))
    return ended


def test_the_pauses_grow_and_stay_short_enough_to_be_told_soon_afterwards():
    ended = outcomes(BUSY, passes=7, found=Outcome())

    assert [each.again_s for each in ended] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert not any(each.settled for each in ended)


@pytest.mark.parametrize("found", [Outcome(), Outcome(again_s=2.0), Outcome(again_s=900.0)])
def test_an_api_server_that_asks_for_time_gets_it(found: Outcome):
    (ended,) = outcomes(BUSY_FOR_LONG, passes=1, found=found)

    assert ended.again_s == 45.0


def test_a_refusal_is_tried_twice_a_minute_and_hides_no_other_error():
    other = Refused(Reason.TEAM_NOT_FOUND, "x")

    (ended,) = outcomes(DENIED, passes=1, found=Outcome(error=other))

    assert (ended.again_s, ended.error) == (30.0, other)


@pytest.mark.parametrize(("error", "waits"), [(BUSY, 1.0), (BUSY_FOR_LONG, 45.0), (DENIED, 1.0)])
def test_a_pass_that_could_not_be_made_waits_as_long_as_it_was_asked_to(error, waits):
    runner = Runner(some_context(), cast("Any", None), workers=0)

    assert runner._failed(RECORD.key, error).again_s == waits
