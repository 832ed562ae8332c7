"""Is a credential replaced only where its successor has a place, and when is that over?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import Component, Regenerate, RehearseSecrets
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import Reason, TryLater
from quayrobot.model.resources.rotation import Intent, RotationState
from quayrobot.model.world import Absent, NamespaceSeen, Present, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.rotation.rotation import carried, due, request_of, rotated

from ..passwords import at_rest, keyless, wanting
from ..rotations import asked, begun, known, open_intent, request
from ..scenes import NOW, OTHER_TOKEN, OUTAGE, TOKEN, got, held, listed, only


@pytest.mark.parametrize("scene", [asked(), begun()], ids=["asked for", "begun before a crash"])
def test_the_secret_is_rehearsed_for_the_rotation_before_the_token_dies(scene):
    actions = decide(scene).actions

    assert only(actions, RehearseSecrets).component is Component.ROTATION
    assert isinstance(actions[0], RehearseSecrets)
    assert actions[-1] == Regenerate(scene.robot_name)


@pytest.mark.parametrize("scene", [asked, begun], ids=["asked for", "begun before a crash"])
def test_in_a_namespace_that_goes_nothing_is_rotated(scene):
    ending = NamespaceSeen("shop", terminating=True)
    plan = decide(scene(namespace=ending))

    (finding,) = plan.findings
    assert isinstance(finding.error, TryLater)
    assert (finding.component, finding.error.reason, finding.error.message) == (
        Component.ROTATION,
        Reason.NAMESPACE_TERMINATING,
        "the namespace is being deleted; nothing is rotated in it",
    )
    assert plan.actions == ()


@pytest.mark.parametrize("state", [RotationState(), known().rotation], ids=["new", "known"])
def test_a_token_that_no_secret_carries_any_more_is_ended_as_a_switch(state):
    scene = held(spec=keyless(), robot=Present(listed()))
    scene = replace(scene, status=scene.status.model_copy(update={"rotation": state}))

    assert due(scene, TOKEN) == Intent(
        cause="Switch", request=request_of(scene), digest=TOKEN.digest
    )


# The end -----------------------------------------------------------------------------


def test_it_is_over_when_every_secret_carries_the_credential():
    assert carried(held())
    assert not carried(held(robot=Present(got(token=OTHER_TOKEN))))
    assert not carried(held(secrets={"ci": Absent()}))


@pytest.mark.parametrize(
    "changes",
    [{"robot": Present(listed(token=None))}, {"robot": Unlooked()}, {"connection": OUTAGE}],
    ids=["its token is not shown", "it was not looked at", "its connection is not known"],
)
def test_it_is_not_over_where_that_cannot_be_told(changes):
    assert not carried(held(**changes))


def test_without_a_static_credential_a_password_that_works_ends_it():
    assert carried(at_rest())
    assert not carried(wanting())


def test_an_end_is_noted_beside_the_request_that_was_never_noted():
    open_ = RotationState(intent=open_intent(cause="Interval"))
    scene = begun(robot=Present(got(token=OTHER_TOKEN)))
    scene = replace(scene, status=scene.status.model_copy(update={"rotation": open_}))

    state = rotated(scene, finished=True)

    assert (state.intent, state.last_at, state.last_trigger) == (
        None,
        rfc3339(NOW),
        request(trigger="two"),
    )
