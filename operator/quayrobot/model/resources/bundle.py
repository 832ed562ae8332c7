"""Where are certificates kept that are trusted besides the public authorities?"""

from __future__ import annotations

from typing import Literal

from .api_credentials import DataKey, NamespaceName
from .base import ObjectName, Part

__all__ = ["BundleRef", "ClusterBundleRef"]


class BundleRef(Part):
    """The key of a ConfigMap or Secret in the connection's own namespace."""

    kind: Literal["ConfigMap", "Secret"] = "ConfigMap"
    """What holds the certificates."""
    name: ObjectName
    """Its name."""
    key: DataKey = "ca.crt"
    """The key in its data."""


class ClusterBundleRef(BundleRef):
    """The key of a ConfigMap or Secret in a namespace that has to be named."""

    namespace: NamespaceName
    """The namespace that it is in."""
