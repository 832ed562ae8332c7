"""
What would the world answer?

A small world that carries actions out, so that a plan can be followed to its
end. It says for itself what a change of rights does, so that the product's
own idea of it can be held against something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from itertools import count
from typing import Any, assert_never

from quayrobot.model.actions import (
    Action,
    AddFinalizer,
    ChangeDefault,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    GiveDefault,
    GiveRole,
    GrantChange,
    GuardConnection,
    JoinTeam,
    LeaveTeam,
    LinkAccount,
    ListRobots,
    LookAtGrants,
    LookAtHosts,
    LookAtOrganization,
    LookAtOwner,
    LookAtRobot,
    LookAtRoles,
    LookAtUser,
    RecordGrants,
    RecordLinks,
    RecordProgress,
    RehearseSecrets,
    RemoveFinalizer,
    ReplaceSecret,
    TakeDefault,
    TakeRole,
)
from quayrobot.model.errors import Ambiguous, Reason, Refused
from quayrobot.model.resources.permissions import ROLES, Permissions
from quayrobot.model.resources.robot import secrets_of
from quayrobot.model.world import (
    Absent,
    AccountSeen,
    DefaultSeen,
    GrantsSeen,
    Missing,
    Present,
    RobotSeen,
    Unlooked,
)
from quayrobot.plan.decide import decide
from quayrobot.plan.rights.grants import after, known_grants, target_of
from quayrobot.plan.scene import Plan, Scene
from quayrobot.plan.words.status import (
    held_at,
    intent_to_grant,
    intent_to_hold,
    intent_to_link,
)

from .scenes import CREATED_ANEW, TOKEN, stored

__all__ = ["LOOKS", "QUAY_WRITES", "RIGHTS_WRITES", "SECRET_WRITES", "Rights", "World", "settled"]

LOOKS = (
    ListRobots,
    LookAtRobot,
    LookAtOrganization,
    LookAtUser,
    LookAtOwner,
    LookAtGrants,
    LookAtRoles,
)
RIGHTS_WRITES = (GiveRole, TakeRole, JoinTeam, LeaveTeam, GiveDefault, ChangeDefault, TakeDefault)
QUAY_WRITES = (CreateRobot, DeleteRobot, *RIGHTS_WRITES)
SECRET_WRITES = (CreateSecret, ReplaceSecret, DeleteSecret)
PUBLIC = ip_address("8.8.8.8")
Grants = tuple[dict[str, str], frozenset[str], tuple[tuple[str | None, str], ...]]


@dataclass(slots=True)
class Rights:
    """
    The rights that a robot really has.

    *missing* holds what is not there, as `repository name` or `team name`.
    *defaults* maps an id to role and creator; Quay lets there be twins. *creators*
    are the teams of the organization whose members may create repositories.
    """

    repositories: dict[str, str] = field(default_factory=dict)
    teams: set[str] = field(default_factory=set)
    defaults: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    creators: frozenset[str] = frozenset()
    _ids: Iterator[int] = field(default_factory=lambda: count(1000))

    @classmethod
    def of(cls, seen: GrantsSeen) -> Rights:
        """Return rights that are as *seen*; a role that was not read is `read`."""
        return cls(
            {name: role or "read" for name, role in seen.repositories.items()},
            set(seen.teams),
            {str(each.id): (each.role, each.creator) for each in seen.defaults},
        )

    def cleared(self) -> Rights:
        """Return those of a robot that was made a moment ago: none, in the same organization."""
        return Rights(missing=self.missing, creators=self.creators)

    def make(self, change: GrantChange) -> DefaultSeen | None:
        """
        Carry *change* out; return a default permission that was made.

        Raises:
            Refused: It is about something that is not there.
        """
        if target_of(change) in self.missing:
            reason = Reason.TEAM_NOT_FOUND
            if isinstance(change, GiveRole | TakeRole):
                reason = Reason.REPOSITORY_NOT_FOUND
            raise Refused(reason, f"there is no {target_of(change)}")
        match change:
            case GiveRole(_, repository, role):
                self.repositories[repository] = role
            case TakeRole(_, repository):
                self.repositories.pop(repository, None)
            case JoinTeam(_, team):
                self.teams.add(team)
            case LeaveTeam(_, team):
                self.teams.discard(team)
            case GiveDefault(_, role, creator):
                made = DefaultSeen(role, creator, f"id-{next(self._ids)}")
                self.defaults[str(made.id)] = (role, creator)
                return made
            case ChangeDefault(_, seen, role):
                assert seen.id in self.defaults
                self.defaults[seen.id] = (role, seen.creator)
            case TakeDefault(_, seen):
                assert seen.id is not None
                self.defaults.pop(seen.id, None)
        return None

    def seen(self, asked: tuple[str, ...] | None, *, more: bool = False) -> GrantsSeen:
        """Return them as a look shows them: the roles on *asked* (None: on all), or *more*."""
        everything = asked is None or more
        roles = {
            name: role if everything or name in asked else None
            for name, role in self.repositories.items()
        }
        defaults = (DefaultSeen(*each, key) for key, each in self.defaults.items())
        creators = self.creators if more else None
        return GrantsSeen(roles, frozenset(self.teams), tuple(defaults), creators)

    def held(self) -> Grants:
        """Return them so that they can be compared: ids do not count."""
        defaults = sorted((creator or "", role) for role, creator in self.defaults.values())
        return dict(self.repositories), frozenset(self.teams), tuple(defaults)


def declared(wanted: Permissions) -> Grants:
    """Return *wanted* as `Rights.held` says it."""
    return Rights(
        {each.name: each.role for each in wanted.repositories},
        set(wanted.teams),
        {str(number): (each.role, each.creator) for number, each in enumerate(wanted.defaults)},
    ).held()


def settled(wanted: Permissions, have: Grants, creators: frozenset[str]) -> Grants:
    """Return what Exact makes of the rights that a robot has: Quay's own doing stays."""
    repositories, teams, defaults = declared(wanted)
    highest = max((ROLES.index(each.role) for each in wanted.defaults), default=None)
    kept = {}
    for name, role in have[0].items():
        if role == "admin" and creators & set(wanted.teams):
            kept[name] = role
        elif highest is not None:
            kept[name] = ROLES[min(highest, ROLES.index(role))]
    return {**kept, **repositories}, teams, defaults


