"""
Which fields does a connection to Quay have?

Two kinds share one body. The namespaced QuayConnection serves its own
namespace and needs no rules; the ClusterQuayConnection serves every namespace
that one of its access rules lets in.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from ..conditions import Condition
from .api_credentials import ClusterCredentials, Credentials
from .base import (
    BARE_NAME,
    PORT,
    TWICE,
    Duration,
    Glob,
    Part,
    PlainGlob,
    Rule,
    checked_port,
    in_words,
    rules,
)
from .bundle import BundleRef, ClusterBundleRef
from .labels import LabelSelector
from .patterns import HOST_PATTERN, URL_PATTERN
from .permissions import Role
from .proxy import LITERAL, ClusterProxy, Proxy

__all__ = [
    "AccessRule",
    "ClusterConnectionSpec",
    "ConnectionSpec",
    "ConnectionStatus",
    "CredentialSeen",
    "HOSTS_TOGETHER_WORDS",
    "HOSTS_WORDS",
    "Limits",
    "origin_of",
    "RULE_WITHOUT_OWNER",
    "UNKNOWN_PLACEHOLDER",
    "registry_key",
]

_DEFAULT_PORT = {"http": 80, "https": 443}

PLAINTEXT = Rule(
    rule="!self.url.startsWith('http://') || self.allowPlaintext",
    message="url must be https; a token over http can be read by anyone on the way "
    "(set allowPlaintext: true to accept that)",
)
RULE_WITHOUT_OWNER = (
    "an access rule without organizations and users allows nothing: name them, ['*'] for all"
)
UNKNOWN_PLACEHOLDER = "robotNames allows only the placeholder {namespace}"
HOSTS_WORDS = "registryHosts must not name a host twice"
HOSTS_TOGETHER_WORDS = "give registryHost or registryHosts, not both"
ONE_NAMING = Rule(
    rule="!has(self.registryHost) || !has(self.registryHosts)",
    message=HOSTS_TOGETHER_WORDS,
)
PLAINTEXT_SERVICE = Rule(
    rule="self.allowPlaintext || "
    "(!(has(self.credentials.issuer) && self.credentials.issuer.startsWith('http://')) && "
    "!(has(self.credentials.tokenURL) && self.credentials.tokenURL.startsWith('http://')))",
    message="credentials.issuer and credentials.tokenURL must be https; what is sent over http "
    "can be read by anyone on the way (set allowPlaintext: true to accept that)",
)
ONE_BUNDLE = Rule(
    rule="!has(self.caBundle) || !has(self.caBundleRef)",
    message="give caBundle or caBundleRef, not both",
)


_NameGlob = Annotated[PlainGlob, Field(json_schema_extra=rules(BARE_NAME))]
_RULES = rules(PLAINTEXT, PLAINTEXT_SERVICE, ONE_BUNDLE, ONE_NAMING, LITERAL)


class Limits(Part):
    """Limits on the load that the operator puts on Quay."""

    requests_per_second: Annotated[int | None, Field(ge=1, le=1000)] = None
    """Calls per second. If omitted, unlimited until Quay answers 429."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 16
    """The most concurrent calls. The operator makes as many as Quay can do at the same time."""
    timeout: Duration = "30s"
    """Timeout of a call to Quay."""


