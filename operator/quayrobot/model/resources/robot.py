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
from ..names import ALT_SUFFIX, FULL_NAME_MAX, MAIN, MARKER_KEY, OwnerName, RobotName, Slot
from .base import ObjectName, OwnerText, Part, Rule, rules
from .credentials import Credentials
from .federation import Federation, Identity, IdentityState
from .permissions import GrantsState, Permissions
from .rotation import Rotation, RotationState
from .secret import SecretSpec

__all__ = [
    "ConnectionRef",
    "INTERVAL_WORDS",
    "LinkState",
    "ROBOT_RULES",
    "RobotSpec",
    "RobotStatus",
    "accounts_of",
    "federation_of",
    "is_keyless",
    "links_of",
    "robot_name_of",
    "secrets_of",
]


class ConnectionRef(Part):
    """Which connection leads to the Quay."""

    kind: Literal["ClusterQuayConnection", "QuayConnection"] = "ClusterQuayConnection"
    """`QuayConnection` is looked up in the resource's own namespace only."""
    name: ObjectName = "default"
    """The connection's name; it may change as long as it leads to the same Quay."""


_NAME = "(has(self.spec.robotName) ? self.spec.robotName : self.metadata.name)"
_OWNER = (
    "(has(self.spec.organization) ? self.spec.organization "
    ": (has(self.spec.user) ? self.spec.user : ''))"
)


_TURNS = "(has(self.spec.rotation) && self.spec.rotation.strategy == 'Overlap')"


def _old(expression: str) -> str:
    return expression.replace("self.", "oldSelf.value().")


_FORMAT = "(has({0}.format) ? {0}.format : 'DockerConfigJson')"
_IS_DEFAULT = "{0}.name != self.metadata.name || " + _FORMAT + " == 'DockerConfigJson'"
_FORMAT_KEPT = (
    # Both lists are given, then either may be the default: one Secret named like the
    # resource, of the default format.
    (
        "!has(self.spec.secrets) || !has(oldSelf.spec.secrets) || "
        "oldSelf.spec.secrets.all(o, self.spec.secrets.all(n, "
        f"n.name != o.name || {_FORMAT.format('n')} == {_FORMAT.format('o')}))"
    ),
    (
        "!has(self.spec.secrets) || has(oldSelf.spec.secrets) || "
        f"self.spec.secrets.all(n, {_IS_DEFAULT.format('n')})"
    ),
    (
        "has(self.spec.secrets) || !has(oldSelf.spec.secrets) || "
        f"oldSelf.spec.secrets.all(o, {_IS_DEFAULT.format('o')})"
    ),
)
INTERVAL_WORDS = (
    "rotation.interval and strategy: Overlap do not go with credentials of type Federated: "
    "these are replaced within the hour anyway, and no login fails then"
)
_SAME_FORMAT = (
    "the format of a Secret cannot be changed (its type is immutable); "
    "give the Secret another name"
)


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
    """The robot's rights. Left out: they are never read and never touched."""
    federation: Federation | None = None
    """Whose tokens Quay takes for the robot's. Left out: never read, never touched."""
    credentials: Credentials = Field(default_factory=Credentials)
    """What the Secrets carry: the robot's own token, or a password of an hour."""
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
    """Where the credential is put. Left out: one Secret named like the resource; `[]`: none."""

    @property
    def owner(self) -> OwnerName:
        """The namespace in Quay; the schema sees to it that exactly one is given."""
        if self.organization is not None:
            return OwnerName("organization", self.organization)
        return OwnerName("user", self.user or "")


