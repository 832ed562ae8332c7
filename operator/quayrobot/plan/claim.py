"""
Which of several resources that name one robot has it?

The one that already holds it keeps it, else the older wins; equal age is
decided by uid, so that every replica and every restart agrees. The loser is
told without the winner's name.
"""

from __future__ import annotations

from ..model.errors import Reason, Refused
from ..model.world import Claimant
from .scene import Scene

__all__ = ["already_claimed", "check_claim"]


def check_claim(scene: Scene) -> None:
    """
    Return when the robot is this resource's to have.

    Raises:
        Refused: AlreadyClaimed, another resource comes first.
    """
    me = scene.me
    holds = scene.status.holds
    mine = Claimant(me.kind, me.namespace, me.name, me.uid, me.created, holds, me.guarded)
    if any(_rank(rival) < _rank(mine) for rival in scene.rivals):
        raise already_claimed(scene)


def already_claimed(scene: Scene) -> Refused:
    """Return the refusal for a robot that another resource has."""
    msg = f"the robot {scene.robot_name.full} is claimed by another resource"
    return Refused(Reason.ALREADY_CLAIMED, msg)


def _rank(claimant: Claimant) -> tuple[bool, bool, str, str]:
    # A finalizer without a known robot is what a crash around the PUT leaves: the maker's.
    return (not claimant.holds, not claimant.guarded, claimant.created.isoformat(), claimant.uid)
