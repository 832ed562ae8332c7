"""
Which steps are needed until this resource owns its robot, with proof?

The order is the safety: who may ask, who comes first, where the robot was
made, then what Quay shows. A robot is created only where Quay said of this
very name that it is absent, or where the create-only PUT is itself the look;
nothing is written to Quay before our finalizer holds the resource and every
Secret has a place to rest.
"""

from __future__ import annotations

from typing import assert_never

from ...model.actions import (
    Action,
    AddFinalizer,
    Component,
    CreateRobot,
    GuardConnection,
    ListRobots,
    LookAtGrants,
    LookAtOwner,
    LookAtQuay,
    LookAtRobot,
    RecordProgress,
)
from ...model.errors import QuayRobotError, Reason, Refused, TryLater
from ...model.names import MAIN, MARKER_KEY
from ...model.resources.robot import RobotState
from ...model.world import (
    Absent,
    ConnectionSeen,
    Missing,
    Present,
    RobotSeen,
    Unknown,
    Unlooked,
)
from ..credentials.rehearsal import rehearse
from ..credentials.secrets import check_names, was_restored
from ..rights.access import Permit, check_rights, permit_of
from ..rights.federation import intended_identities
from ..rights.grants import declared_rights, intended_grants
from ..rights.issuers import check_identities
from ..scene import Scene
from .claim import check_claim
from .owner import check_user, look_for_organization, no_organization
from .proof import (
    Foreign,
    NeedsLook,
    NeedsOwnerLook,
    Ours,
    adopted_before,
    adoption_denied,
    prove,
    status_proves,
)

__all__ = ["connection_of", "has_moved", "plan_robot"]


# Quay looks at who asks before anything else, and tells a missing organization as a missing right.
_BARRED = {
    Reason.CREDENTIAL_REFUSED,
    Reason.INSUFFICIENT_SCOPE,
    Reason.ORGANIZATION_NOT_FOUND,
}


def plan_robot(scene: Scene) -> tuple[Action, ...]:
    """
    Return the next actions towards holding the robot; none when it is held.

    Raises:
        QuayRobotError: What stands in the way.
    """
    _check_found(scene)
    # Before the connection's own troubles: who may not use it learns nothing of it.
    permit = _permit(scene)
    check_rights(
        permit,
        declared_rights(scene.spec.permissions),
        connection=scene.spec.connection_ref.name,
    )
    check_identities(scene, permit)
    connection = connection_of(scene)
    if adopts(scene) and not permit.adoption and not _is_taken(scene):
        raise adoption_denied(scene)

    looks = check_claim(scene)
    if asks := check_user(scene, connection) or looks:
        return asks
    if has_moved(scene, connection):
        return _find_again(scene, connection)
    return _plan_where_it_is(scene, connection, permit)


def _check_found(scene: Scene) -> None:
    """What is not there, and what this namespace may not know of, is told by the same words."""
    error = scene.connection
    if isinstance(error, QuayRobotError) and error.reason is Reason.CONNECTION_NOT_FOUND:
        raise error


def adopts(scene: Scene) -> bool:
    """Return whether the robot has to be there already; the second of two never has."""
    return scene.spec.creation_policy == "Adopt" and scene.slot == MAIN


def _is_taken(scene: Scene) -> bool:
    """Return whether the status says that the robot is here: nothing is to be adopted."""
    robot = scene.status.robot
    return robot is not None and robot.created_at is not None and status_proves(scene)


def _permit(scene: Scene) -> Permit:
    """Who has two robots in turn has to be let have both."""
    connection = scene.spec.connection_ref.name
    permits = {
        name: permit_of(scene.rules, scene.namespace, name, connection=connection)
        for name in scene.robot_names
    }
    return permits[scene.robot_name]


def connection_of(scene: Scene) -> ConnectionSeen:
    """
    Return the connection of *scene*.

    Raises:
        QuayRobotError: There is none that can be used, and why.
    """
    if isinstance(scene.connection, QuayRobotError):
        raise scene.connection
    return scene.connection


