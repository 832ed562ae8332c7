"""
Who reconciles the keys in the queue?

Workers take keys from the queue and run the pass that fits, one pass per key
at a time, each under one deadline. No error in a pass ends a worker:
unexpected exceptions are logged by type, and the key is retried later.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from ...model.errors import QuayRobotError, Reason, TryLater
from ...quay.rate_limiter import Urgency, with_urgency
from ..cluster_robot.namespace import reconcile_namespace
from ..cluster_robot.reconciler import reconcile_cluster_robot
from ..connection.batch_deletion import prove_deletions
from ..connection.context import GATHER_S, Context, Meter, Outcome, asked_s
from ..connection.drift import check_drift
from ..connection.reconciler import enqueue_waiting, reconcile_connection
from ..robot.reconciler import reconcile_robot
from ..workqueue.keys import (
    Key,
    Lane,
    LeavingKey,
    NamespaceKey,
    OwnerKey,
    ResourceKey,
    namespace_of,
)
from .gaps import Gaps
from .taken import contested_for_s

__all__ = ["Runner"]

DEADLINE_S = 180.0
# One worker of so many is for edits and deletions alone: all others may wait for Quay.
RESERVED = 4
_URGENCY = {
    Lane.EDIT: Urgency.ASKED,
    Lane.DRIFT: Urgency.REPAIR,
    Lane.RESYNC: Urgency.BACKGROUND,
}

log = structlog.get_logger(__name__)


class Runner:
    """Runs the workers; handlers pass events to *observe*."""

    def __init__(self, context: Context, meter: Meter, *, workers: int) -> None:
        self._context, self._meter, self._workers = context, meter, workers
        self._tasks: list[asyncio.Task[None]] = []
        self._busy: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._gaps = Gaps(context.store, self.observe)
        context.in_flight.take_in = self._take_in

    @property
    def working(self) -> bool:
        """Return whether the workers run."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    def observe(self, kind: str, event_type: str | None, body: dict[str, Any]) -> None:
        """Apply an event to the store and enqueue the keys that it maps to."""
        self._meter.observed(kind)
        if not self._context.in_flight.holds_back(kind, event_type, body):
            self._take_in(kind, event_type, body)

    def _take_in(self, kind: str, event_type: str | None, body: dict[str, Any]) -> None:
        if event_type == "MODIFIED" and self._context.store.is_echo(kind, body):
            return
        itself, wait_s = None, 0.0
        if event_type != "DELETED":
            itself, wait_s = contested_for_s(self._context, kind, body)
        for key, lane in self._context.store.observe(kind, event_type, body):
            if key == itself and wait_s:
                self._context.queue.add(key, lane, delay_s=wait_s)
                continue
            if lane is Lane.EDIT or (_kind(key) == kind == "QuayRobot"):
                self._context.queue.forgive(key)
            # What was listed at the start is routine; a change is not.
            first = event_type is None and _kind(key) in {"QuayRobot", "Copy"}
            # How many namespaces stand how is counted once for many of them.
            counts = _kind(key) == "ClusterQuayRobot" and lane is not Lane.EDIT
            delay_s = GATHER_S if counts else 0.0
            if _kind(key) == "Copy" and lane is not Lane.EDIT:
                # Who writes there without end would have us lose to each of their writes.
                delay_s = self._context.queue.rest_s(key)
            self._context.queue.add(key, Lane.RESYNC if first else lane, delay_s=delay_s)

    def listed(self, kind: str, namespace: str, page: dict[str, Any]) -> None:
        """Take a page of a list, and find what was deleted unseen."""
        self._gaps.listed(kind, namespace, page)

    def circuit_changed(self, key: ResourceKey) -> None:
        """Enqueue what depends on *key*, whose Quay went away or came back."""
        self._context.queue.add(key, Lane.EDIT)
        live = self._context.pool.known(key)
        if live is not None and not live.limits.open:
            enqueue_waiting(self._context, key)

    def start(self) -> None:
        """Start the workers."""
        self._tasks = [
            asyncio.create_task(self._work(_most(number)), name=f"worker-{number}")
            for number in range(self._workers)
        ]

    async def stop(self, *, grace_s: float) -> None:
        """Take no more keys, and give running passes *grace_s* seconds to end."""
        self._stopping = True
        idle = [task for task in self._tasks if task not in self._busy]
        for task in idle:
            task.cancel()
        if self._busy:
            await asyncio.wait(self._busy, timeout=grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _work(self, most: Lane) -> None:
        queue = self._context.queue
        me = asyncio.current_task()
        assert me is not None
        while not self._stopping:
            key, lane = await queue.take(most)
            self._busy.add(me)
            try:
                await self._run(key, lane)
            finally:
                self._busy.discard(me)

    async def _run(self, key: Key, lane: Lane) -> None:
        context = self._context
        begun = context.clock()
        with with_urgency(_URGENCY[lane], tenant=namespace_of(key)):
            outcome = await self._guarded(key)
        kind = _kind(key)
        word = outcome.error.reason if outcome.error else "settled" if outcome.settled else "quiet"
        seconds = context.clock() - begun
        self._meter.passed(kind, word, seconds)
        log.debug("pass.done", key=_shown(key), outcome=word, seconds=round(seconds, 4))
        if outcome.again_s is not None:
            context.queue.add(key, _next_lane(lane, outcome), delay_s=max(outcome.again_s, 0.001))
        context.queue.done(key)

    async def _guarded(self, key: Key) -> Outcome:
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await _dispatch(self._context, key)
        except QuayRobotError as error:
            return self._failed(key, error)
        except TimeoutError:
            log.warning("pass.failed", reason="deadline", key=_shown(key))
            return self._failed(key, TryLater(Reason.INTERNAL_ERROR, "it took too long"))
        except Exception as unforeseen:
            log.error("pass.failed", exc_info=unforeseen, key=_shown(key))  # noqa: TRY400
            failed = TryLater(Reason.INTERNAL_ERROR, "the operator failed; its log says where")
            return self._failed(key, failed)

    def _failed(self, key: Key, error: QuayRobotError) -> Outcome:
        again = max(self._context.queue.backoff_s(key), asked_s(error))
        return Outcome(again_s=again, error=error, settled=False)


def _most(number: int) -> Lane:
    return Lane.EDIT if number % RESERVED == RESERVED - 1 else Lane.RESYNC


def _next_lane(lane: Lane, outcome: Outcome) -> Lane:
    """What somebody waits for stays ahead of routine until it is done."""
    waits = isinstance(outcome.error, TryLater) and lane is not Lane.RESYNC
    return Lane.DRIFT if waits else Lane.RESYNC


async def _dispatch(context: Context, key: Key) -> Outcome:
    match key:
        case LeavingKey():
            return await prove_deletions(context, key)
        case OwnerKey():
            return await check_drift(context, key)
        case NamespaceKey():
            return await reconcile_namespace(context, key)
        case ResourceKey(kind="ClusterQuayRobot"):
            return await reconcile_cluster_robot(context, key)
        case ResourceKey(kind="QuayRobot"):
            return await reconcile_robot(context, key)
        case ResourceKey():
            return await reconcile_connection(context, key)


def _shown(key: Key) -> str:
    """Return *key* as a line of the log names it."""
    match key:
        case ResourceKey(kind, namespace, name):
            return "/".join(filter(None, (kind, namespace, name)))
        case NamespaceKey(owner, namespace):
            return f"{_shown(owner)} in {namespace}"
        case OwnerKey(connection, owner):
            return f"{_shown(connection)} of {owner.name}"


def _kind(key: Key) -> str:
    match key:
        case ResourceKey(kind):
            return kind
        case NamespaceKey():
            return "Copy"
        case OwnerKey():
            return "Owner"
