"""
Whose robot is this? The marker on the robot says so.

Quay stores `unstructured_metadata` when a robot is created, never lets it
change, and shows it in the answer about one robot only. The marker therefore
holds nothing but identity. It is read leniently: a marker that does not parse
is somebody else's, never nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .names import MARKER_KEY

__all__ = ["Marker", "read_marker"]


@dataclass(frozen=True, slots=True)
class Marker:
    """The identity that a robot carries in `unstructured_metadata["quayrobot.io"]`."""

    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    slot: str

    def same_owner(self, other: Marker) -> bool:
        """Return whether both name one resource of one cluster, in whatever life."""
        return self.cluster == other.cluster and self.same_name(other)

    def same_name(self, other: Marker) -> bool:
        """Return whether both name the same resource, whatever the cluster."""
        mine = (self.kind, self.namespace, self.name)
        return mine == (other.kind, other.namespace, other.name)

    def as_metadata(self) -> dict[str, str]:
        """Return the JSON object that Quay is to store."""
        return {
            "cluster": self.cluster,
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "uid": self.uid,
            "slot": self.slot,
        }


def read_marker(metadata: Mapping[str, object]) -> Marker | None:
    """Return the marker in a robot's *metadata*, or None where there is none at all."""
    if MARKER_KEY not in metadata:
        return None

    found = metadata[MARKER_KEY]
    parts: Mapping[str, object] = found if isinstance(found, Mapping) else {}

    def text(key: str) -> str:
        value = parts.get(key, "")
        return value if isinstance(value, str) else ""

    return Marker(
        cluster=text("cluster"),
        kind=text("kind"),
        namespace=text("namespace"),
        name=text("name"),
        uid=text("uid"),
        slot=text("slot"),
    )
