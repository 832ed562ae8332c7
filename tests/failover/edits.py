"""
Which edits come while the leader changes, and were all of them carried out once?

A thread edits robots at a steady pace, each robot once: a rotation is asked for, a
right is given, a robot is made. What Quay was asked since must be just that.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import QUAY_ROBOT
from tests.kit.installation import Installation

__all__ = ["CONNECTION", "REPOSITORY", "Edits", "Place", "robot_body"]

Place = tuple[str, str]
CONNECTION, REPOSITORY = "failover", "app"
RIGHT = {"repositories": [{"name": REPOSITORY, "role": "write"}]}
OPERATIONS = {"rotate": "robot.regenerate", "give": "permission.put", "make": "robot.create"}


def robot_body(place: Place, **spec: Any) -> dict[str, Any]:
    """Return the QuayRobot of *place*: its namespace, and its name."""
    namespace, name = place
    reference = {"kind": "ClusterQuayConnection", "name": CONNECTION}
    return {
        "apiVersion": QUAY_ROBOT.api_version,
        "kind": QUAY_ROBOT.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"organization": namespace, "connectionRef": reference, **spec},
    }


@dataclass
class Edits:
    """A context manager: edits go on inside it. *done* tells which were made, by kind."""

    house: Installation
    namespaces: list[str]
    untouched: list[Place]
    per_s: float
    done: dict[str, list[Place]] = field(default_factory=lambda: {each: [] for each in OPERATIONS})
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    since: int = 0

    def __enter__(self) -> Self:
        self.since = self.house.quay.mark()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._go()), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        assert self._thread is not None
        self._thread.join(60)

    @property
    def places(self) -> list[Place]:
        """All robots that were edited or made."""
        return [place for places in self.done.values() for place in places]

    def surplus(self) -> Counter[str]:
        """Return what Quay was asked to change since, beyond the edits; negative: what is lost."""
        asked = Counter(e.operation for e in self.house.quay.calls(self.since) if e.effect)
        asked.subtract({OPERATIONS[what]: len(places) for what, places in self.done.items()})
        return Counter({what: count for what, count in asked.items() if count})

    def lists(self) -> Counter[str]:
        """
        Return how often the robots of each organization were listed since.

        Lists of their rights are left out: the first new right after a start needs one, which
        comes with a list of the defaults.
        """
        calls = self.house.quay.calls(self.since)
        found = Counter(e.path.split("/")[4] for e in calls if e.operation == "robot.list")
        found.subtract(e.path.split("/")[4] for e in calls if e.operation == "prototype.list")
        return found

    def not_given(self) -> Iterator[Place]:
        """Yield the robots that do not have the right they were to get."""
        for namespace, name in self.done["give"]:
            found = self.house.quay.admin("grants", name=f"{namespace}+{name}")
            if found["repositories"] != {REPOSITORY: "write"}:
                yield namespace, name

    async def _go(self) -> None:
        api = await ClusterApi.connect(self.house.plane.kubeconfig, None)
        rounds: list[tuple[str, Callable[[ClusterApi, Place], Awaitable[object]]]] = [
            ("rotate", _rotate), ("give", _give), ("make", _make),
        ]  # fmt: skip
        number, due = 0, time.monotonic()
        while not self._ended.is_set():
            # Once every robot was edited, more are made.
            what, edit = rounds[number % len(rounds) if self.untouched else -1]
            place = self._next(what, number)
            await edit(api, place)
            self.done[what].append(place)
            number, due = number + 1, due + 1 / self.per_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await api.aclose()

    def _next(self, what: str, number: int) -> Place:
        if what != "make":
            return self.untouched.pop()
        namespace = random.Random(number).choice(self.namespaces)
        return namespace, f"new-{self.since}-{number}"


async def _rotate(api: ClusterApi, place: Place) -> object:
    change = {"spec": {"rotation": {"trigger": "now"}}}
    return await api.write("PATCH", QUAY_ROBOT.path(*place), change)


async def _give(api: ClusterApi, place: Place) -> object:
    return await api.write("PATCH", QUAY_ROBOT.path(*place), {"spec": {"permissions": RIGHT}})


async def _make(api: ClusterApi, place: Place) -> object:
    return await api.write("POST", QUAY_ROBOT.path(place[0]), robot_body(place))
