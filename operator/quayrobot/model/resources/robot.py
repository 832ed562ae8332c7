"""
What does a QuayRobot say?

The spec is what a user declares and is never written by us. Defaults that
depend on the resource's own name (the robot's name, the one default Secret)
are *effective* values: computed here, compared by the immutability rules, and
never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
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
]


class ConnectionRef(Part):
    """Which connection leads to the Quay."""

    kind: Literal["ClusterQuayConnection", "QuayConnection"] = "ClusterQuayConnection"
    """`QuayConnection` is looked up in the resource's own namespace only."""
    name: ObjectName = "default"
    """The connection's name; it may change as long as it leads to the same Quay."""


class RobotSpec(Part):
    """The spec of a QuayRobot."""

    connection_ref: ConnectionRef = ConnectionRef()
    """Which connection leads to the Quay and says what is allowed."""
    organization: OwnerText | None = None
    """The organization that the robot is made in; cannot be changed."""
    user: OwnerText | None = None
    """
    The user that the robot is made for: the owner of the connection's token. Cannot be changed.
    """
    robot_name: Annotated[str | None, StringConstraints(min_length=1, max_length=255)] = None
    """The robot's short name; the resource's own by default. Cannot be changed."""
    description: Annotated[str, StringConstraints(max_length=255)] = ""
    """Shown in Quay. Quay takes it at creation only; a change waits in `status.pending`."""
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
    """Texts stored on the robot in Quay. Quay takes them at creation only, as `description`."""
    creation_policy: Literal["Create", "Adopt", "CreateOrAdopt"] = "Create"
    """Whether the robot may be made, adopted if somebody else made it, or both."""
    deletion_policy: Literal["Delete", "Orphan"] = "Delete"
    """Whether the robot goes with the resource. May be changed while it is being deleted."""
    suspend: bool = False
    """While true nothing is written, in Quay or in the cluster; a deletion is carried out."""
    permissions: Permissions | None = None
    """
    The robot's rights. Left out: what the operator gave is taken back once, and nothing else is
    read or touched. For no rights at all write `mode: Exact` and nothing else.
    """
    federation: Federation | None = None
    """
    Whose tokens Quay takes for the robot's. Left out: what the operator put there is taken out
    once, and nothing else is read or touched.
    """
    credentials: Credentials = Field(default_factory=Credentials)
    """What the Secrets carry: the robot's own token, or a one-hour password."""
    rotation: Rotation | None = None
    """
    When the credential is replaced. Left out: only the annotation `quayrobot.io/rotate` asks.
    """
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
    """Where the credential is put. Left out: one Secret named like the resource."""
    no_secret: bool = False
    """True: no Secret at all, and no `secrets`."""

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
    """When Quay created it; absent while it is being created."""
    adopted: bool = False
    """True if it was there before this resource."""
    last_used_on: str | None = None
    """The day of its last use, as of the last status that was written for another reason."""
    slot: Slot = MAIN
    """Which of the resource's robots is in use: `main`, or `alt` of two that take turns."""
    metadata_digest: str | None = None
    """Digest of the metadata that it was made with, to tell `pending` without a call."""
    token_digest: str | None = None
    """Digest of its own token where the Secrets carry another credential."""


class ConnectionState(Part):
    """Where the robot was made."""

    kind: str
    """The kind of the connection."""
    name: str
    """The name of the connection."""
    origin: str
    """Scheme, host and port of the Quay: what the robot is bound to."""
    cluster: str | None = None
    """Id of the cluster that holds the robot; in a copy of it this status proves nothing."""


class CredentialState(Part):
    """Which credential is out there; a digest is not a secret."""

    digest: str
    """SHA-256 digest of the robot's token; not a secret."""
    issued_at: str | None = None
    """When the operator first saw that token."""
    expires_at: str | None = None
    """When it expires, where it does."""


class SecretState(Part):
    """A Secret of ours and the digest of what we put there."""

    name: str
    """The Secret's name."""
    digest: str
    """Digest of the data that was put there."""
    form: str | None = None
    """Digest of the data without the credential, where that cannot be read again."""


class LinkState(Part):
    """A ServiceAccount that names a Secret because of us; stored before it does."""

    service_account: str
    """The ServiceAccount's name."""
    secret: str
    """The Secret that it names."""
    link: str
    """Where it names it: `imagePullSecrets` or `secrets`."""


class RobotStatus(Part):
    """What the operator knows about a QuayRobot."""

    observed_generation: int | None = None
    """The generation of the spec that this status is about."""
    conditions: tuple[Condition, ...] = ()
    """How it stands: `Ready` first, then its parts."""
    robot: RobotState | None = None
    """The robot that this resource holds."""
    connection: ConnectionState | None = None
    """Where the robot was made."""
    credential: CredentialState | None = None
    """Which credential is out there."""
    secrets: tuple[SecretState, ...] = ()
    """The Secrets that were written."""
    rotation: RotationState | None = None
    """Rotations: done, due, begun."""
    federation: tuple[IdentityState, ...] | None = None
    """The identities that we put there or are about to, so that they can be taken back."""
    grants: GrantsState | None = None
    """The rights that we gave or are about to give, so that they can be taken back."""
    links: tuple[LinkState, ...] = ()
    """Which ServiceAccounts name which Secret because of us."""
    pending: tuple[str, ...] = ()
    """Fields that are changed in the spec and applied when the robot is next created again."""

    @property
    def holds(self) -> bool:
        """Tell whether a robot was made or adopted for this resource."""
        return self.robot is not None and self.robot.created_at is not None


def robot_name_of(name: str, spec: RobotSpec) -> RobotName:
    """Return the effective name of the robot of the resource called *name*."""
    return RobotName(spec.owner, spec.robot_name or name)


def is_keyless(spec: RobotSpec) -> bool:
    """Tell whether the Secrets carry a one-hour password instead of the robot's token."""
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
    declared = spec.secrets if spec.secrets is not None else [SecretSpec(name=name)]
    return {secret.name: secret for secret in declared}
