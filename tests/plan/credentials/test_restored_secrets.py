"""Is a Secret that a backup brought back ours again, where its robot is proven ours?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import LookAtRobot, RehearseSecrets, ReplaceSecret
from quayrobot.model.errors import Reason
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.world import Absent, Present
from quayrobot.plan.decide import decide
from tests.plan.scenes import CREATED, does, fresh, got, held, listed, only, ours, status

ADOPTED = status(robot=RobotState(full_name="acme+ci", created_at=CREATED, adopted=True))
EARLIER = {
    "annotations": {**ours(held()).annotations, "quayrobot.io/owner-uid": "earlier"},
    "controller_uid": None,
}


def test_a_restored_secret_with_the_live_credential_is_taken_up_and_keeps_its_bytes():
    seen = replace(ours(held()), **EARLIER)

    (action,) = decide(held(secrets={"ci": Present(seen)})).actions

    assert isinstance(action, ReplaceSecret)
    assert action.wanted.digests == dict(seen.digests)
    assert action.wanted.controlled


def test_a_restored_secret_with_a_token_of_long_ago_is_taken_up_and_written_anew():
    seen = replace(ours(held()), **EARLIER, digests={".dockerconfigjson": "sha256:old"})

    (action,) = decide(held(secrets={"ci": Present(seen)})).actions

    assert isinstance(action, ReplaceSecret)
    assert action.wanted.digests == ours(held()).digests


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(held(robot=Present(got(None)), status=ADOPTED), id="adopted"),
        pytest.param(held(robot=Present(listed()), status=ADOPTED), id="adopted, listed"),
    ],
)
def test_a_secret_of_long_ago_for_a_robot_without_our_marker_is_left_alone(scene):
    seen = replace(ours(held()), **EARLIER, digests={".dockerconfigjson": "sha256:old"})

    plan = decide(replace(scene, secrets={"ci": Present(seen)}))

    assert [each.error.reason for each in plan.findings] == [Reason.SECRET_NOT_OWNED]
    assert plan.actions == ()


def test_a_restored_secret_that_somebody_else_controls_is_left_alone():
    seen = replace(ours(held()), **{**EARLIER, "controller_uid": "uid-other"})

    plan = decide(held(secrets={"ci": Present(seen)}))

    assert [each.error.reason for each in plan.findings] == [Reason.SECRET_NOT_OWNED]


def test_before_a_robot_is_made_a_restored_secret_has_it_looked_for():
    seen = replace(ours(held()), **EARLIER)
    scene = fresh(secrets={"ci": Present(seen)})

    assert [type(each) for each in decide(scene).actions] == [LookAtRobot]
    # What is made then carries our marker, so that the Secret is taken up with it.
    made = replace(scene, robot=Absent())
    assert does(made)[-1] == "CreateRobot"
    (write,) = only(decide(made).actions, RehearseSecrets).writes
    assert isinstance(write, ReplaceSecret)
