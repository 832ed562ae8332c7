"""When does a robot come again for what may come later?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from quayrobot.engine.cache.records import RobotRecord
from quayrobot.engine.robot.reconciler import RobotPass
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.actions import Component
from quayrobot.model.errors import Reason, Refused
from quayrobot.plan.scene import Finding

from ...plan.scenes import NOW, fresh
from .test_unbinding import body

GRACE = timedelta(seconds=300)


def waits_s(*reasons: Reason) -> float | None:
    """Return when a pass that waits for *reasons* comes again, after three that did before."""
    record = RobotRecord("QuayRobot", body(5, 1))
    queue = Queue(clock=lambda: 0.0, jitter=lambda: 1.0)
    for _ in range(3):
        queue.backoff_s(record.key)
    context = SimpleNamespace(queue=queue, now=lambda: NOW, store=None)
    scene = replace(fresh(), grace=GRACE, now=NOW)
    findings = tuple(Finding(Component.ROBOT, Refused(each, "x")) for each in reasons)
    return RobotPass(cast("Any", context), record, None)._late_s(scene, findings)


def test_who_waits_for_a_connection_is_woken_by_it_and_asks_once_more_at_the_end():
    assert waits_s(Reason.CONNECTION_NOT_FOUND) == GRACE.total_seconds() + 1.0


@pytest.mark.parametrize(
    "reasons",
    [
        pytest.param([Reason.TEAM_NOT_FOUND], id="in Quay"),
        pytest.param([Reason.CONNECTION_NOT_FOUND, Reason.TEAM_NOT_FOUND], id="one of them"),
        pytest.param([Reason.CONNECTION_NOT_READY], id="a Secret is not watched"),
    ],
)
def test_for_what_nobody_tells_of_it_comes_again_with_growing_pauses(reasons):
    waited = waits_s(*reasons)

    assert waited is not None
    assert 1.0 < waited < GRACE.total_seconds()


def test_what_needs_somebody_is_not_waited_for():
    assert waits_s(Reason.CONNECTION_NOT_FOUND, Reason.SECRET_NOT_OWNED) is None
