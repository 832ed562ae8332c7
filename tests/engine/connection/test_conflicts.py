"""When does a connection come again that somebody else writes each time, or seems to?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from quayrobot.engine.cache.store import Store
from quayrobot.engine.connection.reconciler import reconcile_connection
from quayrobot.engine.workqueue.keys import ResourceKey
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.errors import Conflict, Reason, Refused

KEY = ResourceKey("QuayConnection", "shop", "quay")
BODY = {
    "metadata": {
        "name": "quay",
        "namespace": "shop",
        "uid": "uid-quay",
        "resourceVersion": "5",
        "generation": 1,
        "creationTimestamp": "2026-11-24T03:00:00Z",
        "deletionTimestamp": "2026-11-24T03:10:00Z",
        "finalizers": ["quayrobot.io/finalizer"],
    },
    "spec": {"url": "https://quay.example.com", "credentials": {"secretRef": {"name": "token"}}},
}


class ApiServer:
    """Answers the removal of a finalizer with 409 as long as it is *busy*."""

    def __init__(self) -> None:
        self.busy = True

    async def list_all(self, *_: object, **_options: object) -> AsyncIterator[dict[str, Any]]:
        for each in ():
            yield each

    async def remove_finalizer(self, *_: object) -> None:
        if self.busy:
            raise Conflict(Reason.CLUSTER_UNAVAILABLE, "the object changed")

    async def write_status(self, _kind: object, body: dict[str, Any], _status: object) -> Any:
        return body


class Pool:
    """Knows no connection that can be used."""

    def __init__(self) -> None:
        self.releasing = asyncio.Lock()

    def known(self, _key: ResourceKey) -> None:
        return None

    async def get(self, _key: ResourceKey) -> None:
        raise Refused(Reason.CONNECTION_NOT_READY, "its Secret is gone")


class Silent:
    """Takes every Event, and lets every Secret go."""

    def emit(self, *_: object, **_words: object) -> None:
        pass

    async def unguard(self, *_: object) -> None:
        pass


class World:
    """What a pass works with."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.queue = Queue(clock=lambda: self.clock, jitter=lambda: 1.0)
        self.store, self.resources, self.pool = Store(), ApiServer(), Pool()
        self.recorder = self.secrets = Silent()
        self.unsaid: set[str] = set()
        self.grace = timedelta(minutes=5)
        self.store.observe("QuayConnection", None, BODY)

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 4, tzinfo=UTC)

    def spread(self, seconds: float) -> float:
        return seconds

    async def pause_s(self) -> float | None:
        """Return after how long the key was enqueued by a pass over it, None if it was not."""
        await reconcile_connection(cast("Any", self), KEY)
        entry = self.queue._entries.get(KEY)
        if entry is None or entry.due is None:
            return None
        waits, self.clock = entry.due - self.clock, entry.due
        self.queue.done((await self.queue.take())[0])
        return waits


def test_a_finalizer_that_conflicts_for_ever_is_tried_at_once_a_few_times_and_then_seldom():
    async def scenario() -> list[float | None]:
        world = World()
        pauses = [await world.pause_s() for _ in range(12)]
        world.resources.busy = False
        assert await world.pause_s() is None
        world.resources.busy = True
        return [*pauses, await world.pause_s()]

    waited = asyncio.run(scenario())

    assert waited[:5] == [1.0] * 5
    assert (waited[11] or 0.0) > 120.0
    # Once it was done, the next is tried at once again.
    assert waited[12] == 1.0
