"""
What does a connection to a Quay say?

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
    TWICE,
    Duration,
    Glob,
    LabelSelector,
    Part,
    PlainGlob,
    Rule,
    checked_port,
    rules,
)
from .bundle import BundleRef, ClusterBundleRef
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

URL_PATTERN = (
    r"^https?://([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?/?$"
)
HOST_PATTERN = r"^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?$"
_DEFAULT_PORT = {"http": 80, "https": 443}

PLAINTEXT = Rule(
    rule="!self.url.startsWith('http://') || self.allowPlaintext",
    message="url must be https; a token over http can be read by anyone on the way "
    "(set allowPlaintext: true to accept that)",
)
RULE_WITHOUT_OWNER = (
    "an access rule without organizations and users allows nothing: name them, ['*'] for all"
)
UNKNOWN_PLACEHOLDER = "robotNames knows the placeholder {namespace} and no other"
HOSTS_WORDS = "registryHosts must not name one host twice"
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


_RULES = rules(PLAINTEXT, PLAINTEXT_SERVICE, ONE_BUNDLE, ONE_NAMING, LITERAL)


class Limits(Part):
    """How much this Quay is asked to bear."""

    requests_per_second: Annotated[int | None, Field(ge=1, le=1000)] = None
    """Calls per second. Left out: as many as Quay takes; fewer after a 429."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 16
    """Calls at the same time."""
    timeout: Duration = "30s"
    """For one call to Quay."""


class AccessRule(Part):
    """What some namespaces may ask of a connection; all parts must hold together."""

    namespaces: LabelSelector
    """Which namespaces may use it, by their labels; `{}` is every namespace."""
    organizations: Annotated[list[PlainGlob], Field(max_length=64)] = []
    """Glob patterns for the robot's organization. Left out: none."""
    users: Annotated[list[PlainGlob], Field(max_length=64)] = []
    """Glob patterns for the robot's user. Left out: none."""
    robot_names: Annotated[list[Glob] | None, Field(max_length=64)] = None
    """Glob patterns for the short name; `{namespace}` is the one that asks. Left out: any."""
    max_role: Role = "write"
    """The highest role that a robot may have on a repository."""
    teams: Annotated[list[PlainGlob], Field(max_length=64)] = []
    """Glob patterns for teams; `owners` has to be named in full. Left out: none."""
    defaults: bool = False
    """Whether `permissions.defaults` may be used."""
    federation: bool = False
    """Whether `federation` may be used."""
    issuers: Annotated[list[PlainGlob] | None, Field(max_length=64)] = None
    """Glob patterns for issuers. Left out: this cluster's own, and any that is not private."""
    adoption: bool = False
    """Whether robots that somebody else made may be adopted; needs `robotNames`."""
    takeover: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=128)]], Field(max_length=16)
    ] = []
    """Ids of other clusters whose robots the same kind, namespace and name may take over."""

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


class _ConnectionBody(Part):
    url: Annotated[
        str,
        StringConstraints(pattern=URL_PATTERN, max_length=300),
        AfterValidator(checked_port),
    ]
    """Where Quay is, `https://host[:port]`."""
    registry_host: Annotated[
        str | None, StringConstraints(pattern=HOST_PATTERN, max_length=300)
    ] = None
    """
    What image names begin with; host and port of `url` by default. In Secrets it stands as clients
    look it up: in lower case, without the default port.
    """
    registry_hosts: Annotated[
        list[Annotated[str, StringConstraints(pattern=HOST_PATTERN, max_length=300)]] | None,
        Field(min_length=1, max_length=8, json_schema_extra=rules(Rule(TWICE, HOSTS_WORDS))),
        AfterValidator(_check_hosts),
    ] = None
    """
    Several names of one registry, in place of `registryHost`: the same credential is filed under
    each. The first is the one that is shown.
    """
    ca_bundle: Annotated[str | None, StringConstraints(min_length=1, max_length=262144)] = None
    """PEM certificates that are trusted besides the public authorities; or `caBundleRef`."""
    allow_plaintext: bool = False
    """Whether `url` may be http: whoever is on the way can read the token."""
    limits: Limits = Limits()
    """How much this Quay is asked to bear."""
    resync_interval: Duration = "5m"
    """How often each organization's robots are listed."""
    drift_interval: Duration = "1h"
    """How often rights and identities are compared with what is declared."""

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
    """With what Quay's API is called."""
    ca_bundle_ref: BundleRef | None = None
    """Where such certificates are kept, in place of `caBundle`."""
    proxy: Proxy | None = None
    """The proxy that Quay is reached through. Left out: none, whatever the environment says."""

    model_config = Part.model_config | {"json_schema_extra": _RULES}


class ClusterConnectionSpec(_ConnectionBody):
    """The spec of a ClusterQuayConnection."""

    credentials: ClusterCredentials
    """With what Quay's API is called."""
    access: Annotated[list[AccessRule], Field(max_length=128)]
    """Who may have what: within a rule all parts must hold, between rules any one suffices."""
    ca_bundle_ref: ClusterBundleRef | None = None
    """Where such certificates are kept, in place of `caBundle`."""
    proxy: ClusterProxy | None = None
    """The proxy that Quay is reached through. Left out: none, whatever the environment says."""

    model_config = Part.model_config | {"json_schema_extra": _RULES}


class CredentialSeen(Part):
    """Which Secret was read last; kept so that a changed reference lets the old one go."""

    secret_name: str
    """The Secret's name."""
    secret_namespace: str
    """The Secret's namespace."""
    digest: str | None = None
    """Digest of a token that is renewed; not a secret."""
    issued_at: str | None = None
    """When that token was written into the Secret, at the latest."""
    renew_at: str | None = None
    """When a new one is asked for."""
    expires_at: str | None = None
    """When it ends, as `renewal.lifetime` says."""
    asked_at: str | None = None
    """When a new one was asked for with it; stored before that is done."""


class OwnerCount(Part):
    """The robots of one organization or user, as of the last list."""

    name: str
    """The organization or user."""
    kind: str = "organization"
    """`organization` or `user`."""
    managed: int = 0
    """Robots that a resource of this connection holds."""
    unmanaged: int = 0
    """Robots that no resource in this cluster holds."""
    unused: int = 0
    """Robots older than 90 days that nobody has logged in with for as long."""
    sample: tuple[str, ...] = ()
    """The first five names of those that are unmanaged."""


class RobotCounts(Part):
    """The robots that this connection sees."""

    managed: int = 0
    """Robots that a resource of this connection holds."""
    unmanaged: int = 0
    """Robots that no resource in this cluster holds."""
    unused: int = 0
    """Robots older than 90 days that nobody has logged in with for as long."""
    organizations: int = 0
    """Organizations (and users) that resources of this connection have robots in."""
    owners: tuple[OwnerCount, ...] = ()
    """The first twenty of them, those with most unmanaged robots first."""


class ConnectionStatus(Part):
    """What the operator knows about a connection."""

    observed_generation: int | None = None
    """The generation of the spec that this status is about."""
    conditions: tuple[Condition, ...] = ()
    """How it stands: `Ready` first, then its parts."""
    origin: str | None = None
    """Scheme, host and port, the port always written out."""
    credential: CredentialSeen | None = None
    """The Secret that was read last."""
    circuit: str | None = None
    """`Closed`: Quay is asked; `Open`: it is taken to be away, and probed."""
    robots: RobotCounts | None = None
    """How many robots there are, as of the last lists."""
    last_list_at: str | None = None
    """When robots were listed last; written with other changes, or once a day."""


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
