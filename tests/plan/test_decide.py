"""What comes first, what is not tried again, and what is told of a look that failed?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import Component, DeleteRobot, LookAtRobot
from quayrobot.model.errors import QuayRobotError, Reason
from quayrobot.model.resources.rotation import RotationState, request_text
from quayrobot.model.secrecy import digest_of
from quayrobot.model.world import GrantsSeen, Present
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.scene import Finding, Me, Plan, Scene
from quayrobot.plan.words.status import status_after

from .pairs import PAST, leaving
from .passwords import keyless, password, wanting
from .rights.test_federation import CI, reads, wants
from .scenes import (
    DENIED,
    NO_RIGHT,
    OUTAGE,
    does,
    held,
    listed,
    me,
    status,
    stops,
    unknown,
    words,
)

ADDED = ["RecordFederation", "SetFederation"]
RIGHTS = {"repositories": [{"name": "app", "role": "read"}]}


def failed(scene: Scene, part: Component) -> Scene:
    """Return *scene* later in a pass in which *part* failed for an outage."""
    return replace(scene, stopped={part: OUTAGE})


# What failed in this pass ----------------------------------------------------------------

TO_BE_PUT_RIGHT = {
    "identities": (wants(CI, **reads()), Component.FEDERATION, ADDED),
    "a keyless robot's identity": (
        replace(wanting(), **reads()), Component.FEDERATION, ADDED,
    ),
    "a keyless robot's Secret": (wanting(), Component.SECRETS, ["Exchange"]),
}  # fmt: skip


@pytest.mark.parametrize(("scene", "part", "steps"), TO_BE_PUT_RIGHT.values(), ids=TO_BE_PUT_RIGHT)
def test_what_failed_is_not_tried_again_in_the_same_pass(
    scene: Scene, part: Component, steps: list[str]
):
    assert words(decide(scene)) == steps

    plan = decide(failed(scene, part))
    assert words(plan) == []
    assert Finding(part, OUTAGE) in plan.findings


# What comes first ------------------------------------------------------------------------


def test_a_password_has_its_secret_before_rights_are_touched():
    asked = keyless(permissions=RIGHTS)
    scene = wanting(spec=asked, grants=Present(GrantsSeen()), exchange=Present(password()))

    assert does(scene) == ["CreateSecret"]


def test_a_token_that_was_dropped_is_read_of_that_robot():
    scene = held(robot=Present(listed().without_token()))

    assert decide(scene) == Plan((LookAtRobot(scene.robot_name),))


# A look that failed ----------------------------------------------------------------------


def test_an_outage_is_news_where_only_a_part_was_ready():
    ready = status().conditions[0]
    broken = ready.model_copy(update={"status": "False", "reason": Reason.SECRET_NOT_OWNED})
    part = ready.model_copy(update={"type": "RobotReady"})
    said = {"robot": unknown()}

    assert decide(held(**said)) == Plan(quiet=True)
    scene = held(status=status(conditions=(broken, part)), **said)
    assert stops(scene) is OUTAGE


@pytest.mark.parametrize("error", [OUTAGE, DENIED])
def test_who_asked_for_another_credential_is_told_of_an_outage_and_stays_ready(
    error: QuayRobotError,
):
    before = status(rotation=RotationState(last_trigger=request_text("none", digest_of("one"))))
    quiet = held(status=before, robot=unknown(error), me=asking("one"))
    scene = replace(quiet, me=asking("two"))
    assert decide(quiet).quiet

    plan = decide(scene)

    assert (plan.actions, plan.quiet) == ((), False)
    (finding,) = plan.findings
    assert (finding.component, finding.error.reason) == (Component.ROTATION, error.reason)
    said = status_after(scene, plan.findings, adopted=ownership(scene))
    after = {each.type: each for each in said.conditions}
    assert (after["Ready"].status, after["Ready"].reason) == ("True", Reason.RECONCILED)
    assert (after["Reconciling"].reason, after["Reconciling"].message) == (
        error.reason, error.message,
    )  # fmt: skip
    assert "Stalled" not in after


def asking(value: str) -> Me:
    """Return the resource with the annotation that asks for a rotation."""
    return me(guarded=True, rotate=value)


def over(**changes: object) -> Scene:
    """Return a look at a resource that was edited, and whose previous robot has to go."""
    return leaving(PAST, **{"me": me(guarded=True, generation=2), **changes})


def test_a_previous_robot_goes_where_the_resource_is_refused_and_stays_in_an_outage():
    (deleted,) = decide(over(robot=unknown(NO_RIGHT))).actions

    assert isinstance(deleted, DeleteRobot)
    assert stops(over(robot=unknown(OUTAGE))) is OUTAGE


def test_a_previous_robot_that_could_not_be_deleted_is_not_tried_again_in_the_same_pass():
    scene = failed(over(robot=unknown(NO_RIGHT)), Component.ROTATION)

    assert stops(scene) is NO_RIGHT
