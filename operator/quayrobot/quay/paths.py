"""Where in Quay's API are robots, and what does a call there need?"""

from __future__ import annotations

from ..model.names import OwnerName, RobotName

__all__ = ["federation_path", "needed", "robot_path", "robots_path", "scope_of"]


def robots_path(owner: OwnerName) -> tuple[str, ...]:
    """Return the path of the robots of *owner*."""
    if owner.kind == "user":
        return ("api", "v1", "user", "robots")
    return ("api", "v1", "organization", owner.name, "robots")


def robot_path(name: RobotName) -> tuple[str, ...]:
    """Return the path of the robot *name*."""
    return (*robots_path(name.owner), name.short)


def federation_path(name: RobotName) -> tuple[str, ...]:
    """Return the path of the outside identities of the robot *name*."""
    return (*robot_path(name), "federation")


def scope_of(owner: OwnerName) -> str:
    """Return what calls about the robots of *owner* need, in words."""
    if owner.kind == "user":
        return "the scope user:admin"
    return f"the scope org:admin, of an administrator of the organization {owner.name}"


def needed(scope: str, *, signed_on: bool) -> str:
    """Return *scope*, what a call needs in words, without what a JWT does not have."""
    scopes, _, who = scope.partition(", of ")
    return (who or "another user") if signed_on and scopes else scope
