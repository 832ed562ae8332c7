"""
How is a robot's token replaced, and never once too often?

Each replacement ends the token before it, whoever has that. A call that nobody
waited for may still be carried out: a second one beside it would put a token
into the Secrets that the first one then ends.
"""

from __future__ import annotations

from dataclasses import replace

from ...model.errors import Ambiguous, Reason, TryLater
from ...model.names import RobotName
from ...model.world import Present
from ...plan.scene import Scene
from ..connection.pool import LiveConnection
from .keyless import known_by, received

__all__ = ["OVERDUE_S", "regenerate"]

# With our own patience (30 s by default) about what a proxy in front of Quay has (60 s).
OVERDUE_S = 30.0


async def regenerate(live: LiveConnection, robot: RobotName, scene: Scene) -> Scene:
    """
    Replace the token of *robot* and return the scene with the new one.

    Raises:
        Ambiguous: It may have been done: look before anything else.
        TryLater: A call before this one may still be carried out; look again then.
        QuayRobotError: It was not done.
    """
    _check_overdue(live, robot)
    before = scene.robot.value if isinstance(scene.robot, Present) else None
    try:
        seen = await live.client.regenerate(robot)
    except Ambiguous as error:
        if error.overdue:
            live.snapshots.gave_up(robot)
        raise
    same = before is not None and before.created == seen.created
    # The answer leaves out the metadata, which never changes. That of a robot which was made
    # anew since it was seen is not known, nor whose it is: a look proves it first.
    metadata = before.metadata if before is not None and same else None
    seen = received(scene, replace(seen, metadata=metadata))
    live.snapshots.saw(robot, Present(seen))
    status = known_by(scene, seen) if same else scene.status
    return replace(scene, robot=Present(seen), status=status)


def _check_overdue(live: LiveConnection, robot: RobotName) -> None:
    ago_s = live.snapshots.gave_up_s(robot)
    if ago_s is not None and ago_s < OVERDUE_S:
        msg = "Quay did not answer in time, and may still replace the token"
        raise TryLater(Reason.QUAY_UNREACHABLE, msg, retry_after=OVERDUE_S - ago_s)
