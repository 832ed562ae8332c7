"""
How are the calls of a connection sent to its Quay?

Whom it trusts besides the public authorities, and through which proxy it goes,
with what that proxy wants to be shown. Read again with the token, so that what
is renewed is taken up without an edit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...cluster.bundles import Bundles
from ...cluster.secrets import Secrets
from ...model.errors import Refused
from ...model.resources.connection import ClusterConnectionSpec, ConnectionSpec, origin_of
from ...model.resources.proxy import ClusterLoginRef, ClusterProxy, Proxy
from ...quay.proxy import ProxyServer
from ...quay.trust import public_authorities
from ..workqueue.keys import ResourceKey
from .places import bundle_place

__all__ = ["Egress", "read_egress"]


@dataclass(frozen=True, slots=True)
class Egress:
    """
    The authorities in PEM, and the proxy; None for what there is not.

    *public* differs once the public authorities do.
    """

    bundle: str | None = None
    proxy: ProxyServer | None = None
    public: tuple[int, int] | None = None


async def read_egress(
    key: ResourceKey,
    spec: ConnectionSpec | ClusterConnectionSpec,
    secrets: Secrets,
    bundles: Bundles,
) -> Egress:
    """
    Return the egress of the connection *key*, as *spec* and what it refers to say now.

    Raises:
        Refused: What it refers to is not there, or not as it has to be.
        TryLater: It cannot be read now.
    """
    ref = spec.ca_bundle_ref
    bundle = spec.ca_bundle if ref is None else await bundles.read(bundle_place(key, ref))
    public = public_authorities()
    if spec.proxy is None:
        return Egress(bundle, public=public)
    return Egress(bundle, await _proxy(key, spec.proxy, secrets, bundles), public)


async def _proxy(
    key: ResourceKey, said: Proxy | ClusterProxy, secrets: Secrets, bundles: Bundles
) -> ProxyServer:
    found = ProxyServer(origin_of(said.url))
    if said.ca_bundle_ref is not None:
        try:
            bundle = await bundles.read(bundle_place(key, said.ca_bundle_ref))
        except Refused as error:
            raise Refused(error.reason, f"proxy.{error.message}") from None
        found = replace(found, ca_bundle=bundle)
    ref = said.credentials_ref
    if ref is not None:
        namespace = ref.namespace if isinstance(ref, ClusterLoginRef) else key.namespace
        found = replace(found, login=await secrets.login(namespace, ref.name))
    return found
