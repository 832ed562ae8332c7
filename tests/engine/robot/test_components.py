"""Does a failed action blame the part that it was for?"""

from __future__ import annotations

from quayrobot.engine.robot.components import component_of
from quayrobot.model.actions import Component, LookAtGrants, LookAtRoles
from tests.plan.rotation.test_overlap import begun


def test_a_look_for_the_sake_of_a_turn_blames_the_rotation_and_not_the_rights():
    scene = begun()

    assert component_of(LookAtRoles(scene.robot_name, ()), scene) is Component.ROTATION
    assert component_of(LookAtGrants(scene.robot_name, ()), scene) is Component.GRANTS
