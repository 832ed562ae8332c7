"""What exactly is known of the other one of two robots, and of a rotation that no more holds?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.names import ALT, MAIN, Slot
from quayrobot.model.resources.robot import CredentialState, RobotState
from quayrobot.model.resources.rotation import Intent, Retiring
from quayrobot.plan.robot.slots import (
    retiring_of,
    retiring_state,
    rotation_of,
    scene_of_next,
    scene_of_retiring,
)

from ..pairs import LATER, intent, leaving, noted, pair, retiring, turns
from ..passwords import keyless
from ..rotations import request
from ..scenes import CREATED, CREATED_ANEW, OTHER_TOKEN, TOKEN, held, rival, spec


def test_the_next_one_has_neither_status_nor_finalizer_nor_claim_and_is_created():
    asked = turns(creationPolicy="CreateOrAdopt")
    scene = scene_of_next(pair(spec=asked, rivals=(rival(),)))

    assert (scene.slot, scene.rivals, scene.me.guarded) == (ALT, (), False)
    assert scene.spec == asked.model_copy(update={"creation_policy": "Create"})
    assert (scene.status.robot, scene.status.credential) == (None, None)


@pytest.mark.parametrize("adopted", [True, False])
def test_of_the_previous_one_is_known_what_was_noted_when_it_was_replaced(adopted: bool):
    status = scene_of_retiring(leaving(), retiring(adopted=adopted)).status

    assert status.robot == RobotState(
        full_name="acme+ci.alt", created_at=CREATED_ANEW, adopted=adopted, slot=ALT
    )
    assert status.credential == CredentialState(digest=OTHER_TOKEN.digest)


@pytest.mark.parametrize(
    ("front", "before", "name"), [(ALT, MAIN, "acme+ci"), (MAIN, ALT, "acme+ci.alt")]
)
def test_of_the_one_that_was_replaced_all_of_the_intent_is_noted(
    front: Slot, before: Slot, name: str
):
    scene = replace(pair(), slot=front)

    assert retiring_state(scene, intent(adopted=True), LATER) == Retiring(
        full_name=name,
        slot=before,
        until=LATER,
        created_at=CREATED,
        digest=TOKEN.digest,
        adopted=True,
    )


def test_the_active_one_is_never_the_previous_one():
    assert retiring_of(leaving()) == retiring()
    assert retiring_of(replace(leaving(), slot=ALT)) is None
    assert retiring_of(pair()) is None


def switch(cause: str = "Switch") -> Intent:
    return Intent(cause=cause, request=request(trigger="one"), digest=TOKEN.digest)


def test_a_token_that_is_wanted_again_is_not_ended_for_passwords():
    known = noted(intent=switch(), next_at=LATER)

    assert rotation_of(held(spec=keyless(), status=known)) == known.rotation
    assert rotation_of(held(spec=spec(), status=known)) == noted(next_at=LATER).rotation


def test_a_rotation_that_was_asked_for_goes_on_whatever_the_secrets_carry():
    known = noted(intent=switch("Request"))

    assert rotation_of(held(spec=spec(), status=known)) == known.rotation
    assert rotation_of(held(spec=keyless(), status=known)) == known.rotation
