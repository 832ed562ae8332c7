"""
Which actions can the operator take?

Every read that costs a call and every write is a word here; what is not here
cannot happen. Actions say what, never how: the packages that do I/O carry them
out, in the order in which the plan lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .grant_actions import (
    ChangeDefault,
    GiveDefault,
    GiveRole,
    GrantChange,
    JoinTeam,
    LeaveTeam,
    TakeDefault,
    TakeRole,
)
from .names import OwnerName, RobotName
from .resources.federation import IdentityState
from .resources.permissions import GrantsState
from .resources.robot import LinkState, RobotState
from .resources.rotation import RotationState
from .secrecy import Token

__all__ = [
    "Action",
    "AddFinalizer",
    "ChangeDefault",
    "Component",
    "CreateRobot",
    "CreateSecret",
    "DeleteRobot",
    "DeleteSecret",
    "Exchange",
    "GiveDefault",
    "GiveRole",
    "GrantChange",
    "GuardConnection",
    "JoinTeam",
    "LeaveTeam",
    "LinkAccount",
    "ListRobots",
    "Look",
    "LookAtFederation",
    "LookAtGrants",
    "LookAtHosts",
    "LookAtOrganization",
    "LookAtOwner",
    "LookAtQuay",
    "LookAtRobot",
    "LookAtRoles",
    "LookAtUser",
    "RecordFederation",
    "RecordGrants",
    "RecordIntent",
    "RecordLinks",
    "RecordProgress",
    "Regenerate",
    "RehearseSecrets",
    "RemoveFinalizer",
    "ReplaceSecret",
    "SecretWanted",
    "SecretWrite",
    "SetFederation",
    "TakeDefault",
    "TakeRole",
]


class Component(StrEnum):
    """The part of a resource that an action or a finding is about."""

    SPEC = "Spec"
    ROBOT = "Robot"
    ROTATION = "Rotation"
    GRANTS = "Grants"
    FEDERATION = "Federation"
    SECRETS = "Secrets"
    LINKS = "Links"
    DELETION = "Deletion"


@dataclass(frozen=True, slots=True)
class SecretWanted:
    """
    One Secret as it is to be.

    *data* holds the bytes in Tokens, by data key. *controlled* says whether
    the Secret goes with its owner (an owner reference) or stays.
    """

    namespace: str
    name: str
    type: str
    data: Mapping[str, Token] = field(repr=False)
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    controlled: bool
    owner_kind: str
    owner_name: str
    owner_uid: str

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each data key's bytes."""
        return {key: value.digest for key, value in self.data.items()}


@dataclass(frozen=True, slots=True)
class ListRobots:
    """Have a fresh list of all robots of *owner*; one call serves all of them."""

    owner: OwnerName


@dataclass(frozen=True, slots=True)
class LookAtRobot:
    """GET one robot of Quay, the marker included."""

    robot: RobotName


@dataclass(frozen=True, slots=True)
class LookAtOrganization:
    """GET the organization itself: is it there at all?"""

    robot: RobotName


@dataclass(frozen=True, slots=True)
class LookAtUser:
    """GET the user that owns the connection's token."""


@dataclass(frozen=True, slots=True)
class LookAtQuay:
    """Find out whether a Quay answers where the connection leads, by a call about *owner*."""

    owner: OwnerName


@dataclass(frozen=True, slots=True)
class LookAtOwner:
    """Read live whether the owner exists that a marker names, of *robot* where two turn."""

    kind: str
    namespace: str
    name: str
    robot: RobotName | None = None


@dataclass(frozen=True, slots=True)
class LookAtHosts:
    """Ask the name service for the addresses of *hosts*; no call to Quay."""

    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordProgress:
    """Store what is about to happen to the robot, before a write that it has to outlive."""

    state: RobotState


@dataclass(frozen=True, slots=True)
class GuardConnection:
    """Put our finalizer on the connection and its credential Secret."""


