"""
Can the credential be used although a Secret could not be repaired?

Somebody took a label or an annotation of ours, and a webhook that is down, or a policy,
lets nobody write it back. What clients read is as it should be: that is no outage.
"""

from __future__ import annotations

from ...model.conditions import ConditionType
from ...model.resources.robot import is_keyless, secrets_of
from ...model.resources.secret import SecretSpec
from ...model.secrecy import Token
from ...model.world import ConnectionSeen, Present
from ..scene import Scene
from .contest import is_of_credential, lost_fields
from .secrets import owns, wanted_secret

__all__ = ["holds_unrepaired", "works_unrepaired"]


def works_unrepaired(scene: Scene) -> bool:
    """
    Return whether some Secrets could not be written, and all hold the robot's credential.

    An edit that is refused is another matter: whoever made it waits for it.
    """
    return _was_ready(scene) and holds_unrepaired(scene)


def holds_unrepaired(scene: Scene) -> bool:
    """Return the same of Secrets that hold what was declared before, whoever waits for an edit."""
    token = scene.robot.value.token if isinstance(scene.robot, Present) else None
    if not scene.unwritten or is_keyless(scene.spec) or token is None or token.dropped:
        return False
    wanted = secrets_of(scene.me.name, scene.spec)
    return all(_can_be_used(scene, each, token) for each in wanted.values())


def _was_ready(scene: Scene) -> bool:
    return any(
        each.type is ConditionType.READY
        and (each.status, each.observed_generation) == ("True", scene.me.generation)
        for each in scene.status.conditions
    )


def _can_be_used(scene: Scene, spec: SecretSpec, token: Token) -> bool:
    seen, connection = scene.secrets.get(spec.name), scene.connection
    if not isinstance(seen, Present) or not isinstance(connection, ConnectionSeen):
        return False
    if seen.value.deleting or not (spec.name in scene.unwritten or owns(scene, spec.name)):
        return False
    wanted = wanted_secret(scene, spec, token, connection.registry_hosts)
    return not is_of_credential(lost_fields(wanted, seen))
