"""Which kinds of object does the operator read or write, and where are they served?"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from ..model.names import GROUP, VERSION

__all__ = [
    "CLUSTER_QUAY_CONNECTION",
    "CLUSTER_QUAY_ROBOT",
    "CONFIG_MAP",
    "EVENT",
    "LEASE",
    "NAMESPACE",
    "OURS",
    "QUAY_CONNECTION",
    "QUAY_ROBOT",
    "SECRET",
    "SERVICE_ACCOUNT",
    "Kind",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind as the API server serves it; *group* is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None, sub: str = "") -> str:
        """Return the path of the collection, of one object, or of its subresource."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        parts = [root]
        if namespace is not None and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name is not None:
            parts.append(quote(name, safe=""))
        if sub:
            parts.append(sub)
        return "/".join(parts)


QUAY_ROBOT = Kind(GROUP, VERSION, "quayrobots", "QuayRobot")
QUAY_CONNECTION = Kind(GROUP, VERSION, "quayconnections", "QuayConnection")
CLUSTER_QUAY_CONNECTION = Kind(
    GROUP, VERSION, "clusterquayconnections", "ClusterQuayConnection", namespaced=False
)
CLUSTER_QUAY_ROBOT = Kind(
    GROUP, VERSION, "clusterquayrobots", "ClusterQuayRobot", namespaced=False
)
CONFIG_MAP = Kind("", "v1", "configmaps", "ConfigMap")
SECRET = Kind("", "v1", "secrets", "Secret")
SERVICE_ACCOUNT = Kind("", "v1", "serviceaccounts", "ServiceAccount")
NAMESPACE = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
LEASE = Kind("coordination.k8s.io", "v1", "leases", "Lease")
EVENT = Kind("events.k8s.io", "v1", "events", "Event")

OURS = {
    each.kind: each
    for each in (QUAY_ROBOT, CLUSTER_QUAY_ROBOT, QUAY_CONNECTION, CLUSTER_QUAY_CONNECTION)
}