@dataclass(frozen=True, slots=True)
class AddFinalizer:
    """
    Put our finalizer on the resource.

    With *noting*, the same write notes where that robot is about to be made.
    """

    noting: RobotState | None = None


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Let the resource go."""


@dataclass(frozen=True, slots=True)
class CreateRobot:
    """PUT a new robot that carries our marker in *metadata*."""

    robot: RobotName
    description: str
    metadata: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RecordIntent:
    """Store which rotation is about to happen, before the credential dies."""

    state: RotationState


@dataclass(frozen=True, slots=True)
class Regenerate:
    """POST regenerate: the robot gets a new token, the old one is dead at once."""

    robot: RobotName


@dataclass(frozen=True, slots=True)
class DeleteRobot:
    """DELETE a robot that was proven ours."""

    robot: RobotName


@dataclass(frozen=True, slots=True)
class CreateSecret:
    """Create a Secret whose name is free."""

    wanted: SecretWanted

    @property
    def place(self) -> tuple[str, str]:
        """Its namespace and name."""
        return self.wanted.namespace, self.wanted.name


@dataclass(frozen=True, slots=True)
class ReplaceSecret:
    """Replace a Secret of ours, at the uid and version that were looked at."""

    wanted: SecretWanted
    uid: str
    version: str

    @property
    def place(self) -> tuple[str, str]:
        """Its namespace and name."""
        return self.wanted.namespace, self.wanted.name


@dataclass(frozen=True, slots=True)
class DeleteSecret:
    """Delete a Secret of ours, at the uid and version that were looked at."""

    namespace: str
    name: str
    uid: str
    version: str

    @property
    def place(self) -> tuple[str, str]:
        """Its namespace and name."""
        return self.namespace, self.name


SecretWrite = CreateSecret | ReplaceSecret | DeleteSecret


@dataclass(frozen=True, slots=True)
class RehearseSecrets:
    """Have the API server try *writes*, with stand-ins for bytes, before *component* goes on."""

    robot: RobotName
    writes: tuple[SecretWrite, ...]
    component: Component


@dataclass(frozen=True, slots=True)
class LookAtGrants:
    """
    Read the rights of *robot*, with the roles on *repositories* (None: on all it has).

    *beyond*: where it has others, with the roles on these too; *creators*: then
    also with the organization's teams whose members may create repositories.
    """

    robot: RobotName
    repositories: tuple[str, ...] | None
    beyond: bool = False
    creators: bool = False


@dataclass(frozen=True, slots=True)
class LookAtRoles:
    """
    Read the roles of *robot* alone, on whichever repositories it has one.

    *creators*: where it has one beyond *declared*, also the organization's teams
    whose members may create repositories.
    """

    robot: RobotName
    declared: tuple[str, ...]
    creators: bool = False


@dataclass(frozen=True, slots=True)
class RecordGrants:
    """Store which rights are about to be given, before the first of them is."""

    grants: GrantsState


@dataclass(frozen=True, slots=True)
class LookAtFederation:
    """GET the outside identities of *robot*."""

    robot: RobotName


@dataclass(frozen=True, slots=True)
class RecordFederation:
    """Store which outside identities are about to be put there."""

    identities: tuple[IdentityState, ...]


@dataclass(frozen=True, slots=True)
class SetFederation:
    """POST the whole list of outside identities."""

    robot: RobotName
    identities: tuple[IdentityState, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Have a token of *account* made and exchange it at Quay for a password of *robot*."""

    robot: RobotName
    namespace: str
    account: str
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordLinks:
    """Store which ServiceAccounts are about to name our Secrets, before they do."""

    links: tuple[LinkState, ...]


@dataclass(frozen=True, slots=True)
class LinkAccount:
    """Have one ServiceAccount name (*add*) or no longer name (*drop*) Secrets of ours."""

    namespace: str
    name: str
    add: frozenset[tuple[str, str]]
    drop: frozenset[tuple[str, str]]


# What reads and never writes.
Look = (
    ListRobots
    | LookAtRobot
    | LookAtOrganization
    | LookAtUser
    | LookAtQuay
    | LookAtOwner
    | LookAtGrants
    | LookAtRoles
    | LookAtFederation
    | LookAtHosts
)

Action = (
    Look
    | RecordProgress
    | GuardConnection
    | AddFinalizer
    | RemoveFinalizer
    | CreateRobot
    | DeleteRobot
    | RecordIntent
    | Regenerate
    | SecretWrite
    | RehearseSecrets
    | RecordGrants
    | GrantChange
    | RecordFederation
    | SetFederation
    | Exchange
    | RecordLinks
    | LinkAccount
)
