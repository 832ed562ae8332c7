"""
When may a resource be deleted, and what has to be deleted before it?

The finalizer falls only when Quay said that the robot is absent, when the
robot is provably not ours, when its organization itself is gone, or when the
user said Orphan. A 204 is no proof, an outage is no proof, a connection that
now leads elsewhere proves nothing about the place where the robot was made.
Where many of one owner go at once, a list after their deletions tells of all.
"""

from __future__ import annotations

from typing import assert_never

from ...model.actions import (
    Action,
    Component,
    DeleteRobot,
    ListRobots,
    LookAtOrganization,
    LookAtRobot,
    RemoveFinalizer,
)
from ...model.errors import Failed, QuayRobotError, Reason, TryLater
from ...model.world import (
    Absent,
    ConnectionSeen,
    Missing,
    Present,
    RobotSeen,
    Unknown,
    Unlooked,
)
from ..credentials.links import unlink
from ..scene import Finding, Plan, Scene
from .creation import connection_of, has_moved, moved_error
from .owner import check_user
from .proof import Foreign, NeedsLook, NeedsOwnerLook, Ours, prove, status_proves
from .slots import each_slot

__all__ = ["plan_deletion", "robot_gone"]

_ASKS_FOR_ORGANIZATION = {Reason.ORGANIZATION_NOT_FOUND, Reason.INSUFFICIENT_SCOPE}


def plan_deletion(scene: Scene) -> Plan:
    """Return the next actions that let a terminating resource go."""
    if not scene.me.guarded:
        return Plan()

    if scene.spec.deletion_policy == "Orphan":
        return Plan((*unlink(scene), RemoveFinalizer()))

    findings, waits = [], False
    for each in each_slot(scene):
        if each.awaited:
            waits = True
            continue
        try:
            actions = robot_gone(each)
        except QuayRobotError as error:
            findings.append(Finding(Component.DELETION, error))
            continue
        if actions:
            return Plan(actions)
    if findings:
        return Plan(findings=tuple(findings))
    if waits:
        # What is stored already says that it goes.
        return Plan(quiet=True)
    return Plan((*unlink(scene), RemoveFinalizer()))


def robot_gone(scene: Scene) -> tuple[Action, ...]:
    """
    Return the next actions until the robot is gone, or is not ours; none when that is so.

    Raises:
        QuayRobotError: What stands in the way.
    """
    connection = connection_of(scene)
    if asks := check_user(scene, connection):
        return asks
    match scene.robot:
        case Unknown(error):
            return _where_nothing_is_known(scene, connection, error)
        case Unlooked() | Missing():
            return _look(scene)
        case Absent():
            return _released(scene, connection)
        case Present() if scene.list_due:
            # It may be another one by now.
            return _look(scene)
        case Present(seen):
            return _delete_if_ours(scene, connection, seen)
        case _:
            assert_never(scene.robot)


def _where_quay_fails(
    scene: Scene, connection: ConnectionSeen, error: Failed
) -> tuple[Action, ...]:
    """
    A deletion that was cut off in Quay leaves a robot that has no token any more.

    Quay fails to show it and does not list it, so nobody can use it, and it stands in the way
    of its name until it is deleted once more. Only what the status says was ours is.
    """
    if scene.unlisted is None:
        return (ListRobots(scene.robot_name.owner),)
    ours = scene.status.holds and status_proves(scene) and not has_moved(scene, connection)
    if scene.deleted or not (scene.unlisted and ours):
        raise error
    return (DeleteRobot(scene.robot_name),)


def _look(scene: Scene) -> tuple[Action, ...]:
    """Before the deletion one list can recognise all who go; after it only a GET is proof."""
    if scene.in_crowd and scene.list_due and not scene.deleted:
        return (ListRobots(scene.robot_name.owner),)
    return (LookAtRobot(scene.robot_name),)


def _where_nothing_is_known(
    scene: Scene, connection: ConnectionSeen, error: QuayRobotError
) -> tuple[Action, ...]:
    """Quay answers a missing organization like a missing right: ask for it by name."""
    if isinstance(error, Failed):
        return _where_quay_fails(scene, connection, error)

    if error.reason not in _ASKS_FOR_ORGANIZATION or scene.robot_name.owner.kind == "user":
        raise error

    if scene.organization_exists is None:
        return (LookAtOrganization(scene.robot_name),)

    if scene.organization_exists:
        raise error
    return _released(scene, connection)


def _delete_if_ours(
    scene: Scene, connection: ConnectionSeen, seen: RobotSeen
) -> tuple[Action, ...]:
    match prove(scene, seen, None):
        case NeedsLook():
            return (LookAtRobot(scene.robot_name),)
        case NeedsOwnerLook():
            # Whoever the marker names, it is not this resource.
            return _released(scene, connection)
        case Foreign():
            return _released(scene, connection)
        case Ours(adopted):
            if has_moved(scene, connection) and (adopted or not _marked(scene, seen)):
                return _prove_by_marker(scene, seen)
            return _delete(scene)


def _prove_by_marker(scene: Scene, seen: RobotSeen) -> tuple[Action, ...]:
    if seen.metadata is None:
        return (LookAtRobot(scene.robot_name),)
    raise moved_error(scene)


def _delete(scene: Scene) -> tuple[Action, ...]:
    if scene.deleted:
        msg = (
            f"Quay answered the deletion of {scene.robot_name.full}, but the robot is still "
            "there; something in Quay, such as a mirror, keeps it"
        )
        raise TryLater(Reason.DELETION_BLOCKED, msg)
    return (DeleteRobot(scene.robot_name),)


def _released(scene: Scene, connection: ConnectionSeen) -> tuple[Action, ...]:
    if has_moved(scene, connection):
        raise moved_error(scene)
    return ()


def _marked(scene: Scene, seen: RobotSeen) -> bool:
    return seen.marker is not None and seen.marker.same_owner(scene.marker)
