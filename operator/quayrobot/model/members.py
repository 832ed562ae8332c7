"""
What can happen to the QuayRobot that a ClusterQuayRobot keeps in a namespace?

It is made, edited or deleted, each write bound to what was looked at; one of
that name that is somebody else's is seen and left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "CreateMember",
    "DeleteMember",
    "MemberAction",
    "MemberSeen",
    "MemberWanted",
    "ReplaceMember",
]


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """
    A QuayRobot as the cluster shows it.

    *our_labels* and *our_annotations* are the keys that our field manager set. *held_by* says in
    words who holds it once we let it go; empty where nobody does.
    """

    namespace: str
    name: str
    uid: str
    version: str = field(compare=False)
    controller_uid: str | None
    spec: Mapping[str, object]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    our_labels: frozenset[str] = frozenset()
    our_annotations: frozenset[str] = frozenset()
    deleting: bool = False
    held_by: str = ""


@dataclass(frozen=True, slots=True)
class MemberWanted:
    """A QuayRobot as it is to be, controlled by the ClusterQuayRobot *owner_name*."""

    namespace: str
    name: str
    spec: Mapping[str, object]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    owner_name: str
    owner_uid: str


@dataclass(frozen=True, slots=True)
class CreateMember:
    """Create the QuayRobot of a namespace."""

    wanted: MemberWanted


@dataclass(frozen=True, slots=True)
class ReplaceMember:
    """Edit a QuayRobot of ours, at the uid and version at which it was *seen*."""

    wanted: MemberWanted
    seen: MemberSeen


@dataclass(frozen=True, slots=True)
class DeleteMember:
    """Delete a QuayRobot of ours, at the uid that was looked at."""

    namespace: str
    name: str
    uid: str


MemberAction = CreateMember | ReplaceMember | DeleteMember