ROBOT_RULES = (
    Rule(
        rule="has(self.spec.organization) != has(self.spec.user)",
        message="exactly one of organization and user must be given",
    ),
    Rule(
        rule=f"!oldSelf.hasValue() || ({_OWNER} == {_old(_OWNER)} "
        "&& has(self.spec.user) == has(oldSelf.value().spec.user))",
        message="organization and user cannot be changed: a robot never moves; "
        "make a new QuayRobot instead",
    ),
    Rule(
        rule=f"!oldSelf.hasValue() || {_NAME} == {_old(_NAME)}",
        message="robotName cannot be changed: Quay cannot rename a robot; "
        "make a new QuayRobot instead",
    ),
    Rule(
        rule=f"{_NAME}.matches('^[a-z0-9]+([._-][a-z0-9]+)*$') && size({_NAME}) >= 2",
        message="robotName (by default the resource's name) must be 2 to 255 lower-case letters "
        "and digits, with single '.', '_' or '-' between them; set spec.robotName",
    ),
    Rule(
        rule=f"size({_NAME}) + size({_OWNER}) + 1 <= 255",
        message="'<organization or user>+<robotName>' must not be longer than 255 characters; "
        "set a shorter spec.robotName",
    ),
    Rule(
        rule="!has(self.spec.user) || !has(self.spec.permissions) || "
        "(size(self.spec.permissions.teams) == 0 && size(self.spec.permissions.defaults) == 0)",
        message="permissions.teams and permissions.defaults belong to organizations; "
        "a user's robot can have repositories only",
    ),
    Rule(
        rule="!has(self.spec.secrets) || (has(self.spec.permissions) && "
        "size(self.spec.permissions.repositories) > 0) || "
        "self.spec.secrets.all(s, !has(s.scope) || s.scope != 'Repositories')",
        message="scope: Repositories needs permissions.repositories: they are its entries",
    ),
    *(Rule(rule=rule, message=_SAME_FORMAT, transition=True) for rule in _FORMAT_KEPT),
    Rule(
        rule=f"!{_TURNS} || size({_NAME}) + size({_OWNER}) + 1 <= "
        f"{FULL_NAME_MAX - len(ALT_SUFFIX)}",
        message="with rotation.strategy: Overlap '<organization or user>+<robotName>' must not "
        "be longer than 251 characters: the second robot's name has .alt behind it",
    ),
    Rule(
        rule=f"!{_TURNS} || (has(self.spec.permissions) && self.spec.permissions.mode == 'Exact')",
        message="rotation.strategy: Overlap needs permissions with mode: Exact, so that the next "
        "robot gets the same rights (permissions: {} for none)",
    ),
    Rule(
        rule=f"!{_TURNS} || !has(self.spec.federation) || self.spec.federation.mode == 'Exact'",
        message="rotation.strategy: Overlap needs federation with mode: Exact, so that the next "
        "robot gets the same identities",
    ),
    Rule(
        rule="!has(self.spec.credentials) || !has(self.spec.credentials.type) || "
        "self.spec.credentials.type != 'Federated' || !has(self.spec.rotation) || "
        "(!has(self.spec.rotation.interval) && "
        f"!{_TURNS})",
        message=INTERVAL_WORDS,
    ),
)


class RobotState(Part):
    """The robot that this resource holds; *last_used_on* is a day."""

    full_name: str
    """The robot's name in Quay, `<owner>+<short name>`."""
    created_at: str | None = None
    """When Quay made it, in Quay's own words; not there while it is being made."""
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
    """Digest of the data without the credential, where that cannot be read anew."""


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
    """Fields that are changed in the spec and applied when the robot is next made anew."""

    @property
    def holds(self) -> bool:
        """Tell whether a robot was made or adopted for this resource."""
        return self.robot is not None and self.robot.created_at is not None


def robot_name_of(name: str, spec: RobotSpec) -> RobotName:
    """Return the effective name of the robot of the resource called *name*."""
    return RobotName(spec.owner, spec.robot_name or name)


def is_keyless(spec: RobotSpec) -> bool:
    """Tell whether the Secrets carry a password of an hour instead of the robot's token."""
    return spec.credentials.type == "Federated"


def federation_of(spec: RobotSpec) -> Federation | None:
    """Return what Quay is to know of outside identities, that of the credentials included."""
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
    declared = spec.secrets if spec.secrets is not None else [SecretSpec(name=name)]
    return {secret.name: secret for secret in declared}
