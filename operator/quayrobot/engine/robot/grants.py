"""
How are a robot's rights read and changed?

What Quay refuses for one repository or team holds up no other; what may or may
not have happened is forgotten, so that the next pass reads it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import assert_never

from ...model.actions import (
    ChangeDefault,
    GiveDefault,
    GiveRole,
    GrantChange,
    JoinTeam,
    LeaveTeam,
    LookAtFederation,
    LookAtGrants,
    LookAtRoles,
    SetFederation,
    TakeDefault,
    TakeRole,
)
from ...model.errors import QuayRobotError, Reason, Refused, TryLater
from ...model.world import DefaultSeen, GrantsSeen, Present, Unknown, Unlooked
from ...plan.rights.federation import federation_finished
from ...plan.rights.grants import after, known_grants, target_of
from ...plan.scene import Scene
from ..connection.pool import LiveConnection

__all__ = ["change_grant", "federate", "read_grants", "read_roles"]

# Each robot comes again after a resync: the first of them asks.
MISSING_FOR = 0.85
# What may just be on its way is asked for again and again, by one of all that wait for it.
AWAITED_S = 2.0


async def read_grants(live: LiveConnection, action: LookAtGrants, scene: Scene) -> Scene:
    """
    Read the robot's rights from Quay, and return the scene with them.

    Raises:
        Denied: Quay refused the credential.
    """
    try:
        await live.grants.look(
            action.robot, action.repositories, beyond=action.beyond, creators=action.creators
        )
    except Refused as error:
        return replace(scene, grants=Unknown(error))
    return replace(scene, grants=live.grants.view(action.robot), grants_read=True)


async def read_roles(live: LiveConnection, action: LookAtRoles, scene: Scene) -> Scene:
    """
    Read the robot's roles alone, and return the scene with them.

    Raises:
        Denied: Quay refused the credential.
    """
    try:
        seen = await live.grants.roles_of(action.robot, action.declared, creators=action.creators)
    except Refused as error:
        return replace(scene, roles=Unknown(error))
    return replace(scene, roles=Present(seen))


async def federate(
    live: LiveConnection, action: LookAtFederation | SetFederation, scene: Scene
) -> Scene:
    """
    Read or replace the robot's identities, and return the scene after it; refusals included.

    Raises:
        QuayRobotError: It is not known what is there, or nothing can be done now.
    """
    before = live.federation.pop(action.robot, None)
    try:
        if isinstance(action, SetFederation):
            found = await live.client.set_federation(action.robot, action.identities)
        else:
            found = await live.client.federation(action.robot)
    except Refused as error:
        return replace(scene, federation=Unknown(error))
    except asyncio.CancelledError:
        live.federation[action.robot] = None
        raise
    except QuayRobotError as error:
        # Whatever was put there before is no longer believed.
        live.federation[action.robot] = before if error.did_nothing else None
        live.snapshots.doubt(action.robot, error)
        if _may_wait(action, error) and federation_finished(scene):
            # A beat that has to wait is no news; the next pass asks again.
            return replace(scene, federation=Unlooked(), federation_due=False)
        raise
    live.federation[action.robot] = found
    return replace(scene, federation=Present(found), federation_due=False, federation_read=True)


def _may_wait(action: LookAtFederation | SetFederation, error: QuayRobotError) -> bool:
    """Return whether *error* says no more than that it cannot be read now."""
    looked = isinstance(action, LookAtFederation) and isinstance(error, TryLater)
    return looked and error.reason is not Reason.ROBOT_NOT_FOUND


async def change_grant(
    live: LiveConnection, change: GrantChange, scene: Scene, *, edited: bool
) -> Scene:
    """
    Make one change of the robot's rights, and return the scene after it; refusals included.

    Who *edited* the resource may just have made what was missing.

    Raises:
        QuayRobotError: It is not known whether it was made, or nothing can be made now.
    """
    owner, target = scene.robot_name.owner, target_of(change)
    known = live.not_found.recall(owner, target)
    if known is not None and not edited:
        return _refused(scene, target, known)
    try:
        if live.not_found.suspected(owner, target) and isinstance(change, GiveRole):
            # Quay answers a write to a missing repository with a failure of its own.
            await live.client.rights.check_repository(owner, change.repository)
        default = await _make(live, change)
    except Refused as error:
        waits = scene.waits_until(error) is not None
        for_s = AWAITED_S if waits else MISSING_FOR * live.resync_s
        live.not_found.note(owner, target, error, for_s=for_s)
        return _refused(scene, target, error)
    except (QuayRobotError, asyncio.CancelledError) as error:
        # At its deadline a pass may be cut off in the middle of a change.
        if not (isinstance(error, QuayRobotError) and error.did_nothing):
            live.grants.forget(scene.robot_name)
        if isinstance(error, QuayRobotError):
            live.snapshots.doubt(scene.robot_name, error)
        raise
    live.not_found.found(owner, target)
    now = _after(change, known_grants(scene) or GrantsSeen(), default)
    live.grants.wrote(scene.robot_name, now)
    return replace(scene, grants=Present(now))


def _refused(scene: Scene, target: str, error: QuayRobotError) -> Scene:
    return replace(scene, grant_refusals={**scene.grant_refusals, target: error})


def _after(change: GrantChange, before: GrantsSeen, made: DefaultSeen | None) -> GrantsSeen:
    if made is None:
        return after(change, before)
    return replace(before, defaults=(*before.defaults, made))


async def _make(live: LiveConnection, change: GrantChange) -> DefaultSeen | None:
    rights = live.client.rights
    match change:
        case GiveRole(robot, repository, role):
            await rights.give_role(robot, repository, role)
        case TakeRole(robot, repository):
            await rights.take_role(robot, repository)
        case JoinTeam(robot, team):
            await rights.join_team(robot, team)
        case LeaveTeam(robot, team):
            await rights.leave_team(robot, team)
        case GiveDefault(robot, role, creator):
            return await rights.give_default(robot, role, creator)
        case ChangeDefault(robot, seen, role):
            await rights.change_default(robot, seen, role)
        case TakeDefault(robot, seen):
            await rights.take_default(robot, seen)
        case _:
            assert_never(change)
    return None
