"""Does the status say what is, to people and to machines?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quayrobot.model.actions import Component
from quayrobot.model.errors import Denied, InvalidSpec, Reason, Refused, TryLater
from quayrobot.model.names import MARKER_KEY
from quayrobot.model.resources.parse import parse_robot_status
from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.resources.robot import RobotState, RobotStatus
from quayrobot.model.world import Present
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.scene import Finding
from quayrobot.plan.words.status import (
    intent_to_grant,
    intent_to_hold,
    intent_to_link,
    status_after,
    worth_writing,
)

from ..scenes import (
    CREATED,
    DENIED,
    MARKER,
    ORIGIN,
    OTHER_TOKEN,
    OUTAGE,
    TOKEN,
    fresh,
    got,
    held,
    listed,
    me,
    spec,
    status,
    terminating,
)

FINE = "every Secret holds the robot's credential"


def conditions(said: RobotStatus) -> dict[str, tuple[str, str]]:
    return {str(each.type): (each.status, str(each.reason)) for each in said.conditions}


def after(scene, *errors, component=Component.ROBOT) -> RobotStatus:
    findings = [Finding(component, each) for each in errors]
    return status_after(scene, findings, adopted=ownership(scene))


def test_a_converged_robot_is_ready_in_every_part():
    said = after(held())

    assert conditions(said) == {
        "Ready": ("True", "Reconciled"),
        "RobotReady": ("True", "Reconciled"),
        "SecretsReady": ("True", "Reconciled"),
    }
    assert said.observed_generation == 1


def test_the_status_names_robot_connection_credential_and_secrets():
    said = after(held(robot=Present(got(last_used_on="2026-11-23"))))

    assert said.robot.full_name == "acme+ci"
    assert (said.robot.created_at, said.robot.adopted) == (CREATED, False)
    assert said.robot.last_used_on == "2026-11-23"
    assert said.connection.origin == ORIGIN
    assert said.credential.digest == TOKEN.digest
    assert [each.name for each in said.secrets] == ["ci"]


@pytest.mark.parametrize(
    ("error", "consequence"),
    [
        (InvalidSpec(Reason.INVALID_SPEC, "no"), "Stalled"),
        (Refused(Reason.ROBOT_EXISTS, "no"), "Stalled"),
        (Denied(Reason.CREDENTIAL_REFUSED, "no"), "Stalled"),
        (TryLater(Reason.QUAY_UNREACHABLE, "no"), "Reconciling"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else each,
)
def test_the_class_of_an_error_is_its_consequence(error, consequence):
    said = conditions(after(fresh(), error))

    assert said["Ready"] == ("False", error.reason)
    assert said["RobotReady"] == ("False", error.reason)
    assert said[consequence] == ("True", error.reason)
    assert len({"Stalled", "Reconciling"} & set(said)) == 1


def test_a_secret_in_trouble_leaves_the_robot_ready():
    error = Refused(Reason.SECRET_NOT_OWNED, "taken")
    said = conditions(after(held(), error, component=Component.SECRETS))

    assert said["RobotReady"] == ("True", "Reconciled")
    assert said["SecretsReady"] == said["Ready"] == ("False", "SecretNotOwned")


def test_a_link_in_trouble_is_told_of_the_secrets_after_what_lasts():
    late = Refused(Reason.SERVICE_ACCOUNT_NOT_FOUND, "no account")
    taken = Finding(Component.SECRETS, Refused(Reason.SECRET_NOT_OWNED, "taken"))
    scene = replace(held(), grace=timedelta(minutes=5))

    said = conditions(after(scene, late, component=Component.LINKS))
    assert said["SecretsReady"] == said["Ready"] == ("False", "ServiceAccountNotFound")
    both = status_after(scene, [Finding(Component.LINKS, late), taken], adopted=False)
    assert conditions(both)["SecretsReady"] == ("False", "SecretNotOwned")


def test_an_edit_whose_rotation_has_to_wait_is_ready_as_soon_as_the_rest_is_done():
    edited = intent_to_grant(held(), GrantsState())
    scene = held(status=edited)
    assert conditions(edited)["Ready"][0] == "Unknown"

    said = conditions(after(scene, OUTAGE, component=Component.ROTATION))

    assert said["Ready"] == ("True", "Reconciled")
    assert said["Reconciling"] == ("True", "QuayUnreachable")


def test_a_robot_in_trouble_keeps_what_was_said_of_the_secrets():
    scene = held(status=after(held()))
    said = conditions(after(scene, OUTAGE))

    assert said["SecretsReady"] == ("True", "Reconciled")


def test_what_is_in_trouble_is_not_written_over():
    said = after(held(robot=Present(got(token=OTHER_TOKEN))), OUTAGE)

    assert said.credential.digest == TOKEN.digest


# Suspension, deletion, progress -----------------------------------------------


def test_suspended_says_so_and_keeps_what_was_ready():
    paused = held(spec=spec(suspend=True), status=after(held()))
    never = fresh(spec=spec(suspend=True))

    assert conditions(after(paused))["Ready"] == ("True", "Suspended")
    assert conditions(after(paused))["RobotReady"] == ("True", "Reconciled")
    assert conditions(after(never)) == {"Ready": ("False", "Suspended")}


@pytest.mark.parametrize(
    ("kind", "field"),
    [("QuayRobot", "spec.suspend"), ("ClusterQuayRobot", "spec.template.spec.suspend")],
)
def test_what_is_suspended_says_which_field_lets_it_go_on(kind, field):
    scene = held(spec=spec(suspend=True))

    said = after(replace(scene, me=replace(scene.me, kind=kind)))

    message = f"suspended: nothing is written until {field} is false"
    assert [each.message for each in said.conditions if each.type == "Ready"] == [message]


def test_a_deletion_says_deleting_and_a_blocked_one_why():
    free = after(terminating(robot=Present(got())))
    blocked = after(terminating(), DENIED, component=Component.DELETION)

    assert conditions(free) == {"Ready": ("False", "Deleting")}
    assert conditions(blocked) == {"Ready": ("False", "DeletionBlocked")}
    assert "CredentialRefused" in blocked.conditions[0].message
    assert blocked.robot == terminating().status.robot


@pytest.mark.parametrize(
    ("error", "hinted"),
    [
        pytest.param(DENIED, True, id="needs somebody"),
        pytest.param(Refused(Reason.CONNECTION_NOT_FOUND, "x"), True, id="nothing to ask"),
        pytest.param(TryLater(Reason.QUAY_UNREACHABLE, "x"), False, id="passes by itself"),
        pytest.param(Refused(Reason.ADMISSION_DENIED, "x"), False, id="it would not help"),
    ],
)
def test_a_deletion_that_needs_somebody_says_how_to_give_the_robot_up(error, hinted):
    blocked = after(terminating(), error, component=Component.DELETION)

    assert ("deletionPolicy: Orphan" in blocked.conditions[0].message) is hinted


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (Refused(Reason.ADMISSION_DENIED, "x"), "the resource cannot be let go yet"),
        (TryLater(Reason.CLUSTER_UNAVAILABLE, "x"), "the resource cannot be let go yet"),
        (DENIED, "the robot cannot be deleted yet"),
    ],
)
def test_a_blocked_deletion_tells_who_is_kept(error, kept):
    blocked = after(terminating(), error, component=Component.DELETION)

    assert blocked.conditions[0].message.startswith(f"{kept} ({error.reason})")


def test_progress_is_said_before_a_robot_is_made():
    said = intent_to_hold(fresh(), RobotState(full_name="acme+ci"))

    assert conditions(said) == {
        "Ready": ("Unknown", "Creating"),
        "Reconciling": ("True", "Creating"),
    }
    assert not said.holds
    assert said.connection.origin == ORIGIN


def test_progress_of_what_was_ready_stays_ready():
    assert conditions(intent_to_hold(held(), None))["Ready"] == ("True", "Creating")


# Pending: what Quay takes at creation only --------------------------------------


@pytest.mark.parametrize(
    ("robot", "asked", "pending"),
    [
        (got(), {}, ()),
        (got(description="old"), {"description": "new"}, ("description",)),
        (got(), {"metadata": {"team": "blue"}}, ("metadata",)),
        (listed(), {"metadata": {"team": "blue"}}, ()),
        (
            got(metadata={MARKER_KEY: MARKER.as_metadata(), "team": "blue"}),
            {"metadata": {"team": "blue"}},
            (),
        ),
    ],
    ids=["as asked", "description", "metadata", "metadata not seen", "metadata as asked"],
)
def test_a_change_that_quay_does_not_take_is_pending(robot, asked, pending):
    assert after(held(robot=Present(robot), spec=spec(**asked))).pending == pending


def test_metadata_stays_pending_while_only_lists_are_read():
    asked = spec(metadata={"team": "blue"})
    first = after(held(robot=Present(got()), spec=asked))

    second = after(held(robot=Present(listed()), spec=asked, status=first))

    assert second.pending == ("metadata",)


# Worth a write? -------------------------------------------------------------------


def test_saying_the_same_again_is_not_worth_a_write():
    first = after(held())
    second = after(held(status=first))

    assert first == second
    assert not worth_writing(first, second)


def test_a_day_of_use_is_not_worth_a_write_but_goes_with_one():
    first = after(held())
    used = held(robot=Present(listed(last_used_on="2026-11-23")), status=first)
    edited = replace(used, me=me(guarded=True, generation=2))

    assert not worth_writing(first, after(used))
    assert worth_writing(first, after(edited))
    assert after(edited).robot.last_used_on == "2026-11-23"


@pytest.mark.parametrize(
    "change",
    [
        {"pending": ("description",)},
        {"observed_generation": 2},
        {"robot": None},
        {"secrets": ()},
        {"conditions": ()},
    ],
    ids=lambda each: next(iter(each)),
)
def test_everything_else_is_worth_a_write(change):
    first = after(held())

    assert worth_writing(first, first.model_copy(update=change))


def test_the_transition_time_moves_when_the_status_value_does():
    first = after(held())
    later = replace(held(status=first), now=held().now.replace(year=2027))

    same = after(later)
    broken = after(later, OUTAGE)

    assert same.conditions[0].last_transition_time == first.conditions[0].last_transition_time
    assert broken.conditions[0].last_transition_time == "2027-11-24T03:00:00Z"


def test_a_status_that_was_stored_reads_back_equal():
    said = after(held())
    dumped = said.model_dump(by_alias=True, exclude_none=True, mode="json")

    assert parse_robot_status(dumped) == said
    assert not worth_writing(parse_robot_status(dumped), said)
    assert status() != said


@pytest.mark.parametrize(
    "stored",
    [lambda scene: intent_to_link(scene, ()), lambda scene: intent_to_grant(scene, GrantsState())],
    ids=["linking", "recording"],
)
def test_what_is_stored_on_the_way_does_not_yet_observe_the_edit(stored):
    """Who waits for Ready of what was just applied must not be told by a half-done pass."""
    edited = held(me=me(guarded=True, generation=2))
    on_the_way = stored(edited)

    generations = {each.observed_generation for each in on_the_way.conditions}
    assert (on_the_way.observed_generation, generations) == (1, {1})
    assert status_after(edited, (), adopted=False).observed_generation == 2
    assert intent_to_hold(fresh(), None).observed_generation == 1


# Whose robot it is ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *[
            pytest.param(Refused(reason, "x"), ("Unknown", reason, "not known: see RobotReady"),
                         id=reason)
            for reason in (
                Reason.FOREIGN_OWNER, Reason.CONNECTION_MOVED, Reason.ALREADY_CLAIMED,
                Reason.ROBOT_EXISTS, Reason.ROBOT_NOT_FOUND,
            )
        ],
        pytest.param(OUTAGE, ("True", "Reconciled", FINE), id="an outage"),
        pytest.param(Refused(Reason.ACCESS_DENIED, "x"), ("True", "Reconciled", FINE),
                     id="a rule that is gone"),
    ],
)  # fmt: skip
def test_of_a_robot_that_is_not_ours_any_more_nothing_else_is_known(error, expected):
    before = after(held())
    scene = replace(held(), status=before, me=me(guarded=True, generation=2))

    said = {each.type: each for each in after(scene, error).conditions}

    secrets = said["SecretsReady"]
    assert (secrets.status, secrets.reason, secrets.message) == expected
    assert (said["RobotReady"].status, said["RobotReady"].reason) == ("False", error.reason)


def test_what_was_never_said_is_not_said_then_either():
    error = Refused(Reason.FOREIGN_OWNER, "x")

    assert "SecretsReady" not in conditions(after(fresh(), error))
