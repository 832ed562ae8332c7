"""
What if a watch lies?

A watch that skipped something says nothing about it. From time to time
everything is listed and compared with the store: what was missed goes in as
if the watch had shown it, deletions included.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from ..cluster.kinds import (
    CLUSTER_QUAY_CONNECTION,
    CLUSTER_QUAY_ROBOT,
    NAMESPACE,
    QUAY_CONNECTION,
    QUAY_ROBOT,
    SECRET,
    SERVICE_ACCOUNT,
    Kind,
)
from ..model.errors import QuayRobotError
from ..model.names import LABEL_MANAGED_BY, OPERATOR
from .passes import Tools
from .tombs import tombstone, versions

__all__ = ["relist", "relist_forever"]

Body = dict[str, Any]
Observe = Callable[[str, str | None, Body], None]
SETTLE_S = 2.0
_KINDS = (QUAY_CONNECTION, QUAY_ROBOT, SECRET, SERVICE_ACCOUNT)
_CLUSTER_KINDS = (CLUSTER_QUAY_CONNECTION, CLUSTER_QUAY_ROBOT, NAMESPACE)

log = structlog.get_logger(__name__)


async def relist_forever(
    tools: Tools,
    observe: Observe,
    diverged: Callable[[str, int], None],
    *,
    every_s: float,
    namespaces: tuple[str, ...],
) -> None:
    """Relist every *every_s* seconds; count what the watches had missed."""
    while True:
        await asyncio.sleep(tools.spread(every_s))
        for kind in _KINDS if namespaces else (*_CLUSTER_KINDS, *_KINDS):
            try:
                missed = await relist(tools, observe, kind, namespaces=namespaces)
            except QuayRobotError as error:
                log.warning("cluster.unreachable", reason=error.reason)
                continue
            if missed:
                diverged(kind.kind, missed)
                log.warning("watch.diverged", kind=kind.kind, missed=missed)


async def relist(
    tools: Tools, observe: Observe, kind: Kind, *, namespaces: tuple[str, ...]
) -> int:
    """
    Compare one kind with the store and return how many objects differed.

    Raises:
        QuayRobotError: The list could not be had; the store stays as it is.
    """
    before = versions(tools.store, kind.kind)
    listed: dict[tuple[str, str], Body] = {}
    selector = f"{LABEL_MANAGED_BY}={OPERATOR}" if kind is SECRET else ""
    for namespace in namespaces if kind.namespaced and namespaces else (None,):
        async for body in tools.resources.list_all(kind, namespace=namespace, selector=selector):
            meta = body["metadata"]
            listed[meta.get("namespace", ""), meta["name"]] = body
    # What is on its way through the watch was not missed.
    await asyncio.sleep(SETTLE_S)
    return _compare(tools, observe, kind, before, listed)


def _compare(
    tools: Tools,
    observe: Observe,
    kind: Kind,
    before: dict[tuple[str, str], int],
    listed: dict[tuple[str, str], Body],
) -> int:
    missed = 0
    now = versions(tools.store, kind.kind)
    for place, body in listed.items():
        if now.get(place, -1) < int(body["metadata"]["resourceVersion"]):
            observe(kind.kind, "MODIFIED", body)
            missed += 1
    for place, version in before.items():
        # Gone from the list, and untouched since the list began: really gone.
        if place not in listed and now.get(place) == version:
            missed += 1
            observe(kind.kind, "DELETED", tombstone(tools.store, kind.kind, place))
    return missed
