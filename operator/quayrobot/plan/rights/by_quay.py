"""
What did Quay give the robot by itself?

Quay turns a default permission into a role on every repository that is made
later, and makes whoever creates a repository its admin. Nothing tells such a
role from one that was given by hand, so it is told by what is declared: what
the declared defaults and teams lead to is left, on whichever repository.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...model.actions import LookAtGrants, LookAtRoles
from ...model.names import RobotName
from ...model.resources.permissions import ROLES, Permissions, Role
from ...model.world import GrantsSeen, Present, Unknown
from ..scene import Scene

__all__ = [
    "given_by_quay",
    "leads_to_roles",
    "left_roles",
    "look_for",
    "looks_by_quay",
    "unread_roles",
]


def leads_to_roles(wanted: Permissions) -> bool:
    """Return whether Quay may give roles by itself, so that Exact has to tell them apart."""
    return wanted.mode == "Exact" and bool(wanted.defaults or wanted.teams)


def look_for(robot: RobotName, wanted: Permissions) -> LookAtGrants:
    """Return the look that tells whether *robot* has what is *wanted* and no more."""
    declared = tuple(each.name for each in wanted.repositories)
    beyond = leads_to_roles(wanted)
    return LookAtGrants(robot, declared, beyond=beyond, creators=beyond and bool(wanted.teams))


def unread_roles(wanted: Permissions, known: GrantsSeen) -> bool:
    """Return whether it cannot be told yet which of the undeclared roles are Quay's own."""
    if not leads_to_roles(wanted):
        return False
    undeclared = set(_undeclared(wanted, known).values())
    # Only the creator's role is told by what a team may do.
    teams_unread = bool(wanted.teams) and known.creators is None
    return None in undeclared or (teams_unread and "admin" in undeclared)


def left_roles(wanted: Permissions, known: GrantsSeen) -> dict[str, Role]:
    """Return the role that is left on each undeclared repository; none where all of it goes."""
    if not leads_to_roles(wanted):
        return {}
    most = max((ROLES.index(each.role) for each in wanted.defaults), default=-1)
    creates = not (known.creators or frozenset()).isdisjoint(wanted.teams)
    left: dict[str, Role] = {}
    for name, role in _undeclared(wanted, known).items():
        if role == "admin" and creates:
            left[name] = "admin"
        elif role in ROLES and most >= 0:
            left[name] = ROLES[min(ROLES.index(role), most)]
    return left


def looks_by_quay(scene: Scene) -> tuple[LookAtRoles, ...]:
    """
    Return the look that has to be before another robot gets what Quay gave this one.

    Raises:
        QuayRobotError: It was tried, and its rights cannot be read.
    """
    wanted = scene.spec.permissions
    if wanted is None or not leads_to_roles(wanted):
        return ()
    if isinstance(scene.roles, Unknown):
        raise scene.roles.error
    if isinstance(scene.roles, Present):
        return ()
    declared = tuple(each.name for each in wanted.repositories)
    return (LookAtRoles(scene.robot_name, declared, creators=bool(wanted.teams)),)


def given_by_quay(scene: Scene) -> dict[str, Role]:
    """Return what the robot was given by Quay itself, as it was read."""
    wanted = scene.spec.permissions
    if wanted is None or not isinstance(scene.roles, Present):
        return {}
    return left_roles(wanted, scene.roles.value)


def _undeclared(wanted: Permissions, known: GrantsSeen) -> Mapping[str, str | None]:
    declared = {each.name for each in wanted.repositories}
    return {name: role for name, role in known.repositories.items() if name not in declared}
