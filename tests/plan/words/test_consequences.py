"""What does an error mean for a condition, and which of several is told?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quayrobot.model.actions import Component
from quayrobot.model.conditions import Condition, ConditionType
from quayrobot.model.errors import Contested, QuayRobotError, Reason, Refused
from quayrobot.plan.scene import Finding, Scene
from quayrobot.plan.words.consequences import (
    consequence,
    first_of,
    only_late,
    patience,
    put_off,
    suspended,
    up_to_date,
    with_links,
)

from ..passwords import HOUR, at_rest
from ..scenes import NO_RIGHT, NOW, OUTAGE, held
from .test_news import turning

C = ConditionType
GRANTS = Component.GRANTS
COMES = Refused(Reason.SERVICE_ACCOUNT_NOT_FOUND, "there is no such ServiceAccount")
WORKS = Contested("somebody sets a label back", retry_after=60, usable=True)
BROKEN = Contested("somebody sets the bytes back", retry_after=60, usable=False)
WAITING = held(
    grace=timedelta(minutes=5), status=held().status.model_copy(update={"conditions": ()})
)


def missing(name: str, reason: Reason = Reason.REPOSITORY_NOT_FOUND) -> Refused:
    return Refused(reason, f"{name} is not there")


def told(scene: Scene, *errors: QuayRobotError) -> QuayRobotError:
    return first_of(scene, [Finding(GRANTS, each) for each in errors])[GRANTS]


# One error -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scene", "error", "kind"),
    [
        (held(), COMES, C.STALLED),
        (WAITING, COMES, C.RECONCILING),
        (WAITING, NO_RIGHT, C.STALLED),
        (held(), OUTAGE, C.RECONCILING),
    ],
)
def test_an_error_goes_on_by_itself_or_needs_somebody(scene, error, kind):
    assert consequence(scene, error) == Condition(
        type=kind, status="True", reason=error.reason, message=error.message
    )


def test_a_part_is_told_in_the_words_it_is_given():
    assert up_to_date(C.ROBOT_READY, "it is there").message == "it is there"
    assert put_off(OUTAGE).message == OUTAGE.message


@pytest.mark.parametrize(
    ("scene", "error", "late"),
    [
        (held(), OUTAGE, True),
        (turning(), NO_RIGHT, True),
        (held(), NO_RIGHT, False),
        (turning(), Refused(Reason.ROBOT_EXISTS, "taken"), False),
    ],
)
def test_what_a_rotation_that_was_begun_is_refused_changes_nothing(scene, error, late):
    assert only_late(scene, error) is late


# Several ---------------------------------------------------------------------------------


def test_what_needs_somebody_comes_before_what_may_come_and_that_before_what_works():
    order = (NO_RIGHT, COMES, WORKS)
    assert [patience(WAITING, each) for each in order] == [0, 1, 2]
    assert patience(WAITING, BROKEN) == 0
    assert patience(held(), COMES) == 0

    assert told(WAITING, *reversed(order)) is NO_RIGHT
    assert told(WAITING, WORKS, COMES) is COMES
    assert told(WAITING, NO_RIGHT, BROKEN) is NO_RIGHT


def test_all_repositories_and_teams_that_are_not_there_are_named():
    team = missing("team", Reason.TEAM_NOT_FOUND)

    error = told(held(), missing("app"), NO_RIGHT, team)
    assert isinstance(error, Refused)
    assert (error.reason, error.message) == (
        Reason.REPOSITORY_NOT_FOUND, "app is not there; team is not there",
    )  # fmt: skip
    assert told(held(), NO_RIGHT, missing("app")) is NO_RIGHT


@pytest.mark.parametrize(("count", "end"), [(10, "n9 is not there"), (12, "and 2 more")])
def test_of_many_the_first_ten_are_named(count, end):
    *_, last = words = told(held(), *(missing(f"n{each}") for each in range(count))).message.split(
        "; "
    )

    assert (len(words), last) == (min(count, 11), end)


def test_links_and_secrets_are_told_as_one():
    stops = {Component.LINKS: COMES, Component.ROBOT: OUTAGE}

    assert with_links(WAITING, stops) == {Component.SECRETS: COMES, Component.ROBOT: OUTAGE}
    both = {Component.SECRETS: WORKS, Component.LINKS: COMES}
    assert with_links(WAITING, both) == {Component.SECRETS: COMES}
    assert with_links(WAITING, {Component.SECRETS: COMES, Component.LINKS: NO_RIGHT}) == {
        Component.SECRETS: NO_RIGHT
    }
    assert with_links(held(), {Component.ROBOT: OUTAGE}) == {Component.ROBOT: OUTAGE}


# Suspended -------------------------------------------------------------------------------


def test_a_suspended_password_ends_all_the_same():
    until = "suspended: nothing is written until spec.suspend is false; the password works until "
    before, after = at_rest(now=NOW + HOUR - timedelta(seconds=1)), at_rest(now=NOW + HOUR)

    ready, *rest = suspended(before)
    assert (ready.type, ready.status, ready.reason) == (C.READY, "True", Reason.SUSPENDED)
    assert ready.message.startswith(until)
    assert ready.message.endswith(before.status.credential.expires_at)
    ended, *parts = suspended(after)
    assert ended == ready.model_copy(update={"status": "False"})
    late = {each.type: each for each in parts}
    assert late[C.SECRETS_READY] == ended.model_copy(update={"type": C.SECRETS_READY})
    assert C.SECRETS_READY not in {each.type for each in rest}


def test_what_has_no_end_works_until_it_goes_on():
    (ready,) = suspended(held())

    assert (ready.status, ready.message) == (
        "True", "suspended: nothing is written until spec.suspend is false",
    )  # fmt: skip
    unknown = replace(held(), status=held().status.model_copy(update={"credential": None}))
    assert suspended(unknown) == [ready]
