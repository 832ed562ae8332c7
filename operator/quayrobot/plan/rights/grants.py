"""
Which rights does the robot lack, and which does it have too many?

Rights shrink before they grow. What is about to be given is stored first, so
that it can be taken back after any crash. Exact takes back what is neither
declared nor given by Quay itself for what is; Additive only what we gave, and
so does a block that is gone: it may have vanished on its way here. A repository
or team that is not there holds up nothing but its own grant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ...model.actions import (
    Action,
    ChangeDefault,
    Component,
    GiveDefault,
    GiveRole,
    GrantChange,
    JoinTeam,
    LeaveTeam,
    RecordGrants,
    TakeDefault,
    TakeRole,
)
from ...model.resources.permissions import ROLES, DefaultGrant, GrantsState, Permissions, Role
from ...model.resources.robot import permissions_of
from ...model.world import DefaultSeen, GrantsSeen, Present, Unknown
from ..scene import Finding, Plan, Scene
from .by_quay import left_roles, look_for, unread_roles

__all__ = [
    "after",
    "declared_rights",
    "given",
    "intended_grants",
    "known_grants",
    "managed_rights",
    "noted_grants",
    "plan_grants",
    "target_of",
]


def plan_grants(scene: Scene) -> Plan:
    """Return the next changes of the robot's rights; nothing where none are ours to change."""
    wanted = managed_rights(scene)
    if wanted is None:
        return Plan()

    if isinstance(scene.grants, Unknown):
        return Plan(findings=(Finding(Component.GRANTS, scene.grants.error),))

    known = known_grants(scene)
    if known is None or _unread(wanted, known):
        return Plan((look_for(scene.robot_name, wanted),))

    lacking = list(_changes(scene, wanted, known))
    changes = [each for each in lacking if target_of(each) not in scene.grant_refusals]
    # What a turn was refused is the rotation's to tell.
    due = {target_of(each) for each in lacking}
    refused = [error for target, error in scene.grant_refusals.items() if target in due]
    findings = tuple(Finding(Component.GRANTS, each) for each in refused)
    return Plan(_recorded(scene, wanted, changes), findings)


def managed_rights(scene: Scene) -> Permissions | None:
    """Return the rights to establish; if the block was removed, none of those that we granted."""
    if scene.spec.permissions is None and scene.status.grants not in {None, GrantsState()}:
        return Permissions(mode="Additive")
    return permissions_of(scene.spec)


def noted_grants(scene: Scene, *, finished: bool) -> GrantsState | None:
    """Return the rights that stay recorded as granted by us: all of them until that is done."""
    if not finished:
        # It may have to be taken back.
        return scene.status.grants
    wanted = permissions_of(scene.spec)
    return None if wanted is None else given(wanted)


def intended_grants(scene: Scene) -> GrantsState | None:
    """Return the rights to record as granted by us before a new robot gets all of them."""
    wanted, before = permissions_of(scene.spec), scene.status.grants
    if wanted is None or given(wanted) == GrantsState():
        return before
    return _with(before or GrantsState(), wanted)


def declared_rights(wanted: Permissions | None) -> GrantsSeen:
    """Return *wanted* as the rights that a robot would have with it."""
    if wanted is None:
        return GrantsSeen()
    return GrantsSeen(
        {each.name: each.role for each in wanted.repositories},
        frozenset(wanted.teams),
        tuple(DefaultSeen(each.role, each.creator) for each in wanted.defaults),
    )


def target_of(change: GrantChange) -> str:
    """Return what *change* is about, as one word of the scene's refusals."""
    match change:
        case GiveRole(_, repository) | TakeRole(_, repository):
            return f"repository {repository}"
        case JoinTeam(_, team) | LeaveTeam(_, team):
            return f"team {team}"
        case GiveDefault(_, _, creator):
            return f"default {creator or ''}"
        case ChangeDefault(_, seen) | TakeDefault(_, seen):
            return f"default {seen.creator or ''}"


def after(change: GrantChange, seen: GrantsSeen) -> GrantsSeen:
    """Return the rights *seen* as they are when *change* was made."""
    repositories, defaults = dict(seen.repositories), seen.defaults
    teams = set(seen.teams)
    match change:
        case GiveRole(_, repository, role):
            repositories[repository] = role
        case TakeRole(_, repository):
            repositories.pop(repository, None)
        case JoinTeam(_, team):
            teams.add(team)
        case LeaveTeam(_, team):
            teams.discard(team)
        case GiveDefault(_, role, creator):
            defaults = (*defaults, DefaultSeen(role, creator))
        case ChangeDefault(_, old, role):
            changed = DefaultSeen(role, old.creator, old.id)
            defaults = tuple(changed if each == old else each for each in defaults)
        case TakeDefault(_, old):
            defaults = tuple(each for each in defaults if each != old)
    return GrantsSeen(repositories, frozenset(teams), defaults, seen.creators)


def given(wanted: Permissions) -> GrantsState:
    """Return *wanted* as what we put there."""
    return GrantsState(
        repositories=tuple(wanted.repositories),
        teams=tuple(wanted.teams),
        defaults=tuple(wanted.defaults),
    )


def known_grants(scene: Scene) -> GrantsSeen | None:
    """
    Return the robot's rights as seen, else as we finished giving them, else None.

    A list that was read for another robot shows where this one has a role, and not which.
    """
    believed = _believed(scene)
    if not isinstance(scene.grants, Present):
        return believed
    seen = scene.grants.value
    if believed is None:
        return seen
    roles = {
        name: believed.repositories.get(name) if role is None else role
        for name, role in seen.repositories.items()
    }
    return replace(seen, repositories=roles)


