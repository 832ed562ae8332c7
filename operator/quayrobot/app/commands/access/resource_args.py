"""
Which resource does a word on the command line name?

As kubectl has it: KIND/NAME with the kind, its plural or its short name, in any
case. A plain name is a QuayRobot's.
"""

from __future__ import annotations

from dataclasses import dataclass

from ....cluster.kinds import CLUSTER_QUAY_ROBOT, OURS, QUAY_ROBOT, Kind
from ....model.crd import DEFINITIONS
from ....model.names import GROUP
from .cluster_access import fail

__all__ = ["ResourceArg", "named_kind", "parse_resource_arg"]


@dataclass(frozen=True, slots=True)
class ResourceArg:
    """A resource that was named."""

    kind: Kind
    name: str

    @property
    def is_cluster_robot(self) -> bool:
        """Return whether it is of the whole cluster."""
        return self.kind is CLUSTER_QUAY_ROBOT

    @property
    def shown(self) -> str:
        """The resource as kubectl prints it."""
        return f"{self.kind.kind.lower()}/{self.name}"


def _words() -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for each in DEFINITIONS:
        kind = OURS[each.kind]
        if kind in {QUAY_ROBOT, CLUSTER_QUAY_ROBOT}:
            plurals = (each.plural, f"{each.plural}.{GROUP}")
            found |= dict.fromkeys((each.kind.lower(), each.short, *plurals), kind)
    return found


_KINDS = _words()


def named_kind(word: str) -> Kind | None:
    """Return which kind that has robots *word* names."""
    return _KINDS.get(word.lower())


def parse_resource_arg(word: str, *, code: int = 1) -> ResourceArg:
    """Return what *word* names; a kind that has no robots ends the command, with *code*."""
    kind, slash, name = word.rpartition("/")
    if not slash:
        return ResourceArg(QUAY_ROBOT, name)
    found = named_kind(kind)
    if found is None or not name:
        fail(f"{word} names no QuayRobot (NAME) and no ClusterQuayRobot (cqr/NAME)", code=code)
    return ResourceArg(found, name)
