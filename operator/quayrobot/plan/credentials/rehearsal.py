"""
Could the Secrets be written? Checked before an irreversible step.

Regenerating ends the token that works, and a robot that was made needs a place
for its token. So each write that is to follow is tried first, as the API server
offers it (a dry run: admission and all, and nothing is stored). The new bytes
are not known yet; others of their kind stand in for them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ...model.actions import Action, Component, RehearseSecrets, SecretWrite
from ...model.resources.robot import is_keyless, secrets_of
from ...model.secrecy import Token
from ...model.world import Password, Present, Unlooked
from ..scene import Scene
from .secrets import of_earlier_life, plan_secret, wanted_secret

__all__ = ["rehearse"]

# As long as a robot's token, and nobody's.
STAND_IN = Token("0" * 64)
HOUR = timedelta(hours=1)


def rehearse(
    scene: Scene, registries: tuple[str, ...], component: Component
) -> tuple[Action, ...]:
    """
    Return the trial of what is to be written to Secrets after *component* went on; none for none.

    Raises:
        Refused: The name is taken by a Secret that is not ours.
        TryLater: What is there could not be read, or is on its way out.
    """
    trial = scene
    if is_keyless(scene.spec):
        password = Password(STAND_IN, scene.now, scene.now + HOUR)
        trial = replace(scene, exchange=Present(password))
    writes: list[SecretWrite] = []
    for name, spec in secrets_of(scene.me.name, scene.spec).items():
        wanted = wanted_secret(trial, spec, STAND_IN, registries)
        seen = scene.secrets.get(name, Unlooked())
        # At the latest when it is written, our marker is on the robot.
        restored = isinstance(seen, Present) and of_earlier_life(scene, seen.value)
        writes += plan_secret(wanted, seen, restored=restored)
    if not writes:
        return ()
    return (RehearseSecrets(scene.robot_name, tuple(writes), component),)