@dataclass(slots=True)
class World:
    """
    What is really there; *writes* says what was written, in order.

    In a *crowd* others of the owner go, too, and a list is to tell what came of each
    deletion. Quay *keeps* the robot, though it answers that it was deleted.
    """

    robot: RobotSeen | None
    crowd: bool = False
    keeps: bool = False
    owner_lives: bool = True
    organization: bool = True
    user: str = "bob"
    rights: Rights = field(default_factory=Rights)
    writes: list[str] = field(default_factory=list)

    def follow(self, scene: Scene, rounds: int = 12) -> tuple[Scene, Plan]:
        """Carry out what is decided until nothing more is, and return the last look."""
        self.writes = []
        last = scene, Plan()
        for step in self.steps(scene, rounds):
            last = step
        return last

    def steps(self, scene: Scene, rounds: int = 12) -> Iterator[tuple[Scene, Plan]]:
        """Carry out what is decided, one action a step, and yield after each."""
        for _ in range(rounds):
            plan = decide(scene)
            for action in plan.actions:
                if not isinstance(action, LOOKS):
                    self.writes.append(type(action).__name__)
                scene = self.carry_out(action, scene)
                yield scene, plan
                if isinstance(action, RemoveFinalizer):
                    yield scene, Plan()
                    return
            if not plan.actions:
                yield scene, plan
                return
        raise AssertionError(f"no end in {rounds} rounds: {self.writes}")

    def carry_out(self, action: Action, scene: Scene) -> Scene:  # noqa: C901, PLR0911, PLR0912
        """Return *scene* after *action*."""
        match action:
            case ListRobots():
                view = Present(replace(self.robot, metadata=None)) if self.robot else Missing()
                return replace(scene, robot=view, list_due=False)
            case LookAtRobot():
                seen = Present(self.robot) if self.robot else Absent()
                return replace(scene, robot=seen, owner_lives=None, list_due=False)
            case LookAtOrganization():
                return replace(scene, organization_exists=self.organization)
            case LookAtUser():
                return replace(scene, token_user=self.user)
            case LookAtOwner():
                return replace(scene, owner_lives=self.owner_lives)
            case LookAtHosts(hosts):
                return replace(scene, hosts=dict.fromkeys(hosts, Present((PUBLIC,))))
            case LookAtGrants(_, asked, beyond):
                seen = self.rights.seen(asked, more=beyond)
                return replace(scene, grants=Present(seen), grants_read=True)
            case LookAtRoles(_, asked):
                return replace(scene, roles=Present(self.rights.seen(asked, more=True)))
            case RehearseSecrets():
                return scene
            case RecordProgress(state):
                return replace(scene, status=intent_to_hold(scene, state))
            case RecordGrants(grants):
                return replace(scene, status=intent_to_grant(scene, grants))
            case RecordLinks(links):
                return replace(scene, status=intent_to_link(scene, links))
            case GuardConnection():
                return replace(scene, connection=replace(scene.connection, guarded=True))
            case AddFinalizer(noting):
                known = scene.status if noting is None else held_at(scene, noting)
                return replace(scene, me=replace(scene.me, guarded=True), status=known)
            case RemoveFinalizer():
                return replace(scene, me=replace(scene.me, guarded=False))
            case CreateRobot() | DeleteRobot():
                return self._write_robot(action, scene)
            case CreateSecret(wanted) | ReplaceSecret(wanted):
                return scene.with_secret(wanted.name, Present(stored(wanted)))
            case DeleteSecret(name=name):
                kept = tuple(each for each in scene.spare_secrets if each.name != name)
                known = name in secrets_of(scene.me.name, scene.spec)
                gone = scene.with_secret(name, Absent()) if known else scene
                return replace(gone, spare_secrets=kept)
            case LinkAccount():
                return replace(scene, accounts=linked(scene.accounts, action))
            case (
                GiveRole()
                | TakeRole()
                | JoinTeam()
                | LeaveTeam()
                | GiveDefault()
                | ChangeDefault()
                | TakeDefault()
            ):
                return self._change_right(action, scene)
            case _:
                assert_never(action)

    def after_the_list(self, scene: Scene, *, vouched: bool) -> Scene:
        """
        Return the look of the pass that comes when the list for many is there.

        *vouched*: it shows a robot that was known before, or its owner was seen by name.
        """
        if not scene.awaited:
            return scene
        there = Present(replace(self.robot, metadata=None)) if self.robot else Missing()
        gone = vouched and self.robot is None
        return replace(scene, robot=Absent() if gone else there, awaited=False, list_due=False)

    def _write_robot(self, action: CreateRobot | DeleteRobot, scene: Scene) -> Scene:
        if isinstance(action, DeleteRobot):
            if not self.keeps:
                self.robot, self.rights = None, self.rights.cleared()
            awaited = self.crowd and scene.me.terminating
            return replace(scene, robot=Unlooked(), deleted=True, awaited=awaited)
        if self.robot is not None:
            taken = Ambiguous(Reason.ROBOT_EXISTS, "a robot of that name exists")
            return replace(scene, robot=Unlooked(), create_refusal=taken)
        self.robot = RobotSeen(
            action.robot.full, CREATED_ANEW, TOKEN, action.description, metadata=action.metadata
        )
        self.rights = self.rights.cleared()
        return replace(scene, robot=Present(self.robot), grants=Present(GrantsSeen()))

    def _change_right(self, change: GrantChange, scene: Scene) -> Scene:
        known = known_grants(scene) or GrantsSeen()
        try:
            made = self.rights.make(change)
        except Refused as error:
            refusals = {**scene.grant_refusals, target_of(change): error}
            return replace(scene, grant_refusals=refusals)
        now = after(change, known)
        if made is not None:
            now = replace(known, defaults=(*known.defaults, made))
        return replace(scene, grants=Present(now))


def linked(accounts: Mapping[str, Any], action: LinkAccount) -> dict[str, Any]:
    """Return *accounts* after *action*: its entries and nobody else's are changed."""
    account: AccountSeen = accounts[action.name].value
    links = {link: list(secrets) for link, secrets in account.links.items()}
    for link, secret in sorted(action.drop):
        links[link] = [each for each in links[link] if each != secret]
    for link, secret in sorted(action.add):
        links[link] = [*links.get(link, ()), secret]
    changed = replace(account, links={link: tuple(each) for link, each in links.items()})
    return {**accounts, action.name: Present(changed)}
