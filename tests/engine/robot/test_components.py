"""Does a failed action blame the part that it was for?"""

from __future__ import annotations

from quayrobot.engine.robot.components import component_of
from quayrobot.model.actions import Component, GiveRole, LookAtGrants, LookAtRoles
from tests.plan.rotation.test_overlap import begun


def test_a_look_for_the_sake_of_a_turn_blames_the_rotation_and_not_the_rights():
    scene = begun()

    assert component_of(LookAtRoles(scene.robot_name, ()), scene) is Component.ROTATION
    assert component_of(LookAtGrants(scene.robot_name, ()), scene) is Component.GRANTS


def test_so_does_a_role_that_the_robot_before_leaves_behind():
    scene = begun()
    declared, inherited = (
        GiveRole(scene.robot_name, "app", "admin", inherited=each) for each in (False, True)
    )

    assert component_of(inherited, scene) is Component.ROTATION
    assert component_of(declared, scene) is Component.GRANTS
