"""
Through which proxy is a connection's Quay reached?

Everything that the connection calls goes through it: Quay's API, the exchange
of tokens, and the OIDC service. The proxy resolves their names. Proxies of the
environment are never used.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from .api_credentials import NamespaceName
from .base import PORT, ObjectName, Part, Rule, checked_port, rules
from .bundle import BundleRef, ClusterBundleRef

__all__ = [
    "AUTHORITY_WORDS",
    "ClusterLoginRef",
    "ClusterProxy",
    "LITERAL",
    "LITERAL_WORDS",
    "Proxy",
    "proxy_fault",
]

PROXY_PATTERN = (
    r"^https?://([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?/?$"
)
AUTHORITY_WORDS = (
    "proxy.caBundleRef is for the certificate of an https proxy; authorities of Quay's own "
    "certificate go into caBundle or caBundleRef"
)
LITERAL_WORDS = "with a proxy, the host of url must be a name or an IPv4 address"
# At the spec, where both are seen.
LITERAL = Rule(rule="!has(self.proxy) || !self.url.contains('://[')", message=LITERAL_WORDS)
_RULES = rules(
    Rule(rule="!has(self.caBundleRef) || self.url.startsWith('https://')", message=AUTHORITY_WORDS)
)


class LoginRef(Part):
    """A Secret in the connection's own namespace, of type kubernetes.io/basic-auth."""

    name: ObjectName
    """The Secret's name; its keys are `username` and `password`."""


class ClusterLoginRef(LoginRef):
    """A Secret of type kubernetes.io/basic-auth in a named namespace."""

    namespace: NamespaceName
    """The Secret's namespace."""


class _ProxyBody(Part):
    url: Annotated[
        str,
        StringConstraints(pattern=PROXY_PATTERN, max_length=300),
        AfterValidator(checked_port),
        Field(json_schema_extra=rules(PORT)),
    ]
    """
    URL of the proxy, `http://host[:port]` or `https://host[:port]`. Calls to an https Quay use
    CONNECT either way.
    """


class Proxy(_ProxyBody):
    """The proxy that Quay is reached through."""

    ca_bundle_ref: BundleRef | None = None
    """
    The ConfigMap or Secret with the authorities of an https proxy's certificate, if not public.
    """
    credentials_ref: LoginRef | None = None
    """The Secret with `username` and `password` for the proxy, if it needs them."""

    model_config = Part.model_config | {"json_schema_extra": _RULES}


class ClusterProxy(_ProxyBody):
    """The proxy that Quay is reached through."""

    ca_bundle_ref: ClusterBundleRef | None = None
    """
    The ConfigMap or Secret with the authorities of an https proxy's certificate, if not public.
    """
    credentials_ref: ClusterLoginRef | None = None
    """The Secret with `username` and `password` for the proxy, if it needs them."""

    model_config = Part.model_config | {"json_schema_extra": _RULES}


def proxy_fault(said: Proxy | ClusterProxy | None, url: str) -> str | None:
    """Return what is wrong with *said* for a Quay at *url*, or None, as the definitions do."""
    if said is None:
        return None
    if said.ca_bundle_ref is not None and not said.url.startswith("https://"):
        return AUTHORITY_WORDS
    return LITERAL_WORDS if "://[" in url else None
