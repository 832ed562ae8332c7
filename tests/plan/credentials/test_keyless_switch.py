"""How does a robot switch to a password of its ServiceAccount, and back?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from quayrobot.model.actions import RecordIntent, Regenerate, SetFederation
from quayrobot.model.errors import TryLater
from quayrobot.model.resources.rotation import Intent, RotationState
from quayrobot.model.world import Present, Unknown
from quayrobot.plan.credentials.keyless import owes_switch
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import status_after

from ..passwords import ACCOUNTS, HOUR, at_rest, keyless, password, wanting
from ..rights.test_federation import BUILDER, THEIRS, reads
from ..rotations import TURN, known
from ..scenes import (
    NOW,
    OTHER_TOKEN,
    OUTAGE,
    TOKEN,
    does,
    got,
    held,
    listed,
    me,
    only,
    spec,
    words,
)
from .test_keyless import REFUSED

# From the robot's own token, and back -------------------------------------------------


def switching(**changes: Any) -> Scene:
    """Return a robot whose Secret carries its own token, and is to carry a password."""
    static = held()
    said = {"credential": static.status.credential, "secrets": static.status.secrets}
    before = wanting().status.model_copy(update=said)
    plain = {"secrets": static.secrets, "status": before}
    return wanting(**{**plain, **changes})


def test_the_secret_switches_before_the_old_token_ends():
    got_it = password()

    assert does(switching()) == ["Exchange"]
    assert does(switching(exchange=Present(got_it))) == ["ReplaceSecret"]
    carried = at_rest(got_it).secrets
    plan = decide(switching(exchange=Present(got_it), secrets=carried))
    assert words(plan) == TURN
    assert only(plan.actions, RecordIntent).state.intent.cause == "Switch"


@pytest.mark.parametrize("error", [REFUSED, OUTAGE])
def test_the_old_token_lives_while_no_password_can_be_had(error):
    plan = decide(switching(exchange=Unknown(error)))

    assert plan.actions == ()
    assert plan.findings


def test_a_switch_that_was_not_recorded_is_not_forgotten():
    got_it = password()
    carried = switching(exchange=Present(got_it), secrets=at_rest(got_it).secrets)

    said = status_after(carried, (), adopted=False)

    assert said.credential == carried.status.credential
    assert owes_switch(replace(carried, status=said))


def test_a_robot_that_never_had_its_token_in_a_secret_is_not_rotated():
    got_it = password()

    assert does(wanting(exchange=Present(got_it), secrets=at_rest(got_it).secrets)) == []


def test_an_open_switch_is_given_up_on_the_way_back():
    intent = Intent(cause="Switch", request="spec=none annotation=none", digest=TOKEN.digest)
    state = RotationState(last_trigger="spec=none annotation=none", intent=intent)
    back = replace(at_rest(), spec=spec(), robot=Present(got()))
    scene = replace(back, status=back.status.model_copy(update={"rotation": state}))

    plan = decide(scene)

    assert Regenerate not in {type(each) for each in plan.actions}
    assert words(plan) == ["ReplaceSecret"]


def test_on_the_way_back_the_token_is_read_and_put_there():
    back = replace(at_rest(), spec=spec())

    assert does(back) == ["LookAtRobot"]
    assert does(replace(back, robot=Present(got()))) == ["ReplaceSecret"]


def test_on_the_way_back_the_identity_is_taken_away():
    static = held()
    before = at_rest().status.model_copy(update={"secrets": static.status.secrets})
    scene = replace(static, rules=None, status=before, me=me(guarded=True, generation=2))

    assert does(scene) == ["LookAtFederation"]
    plan = decide(replace(scene, **reads(BUILDER, THEIRS)))
    assert only(plan.actions, SetFederation).identities == (THEIRS,)
    done = replace(scene, **reads(THEIRS))
    said = status_after(done, (), adopted=False)
    assert (said.federation, said.credential.expires_at) == (None, None)
    assert said.robot.token_digest is None


# A rotation ---------------------------------------------------------------------------


def rotating(**changes: Any) -> Scene:
    """Return a robot at rest whose trigger went from `one` to `two`."""
    rest = at_rest(spec=keyless(rotation={"trigger": "two"}))
    state = known().rotation
    return replace(rest, status=rest.status.model_copy(update={"rotation": state}), **changes)


def test_a_request_ends_the_robots_token_and_then_gets_a_new_password():
    plan = decide(rotating())
    assert words(plan) == TURN
    begun = only(plan.actions, RecordIntent).state
    scene = rotating()
    happened = replace(
        scene,
        status=scene.status.model_copy(
            update={
                "rotation": begun,
                "robot": scene.status.robot.model_copy(
                    update={"token_digest": OTHER_TOKEN.digest}
                ),
            }
        ),
        robot=Present(listed(token=OTHER_TOKEN)),
    )

    assert does(happened) == ["Exchange"]
    assert status_after(happened, (), adopted=False).rotation.intent is not None
    got_it = password()
    written = replace(
        happened, exchange=Present(got_it), secrets=at_rest(got_it, spec=scene.spec).secrets
    )
    assert does(written) == []
    assert status_after(written, (), adopted=False).rotation.intent is None


def test_a_request_waits_while_the_secrets_carry_nothing_that_works():
    scene = rotating(exchange=Unknown(OUTAGE), now=NOW + HOUR)

    assert "Regenerate" not in words(decide(scene))


def test_without_secrets_no_password_is_asked_for():
    bare = wanting(spec=keyless(secrets=[]), secrets={})

    assert does(bare) == []


def test_an_account_that_is_not_known_yet_is_no_refusal():
    assert does(wanting(accounts={})) == ["Exchange"]
    assert does(wanting(accounts=ACCOUNTS)) == ["Exchange"]


def test_the_moments_are_texts_that_can_be_read():
    credential = at_rest().status.credential

    assert datetime.fromisoformat(credential.expires_at) == NOW + HOUR
    assert isinstance(OUTAGE, TryLater)