def _believed(scene: Scene) -> GrantsSeen | None:
    """What we finished putting there is there until the drift beat shows otherwise."""
    status = scene.status
    finished = any(
        each.type == "GrantsReady" and each.status == "True" for each in status.conditions
    )
    same = (
        isinstance(scene.robot, Present)
        and status.robot is not None
        and status.robot.created_at == scene.robot.value.created
    )
    # The mode may be another one since: Additive leaves what the status does not know.
    unchanged = status.observed_generation == scene.me.generation
    if not (finished and same and unchanged and status.grants is not None):
        return None
    return GrantsSeen(
        {each.name: each.role for each in status.grants.repositories},
        frozenset(status.grants.teams),
        tuple(DefaultSeen(each.role, each.creator) for each in status.grants.defaults),
    )


def _unread(wanted: Permissions, known: GrantsSeen) -> bool:
    """A role that was not read, or a default to be changed without its id, needs a look."""
    if unread_roles(wanted, known):
        return True
    roles = any(
        known.repositories.get(each.name, each.role) is None for each in wanted.repositories
    )
    declared = {(each.role, each.creator) for each in wanted.defaults}
    defaults = any(
        each.id is None and (each.role, each.creator) not in declared for each in known.defaults
    )
    return roles or defaults


def _changes(scene: Scene, wanted: Permissions, known: GrantsSeen) -> Iterator[GrantChange]:
    robot = scene.robot_name
    ours = None if wanted.mode == "Exact" else scene.status.grants or GrantsState()
    declared = {each.name: each.role for each in wanted.repositories}
    growing: list[GrantChange] = []

    our_names = None if ours is None else [each.name for each in ours.repositories]
    left = left_roles(wanted, known)
    for name in _surplus(known.repositories, declared, our_names):
        if name not in left:
            yield TakeRole(robot, name)
    for name in _surplus(known.teams, wanted.teams, None if ours is None else ours.teams):
        yield LeaveTeam(robot, name)
    yield from _default_changes(scene, wanted, known, ours, growing)

    for name, role in {**_higher(left, scene.inherited), **declared}.items():
        held = known.repositories.get(name)
        if held == role:
            continue
        change = GiveRole(robot, name, role)
        if held in ROLES and ROLES.index(held) > ROLES.index(role):
            yield change
        else:
            growing.append(change)
    growing += [JoinTeam(robot, team) for team in wanted.teams if team not in known.teams]
    yield from growing


def _higher(left: Mapping[str, Role], inherited: Mapping[str, Role]) -> dict[str, Role]:
    """What Quay gave this robot or the one before it: on each repository the higher role."""
    both = {**left, **inherited}
    for name in left.keys() & inherited.keys():
        both[name] = max(left[name], inherited[name], key=ROLES.index)
    return both


def _surplus(
    held: Iterable[str], declared: Iterable[str], ours: Iterable[str] | None
) -> list[str]:
    wanted = set(declared)
    may_go = None if ours is None else set(ours)
    return sorted(
        name for name in held if name not in wanted and (may_go is None or name in may_go)
    )


def _default_changes(
    scene: Scene,
    wanted: Permissions,
    known: GrantsSeen,
    ours: GrantsState | None,
    growing: list[GrantChange],
) -> Iterator[GrantChange]:
    """Yield what shrinks and note what grows; of duplicates one stays."""
    robot = scene.robot_name
    left = {each.creator: each.role for each in wanted.defaults}
    mine = None if ours is None else {(each.role, each.creator) for each in ours.defaults}
    taken: set[str | None] = set()
    for seen in sorted(known.defaults, key=lambda each: each.role != left.get(each.creator)):
        role = left.get(seen.creator)
        if role is None or seen.creator in taken:
            if mine is None or seen.creator in taken or (seen.role, seen.creator) in mine:
                yield TakeDefault(robot, seen)
            continue
        taken.add(seen.creator)
        if seen.role == role:
            continue
        change = ChangeDefault(robot, seen, role)
        if seen.role in ROLES and ROLES.index(seen.role) > ROLES.index(role):
            yield change
        else:
            growing.append(change)
    growing += [
        GiveDefault(robot, each.role, each.creator)
        for each in wanted.defaults
        if each.creator not in taken
    ]


def _recorded(scene: Scene, wanted: Permissions, changes: list[GrantChange]) -> tuple[Action, ...]:
    if not changes:
        return ()
    before = scene.status.grants or GrantsState()
    both = _with(before, wanted)
    finished = any(
        each.type == "GrantsReady" and each.status == "True" for each in scene.status.conditions
    )
    # After a crash the rights are read again unless the status calls them finished: so it
    # must not, from the first change on.
    if finished or both != before:
        return (RecordGrants(both), *changes)
    return tuple(changes)


def _with(before: GrantsState, wanted: Permissions) -> GrantsState:
    return GrantsState(
        repositories=tuple(
            {each.name: each for each in (*before.repositories, *wanted.repositories)}.values()
        ),
        teams=tuple(dict.fromkeys((*before.teams, *wanted.teams))),
        defaults=tuple(_each_once((*before.defaults, *wanted.defaults))),
    )


def _each_once(grants: Iterable[DefaultGrant]) -> Iterator[DefaultGrant]:
    seen: set[tuple[str, str | None]] = set()
    for each in grants:
        if (each.role, each.creator) not in seen:
            seen.add((each.role, each.creator))
            yield each