class AccessRule(Part):
    """What some namespaces may ask of a connection; all parts must match."""

    namespaces: LabelSelector
    """Selects namespaces by label; `{}` selects all."""
    organizations: Annotated[list[_NameGlob], Field(max_length=64)] = []
    """Glob patterns for the robot's organization. If omitted, none is allowed."""
    users: Annotated[list[_NameGlob], Field(max_length=64)] = []
    """Glob patterns for the robot's user. If omitted, none is allowed."""
    robot_names: Annotated[
        list[Annotated[Glob, Field(json_schema_extra=rules(BARE_NAME))]] | None,
        Field(max_length=64),
    ] = None
    """
    Glob patterns for the short name; `{namespace}` is the robot's namespace. If omitted, any name
    is allowed.
    """
    max_role: Role = "write"
    """The highest role on a repository."""
    teams: Annotated[list[_NameGlob], Field(max_length=64)] = []
    """Glob patterns for teams; `owners` must be spelled out. If omitted, none is allowed."""
    defaults: bool = False
    """Allows `permissions.defaults`."""
    federation: bool = False
    """Allows `federation`."""
    issuers: Annotated[list[PlainGlob] | None, Field(max_length=64)] = None
    """
    Glob patterns for issuers. If omitted, this cluster's and any with a public address are
    allowed.
    """
    adoption: bool = False
    """Allows adoption of robots that the operator did not create; needs `robotNames`."""
    takeover: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=128)]], Field(max_length=16)
    ] = []
    """
    Ids of other clusters. A resource may take over the robot of the resource with the same kind,
    namespace and name there.
    """

    model_config = Part.model_config | {
        "json_schema_extra": rules(
            Rule(
                rule="!has(self.adoption) || !self.adoption || has(self.robotNames)",
                message="adoption: true needs robotNames, so that the rule says which robots "
                "may be taken over (for example ['{namespace}-*'])",
            ),
            Rule(
                rule="(has(self.organizations) && size(self.organizations) > 0)"
                " || (has(self.users) && size(self.users) > 0)",
                message=RULE_WITHOUT_OWNER,
            ),
            Rule(
                rule="!has(self.robotNames)"
                " || self.robotNames.all(each, each.matches('^([^{}]|[{]namespace[}])*$'))",
                message=UNKNOWN_PLACEHOLDER,
            ),
        )
    }


def _check_hosts(hosts: list[str] | None) -> list[str] | None:
    if hosts is not None and len(hosts) != len(set(hosts)):
        raise ValueError(HOSTS_WORDS)
    return hosts


_Host = Annotated[
    str,
    StringConstraints(pattern=HOST_PATTERN, max_length=300),
    Field(json_schema_extra=in_words(HOST_PATTERN, PORT)),
]


class _ConnectionBody(Part):
    url: Annotated[
        str,
        StringConstraints(pattern=URL_PATTERN, max_length=300),
        AfterValidator(checked_port),
        Field(json_schema_extra=in_words(URL_PATTERN, PORT)),
    ]
    """URL of Quay, `https://host[:port]`."""
    registry_host: _Host | None = None
    """
    The host in image names, by default that of `url`. Secrets hold it as clients look it up: in
    lower case, without the default port.
    """
    registry_hosts: Annotated[
        list[_Host] | None,
        Field(min_length=1, max_length=8, json_schema_extra=rules(Rule(TWICE, HOSTS_WORDS))),
        AfterValidator(_check_hosts),
    ] = None
    """
    Several names of one registry, instead of `registryHost`. Secrets hold the credential under
    each of them; an Opaque Secret shows the first.
    """
    ca_bundle: Annotated[str | None, StringConstraints(min_length=1, max_length=262144)] = None
    """PEM certificates to trust in addition to the public authorities. Or give `caBundleRef`."""
    allow_plaintext: bool = False
    """Allows an http `url`. Anyone on the network path can then read the token."""
    limits: Limits = Limits()
    """Limits on the load that the operator puts on Quay."""
    resync_interval: Duration = "5m"
    """How often the operator lists the robots of each organization."""
    drift_interval: Duration = "1h"
    """How often the operator compares permissions and identities with those declared."""

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a robot is bound to."""
        return origin_of(self.url)

    @property
    def registry(self) -> str:
        """The host (and port) that image names begin with; the first of several."""
        return self.registries[0]

    @property
    def registries(self) -> tuple[str, ...]:
        """All hosts that image names may begin with, as clients look them up."""
        named = self.registry_hosts or ([self.registry_host] if self.registry_host else [])
        scheme = urlsplit(self.url).scheme
        found = [registry_key(each, scheme) for each in named or [urlsplit(self.url).netloc]]
        return tuple(dict.fromkeys(found))


class ConnectionSpec(_ConnectionBody):
    """The spec of a QuayConnection."""

    credentials: Credentials
    """How the operator authenticates to Quay's API."""
    ca_bundle_ref: BundleRef | None = None
    """The ConfigMap or Secret with such certificates, instead of `caBundle`."""
    proxy: Proxy | None = None
    """
    The proxy for all calls of this connection. If omitted, none; the environment's is never used.
    """

    model_config = Part.model_config | {"json_schema_extra": _RULES}


