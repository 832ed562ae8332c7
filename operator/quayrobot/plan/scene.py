"""
What was observed of one resource and everything that it depends on?

A Scene is everything that a decision may depend on, gathered before it is
made; the time and the cluster's identity included. Deciding twice about one
scene gives one answer, which is why a restart needs no path of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta

from ..model.actions import Action, Component
from ..model.errors import QuayRobotError
from ..model.grace import grace_ends
from ..model.marker import Marker
from ..model.names import ALT, MAIN, RobotName, Slot, other_slot
from ..model.resources.connection import AccessRule
from ..model.resources.federation import IdentityState
from ..model.resources.permissions import Role
from ..model.resources.robot import RobotSpec, RobotStatus, robot_name_of
from ..model.world import (
    Absent,
    AccountSeen,
    Claimant,
    ConnectionSeen,
    Contest,
    GrantsView,
    HostSeen,
    NamespaceSeen,
    Password,
    Present,
    RobotView,
    SecretSeen,
    Seen,
    Unknown,
    Unlooked,
)

__all__ = ["Finding", "Look", "Me", "Plan", "Scene"]


@dataclass(frozen=True, slots=True)
class Me:
    """
    The resource itself: its identity, its place in life, what its annotation asks for.

    *edited* is when its spec was last written.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    generation: int
    created: datetime
    terminating: bool
    guarded: bool
    rotate: str | None = None
    edited: datetime | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of the other robot, where two take turns; the words are the Scene's."""

    robot: RobotView = field(default_factory=Unlooked)
    create_refusal: QuayRobotError | None = None
    grants: GrantsView = field(default_factory=Unlooked)
    federation: Unlooked | Unknown | Present[tuple[IdentityState, ...]] = field(
        default_factory=Unlooked
    )
    federation_due: bool = False
    federation_read: bool = False
    grants_read: bool = False
    roles: GrantsView = field(default_factory=Unlooked)
    grant_refusals: Mapping[str, QuayRobotError] = field(default_factory=dict)
    owner_lives: bool | None = None
    deleted: bool = False
    awaited: bool = False
    list_due: bool = False
    unlisted: bool | None = None


LOOK = tuple(each.name for each in fields(Look))