def has_moved(scene: Scene, connection: ConnectionSeen) -> bool:
    """Return whether *connection* leads elsewhere than where the robot was made."""
    made = scene.status.connection
    return made is not None and made.origin != connection.origin


def moved_error(scene: Scene) -> Refused:
    """Return the refusal to follow a connection to another Quay."""
    made = scene.status.connection
    where = made.origin if made is not None else "another Quay"
    msg = (
        f"the robot was created at {where}, and the connection now leads elsewhere; a robot never "
        "moves: restore the connection, or create the resource again"
    )
    return Refused(Reason.CONNECTION_MOVED, msg)


def _find_again(scene: Scene, connection: ConnectionSeen) -> tuple[Action, ...]:
    """The same Quay under a new name shows our marker; nothing else lets us follow."""
    if scene.list_due:
        # One list for all that moved along, not a look for each of them.
        return (ListRobots(scene.robot_name.owner),)

    match scene.robot:
        case Unknown(error):
            gone = error.reason is Reason.ORGANIZATION_NOT_FOUND
            raise moved_error(scene) if gone else error
        case Present(seen) if seen.metadata is not None:
            if seen.marker is not None and seen.marker.same_owner(scene.marker):
                return _hold(scene, connection, seen, Ours(adopted=False))
            raise moved_error(scene)
        case Absent() | Missing():
            raise moved_error(scene)
        case _:
            return (LookAtRobot(scene.robot_name),)


def _plan_where_it_is(
    scene: Scene, connection: ConnectionSeen, permit: Permit
) -> tuple[Action, ...]:
    if scene.list_due and (scene.status.holds or isinstance(scene.robot, Present)):
        return (ListRobots(scene.robot_name.owner),)

    if looks := _look_for_both(scene) or look_for_organization(scene):
        return looks

    match scene.robot:
        case Unknown(error):
            raise error
        case Unlooked() | Missing():
            return _look_or_create(scene, connection)
        case Absent():
            return _create(scene, connection)
        case Present(seen):
            return _claim_robot(scene, connection, permit, seen)
        case _:
            assert_never(scene.robot)


def _look_for_both(scene: Scene) -> tuple[Action, ...]:
    """A status that was lost does not tell which of two robots is there: ask for both."""
    if scene.other is None or scene.status.robot is not None or not scene.me.guarded:
        return ()
    there = {scene.robot_name: scene.robot, scene.turned().robot_name: scene.other.robot}
    for view in there.values():
        if isinstance(view, Unknown):
            raise view.error
    return tuple(
        LookAtRobot(name) for name, view in there.items() if isinstance(view, Unlooked | Missing)
    )


def _look_or_create(scene: Scene, connection: ConnectionSeen) -> tuple[Action, ...]:
    # A robot that may have been there before needs its absence observed. A
    # finalizer without a known robot is what a crash around the PUT leaves, a
    # Secret of an earlier life what a backup restores.
    before = scene.status.holds or scene.me.guarded or scene.create_refusal is not None
    if before or adopts(scene) or was_restored(scene) or _was_barred(scene):
        return (LookAtRobot(scene.robot_name),)
    return _create(scene, connection)


def _was_barred(scene: Scene) -> bool:
    """A look is refused as a creation is, and binds nothing that has to be taken back again."""
    return any(each.type == "Ready" and each.reason in _BARRED for each in scene.status.conditions)


def _create(scene: Scene, connection: ConnectionSeen) -> tuple[Action, ...]:
    if adopts(scene):
        msg = f"there is no robot {scene.robot_name.full} to adopt"
        raise Refused(Reason.ROBOT_NOT_FOUND, msg)

    if scene.create_refusal is not None:
        raise scene.create_refusal

    check_names(scene, marking=True)
    _check_lasting(scene, connection)
    if connection.in_doubt and not scene.me.guarded:
        # Where nothing can be sent nothing is made: neither origin nor finalizer is needed.
        return (LookAtQuay(scene.robot_name.owner),)
    if scene.organization_exists is False:
        raise no_organization(scene)
    state = RobotState(full_name=scene.robot_name.full, slot=scene.slot)
    return (
        *rehearse(scene, connection.registry_hosts, Component.ROBOT),
        *_bind(scene, connection, state),
        CreateRobot(
            scene.robot_name,
            scene.spec.description,
            {**scene.spec.metadata, MARKER_KEY: scene.marker.as_metadata()},
        ),
    )


