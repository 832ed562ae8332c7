"""
Which fields does a QuayRobot have?

The spec is what a user declares and is never written by us. Defaults that
depend on the resource's own name (the robot's name, the one default Secret)
are *effective* values: computed here, compared by the immutability rules, and
never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ..conditions import Condition
from ..names import MAIN, MARKER_KEY, OwnerName, RobotName, Slot
from ..times import Moment
from .base import ObjectName, OwnerText, Part, Rule, rules
from .credentials import Credentials
from .federation import Federation, Identity, IdentityState
from .permissions import GrantsState, Permissions
from .rotation import Rotation, RotationState
from .secret import SecretSpec

__all__ = [
    "ConnectionRef",
    "LinkState",
    "RobotSpec",
    "RobotStatus",
    "accounts_of",
    "federation_of",
    "is_keyless",
    "links_of",
    "permissions_of",
    "robot_name_of",
    "secrets_of",
    "suspend_field",
]


class ConnectionRef(Part):
    """Which connection leads to the Quay."""

    kind: Literal["ClusterQuayConnection", "QuayConnection"] = "ClusterQuayConnection"
    """The kind. A `QuayConnection` must be in the resource's namespace."""
    name: ObjectName = "default"
    """The name. It may change as long as it leads to the same Quay."""


class RobotSpec(Part):
    """The spec of a QuayRobot."""

    connection_ref: ConnectionRef = ConnectionRef()
    """The connection to Quay, whose rules decide what is allowed."""
    organization: OwnerText | None = None
    """The organization that owns the robot. Cannot be changed."""
    user: OwnerText | None = None
    """The user who owns the robot: the owner of the connection's token. Cannot be changed."""
    robot_name: Annotated[str | None, StringConstraints(min_length=1, max_length=255)] = None
    """The robot's short name, by default the resource's name. Cannot be changed."""
    description: Annotated[str, StringConstraints(max_length=255)] = ""
    """
    A description for Quay, which takes it only at creation. Later changes wait in
    `status.pending`.
    """
    metadata: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=512)]],
        Field(
            max_length=32,
            json_schema_extra=rules(
                Rule(
                    rule=f"!('{MARKER_KEY}' in self)",
                    message=f"the key {MARKER_KEY} is where the operator marks its robots",
                )
            ),
        ),
    ] = {}
    """Key-value pairs stored on the robot in Quay; like `description`, only at creation."""
    creation_policy: Literal["Create", "Adopt", "CreateOrAdopt"] = "Create"
    """Whether to create the robot, adopt an existing one, or both."""
    deletion_policy: Literal["Delete", "Orphan"] = "Delete"
    """Whether the robot is deleted with the resource. May be changed during the deletion."""
    suspend: bool = False
    """
    If true, the operator writes nothing, in Quay or in the cluster. Deletions are still carried
    out.
    """
    permissions: Permissions | None = None
    """
    The robot's permissions. If omitted, the operator revokes what it granted and leaves the rest
    alone. For no permissions at all, give `mode: Exact` alone.
    """
    federation: Federation | None = None
    """
    Identities of other issuers that can log in as the robot. If omitted, the operator removes
    those that it added and leaves the rest alone.
    """
    credentials: Credentials = Field(default_factory=Credentials)
    """What the Secrets contain: the robot's own token, or a one-hour password."""
    rotation: Rotation | None = None
    """When to replace the credential. If omitted, only on the annotation `quayrobot.io/rotate`."""
    secrets: Annotated[
        list[SecretSpec] | None,
        Field(
            max_length=8,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = None
    """The Secrets to write. If omitted, one Secret named like the resource."""
    no_secret: bool = False
    """If true, the operator writes no Secret. Do not give `secrets` then."""

    @property
    def owner(self) -> OwnerName:
        """The namespace in Quay; the schema sees to it that exactly one is given."""
        if self.organization is not None:
            return OwnerName("organization", self.organization)
        return OwnerName("user", self.user or "")


class RobotState(Part):
    """The robot that this resource holds; *last_used_on* is a day."""

    full_name: str
    """The robot's name in Quay, `<owner>+<short name>`."""
    created_at: Moment | None = None
    """
    When Quay created it; absent while the operator is creating it. 1970-01-01 for an adopted robot
    so old that Quay does not know.
    """
    adopted: bool = False
    """True if it was adopted."""
    last_used_on: str | None = None
    """The day of its last use; updated with other changes only."""
    slot: Slot = MAIN
    """Which robot is in use: `main`, or `alt` with `strategy: Overlap`."""
    metadata_digest: str | None = None
    """Digest of the metadata it was created with, to compute `pending` without a call."""
    token_digest: str | None = None
    """Digest of its own token, if the Secrets contain another credential."""


class ConnectionState(Part):
    """The Quay in which the robot is."""

    kind: str
    """The connection's kind."""
    name: str
    """The connection's name."""
    origin: str
    """Scheme, host and port of the Quay, to which the robot is bound."""
    cluster: str | None = None
    """
    Id of the cluster that the robot belongs to. In a copy of the cluster this status proves
    nothing.
    """


class CredentialState(Part):
    """Which credential is out there; a digest is not a secret."""

    digest: str
    """SHA-256 digest of the credential; not a secret."""
    issued_at: str | None = None
    """When the operator first saw it."""
    expires_at: str | None = None
    """When it expires, if it does."""


class SecretState(Part):
    """A Secret of ours and the digest of what we put there."""

    name: str
    """The Secret's name."""
    digest: str
    """Digest of its data."""
    form: str | None = None
    """Digest of its data without the credential, if that cannot be read again."""


class LinkState(Part):
    """A ServiceAccount that names a Secret because of us; stored before it does."""

    service_account: str
    """The ServiceAccount's name."""
    secret: str
    """The Secret."""
    link: str
    """The list that names it: `imagePullSecrets` or `secrets`."""


class RobotStatus(Part):
    """What the operator knows about a QuayRobot."""

    observed_generation: int | None = None
    """The generation of the spec that this status describes."""
    conditions: tuple[Condition, ...] = ()
    """The current state: `Ready` first, then details."""
    robot: RobotState | None = None
    """The robot of this resource."""
    connection: ConnectionState | None = None
    """The Quay in which the robot is."""
    credential: CredentialState | None = None
    """The credential in the Secrets."""
    secrets: tuple[SecretState, ...] = ()
    """The Secrets that the operator wrote."""
    rotation: RotationState | None = None
    """Past, current and next rotations."""
    federation: tuple[IdentityState, ...] | None = None
    """The identities that the operator added or is about to add, so that it can remove them."""
    grants: GrantsState | None = None
    """
    The permissions that the operator granted or is about to grant, so that it can revoke them.
    """
    links: tuple[LinkState, ...] = ()
    """The ServiceAccounts that the operator linked to Secrets."""
    pending: tuple[str, ...] = ()
    """Changed fields that take effect when the robot is next created."""

    @property
    def holds(self) -> bool:
        """Return whether a robot was made or adopted for this resource."""
        return self.robot is not None and self.robot.created_at is not None


def suspend_field(kind: str) -> str:
    """Return the field that suspends a resource of *kind*."""
    return "spec.template.spec.suspend" if kind == "ClusterQuayRobot" else "spec.suspend"


def robot_name_of(name: str, spec: RobotSpec) -> RobotName:
    """Return the effective name of the robot of the resource called *name*."""
    return RobotName(spec.owner, spec.robot_name or name)


def is_keyless(spec: RobotSpec) -> bool:
    """Return whether the Secrets carry a one-hour password instead of the robot's token."""
    return spec.credentials.type == "Federated"


def permissions_of(spec: RobotSpec) -> Permissions | None:
    """Return the rights that the operator sees to; None where it leaves them as they are."""
    wanted = spec.permissions
    return None if wanted is None or wanted.mode == "Unmanaged" else wanted


def federation_of(spec: RobotSpec) -> Federation | None:
    """Return what Quay is to know of outside identities, that of the credentials included."""
    if spec.federation is not None and spec.federation.mode == "Unmanaged":
        return None
    if not is_keyless(spec):
        return spec.federation
    implied = Identity(service_account=spec.credentials.service_account)
    if spec.federation is None:
        return Federation(mode="Additive", identities=[implied])
    declared = spec.federation.identities
    return spec.federation.model_copy(update={"identities": [*declared, implied]})


def accounts_of(name: str, spec: RobotSpec, status: RobotStatus) -> frozenset[str]:
    """Return the ServiceAccounts of the resource *name*: linked, once linked, or exchanged."""
    exchanged = spec.credentials.service_account
    linked = {each.service_account for each in (*status.links, *links_of(name, spec))}
    return frozenset(linked | ({exchanged} if exchanged is not None else set()))


def links_of(name: str, spec: RobotSpec) -> tuple[LinkState, ...]:
    """Return the links from ServiceAccounts that the resource called *name* wants."""
    return tuple(
        LinkState(service_account=account.name, secret=secret.name, link=link)
        for secret in secrets_of(name, spec).values()
        for account in secret.service_accounts
        for link in account.links
    )


def secrets_of(name: str, spec: RobotSpec) -> Mapping[str, SecretSpec]:
    """Return the effective Secrets of the resource called *name*, by their name."""
    if spec.no_secret:
        return {}
    # An empty list of an older object asks for none, as it did.
    if spec.secrets is None:
        return {name: _implied(name)}
    return {secret.name: secret for secret in spec.secrets}


@lru_cache(maxsize=256)
def _implied(name: str) -> SecretSpec:
    """Return the Secret of a resource that declares none: it is asked for dozens of times."""
    return SecretSpec(name=name)
