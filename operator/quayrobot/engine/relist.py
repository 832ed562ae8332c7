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

__all__ = ["relist", "relist_forever"]

Body = dict[str, Any]
Observe = Callable[[str, str | None, Body], None]
_KINDS = (CLUSTER_QUAY_CONNECTION, QUAY_CONNECTION, QUAY_ROBOT, SECRET, SERVICE_ACCOUNT)

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
        for kind in _KINDS if namespaces else (*_KINDS, NAMESPACE):
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
    before = _known(tools, kind)
    listed: dict[tuple[str, str], Body] = {}
    selector = f"{LABEL_MANAGED_BY}={OPERATOR}" if kind is SECRET else ""
    for namespace in namespaces if kind.namespaced and namespaces else (None,):
        async for body in tools.resources.list_all(kind, namespace=namespace, selector=selector):
            meta = body["metadata"]
            listed[meta.get("namespace", ""), meta["name"]] = body
    return _compare(tools, observe, kind, before, listed)


def _compare(
    tools: Tools,
    observe: Observe,
    kind: Kind,
    before: dict[tuple[str, str], int],
    listed: dict[tuple[str, str], Body],
) -> int:
    missed = 0
    now = _known(tools, kind)
    for place, body in listed.items():
        if now.get(place, -1) < int(body["metadata"]["resourceVersion"]):
            observe(kind.kind, "MODIFIED", body)
            missed += 1
    for place, version in before.items():
        # Gone from the list, and untouched since the list began: really gone.
        if place not in listed and now.get(place) == version:
            missed += 1
            _forget(tools, observe, kind, place, version)
    return missed


def _known(tools: Tools, kind: Kind) -> dict[tuple[str, str], int]:
    store = tools.store
    if kind is SECRET:
        return {
            (namespace, name): int(version) for namespace, name, version in store.secret_names()
        }
    if kind is NAMESPACE:
        return {}
    records = store.robots if kind is QUAY_ROBOT else store.connections
    return {
        (key.namespace, key.name): record.version
        for key, record in records.items()
        if key.kind == kind.kind
    }


def _forget(
    tools: Tools, observe: Observe, kind: Kind, place: tuple[str, str], version: int
) -> None:
    namespace, name = place
    if kind is SECRET:
        seen = tools.store.secret(namespace, name)
        uid = seen.controller_uid if seen else None
        meta: Body = {
            "uid": seen.uid if seen else "",
            "annotations": dict(seen.annotations) if seen else {},
        }
        if uid:
            meta["ownerReferences"] = [{"uid": uid, "controller": True}]
    else:
        records = tools.store.robots if kind is QUAY_ROBOT else tools.store.connections
        record = next(
            each
            for key, each in records.items()
            if (key.namespace, key.name) == place and key.kind == kind.kind
        )
        meta = dict(record.meta)
    meta |= {"namespace": namespace, "name": name, "resourceVersion": str(version)}
    observe(kind.kind, "DELETED", {"metadata": meta})
