"""
What if a watch has missed events?

A watch that skipped something says nothing about it. From time to time
everything is listed and compared with the store: what was missed goes in as
if the watch had shown it, deletions included. A list that shows an object as it
was before what is remembered is of a snapshot of etcd that was restored: what is
remembered then hides all that comes, so that only a new beginning helps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from ...cluster.kinds import (
    CLUSTER_QUAY_CONNECTION,
    CLUSTER_QUAY_ROBOT,
    NAMESPACE,
    QUAY_CONNECTION,
    QUAY_ROBOT,
    SECRET,
    SERVICE_ACCOUNT,
    Kind,
)
from ...model.errors import QuayRobotError, Refused
from ...model.names import LABEL_MANAGED_BY, OPERATOR
from ..cache.tombstones import tombstone, versions
from ..connection.context import Context

__all__ = ["HistoryWentBackError", "relist", "relist_forever"]

Body = dict[str, Any]
Place = tuple[str, str]
Observe = Callable[[str, str | None, Body], None]
SETTLE_S = 2.0
_KINDS = (QUAY_CONNECTION, QUAY_ROBOT, SECRET, SERVICE_ACCOUNT)
_CLUSTER_KINDS = (CLUSTER_QUAY_CONNECTION, CLUSTER_QUAY_ROBOT, NAMESPACE)

log = structlog.get_logger(__name__)


class HistoryWentBackError(Exception):
    """The cluster is as it was before what is remembered of it."""


async def relist_forever(
    context: Context,
    observe: Observe,
    diverged: Callable[[str, int], None],
    went_back: Callable[[], None],
    *,
    every_s: float,
    namespaces: tuple[str, ...],
) -> None:
    """Relist every *every_s* seconds; count what the watches had missed, until it *went_back*."""
    while True:
        await asyncio.sleep(context.spread(every_s))
        for kind in _KINDS if namespaces else (*_CLUSTER_KINDS, *_KINDS):
            try:
                missed = await relist(context, observe, kind, namespaces=namespaces)
            except QuayRobotError as error:
                _say_unread(kind, error)
                continue
            except HistoryWentBackError:
                log.warning("cluster.went_back")
                went_back()
                return
            if missed:
                diverged(kind.kind, missed)
                log.warning("watch.diverged", kind=kind.kind, missed=missed)


def _say_unread(kind: Kind, error: QuayRobotError) -> None:
    if isinstance(error, Refused):
        log.warning("cluster.forbidden", kind=kind.kind, why=error.message)
    else:
        log.warning("cluster.unreachable", kind=kind.kind, why=error.message)


async def relist(
    context: Context, observe: Observe, kind: Kind, *, namespaces: tuple[str, ...]
) -> int:
    """
    Compare one kind with the store and return how many objects differed.

    Raises:
        QuayRobotError: The list could not be had; the store stays as it is.
        HistoryWentBackError: What it shows is older than the store was before it was asked for.
    """
    before = versions(context.store, kind.kind)
    listed: dict[Place, Body | None] = {}
    selector = f"{LABEL_MANAGED_BY}={OPERATOR}" if kind is SECRET else ""
    for namespace in namespaces if kind.namespaced and namespaces else (None,):
        async for body in context.resources.list_all(kind, namespace=namespace, selector=selector):
            meta = body["metadata"]
            place = meta.get("namespace", ""), meta["name"]
            # Ten thousand whole bodies would take more room than all that is remembered.
            known, version = before.get(place, -1), int(meta["resourceVersion"])
            if known > version:
                raise HistoryWentBackError
            listed[place] = body if known < version else None
    # What is on its way through the watch was not missed.
    await asyncio.sleep(SETTLE_S)
    return _compare(context, observe, kind, before, listed)


def _compare(
    context: Context,
    observe: Observe,
    kind: Kind,
    before: dict[Place, int],
    listed: dict[Place, Body | None],
) -> int:
    missed = 0
    now = versions(context.store, kind.kind)
    for place, body in listed.items():
        if body is not None and now.get(place, -1) < int(body["metadata"]["resourceVersion"]):
            observe(kind.kind, "MODIFIED", body)
            missed += 1
    for place, version in before.items():
        # Gone from the list, and untouched since the list began: really gone.
        if place not in listed and now.get(place) == version:
            missed += 1
            observe(kind.kind, "DELETED", tombstone(context.store, kind.kind, place, version))
    return missed