def _check_lasting(scene: Scene, connection: ConnectionSeen) -> None:
    if scene.namespace.terminating:
        msg = "the namespace is being deleted; nothing is created or adopted in it"
        raise TryLater(Reason.NAMESPACE_TERMINATING, msg)

    if connection.terminating:
        name = f"{connection.kind} {connection.name}"
        msg = f"{name} is being deleted; nothing is created or adopted with it"
        raise TryLater(Reason.CONNECTION_NOT_READY, msg)


def _claim_robot(
    scene: Scene, connection: ConnectionSeen, permit: Permit, seen: RobotSeen
) -> tuple[Action, ...]:
    match prove(scene, seen, permit):
        case Ours() as ours:
            if ours.adopted and not adopted_before(scene, seen):
                looks = _check_existing_rights(scene, permit.taking(_taken_from(scene, seen)))
                if looks:
                    return looks
            return _hold(scene, connection, seen, ours)
        case NeedsLook():
            return (LookAtRobot(scene.robot_name),)
        case NeedsOwnerLook():
            assert seen.marker is not None
            return (LookAtOwner(seen.marker.kind, seen.marker.namespace, seen.marker.name),)
        case Foreign(error):
            raise error


def _hold(
    scene: Scene, connection: ConnectionSeen, seen: RobotSeen, ours: Ours
) -> tuple[Action, ...]:
    """A robot that is ours is bound to the resource before anything is written for it."""
    if ours.adopted and not adopted_before(scene, seen):
        check_names(scene)
        # What is about to be deleted would take along a robot that never served it.
        _check_lasting(scene, connection)
        return _bind(
            scene,
            connection,
            RobotState(
                full_name=seen.full_name,
                created_at=seen.created,
                adopted=True,
                slot=scene.slot,
            ),
        )

    # It may have come to another connection since.
    return _bind(scene, connection, None)


def _taken_from(scene: Scene, seen: RobotSeen) -> str | None:
    """The other cluster that marked the robot, None for a robot that is only adopted."""
    marker = seen.marker
    return None if marker is None or marker.cluster == scene.cluster else marker.cluster


def _check_existing_rights(scene: Scene, permit: Permit) -> tuple[Action, ...]:
    """The rights that a robot brings along are bounded like those that are asked for."""
    if permit.rules is None:
        return ()
    match scene.grants:
        case Unknown(error):
            raise error
        case Present(rights) if None not in rights.repositories.values():
            connection = scene.spec.connection_ref.name
            check_rights(permit, rights, connection=connection)
            return ()
        case _:
            return (LookAtGrants(scene.robot_name, None),)


def _bind(
    scene: Scene, connection: ConnectionSeen, state: RobotState | None
) -> tuple[Action, ...]:
    actions: list[Action] = []
    due = state is not None and (scene.status.connection is None or bool(state.created_at))
    with_finalizer = due and not scene.me.guarded and _place_alone(scene, state)
    if due and state is not None and not with_finalizer:
        actions.append(RecordProgress(state))
    if not connection.guarded and not connection.terminating:
        actions.append(GuardConnection())
    if not scene.me.guarded:
        actions.append(AddFinalizer(noting=state if with_finalizer else None))
    return tuple(actions)


def _place_alone(scene: Scene, state: RobotState | None) -> bool:
    """
    Tell whether nothing has to outlive a crash but where the robot of *state* is made.

    That fits beside the finalizer; what is given, and whose turn it is, only in the status.
    """
    return (
        state is not None
        and state.created_at is None
        and scene.me.kind == "QuayRobot"
        and scene.other is None
        and intended_grants(scene) is None
        and not intended_identities(scene)
    )
