"""
Which of several resources that name one robot has it?

The one that already holds it keeps it, else the older wins; equal age is
decided by uid, so that every replica and every restart agrees. The loser is
told the winner's name only within its own namespace. Who holds one of two
robots that take turns and wants the other has to give way to who holds that
other.
"""

from __future__ import annotations

from datetime import datetime

from ...model.errors import Reason, Refused
from ...model.names import ALT, ALT_SUFFIX
from ...model.resources.robot import RobotStatus
from ...model.world import Claimant
from ..scene import Scene

__all__ = ["already_claimed", "check_claim", "held_by", "is_claimed"]


def check_claim(scene: Scene) -> None:
    """
    Raise if another resource has the robot.

    Raises:
        Refused: AlreadyClaimed, another resource comes first.
    """
    for rival in scene.rivals:
        if _comes_first(scene, rival):
            raise already_claimed(scene, min(rival.contested, default=None), rival)


def is_claimed(scene: Scene) -> bool:
    """Return whether another resource has the robot."""
    return any(_comes_first(scene, rival) for rival in scene.rivals)


def already_claimed(
    scene: Scene, name: str | None = None, rival: Claimant | None = None
) -> Refused:
    """
    Return the refusal for a robot, by default the active one, that another resource has.

    *rival* is named where it is in the same namespace; of others nothing is told.
    """
    near = rival is not None and rival.namespace == scene.me.namespace != ""
    who = f"{rival.kind} {rival.name}" if rival is not None and near else "another resource"
    robot = name or scene.robot_name.full
    msg = f"the robot {robot} is claimed by {who}: choose another robotName, or delete one of them"
    return Refused(Reason.ALREADY_CLAIMED, msg)


def _comes_first(scene: Scene, rival: Claimant) -> bool:
    me, status = scene.me, scene.status
    held = held_by(status)
    holds = bool(held & rival.contested) if rival.contested else status.holds
    mine = _rank(me.created, me.uid, holds=holds, guarded=me.guarded)
    theirs = _rank(rival.created, rival.uid, holds=rival.holds, guarded=rival.guarded)
    return theirs < mine


def held_by(status: RobotStatus) -> frozenset[str]:
    """Return the full names of the robots that were made or adopted for a resource."""
    robot, rotation = status.robot, status.rotation
    if robot is None or robot.created_at is None:
        return frozenset()
    held = {robot.full_name}
    if rotation is not None and rotation.retiring is not None:
        held.add(rotation.retiring.full_name)
    if rotation is not None and rotation.intent is not None and rotation.intent.slot is not None:
        # It is being made, or was a moment ago.
        main = robot.full_name.removesuffix(ALT_SUFFIX) if robot.slot == ALT else robot.full_name
        held |= {main, main + ALT_SUFFIX}
    return frozenset(held)


def _rank(
    created: datetime, uid: str, *, holds: bool, guarded: bool
) -> tuple[bool, bool, datetime, str]:
    # A finalizer without a known robot is what a crash around the PUT leaves: the maker's.
    return (not holds, not guarded, created, uid)
