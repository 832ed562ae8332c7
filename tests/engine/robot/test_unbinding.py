"""Is an edit served at once that arrives while a write that never left is taken back?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from quayrobot.engine.cache.store import RobotRecord, Store
from quayrobot.engine.robot.writes import Applier
from quayrobot.engine.workqueue.keys import Key, Lane
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.errors import Conflict, Reason
from quayrobot.plan.scene import Scene

from ...plan.scenes import fresh, me

FINALIZER = "quayrobot.io/finalizer"


def body(version: int, generation: int) -> dict[str, Any]:
    """Return the resource with our finalizer, as the API server shows it."""
    return {
        "metadata": {
            "name": "ci",
            "namespace": "shop",
            "uid": "uid-ci",
            "resourceVersion": str(version),
            "generation": generation,
            "creationTimestamp": "2026-11-24T03:00:00Z",
            "finalizers": [FINALIZER],
        },
        "spec": {"organization": "acme"},
        "status": {},
    }


class Overtaken:
    """An API server where somebody wrote first; the object is *now* as it says."""

    def __init__(self, now: dict[str, Any]) -> None:
        self.now = now

    async def get(self, *_: object) -> dict[str, Any]:
        return self.now

    async def remove_finalizer(self, _kind: object, seen: dict[str, Any]) -> dict[str, Any]:
        if seen["metadata"]["resourceVersion"] != self.now["metadata"]["resourceVersion"]:
            raise Conflict(Reason.CLUSTER_UNAVAILABLE, "the object changed")
        return {**seen, "metadata": {**seen["metadata"], "resourceVersion": "9", "finalizers": []}}


class World:
    """What a pass works with, as far as taking back needs it."""

    def __init__(self, now: dict[str, Any]) -> None:
        self.store, self.resources = Store(), Overtaken(now)
        self.queue = Queue(clock=lambda: 0.0, jitter=lambda: 0.0)

    async def next(self) -> tuple[Key, Lane]:
        async with asyncio.timeout(5):
            return await self.queue.take()

    async def pass_over(self, record: RobotRecord, scene: Scene) -> None:
        """Run as a worker does: what is enqueued meanwhile comes after it."""
        self.queue.add(record.key, Lane.DRIFT)
        await self.next()
        # The last pass failed, too: the next is some time away.
        self.queue.add(record.key, Lane.DRIFT, delay_s=self.queue.backoff_s(record.key))
        context: Any = self
        await Applier(context, record, None).unbind(scene)
        self.queue.done(record.key)


@pytest.mark.parametrize(("generation", "due"), [(2, {Lane.EDIT: 1}), (1, {Lane.EDIT: 0})])
def test_an_edit_that_overtakes_the_taking_back_is_next(generation: int, due: dict[Lane, int]):
    async def scenario() -> dict[Lane, int]:
        world = World(body(6, generation))
        world.store.observe("QuayRobot", None, body(5, 1))
        record = next(iter(world.store.robots.values()))

        await world.pass_over(record, fresh(me=me(uid="uid-ci", guarded=True)))

        assert world.store.robots[record.key].generation == generation
        return world.queue.depth()

    assert due.items() <= asyncio.run(scenario()).items()
