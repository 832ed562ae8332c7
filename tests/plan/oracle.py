"""What is ours, said without the code under test?"""

from __future__ import annotations

from quayrobot.model.names import MARKER_KEY
from quayrobot.model.world import Present, SecretSeen
from quayrobot.plan.decide import decide

from .scenes import CLUSTER, UID


def has_our_mark(robot) -> bool:
    marker = (robot.metadata or {}).get(MARKER_KEY)
    return isinstance(marker, dict) and (
        (marker["cluster"], marker["kind"], marker["namespace"], marker["name"])
        == (CLUSTER, "QuayRobot", "shop", "ci")
    )


def known_token(scene, robot) -> bool:
    known = {scene.status.credential.digest} if scene.status.credential else set()
    known |= {
        each.value.annotations.get("quayrobot.io/credential-digest", "")
        for each in scene.secrets.values()
        if isinstance(each, Present) and each.value.controller_uid == UID
    }
    return robot.token is not None and robot.token.digest in known


def proven_ours(scene) -> bool:
    """By our mark; by time and a known token; by time where status says adopted."""
    robot, held = scene.robot.value, scene.status.robot
    same_birth = held is not None and held.created_at == robot.created
    adopted_before = same_birth and held.adopted and robot.metadata is not None
    return has_our_mark(robot) or adopted_before or (same_birth and known_token(scene, robot))


def secret_is_ours(scene, secret: SecretSeen) -> bool:
    if secret.controller_uid is not None:
        return secret.controller_uid == UID
    return (
        secret.labels.get("app.kubernetes.io/managed-by") == "quay-robot-operator"
        and secret.annotations.get("quayrobot.io/owner") == "QuayRobot/shop/ci"
    )


def carries_out(scene, kinds) -> bool:
    return any(isinstance(each, kinds) for each in decide(scene).actions)
