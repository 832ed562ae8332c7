"""
Is the owner of the robot there, under that name, and is it whose the token has to be?

A user's robots have no other path than "mine". Of an organization Quay tells
plainly only where it is asked for by name.
"""

from __future__ import annotations

from ...model.actions import Action, LookAtOrganization, LookAtUser
from ...model.errors import Reason, Refused
from ...model.world import ConnectionSeen, Unknown
from ..scene import Scene

__all__ = ["check_user", "look_for_organization", "no_organization"]


def check_user(scene: Scene, connection: ConnectionSeen) -> tuple[Action, ...]:
    """
    Return the look that tells whose the token is: a user's robots have no other path than "mine".

    Raises:
        Refused: It is another user's, who may have a robot of that name too.
    """
    owner = scene.robot_name.owner
    if owner.kind != "user":
        return ()

    if scene.token_user is None:
        return (LookAtUser(),)

    if scene.token_user != owner.name:
        msg = (
            f"robots of the user {owner.name} need a connection whose token belongs to that user; "
            f"the token of {connection.kind} {connection.name} belongs to another"
        )
        raise Refused(Reason.ACCESS_DENIED, msg)
    return ()


def look_for_organization(scene: Scene) -> tuple[Action, ...]:
    """
    Return the look that tells a missing organization from a missing right: Quay answers alike.

    For robots that are held the drift beat finds it out, once for all of them.

    Raises:
        Refused: There is no such organization.
    """
    looked = scene.robot.error if isinstance(scene.robot, Unknown) else None
    error = scene.create_refusal or looked
    if error is None and _is_suspect(scene):
        return (LookAtOrganization(scene.robot_name),)
    if error is None or error.reason is not Reason.INSUFFICIENT_SCOPE:
        return ()
    if scene.status.holds or scene.robot_name.owner.kind == "user":
        return ()
    if scene.organization_exists is None:
        return (LookAtOrganization(scene.robot_name),)
    if not scene.organization_exists:
        raise no_organization(scene)
    raise error


def _is_suspect(scene: Scene) -> bool:
    """A Quay that compares names without case may have made the robot elsewhere."""
    organization = scene.robot_name.owner.kind == "organization" and not scene.status.holds
    asked = scene.organization_exists is not None
    return (
        organization
        and not asked
        and any(
            each.type == "Ready" and each.reason == Reason.INVALID_SPEC
            for each in scene.status.conditions
        )
    )


def no_organization(scene: Scene) -> Refused:
    """Return the refusal of a robot in an organization that is not there."""
    name = scene.robot_name.owner.name
    hint = f" (is it {name.lower()}?)" if name != name.lower() else ""
    msg = f"the organization {name} does not exist in Quay{hint}"
    return Refused(Reason.ORGANIZATION_NOT_FOUND, msg)
