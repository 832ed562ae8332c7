"""
With what does a connection call Quay's API?

OAuthToken: a token that somebody made in Quay and put into a Secret. OIDC: a
short-lived JWT of a service that Quay trusts, which the operator gets itself
(client credentials, RFC 6749 4.4) and keeps in memory only. It proves who it is
there with a client secret, or with a token of a ServiceAccount (RFC 7523), so
that no secret is stored anywhere. Quay checks a JWT ten times as fast.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from .base import PORT, ObjectName, Part, Rule, checked_port, rules
from .renewal import Renewal

__all__ = [
    "ApiCredentials",
    "ClientSecretRef",
    "ClusterAccountRef",
    "ClusterClientSecretRef",
    "ClusterCredentials",
    "ClusterSecretKeyRef",
    "Credentials",
    "DataKey",
    "NamespaceName",
    "SecretKeyRef",
    "credentials_fault",
]

SERVICE_PATTERN = (
    r"^https?://([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*$"
)
STATIC_WORDS = "credentials of type OAuthToken need secretRef, and nothing that belongs to OIDC"
OIDC_WORDS = "credentials of type OIDC have no secretRef and no renewal"
WHERE_WORDS = "credentials of type OIDC need exactly one of issuer and tokenURL"
WHO_WORDS = (
    "credentials of type OIDC need clientID, and exactly one of clientSecretRef and serviceAccount"
)
PRINTABLE = r"^[ -~]+$"
_OIDC_FIELDS = (
    "issuer", "tokenURL", "clientID", "clientSecretRef", "serviceAccount", "audience", "scopes",
)  # fmt: skip

DataKey = Annotated[str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)]
NamespaceName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", max_length=63)
]
ServiceUrl = Annotated[
    str,
    StringConstraints(pattern=SERVICE_PATTERN, max_length=512),
    AfterValidator(checked_port),
    Field(json_schema_extra=rules(PORT)),
]
# What RFC 6749 lets a scope be.
Scope = Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]+$", max_length=255)]


class SecretKeyRef(Part):
    """The key of a Secret in the connection's own namespace."""

    name: ObjectName
    """The Secret's name."""
    key: DataKey = "token"
    """The key that holds the token, plain or as `{"access_token": "..."}`."""


class ClusterSecretKeyRef(SecretKeyRef):
    """The key of a Secret in a named namespace."""

    namespace: NamespaceName
    """The Secret's namespace."""


class ClientSecretRef(Part):
    """The key of a Secret in the connection's own namespace."""

    name: ObjectName
    """The Secret's name."""
    key: DataKey = "client-secret"
    """The key that holds the client secret."""


class ClusterClientSecretRef(ClientSecretRef):
    """The key of a Secret in a named namespace."""

    namespace: NamespaceName
    """The Secret's namespace."""


class AccountRef(Part):
    """A ServiceAccount in the connection's own namespace."""

    name: ObjectName
    """The name."""


class ClusterAccountRef(AccountRef):
    """A ServiceAccount in a named namespace."""

    namespace: NamespaceName
    """The namespace."""


def _has(*names: str) -> str:
    return " || ".join(f"has(self.{each})" for each in names)


_IS_OIDC = "(has(self.type) && self.type == 'OIDC')"
_UNION = rules(
    Rule(
        rule=f"{_IS_OIDC} || (has(self.secretRef) && !({_has(*_OIDC_FIELDS)}))",
        message=STATIC_WORDS,
    ),
    Rule(rule=f"!{_IS_OIDC} || !({_has('secretRef', 'renewal')})", message=OIDC_WORDS),
    Rule(rule=f"!{_IS_OIDC} || has(self.issuer) != has(self.tokenURL)", message=WHERE_WORDS),
    Rule(
        rule=f"!{_IS_OIDC} || "
        "(has(self.clientID) && has(self.clientSecretRef) != has(self.serviceAccount))",
        message=WHO_WORDS,
    ),
)


class _Body(Part):
    type: Literal["OAuthToken", "OIDC"] = "OAuthToken"
    """
    `OAuthToken`: a token that somebody created in Quay, stored in a Secret. `OIDC`: a short-lived
    JWT from an OIDC service that Quay trusts; it is never stored.
    """
    renewal: Renewal | None = None
    """How the operator renews the OAuth token before it expires. If omitted, it does not."""
    issuer: ServiceUrl | None = None
    """
    URL of the OIDC service. Its discovery document names the token endpoint. Or give `tokenURL`.
    """
    token_url: Annotated[ServiceUrl | None, Field(alias="tokenURL")] = None
    """URL of the token endpoint, instead of `issuer`."""
    client_id: Annotated[
        Annotated[str, StringConstraints(pattern=PRINTABLE, max_length=255)] | None,
        Field(alias="clientID"),
    ] = None
    """The operator's client id at the OIDC service."""
    audience: Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=255)] | None = None
    """The audience to request, if the service needs one: Quay's own client id."""
    scopes: Annotated[
        list[Scope] | None,
        Field(min_length=1, max_length=16, json_schema_extra={"x-kubernetes-list-type": "set"}),
    ] = None
    """The scopes to request. If omitted, the service decides."""


class Credentials(_Body):
    """How the operator authenticates to Quay's API."""

    secret_ref: SecretKeyRef | None = None
    """The Secret with the OAuth application token."""
    client_secret_ref: ClientSecretRef | None = None
    """The Secret with the client secret for the OIDC service. Or give `serviceAccount`."""
    service_account: AccountRef | None = None
    """The ServiceAccount that authenticates to the OIDC service, without a stored secret."""

    model_config = Part.model_config | {"json_schema_extra": _UNION}


class ClusterCredentials(_Body):
    """How the operator authenticates to Quay's API."""

    secret_ref: ClusterSecretKeyRef | None = None
    """The Secret with the OAuth application token."""
    client_secret_ref: ClusterClientSecretRef | None = None
    """The Secret with the client secret for the OIDC service. Or give `serviceAccount`."""
    service_account: ClusterAccountRef | None = None
    """The ServiceAccount that authenticates to the OIDC service, without a stored secret."""

    model_config = Part.model_config | {"json_schema_extra": _UNION}


ApiCredentials = Credentials | ClusterCredentials


def credentials_fault(said: ApiCredentials) -> str | None:
    """Return what is wrong with *said*, or None: what the definitions say, once more."""
    whole = said.model_dump(by_alias=True, exclude_none=True)
    if said.type == "OAuthToken":
        fine = "secretRef" in whole and not whole.keys() & set(_OIDC_FIELDS)
        return None if fine else STATIC_WORDS
    if whole.keys() & {"secretRef", "renewal"}:
        return OIDC_WORDS
    if (said.issuer is None) == (said.token_url is None):
        return WHERE_WORDS
    proofs = {"clientSecretRef", "serviceAccount"} & whole.keys()
    if said.client_id is None or len(proofs) != 1:
        return WHO_WORDS
    if said.scopes is not None and len(said.scopes) != len(set(said.scopes)):
        return "credentials.scopes name something twice"
    return None
