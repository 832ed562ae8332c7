"""Is each change told once, in words that somebody can act on?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import Component
from quayrobot.model.errors import Denied, QuayRobotError, Reason, Refused, TryLater
from quayrobot.model.resources.robot import RobotState, RobotStatus
from quayrobot.model.resources.rotation import Intent, RotationState
from quayrobot.model.world import Present
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.scene import Finding, Scene
from quayrobot.plan.words.news import change_of_ready, news
from quayrobot.plan.words.status import status_after

from ..scenes import NO_RIGHT, OUTAGE, TOKEN, got, held

LATER = "2026-11-25T00:00:00Z"


def after(scene: Scene, *errors: QuayRobotError, part: Component = Component.ROBOT) -> RobotStatus:
    return status_after(scene, [Finding(part, e) for e in errors], adopted=ownership(scene))


def told(before: RobotStatus, now: RobotStatus) -> list[tuple[str, bool]]:
    return [(str(each.reason), each.warning) for each in news(before, now)]


def turning() -> Scene:
    """Return a robot at rest whose rotation was begun."""
    done = after(held())
    intent = Intent(cause="Request", request="two", digest=TOKEN.digest)
    state = RotationState(last_trigger="one", intent=intent)
    return held(status=done.model_copy(update={"rotation": state}))


def changed(**robot: object) -> RobotStatus:
    done = after(held())
    assert done.robot is not None
    return done.model_copy(update={"robot": done.robot.model_copy(update=robot)})


def test_a_robot_that_had_to_be_created_again_is_told_once():
    before, again = after(held()), changed(created_at=LATER)

    (first,) = news(before, again)
    assert (first.reason, first.warning) == (Reason.RECREATED, True)
    assert "acme+ci" in first.note
    assert news(again, again) == ()


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(changed(created_at=LATER, adopted=True), id="another one was adopted"),
        pytest.param(changed(created_at=LATER, full_name="acme+ci.alt"), id="two take turns"),
        pytest.param(changed(last_used_on="2026-11-25"), id="it was used"),
    ],
)
def test_other_changes_of_the_robot_are_no_such_news(now: RobotStatus):
    assert told(after(held()), now) == []


def with_credential(status: RobotStatus, **changes: object) -> RobotStatus:
    assert status.credential is not None
    credential = status.credential.model_copy(update=changes)
    return status.model_copy(update={"credential": credential})


def test_a_token_that_somebody_else_replaced_is_told_once():
    before, now = after(held()), with_credential(after(held()), digest="another")

    (first,) = news(before, now)
    assert (first.reason, first.warning) == (Reason.REGENERATED, True)
    assert "acme+ci" in first.note
    assert news(now, now) == ()
    # A keyless robot's own token is its own; its passwords come and go.
    assert told(changed(token_digest="one"), changed(token_digest="two")) == [
        ("Regenerated", True)
    ]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(after(held()), after(held()), id="the same token"),
        pytest.param(
            turning().status, with_credential(turning().status, digest="another"), id="it turns"
        ),
        pytest.param(
            with_credential(after(held()), expires_at=LATER),
            with_credential(after(held()), digest="another", expires_at=LATER),
            id="a password that ends",
        ),
        pytest.param(
            after(held()),
            with_credential(changed(full_name="acme+ci.alt"), digest="another"),
            id="the other robot of two",
        ),
    ],
)
def test_other_changes_of_the_credential_are_no_such_news(before: RobotStatus, now: RobotStatus):
    assert ("Regenerated", True) not in told(before, now)


def test_a_rotation_that_is_over_is_told_as_a_rotation():
    before = after(held())
    over = RotationState(last_trigger="two", last_at=LATER)
    now = with_credential(before, digest="another").model_copy(update={"rotation": over})

    assert told(before, now) == [("Rotating", False)]


def test_a_first_robot_is_not_created_again():
    made = RobotState(full_name="acme+ci")
    bound = RobotStatus().model_copy(update={"robot": made})

    assert told(bound, after(held())) == [("Reconciled", False)]
    assert told(RobotStatus(), after(held())) == [("Reconciled", False)]


@pytest.mark.parametrize(
    "error",
    [NO_RIGHT, OUTAGE, Denied(Reason.CREDENTIAL_REFUSED, "no")],
    ids=["refused", "outage", "denied"],
)
def test_a_rotation_that_quay_does_not_make_is_told_once_and_leaves_it_ready(
    error: QuayRobotError,
):
    scene = turning()
    now = after(scene, error, part=Component.ROTATION)

    said = {str(each.type): (each.status, each.reason) for each in now.conditions}
    assert said["Ready"] == ("True", Reason.RECONCILED)
    assert said["Reconciling"] == ("True", error.reason)
    assert "Stalled" not in said
    assert told(scene.status, now) == [(str(error.reason), True)]
    assert news(now, after(replace(scene, status=now), error, part=Component.ROTATION)) == ()


def test_a_rotation_that_can_never_begin_needs_somebody():
    taken = Refused(Reason.ROBOT_EXISTS, "somebody has the second name")

    said = {
        str(each.type): each.status
        for each in after(held(), taken, part=Component.ROTATION).conditions
    }
    assert said["Ready"] == "False"
    assert said["Stalled"] == "True"


def test_words_that_change_while_it_is_ready_are_no_news():
    done = after(held())
    other = [each.model_copy(update={"message": "other words"}) for each in done.conditions]

    assert told(done, done.model_copy(update={"conditions": tuple(other)})) == []


def test_words_that_change_while_it_is_not_ready_are_news_and_no_line_of_the_log():
    scene = held(robot=Present(got(token=TOKEN)))
    one = after(scene, TryLater(Reason.QUAY_UNREACHABLE, "one"))
    two = after(scene, TryLater(Reason.QUAY_UNREACHABLE, "two"))

    assert told(one, two) == [("QuayUnreachable", True)]
    assert change_of_ready(one, two) is None
    assert change_of_ready(after(held()), two) is not None


@pytest.mark.parametrize("ready", ["True", "Unknown", "False"])
def test_what_is_on_its_way_to_namespaces_is_no_news(ready: str):
    done = after(held())
    told_of = done.conditions[0].model_copy(
        update={"status": ready, "reason": Reason.PROGRESSING, "message": "0 of 2 namespaces"}
    )
    moving = done.model_copy(update={"conditions": [told_of, *done.conditions[1:]]})

    assert told_of.type == "Ready"
    assert news(RobotStatus(), moving) == ()
    assert change_of_ready(RobotStatus(), moving) is None
    assert told(moving, done) == [("Reconciled", False)]
