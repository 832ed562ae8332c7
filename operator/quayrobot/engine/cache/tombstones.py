"""
What does the store know of a kind, and how does an object leave it?

Lists are compared with it; what they no longer show goes in as a deletion with
as much of the object as is needed to tell whom that concerns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..workqueue.keys import ResourceKey
from .store import Body, Record, Store

__all__ = ["tombstone", "versions"]

Place = tuple[str, str]


def versions(store: Store, kind: str) -> dict[Place, int]:
    """Return the version of every object of *kind* that is known, by namespace and name."""
    match kind:
        case "Secret":
            return {(space, name): int(each) for space, name, each in store.secret_names()}
        case "Namespace":
            return {("", name): int(each.version) for name, each in store.namespaces.items()}
        case "ServiceAccount":
            return {place: int(each.version) for place, each in store.accounts.items()}
        case _:
            return {
                (key.namespace, key.name): record.version
                for key, record in _records(store, kind).items()
                if key.kind == kind
            }


def tombstone(store: Store, kind: str, place: Place, version: int) -> Body:
    """Return a deleted object of *kind* at *place*, as it is known, in its last *version*."""
    namespace, name = place
    meta: dict[str, Any] = {"namespace": namespace, "name": name}
    meta["resourceVersion"] = str(version)
    match kind:
        case "Secret":
            meta |= _secret(store, namespace, name)
        case "Namespace":
            pass
        case "ServiceAccount":
            meta["uid"] = store.accounts[place].uid
        case _:
            meta = {**_records(store, kind)[ResourceKey(kind, *place)].meta, **meta}
    return {"metadata": meta}


def _secret(store: Store, namespace: str, name: str) -> dict[str, Any]:
    seen = store.secret(namespace, name)
    if seen is None:
        return {"uid": ""}
    owners = [{"uid": seen.controller_uid, "controller": True}] if seen.controller_uid else []
    return {"uid": seen.uid, "annotations": dict(seen.annotations), "ownerReferences": owners}


def _records(store: Store, kind: str) -> Mapping[ResourceKey, Record]:
    match kind:
        case "QuayRobot":
            return store.robots
        case "ClusterQuayRobot":
            return store.cluster_robots
        case _:
            return store.connections
