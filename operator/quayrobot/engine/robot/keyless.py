"""
How is a password for a robot obtained?

A token of the ServiceAccount is made, exchanged at Quay, and forgotten. What
Quay refuses may be because the robot's identities are not as we believe: then
they are read once, and put right, before the refusal is believed.
"""

from __future__ import annotations

from dataclasses import replace

from ...model.actions import Exchange
from ...model.errors import QuayRobotError, Reason
from ...model.resources.robot import CredentialState, RobotStatus, is_keyless
from ...model.world import Present, RobotSeen, Unknown, Unlooked
from ...plan.scene import Scene
from ..connection.context import Context
from ..connection.pool import LiveConnection

__all__ = ["exchange", "known_by", "received"]


async def exchange(
    context: Context, live: LiveConnection, action: Exchange, scene: Scene
) -> Scene:
    """Exchange a token for a password, and return the scene with it or with the error."""
    try:
        token = await context.tokens.request(action.namespace, action.account, action.audiences)
        password = await live.client.exchange(action.robot, token, context.now)
    except QuayRobotError as error:
        return _failed(live, action, replace(scene, exchange=Unknown(error)), error)
    return replace(scene, exchange=Present(password))


def received(scene: Scene, seen: RobotSeen) -> RobotSeen:
    """Return *seen* without the robot's own token, where only its digest is needed."""
    return seen.without_token() if is_keyless(scene.spec) else seen


def known_by(scene: Scene, seen: RobotSeen) -> RobotStatus:
    """Return the status that tells the robot by its new token, until it is written."""
    if seen.token is None:
        return scene.status
    digest, robot = seen.token.digest, scene.status.robot
    if is_keyless(scene.spec):
        known = robot.model_copy(update={"token_digest": digest}) if robot else None
        return scene.status.model_copy(update={"robot": known})
    return scene.status.model_copy(update={"credential": CredentialState(digest=digest)})


def _failed(live: LiveConnection, action: Exchange, scene: Scene, error: QuayRobotError) -> Scene:
    live.snapshots.doubt(action.robot, error)
    if error.reason is not Reason.EXCHANGE_REFUSED or scene.federation_read:
        return scene
    live.federation[action.robot] = None
    return replace(scene, federation=Unlooked(), federation_due=True)
