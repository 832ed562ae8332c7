"""
How is an observation carried out?

The actions that read and never write, each returning the scene with what was
seen. They stand apart from the writes, so that what may only look (a plan that
is told and not carried out) has nothing else at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, assert_never

from ...cluster.kinds import OURS
from ...cluster.resources import Resources
from ...model.actions import (
    ListRobots,
    Look,
    LookAtFederation,
    LookAtGrants,
    LookAtHosts,
    LookAtOrganization,
    LookAtOwner,
    LookAtQuay,
    LookAtRobot,
    LookAtRoles,
    LookAtUser,
)
from ...model.errors import Conflict, QuayRobotError, Reason, Refused
from ...model.names import FINALIZER, OwnerName, RobotName
from ...model.world import ConnectionSeen, Missing, Present, RobotView, Unknown
from ...plan.scene import Scene
from ..connection.issuer_hosts import IssuerHosts
from ..connection.pool import LiveConnection
from .grants import federate, read_grants, read_roles
from .keyless import received
from .observe import FRESH_ENOUGH

__all__ = ["perform_read", "usable"]


async def perform_read(
    resources: Resources,
    hosts: IssuerHosts,
    live: LiveConnection | None,
    action: Look,
    scene: Scene,
) -> Scene:
    """
    Carry out *action* for the robot it names, and return the scene after it.

    Raises:
        QuayRobotError: It could not be done; *live* is None without a connection.
    """
    there = scene.towards(getattr(action, "robot", None))
    return (await _look(resources, hosts, live, action, there)).towards(scene.robot_name)


async def _look(  # noqa: C901, PLR0911 - one line per look
    resources: Resources,
    hosts: IssuerHosts,
    live: LiveConnection | None,
    action: Look,
    scene: Scene,
) -> Scene:
    owner = scene.robot_name.owner
    match action:
        case LookAtHosts(names):
            return replace(scene, hosts={**scene.hosts, **await hosts.resolve(names)})
        case LookAtOwner():
            return await _look_at_owner(resources, action, scene)
        case ListRobots():
            return await _list(usable(live, owner), scene)
        case LookAtRobot():
            return await _look_at_robot(usable(live, owner), scene)
        case LookAtOrganization(robot):
            exists = await usable(live).client.organization_exists(robot.owner)
            return replace(scene, organization_exists=exists)
        case LookAtQuay():
            return await _look_at_quay(usable(live), action.owner, scene)
        case LookAtUser():
            return await _look_at_user(usable(live), scene)
        case LookAtGrants():
            return await read_grants(usable(live, owner), action, scene)
        case LookAtRoles():
            return await read_roles(usable(live, owner), action, scene)
        case LookAtFederation():
            return await federate(usable(live, owner), action, scene)
        case _:
            assert_never(action)


def usable(live: LiveConnection | None, owner: OwnerName | None = None) -> LiveConnection:
    """
    Return the connection, which has to be there and unchanged since the pass began.

    Calls about the robots of *owner* have to mean those of *owner*, with the token of now.

    Raises:
        Refused: There is none.
        Conflict: It is not what it was when the pass began.
    """
    if live is None:
        msg = "there is no connection to Quay"
        raise Refused(Reason.CONNECTION_NOT_READY, msg)
    if live.retired:
        raise Conflict(Reason.CONNECTION_NOT_READY, "the connection was edited meanwhile")
    if owner is not None:
        live.whose.check(owner)
    return live


async def _list(live: LiveConnection, scene: Scene) -> Scene:
    name = scene.robot_name
    try:
        enough = FRESH_ENOUGH * live.resync_s
        await live.snapshots.refresh(name.owner, max_age_s=enough, about=name)
    except QuayRobotError as error:
        _raise_denied(error)
        failed = Unknown(error)
        return _viewed(scene, lambda _name: failed)
    return _viewed(scene, live.snapshots.view)


def _viewed(scene: Scene, view: Callable[[RobotName], RobotView]) -> Scene:
    """The scene after a list, which is about every robot of the owner."""
    first = _seen_in_list(view(scene.robot_name))
    listed = replace(scene, **first)
    if listed.other is None:
        return listed
    second = _seen_in_list(view(listed.turned().robot_name))
    return replace(listed, other=replace(listed.other, **second))


def _seen_in_list(view: RobotView) -> dict[str, Any]:
    return {"robot": view, "list_due": False, "unlisted": isinstance(view, Missing)}


async def _look_at_robot(live: LiveConnection, scene: Scene) -> Scene:
    name = scene.robot_name
    try:
        seen = await live.client.get_robot(name)
    except QuayRobotError as error:
        _raise_denied(error)
        unlisted = isinstance(scene.robot, Missing) or scene.unlisted
        return replace(scene, robot=Unknown(error), unlisted=unlisted)
    if isinstance(seen, Present):
        seen = Present(received(scene, seen.value))
    live.snapshots.saw(name, seen)
    return replace(scene, robot=seen, owner_lives=None, list_due=False)


async def _look_at_quay(live: LiveConnection, owner: OwnerName, scene: Scene) -> Scene:
    exists = await live.probe.greet(live.client, owner)
    assert isinstance(scene.connection, ConnectionSeen)
    return replace(
        scene,
        connection=replace(scene.connection, in_doubt=False),
        organization_exists=scene.organization_exists if exists is None else exists,
    )


async def _look_at_user(live: LiveConnection, scene: Scene) -> Scene:
    return replace(scene, token_user=(await live.whose.ask(scene.robot_name.owner)).name)


async def _look_at_owner(resources: Resources, action: LookAtOwner, scene: Scene) -> Scene:
    kind = OURS.get(action.kind)
    if kind is None:
        return replace(scene, owner_lives=True)
    namespace = action.namespace or None
    body = await resources.get(kind, namespace, action.name)
    return replace(scene, owner_lives=body is not None and not _has_let_go(body["metadata"]))


def _has_let_go(meta: Mapping[str, object]) -> bool:
    """Return whether it goes and nothing of ours holds it: only finalizers of others do."""
    held = meta.get("finalizers") or ()
    assert isinstance(held, list | tuple)
    return "deletionTimestamp" in meta and FINALIZER not in held


def _raise_denied(error: QuayRobotError) -> None:
    # A refused credential concerns the connection, not this robot.
    if error.reason is Reason.CREDENTIAL_REFUSED:
        raise error
