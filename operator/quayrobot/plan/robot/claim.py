"""
Which of several resources that name one robot has it?

The one that already holds it keeps it, else the older wins; equal age is
decided by uid, so that every replica and every restart agrees. The loser is
told the winner's name only within its own namespace. Who holds one of two
robots that take turns and wants the other has to give way to who holds that
other. Where no status tells who holds it, and both have a finalizer, one may
have made it: Quay is asked for the mark on it.
"""

from __future__ import annotations

from datetime import datetime

from ...model.actions import Action, LookAtRobot
from ...model.errors import Reason, Refused
from ...model.names import ALT, ALT_SUFFIX, RobotName
from ...model.resources.robot import RobotStatus
from ...model.world import Claimant, Missing, Present, RobotView, Unknown, Unlooked
from ..scene import Scene

__all__ = ["already_claimed", "check_claim", "held_by", "is_claimed"]


def check_claim(scene: Scene) -> tuple[Action, ...]:
    """
    Return the look that tells whether this resource made the robot; none where it has the claim.

    Raises:
        Refused: AlreadyClaimed, another resource comes first.
        QuayRobotError: The look that would tell failed.
    """
    for rival in scene.rivals:
        if not _comes_first(scene, rival):
            continue
        if looks := _looks_for_mark(scene, rival):
            return looks
        raise already_claimed(scene, min(rival.contested, default=None), rival)
    return ()


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
    # Against who holds it by status a mark is no claim: they may have adopted it.
    marked = frozenset() if rival.holds else _marked(scene)
    holds = status.holds or bool(marked)
    if rival.contested:
        holds = bool((held_by(status) | marked) & rival.contested)
    mine = _rank(me.created, me.uid, holds=holds, guarded=me.guarded)
    theirs = _rank(rival.created, rival.uid, holds=rival.holds, guarded=rival.guarded)
    return theirs < mine


def _looks_for_mark(scene: Scene, rival: Claimant) -> tuple[Action, ...]:
    """A lost status says nothing, and a finalizer may be left of a claim that was lost."""
    if rival.holds or scene.status.holds or not scene.me.guarded:
        return ()
    looks = []
    for name, view in _views(scene).items():
        if rival.contested and name.full not in rival.contested:
            continue
        if isinstance(view, Unknown):
            raise view.error
        if isinstance(view, Unlooked | Missing) or _is_listed(view):
            looks.append(LookAtRobot(name))
    return tuple(looks)


def _views(scene: Scene) -> dict[RobotName, RobotView]:
    return {each.robot_name: each.robot for each in (scene, scene.turned())}


def _is_listed(view: RobotView) -> bool:
    return isinstance(view, Present) and view.value.metadata is None


def _marked(scene: Scene) -> frozenset[str]:
    """Return the full names of the robots that were seen to carry this resource's mark."""
    seen = (each.value for each in _views(scene).values() if isinstance(each, Present))
    return frozenset(
        each.full_name
        for each in seen
        if each.marker is not None and each.marker.same_owner(scene.marker)
    )


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
