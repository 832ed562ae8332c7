"""Does a write of our own spare the look before a robot is made, and only where it proves it?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from quayrobot.engine.cache.in_flight import InFlight
from quayrobot.engine.cache.store import Store
from quayrobot.engine.robot.writes import Applier
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.actions import Action, AddFinalizer, Component, CreateRobot, RehearseSecrets
from quayrobot.model.errors import Conflict, QuayRobotError, Refused
from quayrobot.plan.scene import Scene

from ...plan.scenes import fresh, me
from .test_unbinding import body

CREATE = CreateRobot(fresh().robot_name, "", {})


def deleted(of: dict[str, Any]) -> dict[str, Any]:
    """Return *of* once its deletion was asked for."""
    return {**of, "metadata": {**of["metadata"], "deletionTimestamp": "2026-11-28T09:00:00Z"}}


class ApiServer:
    """Counts the looks at the resource, which is as *now* says."""

    def __init__(self, now: dict[str, Any]) -> None:
        self.now, self.looks = now, 0
        self.meanwhile: Callable[[], object] = lambda: None

    async def get(self, *_: object) -> dict[str, Any]:
        self.looks += 1
        return self.now

    async def add_finalizer(
        self, _kind: object, seen: dict[str, Any], _noted: object
    ) -> dict[str, Any]:
        self.meanwhile()
        return {**seen, "metadata": {**seen["metadata"], "resourceVersion": "6"}}


class World:
    """What a pass works with; the connection is missing, so that nothing is made."""

    def __init__(self, now: dict[str, Any]) -> None:
        self.store, self.resources = Store(), ApiServer(now)
        self.queue = Queue(clock=lambda: 0.0, jitter=lambda: 0.0)
        self.secrets, self.in_flight = self, InFlight()
        self.in_flight.take_in = self.store.observe
        self.store.observe("QuayRobot", None, body(5, 1))

    async def rehearse(self, _writes: object) -> None:
        """Take any."""

    async def carry_out(self, *actions: Action) -> type[QuayRobotError]:
        """Carry out *actions*, then the creation; return how that ends."""
        context: Any = self
        applier = Applier(context, next(iter(self.store.robots.values())), None)
        scene: Scene = fresh(me=me(uid="uid-ci"))
        for action in actions:
            scene = await applier.apply(action, scene)
        with pytest.raises(QuayRobotError) as caught:
            await applier.apply(CREATE, scene)
        return type(caught.value)


def test_the_write_before_it_is_the_proof():
    world = World(body(6, 1))

    # It comes as far as the connection, which is missing here.
    assert asyncio.run(world.carry_out(AddFinalizer())) is Refused
    assert world.resources.looks == 0


@pytest.mark.parametrize(
    "actions", [(), (AddFinalizer(), RehearseSecrets(fresh().robot_name, (), Component.SECRETS))]
)
def test_without_it_the_resource_is_read(actions: tuple[Action, ...]):
    world = World(body(6, 1))

    assert asyncio.run(world.carry_out(*actions)) is Refused
    assert world.resources.looks == 1


@pytest.mark.parametrize("edited", [body(7, 2), deleted(body(7, 1))], ids=["edited", "deleted"])
def test_what_the_watch_brought_meanwhile_counts_more(edited: dict[str, Any]):
    world = World(edited)
    # As the runner does with what a watch shows.
    show = partial(world.in_flight.holds_back, "QuayRobot", "MODIFIED", edited)
    world.resources.meanwhile = show

    assert asyncio.run(world.carry_out(AddFinalizer())) is Conflict
    assert world.resources.looks == 1
