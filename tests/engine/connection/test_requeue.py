"""When is tried again what nobody will tell the end of?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from quayrobot.engine.connection.context import requeue_s
from quayrobot.engine.workqueue.keys import NamespaceKey, ResourceKey
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.errors import QuayRobotError, Reason, Refused, TryLater

KEY = NamespaceKey(ResourceKey("ClusterQuayRobot", "", "fleet"), "shop")
SLOW_S = 300.0


def pauses(error: QuayRobotError, *, tries: int) -> list[float]:
    queue = Queue(clock=lambda: 0.0, jitter=lambda: 1.0)
    context = cast("Any", SimpleNamespace(queue=queue, spread=lambda seconds: seconds))
    return [requeue_s(context, KEY, error, slow_s=SLOW_S) for _ in range(tries)]


@pytest.mark.parametrize(
    "reason",
    [
        Reason.ADMISSION_DENIED,
        Reason.QUOTA_EXCEEDED,
        Reason.CLUSTER_REFUSED,
        Reason.SECRET_NOT_OWNED,
    ],
)
def test_no_event_tells_that_a_policy_or_a_quota_was_changed(reason):
    assert pauses(Refused(reason, "x"), tries=2) == [30.0, 30.0]
    assert pauses(TryLater(reason, "x"), tries=7)[-1] == 30.0


def test_what_an_event_tells_of_is_looked_at_seldom():
    assert pauses(Refused(Reason.QUAY_ROBOT_NOT_OWNED, "x"), tries=2) == [SLOW_S, SLOW_S]
    assert pauses(TryLater(Reason.CLUSTER_UNAVAILABLE, "x"), tries=20)[-1] == SLOW_S
