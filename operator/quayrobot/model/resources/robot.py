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
from ..names import MARKER_KEY, OwnerName, RobotName
from .base import ObjectName, OwnerText, Part, Rule, rules
from .federation import Federation, IdentityState
from .permissions import GrantsState, Permissions
from .rotation import Rotation, RotationState
from .secret import SecretSpec

__all__ = [
    "ConnectionRef",
    "LinkState",
    "RobotSpec",
    "RobotStatus",
    "links_of",
    "robot_name_of",
    "secrets_of",
]


class ConnectionRef(Part):
    """Which connection leads to the Quay."""

    kind: Literal["ClusterQuayConnection", "QuayConnection"] = "ClusterQuayConnection"
    name: ObjectName = "default"


_NAME = "(has(self.spec.robotName) ? self.spec.robotName : self.metadata.name)"
_OWNER = (
    "(has(self.spec.organization) ? self.spec.organization "
    ": (has(self.spec.user) ? self.spec.user : ''))"
)


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
_SAME_FORMAT = (
    "the format of a Secret cannot be changed (its type is immutable); "
    "give the Secret another name"
)


class RobotSpec(Part):
    """The spec of a QuayRobot."""

    connection_ref: ConnectionRef = ConnectionRef()
    organization: OwnerText | None = None
    user: OwnerText | None = None
    robot_name: Annotated[str | None, StringConstraints(min_length=1, max_length=255)] = None
    description: Annotated[str, StringConstraints(max_length=255)] = ""
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
    creation_policy: Literal["Create", "Adopt", "CreateOrAdopt"] = "Create"
    deletion_policy: Literal["Delete", "Orphan"] = "Delete"
    suspend: bool = False
    permissions: Permissions | None = None
    federation: Federation | None = None
    rotation: Rotation | None = None
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
)


class RobotState(Part):
    """The robot that this resource holds; *last_used_on* is a day."""

    full_name: str
    created_at: str | None = None
    adopted: bool = False
    last_used_on: str | None = None
    slot: str = "main"
    metadata_digest: str | None = None


class ConnectionState(Part):
    """Where the robot was made."""

    kind: str
    name: str
    origin: str


class CredentialState(Part):
    """Which credential is out there; a digest is not a secret."""

    digest: str
    issued_at: str | None = None
    expires_at: str | None = None


class SecretState(Part):
    """A Secret of ours and the digest of what we put there."""

    name: str
    digest: str


class LinkState(Part):
    """A ServiceAccount that names a Secret because of us; stored before it does."""

    service_account: str
    secret: str
    link: str


class RobotStatus(Part):
    """What the operator knows about a QuayRobot."""

    observed_generation: int | None = None
    conditions: tuple[Condition, ...] = ()
    robot: RobotState | None = None
    connection: ConnectionState | None = None
    credential: CredentialState | None = None
    secrets: tuple[SecretState, ...] = ()
    rotation: RotationState | None = None
    federation: tuple[IdentityState, ...] | None = None
    grants: GrantsState | None = None
    links: tuple[LinkState, ...] = ()
    pending: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Tell whether a robot was made or adopted for this resource."""
        return self.robot is not None and self.robot.created_at is not None


def robot_name_of(name: str, spec: RobotSpec) -> RobotName:
    """Return the effective name of the robot of the resource called *name*."""
    return RobotName(spec.owner, spec.robot_name or name)


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