class ClusterConnectionSpec(_ConnectionBody):
    """The spec of a ClusterQuayConnection."""

    credentials: ClusterCredentials
    """How the operator authenticates to Quay's API."""
    access: Annotated[list[AccessRule], Field(max_length=128)]
    """
    Rules that say which namespace may have which robot. All parts of a rule must match; one
    matching rule is enough.
    """
    ca_bundle_ref: ClusterBundleRef | None = None
    """The ConfigMap or Secret with such certificates, instead of `caBundle`."""
    proxy: ClusterProxy | None = None
    """
    The proxy for all calls of this connection. If omitted, none; the environment's is never used.
    """

    model_config = Part.model_config | {"json_schema_extra": _RULES}


class CredentialSeen(Part):
    """The Secret that was read last; kept so that a changed reference releases the old one."""

    secret_name: str
    """The Secret's name."""
    secret_namespace: str
    """The Secret's namespace."""
    digest: str | None = None
    """Digest of the token, if the operator renews it; not a secret."""
    issued_at: str | None = None
    """When that token was last written into the Secret."""
    renew_at: str | None = None
    """When the operator will renew it."""
    expires_at: str | None = None
    """When it expires, according to `renewal.lifetime`."""
    asked_at: str | None = None
    """When the operator last started to renew it."""


class OwnerCount(Part):
    """The robots of one organization or user, as of the last list."""

    name: str
    """The organization or user."""
    kind: str = "organization"
    """`organization` or `user`."""
    managed: int = 0
    """Robots that belong to a resource of this connection."""
    unmanaged: int = 0
    """Robots that belong to no resource in this cluster."""
    unused: int = 0
    """Robots older than 90 days without a login in the last 90 days."""
    sample: tuple[str, ...] = ()
    """Up to five unmanaged robots."""


class RobotCounts(Part):
    """The robots that this connection sees."""

    managed: int = 0
    """Robots that belong to a resource of this connection."""
    unmanaged: int = 0
    """Robots that belong to no resource in this cluster."""
    unused: int = 0
    """Robots older than 90 days without a login in the last 90 days."""
    organizations: int = 0
    """Organizations and users with robots of this connection."""
    owners: tuple[OwnerCount, ...] = ()
    """Up to twenty of them, those with the most unmanaged robots first."""


class ConnectionStatus(Part):
    """What the operator knows about a connection."""

    observed_generation: int | None = None
    """The generation of the spec that this status describes."""
    conditions: tuple[Condition, ...] = ()
    """The current state: `Ready` first, then details."""
    origin: str | None = None
    """Scheme, host and port of Quay; the port is always included."""
    credential: CredentialSeen | None = None
    """The token's Secret, as last read."""
    circuit: str | None = None
    """
    The circuit breaker. `Closed`: calls go to Quay. `Open`: Quay is down, and only probes are
    sent.
    """
    robots: RobotCounts | None = None
    """Numbers of robots, as last listed."""
    last_list_at: str | None = None
    """When robots were last listed; updated with other changes, or once a day."""


Kind = Literal["QuayConnection", "ClusterQuayConnection"]


def registry_key(host: str, scheme: str) -> str:
    """Return *host*, with or without a port, as clients of registries look it up."""
    name, colon, port = host.lower().rpartition(":")
    if not colon or port.endswith("]"):
        return host.lower()
    # No client finds a key with the port that it need not name.
    return name if int(port) in {443, _DEFAULT_PORT[scheme]} else f"{name}:{int(port)}"


def origin_of(url: str) -> str:
    """Return scheme, host and port of *url*, the port always written out."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    port = _DEFAULT_PORT[parts.scheme] if parts.port is None else parts.port
    return f"{parts.scheme}://{host}:{port}"
