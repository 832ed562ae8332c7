"""When does a renewal come again whose intent cannot be stored?"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from quayrobot.engine.cache.store import Store
from quayrobot.engine.connection.places import SecretPlace
from quayrobot.engine.connection.renewals_asked import RenewalsAsked
from quayrobot.engine.connection.token_renewal import renew_in_time, renewal_wait_s
from quayrobot.engine.workqueue.keys import ResourceKey
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.errors import Conflict, QuayRobotError, Reason, Refused
from quayrobot.model.resources.renewal import Renewal
from quayrobot.model.secrecy import Token
from tests.kit.canary import oauth_token

KEY = ResourceKey("QuayConnection", "shop", "quay")
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
BODY = {
    "metadata": {
        "name": "quay", "namespace": "shop", "uid": "uid-quay", "resourceVersion": "5",
        "generation": 1, "creationTimestamp": "2026-11-24T01:00:00Z",
    },
    "spec": {"url": "https://quay.example.com", "credentials": {"secretRef": {"name": "token"}}},
}  # fmt: skip
CONFLICT = Conflict(Reason.CLUSTER_UNAVAILABLE, "the object changed")
DENIED = Refused(Reason.ADMISSION_DENIED, "a policy refuses it")
PASSES = 12


class ApiServer:
    """Answers every write of a status with *error*."""

    def __init__(self, error: QuayRobotError) -> None:
        self.error = error

    async def write_status(self, *_: object) -> None:
        raise self.error


class Pool:
    """Knows one connection, whose token is two hours old and lives one."""

    def __init__(self) -> None:
        written = NOW - timedelta(hours=2)
        credential = SimpleNamespace(
            token=Token(oauth_token()), written_at=written, created_at=written
        )
        self.live = SimpleNamespace(
            key=KEY,
            place=SecretPlace("shop", "token", "token"),
            credential=credential,
            limits=SimpleNamespace(paused=False, open=False),
            spec=SimpleNamespace(credentials=SimpleNamespace(renewal=Renewal(type="Bootstrap"))),
            unstored_s=None,
        )

    def known(self, _key: ResourceKey) -> Any:
        return self.live


class World:
    """What a renewal works with."""

    def __init__(self, error: QuayRobotError) -> None:
        self.queue = Queue(clock=lambda: 0.0, jitter=lambda: 1.0)
        self.store, self.resources, self.pool = Store(), ApiServer(error), Pool()
        self.renewals = RenewalsAsked(self.store)
        self.store.observe("QuayConnection", None, BODY)

    def now(self) -> datetime:
        return NOW

    def spread(self, seconds: float) -> float:
        return seconds

    async def pause_s(self) -> float:
        """Return after how long a pass over the connection comes again for the renewal."""
        context = cast("Any", self)
        assert not await renew_in_time(context, KEY)
        assert self.queue.depth() == dict.fromkeys(self.queue.depth(), 0)
        waits = renewal_wait_s(context, KEY)
        assert waits is not None
        return waits


def pauses(error: QuayRobotError) -> list[float]:
    async def scenario() -> list[float]:
        world = World(error)
        return [await world.pause_s() for _ in range(PASSES)]

    return asyncio.run(scenario())


def test_an_intent_that_conflicts_for_ever_is_tried_at_once_a_few_times_and_then_seldom():
    waited = pauses(CONFLICT)

    assert waited[:5] == [1.0] * 5
    assert waited[5:] == pytest.approx([32.0, 64.0, 128.0, 256.0, 300.0, 300.0, 300.0])


def test_an_intent_that_a_policy_refuses_is_tried_like_other_refused_statuses():
    assert pauses(DENIED) == [30.0] * PASSES
