"""What can the operator do to a robot's rights?"""

from __future__ import annotations

from dataclasses import dataclass

from .names import RobotName
from .resources.permissions import Role
from .world import DefaultSeen

__all__ = [
    "ChangeDefault",
    "GiveDefault",
    "GiveRole",
    "GrantChange",
    "JoinTeam",
    "LeaveTeam",
    "TakeDefault",
    "TakeRole",
]


@dataclass(frozen=True, slots=True)
class GiveRole:
    """
    PUT a role on a repository, new or other than before.

    *inherited*: not declared, but Quay gave it to the robot that goes after a turn.
    """

    robot: RobotName
    repository: str
    role: Role
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class TakeRole:
    """Take the role on a repository."""

    robot: RobotName
    repository: str


@dataclass(frozen=True, slots=True)
class JoinTeam:
    """Make the robot a member of a team."""

    robot: RobotName
    team: str


@dataclass(frozen=True, slots=True)
class LeaveTeam:
    """Take the robot out of a team."""

    robot: RobotName
    team: str


@dataclass(frozen=True, slots=True)
class GiveDefault:
    """Make a default permission; Quay would make it twice."""

    robot: RobotName
    role: Role
    creator: str | None


@dataclass(frozen=True, slots=True)
class ChangeDefault:
    """Give the default permission *seen* another role."""

    robot: RobotName
    seen: DefaultSeen
    role: Role


@dataclass(frozen=True, slots=True)
class TakeDefault:
    """Delete a default permission."""

    robot: RobotName
    seen: DefaultSeen


GrantChange = (
    GiveRole | TakeRole | JoinTeam | LeaveTeam | GiveDefault | ChangeDefault | TakeDefault
)
