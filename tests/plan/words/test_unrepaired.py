"""Is a credential that works Ready although its Secret cannot be repaired?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.actions import Component
from quayrobot.model.errors import Contested, Reason, Refused, TryLater
from quayrobot.model.resources.robot import RobotStatus
from quayrobot.model.world import Absent, Present
from quayrobot.plan.credentials.unrepaired import works_unrepaired
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.scene import Finding, Scene
from quayrobot.plan.words.status import status_after

from ..passwords import keyless
from ..scenes import NO_RIGHT, OTHER_TOKEN, got, held, listed, me, ours, spec, status, unknown

SILENT = TryLater(Reason.CLUSTER_UNAVAILABLE, "secrets: the admission webhook does not answer")
DENIED = Refused(Reason.ADMISSION_DENIED, "secrets: a policy denies it")
WORKS = Contested("somebody sets a label back", retry_after=60, usable=True)
TWO = [{"name": "ci"}, {"name": "more"}]


def after(scene: Scene, *more: Finding) -> RobotStatus:
    findings = [Finding(Component.SECRETS, each) for each in scene.unwritten.values()]
    return status_after(scene, [*findings, *more], adopted=ownership(scene))


def unrepaired(error: TryLater | Refused = SILENT, **secret: Any) -> Scene:
    """Return a robot whose Secret is as *secret* says and could not be written."""
    scene = held()
    lost = {"labels": {}} | secret
    return replace(scene.with_secret("ci", Present(ours(scene, **lost))), unwritten={"ci": error})


def conditions(said: RobotStatus) -> dict[str, tuple[str, str]]:
    return {str(each.type): (each.status, str(each.reason)) for each in said.conditions}


@pytest.mark.parametrize("error", [SILENT, DENIED], ids=["a dead webhook", "a policy"])
def test_a_label_that_nobody_can_write_back_takes_no_credential_from_its_users(
    error: TryLater | Refused,
):
    assert conditions(after(unrepaired(error))) == {
        "Ready": ("True", "Reconciled"),
        "RobotReady": ("True", "Reconciled"),
        "SecretsReady": ("False", error.reason),
        "Reconciling": ("True", error.reason),
    }


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(unrepaired(digests={}), id="without data"),
        pytest.param(unrepaired(type="Opaque"), id="of another type"),
        pytest.param(unrepaired(deleting=True), id="on its way out"),
        pytest.param(
            replace(unrepaired(), robot=Present(got(token=OTHER_TOKEN))), id="of another token"
        ),
        pytest.param(unrepaired().with_secret("ci", Absent()), id="gone"),
        pytest.param(replace(unrepaired(), spec=spec(secrets=TWO)), id="not all of them"),
        pytest.param(replace(unrepaired(), me=me(guarded=True, generation=2)), id="after an edit"),
        pytest.param(replace(unrepaired(), status=status(conditions=())), id="not ready before"),
    ],
)
def test_what_cannot_be_used_is_not_ready(scene: Scene):
    assert conditions(after(scene))["Ready"] == ("False", "ClusterUnavailable")


def test_what_else_is_wrong_is_told():
    said = conditions(after(unrepaired(), Finding(Component.GRANTS, NO_RIGHT)))

    assert said["Ready"] == ("False", "InsufficientScope")
    assert said["SecretsReady"] == ("False", "ClusterUnavailable")


@pytest.mark.parametrize("findings", [(), (Finding(Component.SECRETS, WORKS),)])
def test_what_others_set_back_is_no_repair_that_waits(findings: tuple[Finding, ...]):
    said = status_after(unrepaired(), findings, adopted=False)

    assert conditions(said)["Ready"] == ("True", "Reconciled")
    assert "Reconciling" not in conditions(said)


# Secret by Secret ------------------------------------------------------------------------


def both(**more: Any) -> Scene:
    """Return a robot with two Secrets, of which the first could not be repaired."""
    scene = held(spec=spec(secrets=TWO))
    first, second = ours(scene, labels={}), ours(scene, "more", **more)
    seen = {"ci": Present(first), "more": Present(second)}
    return replace(scene, secrets=seen, unwritten={"ci": SILENT})


def test_all_of_them_have_to_be_ours_save_what_waits_for_its_repair():
    assert works_unrepaired(both())
    assert not works_unrepaired(both(controller_uid="uid-other"))
    nobodys = unrepaired(controller_uid=None, annotations={})
    assert works_unrepaired(nobodys)
    assert not works_unrepaired(replace(nobodys, unwritten={"other": SILENT}))


@pytest.mark.parametrize("robot", [unknown(), Present(listed().without_token())])
def test_a_token_that_was_not_read_is_not_known_to_be_the_one(robot: Any):
    assert not works_unrepaired(replace(unrepaired(), robot=robot))


def test_a_password_is_judged_by_its_own_rules():
    scene = unrepaired()

    assert works_unrepaired(scene)
    assert not works_unrepaired(replace(scene, spec=keyless()))
