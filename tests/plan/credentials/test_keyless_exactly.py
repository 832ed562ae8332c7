"""Which Secret exactly carries a password that counts, and what is noted of it?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.actions import Component, DeleteSecret
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import Contested, Reason
from quayrobot.model.names import ANNOTATION_EXPIRES_AT, LABEL_MANAGED_BY, OPERATOR
from quayrobot.model.resources.robot import CredentialState, SecretState
from quayrobot.model.resources.rotation import Intent, RotationState
from quayrobot.model.world import Absent, Contest, Present, Unlooked
from quayrobot.plan.credentials.digests import content_digest
from quayrobot.plan.credentials.keyless import (
    next_look,
    noted_credential,
    noted_secrets,
    owes_switch,
    refresh_at,
    still_works,
    was_renewed,
)
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Finding, Scene

from ..passwords import HOUR, at_rest, keyless, password, wanting
from ..scenes import NOW, OTHER_TOKEN, TOKEN, does, foreign, held, me, ours, stops, unknown

GOT = password()
LABEL = f"metadata.labels[{LABEL_MANAGED_BY}]"
THEIRS = Contested("somebody sets it back", retry_after=60, usable=True)


def edited(scene: Scene, **changes: Any) -> Scene:
    """Return *scene* with changes of its Secret."""
    return scene.with_secret("ci", Present(replace(scene.secrets["ci"].value, **changes)))


def with_intent(scene: Scene, cause: str, digest: str = OTHER_TOKEN.digest) -> Scene:
    """Return *scene* with a rotation that was begun."""
    state = RotationState(intent=Intent(cause=cause, request="x", digest=digest))
    return replace(scene, status=scene.status.model_copy(update={"rotation": state}))


# Which Secret counts ---------------------------------------------------------------------


def test_the_bytes_in_somebody_elses_secret_are_not_ours():
    scene = edited(at_rest(), controller_uid="uid-other")

    assert stops(scene).reason is Reason.SECRET_NOT_OWNED
    assert not still_works(scene)
    assert not still_works(replace(scene, exchange=Present(GOT)))


def test_a_secret_that_goes_is_waited_for_by_name():
    error = stops(edited(at_rest(), deleting=True))

    assert error.reason is Reason.CLUSTER_UNAVAILABLE
    assert "Secret ci is being deleted" in error.message


@pytest.mark.parametrize("text", ["soon", "2026-11-24", None])
def test_an_end_that_cannot_be_read_has_come(text):
    rest = edited(at_rest(GOT), annotations={ANNOTATION_EXPIRES_AT: text} if text else {})
    unnoted = replace(rest, status=rest.status.model_copy(update={"credential": None}))
    assert not still_works(unnoted)

    credential = rest.status.credential.model_copy(update={"expires_at": text})
    known = rest.status.model_copy(update={"credential": credential})
    assert not still_works(replace(at_rest(GOT), status=known))


@pytest.mark.parametrize(
    ("held_back", "expected"),
    [({LABEL}, []), ({LABEL, "metadata.labels[x]"}, []), ({"metadata.labels[x]"}, ["Exchange"])],
)
def test_a_field_that_others_set_back_costs_no_password(held_back, expected):
    contest = {"Secret/ci": Contest(frozenset(held_back), THEIRS)}
    labels = {LABEL_MANAGED_BY: "platform"}
    scene = edited(replace(at_rest(), contested=contest), labels=labels)

    assert [type(each).__name__ for each in decide(scene).actions] == expected
    assert labels != {LABEL_MANAGED_BY: OPERATOR}
    plain = replace(scene, contested={})
    assert does(plain) == ["Exchange"]


def test_at_rest_what_is_spare_goes_and_what_others_set_back_is_told():
    spare = replace(ours(held()), name="old")
    contest = {"Secret/ci": Contest(frozenset({LABEL}), THEIRS)}

    plan = decide(at_rest(spare_secrets=(spare,), contested=contest))
    assert plan.actions == (DeleteSecret("shop", "old", spare.uid, spare.version),)
    assert plan.findings == (Finding(Component.SECRETS, THEIRS),)


# After a rotation ------------------------------------------------------------------------


def test_a_switch_wants_no_new_password_and_another_rotation_does():
    rest = replace(at_rest(), robot=Present(replace(at_rest().robot.value, token=TOKEN)))

    assert "Exchange" not in [
        type(e).__name__ for e in decide(with_intent(rest, "Switch")).actions
    ]
    assert "Exchange" in [type(e).__name__ for e in decide(with_intent(rest, "Request")).actions]


def test_no_switch_is_owed_while_the_robot_is_not_known():
    noted = at_rest().status.credential.model_copy(update={"expires_at": None})
    scene = at_rest(robot=unknown())

    assert not owes_switch(
        replace(scene, status=scene.status.model_copy(update={"credential": noted}))
    )


@pytest.mark.parametrize(
    ("scene", "done"),
    [
        pytest.param(held(), True, id="the robot's own token"),
        pytest.param(wanting(spec=keyless(secrets=[]), secrets={}), True, id="no Secret"),
        pytest.param(at_rest(), False, id="no new password yet"),
        pytest.param(at_rest(GOT, exchange=Present(GOT)), True, id="the new password"),
        pytest.param(with_intent(at_rest(), "Switch"), True, id="a switch"),
        pytest.param(with_intent(at_rest(), "Request"), False, id="a request"),
    ],
)
def test_a_rotation_is_all_done_with_the_new_password(scene, done):
    assert was_renewed(scene) is done


# What is noted ---------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [Absent(), Unlooked(), Present(foreign())])
def test_a_password_that_is_in_no_secret_is_not_noted(secret):
    scene = at_rest(exchange=Present(password()), secrets={"ci": secret})

    assert noted_credential(scene) == scene.status.credential
    assert noted_secrets(scene) == scene.status.secrets


def test_only_wanted_secrets_are_noted():
    scene = at_rest(GOT, exchange=Present(GOT))
    with_more = scene.with_secret("more", scene.secrets["ci"])

    (noted,) = noted_secrets(with_more)
    digest = content_digest(scene.secrets["ci"].value.digests)
    assert noted == SecretState(name="ci", digest=digest, form=noted.form)
    assert noted.form


@pytest.mark.parametrize(
    "credential",
    [
        None,
        CredentialState(digest="x", issued_at=rfc3339(NOW)),
        CredentialState(digest="x", expires_at=rfc3339(NOW + HOUR)),
    ],
)
def test_what_has_no_beginning_or_no_end_is_looked_at_by_no_clock(credential):
    status = at_rest().status.model_copy(update={"credential": credential})

    assert next_look(status, me().uid, NOW) is None
    assert credential is None or refresh_at(credential, me().uid) is None
