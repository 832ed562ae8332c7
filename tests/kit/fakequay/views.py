"""How does Quay show users, robots and teams inside other answers?"""

from __future__ import annotations

import hashlib
from typing import Any

from .state import Organization, State, Team

_COLOURS = ("#969696", "#aec7e8", "#ff7f0e", "#ffbb78", "#2ca02c", "#98df8a", "#d62728", "#9467bd")


def avatar(name: str, kind: str, seed: str | None = None) -> dict[str, str]:
    """Return the picture of *name*; a robot's follows its *seed*, which a regenerate changes."""
    digest = hashlib.sha256((seed or name).encode()).hexdigest()
    colour = _COLOURS[int(digest[:2], 16) % len(_COLOURS)]
    return {"name": name, "hash": digest, "color": colour, "kind": kind}


def user_avatar(state: State, name: str) -> dict[str, str]:
    """Return the picture of a user or robot."""
    robot = state.robots.get(name)
    return avatar(name, "user") if robot is None else avatar(name, "robot", robot.avatar)


def team_avatar(team: str) -> dict[str, str]:
    """Return the picture of a team."""
    return avatar(team, "team")


def knows(state: State, name: str) -> bool:
    """Tell whether there is a user or robot of that name."""
    return name in state.robots or name in state.users


def is_member(organization: Organization | None, name: str) -> bool:
    """Tell whether Quay shows *name* as a member of the organization; its robots are."""
    if organization is None:
        return False
    return name.split("+", 1)[0] == organization.name or name in organization.everybody()


def user_view(state: State, organization: Organization, name: str) -> dict[str, Any]:
    """Return a user or robot as default permissions show it."""
    return {
        "name": name,
        "is_robot": "+" in name,
        "kind": "user",
        "is_org_member": is_member(organization, name),
        "avatar": user_avatar(state, name),
    }


def member_view(state: State, name: str) -> dict[str, Any]:
    """Return a member of a team."""
    return {
        "name": name,
        "kind": "user",
        "is_robot": "+" in name,
        "avatar": user_avatar(state, name),
        "invited": False,
    }


def team_view(team: Team) -> dict[str, Any]:
    """Return a team as its organization shows it."""
    return {
        "name": team.name,
        "description": team.description,
        "can_view": True,
        "role": team.role,
        "avatar": team_avatar(team.name),
    }
