"""What can be waiting for its turn? A key names it, and a lane says how urgent it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ...model.names import OwnerName

__all__ = [
    "Key",
    "Lane",
    "LeavingKey",
    "NamespaceKey",
    "OwnerKey",
    "ResourceKey",
    "namespace_of",
]


class Lane(IntEnum):
    """Lower goes first: people and deletions, then repairs, then routine."""

    EDIT = 0
    DRIFT = 1
    RESYNC = 2


@dataclass(frozen=True, slots=True)
class ResourceKey:
    """One resource of ours; *namespace* is empty for cluster kinds."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class OwnerKey:
    """All robots of one organization (or user) behind one connection."""

    connection: ResourceKey
    owner: OwnerName


@dataclass(frozen=True, slots=True)
class LeavingKey(OwnerKey):
    """Those robots of one owner whose deletion Quay answered, and that are to be proven gone."""


@dataclass(frozen=True, slots=True)
class NamespaceKey:
    """What one namespace has from the ClusterQuayRobot *resource*."""

    resource: ResourceKey
    namespace: str


Key = ResourceKey | OwnerKey | NamespaceKey


def namespace_of(key: Key) -> str:
    """Return the namespace that *key* runs for; empty for what is the whole cluster's."""
    return key.connection.namespace if isinstance(key, OwnerKey) else key.namespace