@dataclass(frozen=True, slots=True)
class Scene:
    """
    One look.

    *rules* is None for a connection without rules (the namespaced kind).
    *owner_lives*, *organization_exists* and *token_user* are None until they
    were asked for. *list_due* says that no list of the robot's owner is fresh
    enough to rely on, *unlisted* whether one that this pass looked at lacks the robot (None:
    it looked at none). *secrets* maps the wanted names, *spare_secrets* are ours
    and no longer wanted. *deleted* says that the DELETE was answered, in this pass or
    in one before that left it to a list for many (*awaited*: which is not there yet) to
    show what came of it. *in_crowd* says that others of this owner are going, too.
    *grant_refusals* maps what a right is about to why it was not given in this
    pass. *federation_due* says that the drift beat wants it read, *federation_read*
    that this pass read it, *grants_read* the same of the rights; *roles* are those that
    this pass read, without teams and defaults; *inherited* are the roles that Quay
    itself gave the previous robot; *issuer* is this cluster's
    own, *hosts* maps the hosts of issuers that this pass looked at to their
    addresses. *exchange* is the password that this pass got. *accounts* maps the
    ServiceAccounts that are or were linked, or whose token is exchanged. The robot
    that this is about is the one in *slot*; *other* is the look at the second one,
    None where there is none. *grace* is how long what may come later is waited for.
    *contested* maps `Secret/<name>` and `ServiceAccount/<name>` to what others set
    back there. *stopped* maps the parts of which an action failed in this
    pass to why, and to None where a look met an outage that is no news; *unwritten* the
    same of single Secrets, which hold up no others.
    """

    cluster: str
    now: datetime
    me: Me
    spec: RobotSpec
    status: RobotStatus
    connection: ConnectionSeen | QuayRobotError
    rules: tuple[AccessRule, ...] | None
    namespace: NamespaceSeen
    rivals: tuple[Claimant, ...] = ()
    robot: RobotView = field(default_factory=Unlooked)
    list_due: bool = False
    unlisted: bool | None = None
    secrets: Mapping[str, Seen[SecretSeen]] = field(default_factory=dict)
    spare_secrets: tuple[SecretSeen, ...] = ()
    create_refusal: QuayRobotError | None = None
    grants: GrantsView = field(default_factory=Unlooked)
    federation: Unlooked | Unknown | Present[tuple[IdentityState, ...]] = field(
        default_factory=Unlooked
    )
    federation_due: bool = False
    federation_read: bool = False
    grants_read: bool = False
    roles: GrantsView = field(default_factory=Unlooked)
    inherited: Mapping[str, Role] = field(default_factory=dict)
    issuer: str | None = None
    hosts: Mapping[str, HostSeen] = field(default_factory=dict)
    exchange: Unlooked | Unknown | Present[Password] = field(default_factory=Unlooked)
    grant_refusals: Mapping[str, QuayRobotError] = field(default_factory=dict)
    accounts: Mapping[str, Seen[AccountSeen]] = field(default_factory=dict)
    owner_lives: bool | None = None
    organization_exists: bool | None = None
    token_user: str | None = None
    deleted: bool = False
    awaited: bool = False
    in_crowd: bool = False
    slot: Slot = MAIN
    other: Look | None = None
    grace: timedelta = timedelta()
    contested: Mapping[str, Contest] = field(default_factory=dict)
    stopped: Mapping[Component, QuayRobotError | None] = field(default_factory=dict)
    unwritten: Mapping[str, QuayRobotError] = field(default_factory=dict)

    @property
    def robot_name(self) -> RobotName:
        """The effective name of the robot."""
        return robot_name_of(self.me.name, self.spec).in_slot(self.slot)

    @property
    def robot_names(self) -> tuple[RobotName, ...]:
        """The names of the robot and of the one that takes turns with it."""
        main = robot_name_of(self.me.name, self.spec)
        return (main,) if self.other is None else (main, main.in_slot(ALT))

    @property
    def marker(self) -> Marker:
        """The marker that a robot of this resource carries."""
        return Marker(
            cluster=self.cluster,
            kind=self.me.kind,
            namespace=self.me.namespace,
            name=self.me.name,
            uid=self.me.uid,
            slot=self.slot,
        )

    @property
    def is_marked(self) -> bool:
        """Whether the robot carries our marker: as just read, or as noted when it was read."""
        if not isinstance(self.robot, Present):
            return False
        seen, noted = self.robot.value, self.status.robot
        if seen.metadata is not None:
            return seen.marker is not None and seen.marker.same_owner(self.marker)
        return noted is not None and not noted.adopted and noted.created_at == seen.created

    @property
    def awaits_list(self) -> bool:
        """Whether a list is still to show what came of a deletion of one of its robots."""
        return self.awaited or (self.other is not None and self.other.awaited)

    def waits_until(self, error: QuayRobotError) -> datetime | None:
        """Return until when *error* is waited for, because it may come later; None for not."""
        return grace_ends(
            self.status.conditions,
            error,
            generation=self.me.generation,
            edited=self.me.edited,
            now=self.now,
            grace=self.grace,
        )

    def with_secret(self, name: str, seen: Seen[SecretSeen]) -> Scene:
        """Return the scene after Secret *name* was found or made to be *seen*."""
        return replace(self, secrets={**self.secrets, name: seen})

    def without_secret(self, name: str) -> Scene:
        """Return the scene after Secret *name*, a wanted or a spare one, was deleted."""
        kept = tuple(each for each in self.spare_secrets if each.name != name)
        secrets = {**self.secrets, name: Absent()} if name in self.secrets else self.secrets
        return replace(self, spare_secrets=kept, secrets=secrets)

    def towards(self, robot: RobotName | None) -> Scene:
        """Return the same look with *robot* in front, where it is one of two."""
        return self if robot in {None, self.robot_name} else self.turned()

    def turned(self) -> Scene:
        """Return the same look with the other robot in front, where there is one."""
        if self.other is None:
            return self
        mine = Look(**{each: getattr(self, each) for each in LOOK})
        theirs = {each: getattr(self.other, each) for each in LOOK}
        return replace(self, slot=other_slot(self.slot), other=mine, **theirs)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that keeps a component from being up to date."""

    component: Component
    error: QuayRobotError


@dataclass(frozen=True, slots=True)
class Plan:
    """
    The next safe actions, in order, and what stands in the way.

    *quiet* says that nothing is due although not everything could be seen:
    the stored status stands.
    """

    actions: tuple[Action, ...] = ()
    findings: tuple[Finding, ...] = ()
    quiet: bool = False
