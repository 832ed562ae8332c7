"""Where are a connection's token, or client secret, and its certificate authorities kept?"""

from __future__ import annotations

from dataclasses import dataclass

from ...cluster.bundles import BundlePlace
from ...model.resources.api_credentials import ClusterClientSecretRef, ClusterSecretKeyRef
from ...model.resources.bundle import BundleRef, ClusterBundleRef
from ...model.resources.connection import ClusterConnectionSpec, ConnectionSpec
from ..workqueue.keys import ResourceKey

__all__ = ["SecretPlace", "bundle_place", "secret_place"]


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where a connection's token is kept, or, where *client* is true, its client secret."""

    namespace: str
    name: str
    key: str
    client: bool = False


def secret_place(
    key: ResourceKey, spec: ConnectionSpec | ClusterConnectionSpec
) -> SecretPlace | None:
    """Return where the secret of the connection *key* is kept; None where there is none."""
    ref = spec.credentials.secret_ref or spec.credentials.client_secret_ref
    if ref is None:
        return None
    namespace = key.namespace
    if isinstance(ref, ClusterSecretKeyRef | ClusterClientSecretRef):
        namespace = ref.namespace
    return SecretPlace(namespace, ref.name, ref.key, client=spec.credentials.secret_ref is None)


def bundle_place(key: ResourceKey, ref: BundleRef) -> BundlePlace:
    """Return where the authorities are kept that the connection *key* refers to."""
    namespace = ref.namespace if isinstance(ref, ClusterBundleRef) else key.namespace
    return BundlePlace(ref.kind, namespace, ref.name, ref.key)
