"""When does a robot come again that somebody else writes each time, or seems to?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

from quayrobot.engine.cache.records import RobotRecord
from quayrobot.engine.cache.store import Store
from quayrobot.engine.connection.context import Outcome
from quayrobot.engine.robot.reconciler import RobotPass
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.actions import Component
from quayrobot.model.errors import Conflict, Reason
from quayrobot.plan.scene import Finding, Scene

from ...plan.scenes import NOW, fresh
from .test_unbinding import body

CONFLICT = Conflict(Reason.CLUSTER_UNAVAILABLE, "the object changed")
RECORD = RobotRecord("QuayRobot", body(5, 1))
MINUTES_S = 120.0


class ApiServer:
    """Answers every write with 409, though nothing changes."""

    async def write_status(self, *_: object) -> None:
        raise CONFLICT

    async def get(self, *_: object) -> dict[str, Any]:
        return body(5, 1)


class World:
    """What a pass works with; *now* is the queue's clock."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.queue = Queue(clock=lambda: self.clock, jitter=lambda: 1.0)
        self.store, self.resources = Store(), ApiServer()
        self.store.observe("QuayRobot", None, body(5, 1))

    def now(self) -> Any:
        return NOW

    def a_pass(self) -> RobotPass:
        return RobotPass(cast("Any", self), RECORD, None)


def ending(world: World, *findings: Conflict) -> Outcome:
    found = tuple(Finding(Component.ROBOT, each) for each in findings)
    return world.a_pass()._outcome(scene(), found)


def scene() -> Scene:
    return replace(fresh(), now=NOW)


def test_a_write_that_conflicts_for_ever_is_tried_at_once_a_few_times_and_then_seldom():
    world = World()

    pauses = [ending(world, CONFLICT).again_s for _ in range(12)]

    assert pauses[:5] == [1.0] * 5
    assert pauses[-1] is not None
    assert pauses[-1] > MINUTES_S


def test_so_is_a_status_that_conflicts_for_ever():
    world = World()

    async def pauses(passes: int) -> list[float]:
        found = []
        for _ in range(passes):
            this = world.a_pass()
            await this.write(RECORD.status)
            # What the pass was for went well.
            assert this._outcome(scene(), ()).error is None
            found.append(await due_s(world))
        return found

    waited = asyncio.run(pauses(12))

    assert waited[:5] == [0.5] * 5
    assert waited[-1] > MINUTES_S / 2


def test_what_goes_well_again_forgives():
    world = World()
    for _ in range(12):
        ending(world, CONFLICT)

    ending(world)

    assert ending(world, CONFLICT).again_s == 1.0


async def due_s(world: World) -> float:
    """Return after how long the robot is taken from the queue, and take it."""
    since = world.clock
    (entry,) = world.queue._entries.values()
    assert entry.due is not None
    world.clock = entry.due
    key, _ = await world.queue.take()
    world.queue.done(key)
    return world.clock - since
