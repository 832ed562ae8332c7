"""What does the status say before each step that it has to be stored for?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from quayrobot.model.conditions import Condition
from quayrobot.model.errors import Reason
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.resources.robot import LinkState, RobotState, RobotStatus
from quayrobot.model.resources.rotation import RotationState
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import (
    held_at,
    intent_to_federate,
    intent_to_grant,
    intent_to_hold,
    intent_to_link,
    intent_to_rotate,
    metadata_digest,
)

from ..scenes import CLUSTER, CREATED, fresh, held, me, spec

CI = IdentityState(issuer="https://ci.example.com", subject="repo:shop/app")
GRANTS = GrantsState.model_validate({"repositories": [{"name": "app", "role": "read"}]})
LINKS = (LinkState(service_account="builder", secret="ci", link="secrets"),)
TURN = RotationState(last_trigger="one")
Step = tuple[Callable[[Scene], RobotStatus], dict[str, object], str, str, str | None]
STEPS: dict[str, Step] = {
    "rights": (
        lambda scene: intent_to_grant(scene, GRANTS),
        {"grants": GRANTS}, "the robot's rights are being changed", "Unknown", "GrantsReady",
    ),
    "identities": (
        lambda scene: intent_to_federate(scene, (CI,)),
        {"federation": (CI,)}, "the outside identities are being changed", "Unknown",
        "FederationReady",
    ),
    "rotation": (
        lambda scene: intent_to_rotate(scene, TURN),
        {"rotation": TURN}, "the credential is being rotated", "True", None,
    ),
    "links": (
        lambda scene: intent_to_link(scene, LINKS),
        {"links": LINKS}, "ServiceAccounts are being linked", "True", None,
    ),
    "robot": (
        lambda scene: intent_to_hold(scene, None),
        {}, "the robot is being set up", "True", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("step", "noted", "words", "ready", "changed"), STEPS.values(), ids=STEPS)
def test_what_is_about_to_be_done_is_noted_and_told(step, noted, words, ready, changed):
    scene = held(me=me(guarded=True, generation=2))

    status = step(scene)
    assert {each: getattr(status, each) for each in noted} == noted
    told = {str(each.type): (each.status, each.message) for each in status.conditions}
    expected = {"Ready": (ready, words), "Reconciling": ("True", words)}
    assert told == expected | ({changed: ("Unknown", words)} if changed else {})
    rest = {"conditions": status.conditions, **noted}
    assert status == scene.status.model_copy(update=rest)


@pytest.mark.parametrize(("step", "noted", "words", "ready", "changed"), STEPS.values(), ids=STEPS)
def test_what_never_was_ready_is_not_known_yet(step, noted, words, ready, changed):
    other = Condition(type="RobotReady", status="True", reason=Reason.RECONCILED)
    before = RobotStatus(observed_generation=0, conditions=(other,))

    status = step(fresh(me=me(guarded=True, generation=3), status=before))
    told = {str(each.type): each for each in status.conditions}
    assert told["Ready"].status == "Unknown"
    assert told["RobotReady"].status == "True"
    # Nothing of it was observed before: it is this spec that goes on.
    assert status.observed_generation == told["Ready"].observed_generation == 3


def test_a_robot_that_is_made_is_noted_with_where_it_is_and_what_it_will_say_of_itself():
    scene = fresh(spec=spec(metadata={"team": "blue"}))
    digest = metadata_digest({"team": "blue"})

    made = held_at(scene, RobotState(full_name="acme+ci"))
    assert made.robot == RobotState(full_name="acme+ci", metadata_digest=digest)
    assert made.connection.cluster == CLUSTER
    taken = RobotState(full_name="acme+ci", created_at=CREATED)
    assert held_at(scene, taken).robot == taken
    assert held_at(scene, None).robot is None
    assert replace(scene, status=made).status.robot.metadata_digest == digest
