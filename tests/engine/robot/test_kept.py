"""Is who holds a resource that we let go told once, and only where somebody does?"""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from quayrobot.engine.cache.records import RobotRecord
from quayrobot.engine.cache.store import Store
from quayrobot.engine.robot.kept import look_again_s, tell_kept
from quayrobot.engine.workqueue.keys import ResourceKey
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.errors import Conflict, QuayRobotError, Reason, TryLater

from ...plan.scenes import NOW
from .test_unbinding import FINALIZER, body

KEY = ResourceKey("QuayRobot", "shop", "ci")
THEIRS = "example.com/audit"


def going(*finalizers: str) -> dict[str, Any]:
    of = body(5, 1)
    gone_at = {"deletionTimestamp": "2026-11-28T09:00:00Z", "finalizers": list(finalizers)}
    return {**of, "metadata": {**of["metadata"], **gone_at}}


class World:
    """What a pass works with; its API server fails with *error*, if any."""

    def __init__(self, error: QuayRobotError | None = None) -> None:
        self.error, self.written = error, 0
        self.queue = Queue(clock=lambda: 0.0, jitter=lambda: 1.0)
        self.store, self.resources = Store(), self
        self.unsaid: set[str] = set()

    def now(self) -> Any:
        return NOW

    async def write_status(self, _kind: object, of: dict[str, Any], status: object) -> Any:
        self.written += 1
        if self.error is not None:
            raise self.error
        # As it comes back from the API server.
        stored: dict[str, Any] = json.loads(json.dumps({**of, "status": status}))
        return {**stored, "metadata": {**of["metadata"], "resourceVersion": "6"}}

    def tell(self, of: dict[str, Any]) -> float | None:
        """Look at *of*, or at what was stored of it before; return when to look again."""
        if KEY not in self.store.robots:
            self.store.observe("QuayRobot", None, of)
        record = self.store.robots[KEY]
        return asyncio.run(tell_kept(cast("Any", self), KEY, record)).again_s


def test_it_is_told_once():
    world = World()
    for _ in range(3):
        assert world.tell(going(THEIRS)) is None

    (ready,) = world.store.robots[KEY].status.conditions
    assert (ready.status, ready.reason) == ("False", Reason.DELETING)
    assert THEIRS in ready.message
    assert world.written == 1


@pytest.mark.parametrize("of", [going(), going(FINALIZER, THEIRS)], ids=["nobody", "we do"])
def test_where_nobody_else_alone_holds_it_nothing_is_written(of: dict[str, Any]):
    world = World()

    world.tell(of)

    assert world.written == 0
    assert look_again_s(RobotRecord("QuayRobot", of)) is None


@pytest.mark.parametrize(
    "error",
    [Conflict(Reason.CLUSTER_UNAVAILABLE, "x"), TryLater(Reason.CLUSTER_UNAVAILABLE, "x")],
    ids=["a conflict", "an outage"],
)
def test_what_could_not_be_stored_is_tried_again(error: QuayRobotError):
    world = World(error)

    assert [world.tell(going(THEIRS)) for _ in range(3)] == [1.0, 2.0, 4.0]
