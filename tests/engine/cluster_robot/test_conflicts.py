"""How often does a namespace have its turn while somebody else writes there without end?"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from quayrobot.cluster.members import Members
from quayrobot.engine.cache.cluster_robot_memory import ClusterRobotMemories
from quayrobot.engine.cache.contests import Contests
from quayrobot.engine.cache.in_flight import InFlight
from quayrobot.engine.cache.store import Store
from quayrobot.engine.controller.runner import Runner
from quayrobot.engine.workqueue.keys import NamespaceKey, ResourceKey
from quayrobot.engine.workqueue.queue import Queue

OWNER = ResourceKey("ClusterQuayRobot", "", "pull")
KEY = NamespaceKey(OWNER, "shop")
MADE = {"creationTimestamp": "2026-11-24T03:00:00Z", "generation": 1}
CLUSTER_ROBOT = {
    "metadata": {"name": "pull", "uid": "u1", "resourceVersion": "1", **MADE},
    "spec": {
        "namespaceSelectors": [{}],
        "template": {"spec": {"organization": "acme", "description": "ours"}},
    },
}
CONTROLLER = {"kind": "ClusterQuayRobot", "name": "pull", "uid": "u1", "controller": True}
STORM_S, APART_S = 600.0, 0.5


def member(version: int) -> dict[str, Any]:
    meta = {"name": "pull", "namespace": "shop", "uid": "m1", "resourceVersion": str(version)}
    return {
        "metadata": {
            **meta, **MADE, "ownerReferences": [CONTROLLER], "annotations": {"beat": str(version)},
        },
        "spec": {"organization": "acme", "robotName": "shop-pull", "description": "theirs"},
    }  # fmt: skip


class ApiServer:
    """Has a QuayRobot that is always newer than what was shown of it; counts the looks at it."""

    def __init__(self) -> None:
        self.version, self.looks = 1, 0

    async def get(self, path: str) -> dict[str, Any]:
        if "clusterquayrobots" in path:
            return CLUSTER_ROBOT
        self.looks += 1
        return member(self.version + 1)


class Live:
    """Reads what the API server has."""

    async def get(self, kind: Any, _namespace: str, _name: str) -> dict[str, Any]:
        assert kind.kind == OWNER.kind
        return CLUSTER_ROBOT

    async def managers(self, *_: object) -> dict[str, str]:
        return {}


class Meter:
    """Counts nothing."""

    def passed(self, *_: object) -> None:
        pass

    def observed(self, _resource: str) -> None:
        pass


class World:
    """What a pass over a namespace works with; time goes on by itself."""

    def __init__(self) -> None:
        self.time, self.api = 0.0, ApiServer()
        self.store, self.queue = Store(), Queue(clock=self.clock, jitter=lambda: 1.0)
        self.contests, self.in_flight = Contests(clock=self.clock), InFlight()
        self.members, self.resources = Members(cast("Any", self.api)), Live()
        self.memories = ClusterRobotMemories(refreshed=lambda _: None)
        self.runner = Runner(cast("Any", self), Meter(), workers=1)
        self.runner.observe("ClusterQuayRobot", None, CLUSTER_ROBOT)
        self.runner.observe("Namespace", None, {"metadata": {"name": "shop"}})
        self.queue.forget(OWNER)

    def clock(self) -> float:
        return self.time

    def spread(self, seconds: float) -> float:
        return seconds

    def write(self) -> None:
        """Have somebody else write, and show it."""
        self.api.version += 1
        self.runner.observe("QuayRobot", "MODIFIED", member(self.api.version))

    async def work(self) -> None:
        """Run what is due for the namespace."""
        for key in (OWNER, ResourceKey("QuayRobot", "shop", "pull")):
            self.queue.forget(key)
        while any(self.queue.depth().values()):
            key, lane = await self.queue.take()
            if key == KEY:
                await self.runner._run(key, lane)
            else:
                self.queue.done(key)


def test_a_namespace_whose_robot_somebody_writes_without_end_has_its_turn_less_and_less_often():
    async def storm() -> int:
        world = World()
        while world.time < STORM_S:
            world.write()
            await world.work()
            world.time += APART_S
        return world.api.looks

    # Six at once, and then after 32, 64, 128 and 256 s.
    assert 6 < asyncio.run(storm()) <= 16


def test_an_edit_has_its_turn_at_once():
    async def storm() -> tuple[int, int]:
        world = World()
        while world.time < 60:
            world.write()
            await world.work()
            world.time += APART_S
        before = world.api.looks
        # As the pass over the ClusterQuayRobot does it after an edit.
        world.queue.forgive(KEY)
        world.write()
        await world.work()
        return before, world.api.looks

    before, after = asyncio.run(storm())

    assert after == before + 1
