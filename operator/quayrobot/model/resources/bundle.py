"""Where are certificates kept that are trusted besides the public authorities?"""

from __future__ import annotations

from typing import Literal

from .api_credentials import DataKey, NamespaceName
from .base import ObjectName, Part

__all__ = ["BundleRef", "ClusterBundleRef"]


class BundleRef(Part):
    """The key of a ConfigMap or Secret in the connection's own namespace."""

    kind: Literal["ConfigMap", "Secret"] = "ConfigMap"
    """The kind of object that holds the certificates."""
    name: ObjectName
    """The name."""
    key: DataKey = "ca.crt"
    """The data key."""


class ClusterBundleRef(BundleRef):
    """The key of a ConfigMap or Secret in a named namespace."""

    namespace: NamespaceName
    """The namespace."""
