"""What is done about a robot that could not be seen?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import (
    LookAtRobot,
)
from quayrobot.model.errors import Ambiguous, Reason, Refused, TryLater
from quayrobot.model.world import (
    Absent,
    Missing,
    Present,
    Unlooked,
)
from quayrobot.plan.decide import decide

from ..scenes import (
    DENIED,
    NO_RIGHT,
    OUTAGE,
    connection,
    does,
    foreign,
    fresh,
    got,
    held,
    me,
    spec,
    status,
    stops,
    unknown,
)
from .test_robot import ADOPTING, CREATION

# 3.4 Unknown is not Absent ----------------------------------------------


@pytest.mark.parametrize("error", [OUTAGE, DENIED], ids=lambda each: each.reason)
def test_a_look_that_told_nothing_is_followed_by_nothing(error):
    assert stops(fresh(robot=unknown(error), organization_exists=True)) is error


@pytest.mark.parametrize("seen", [{"robot": unknown(NO_RIGHT)}, {"create_refusal": NO_RIGHT}])
def test_a_missing_right_is_told_from_a_missing_organization(seen):
    assert does(fresh(**seen)) == ["LookAtOrganization"]
    assert stops(fresh(**seen, organization_exists=True)) is NO_RIGHT
    gone = stops(fresh(**seen, organization_exists=False))
    assert gone.reason is Reason.ORGANIZATION_NOT_FOUND


def test_nothing_is_bound_where_it_is_not_known_that_a_quay_answers():
    doubtful = replace(connection(), in_doubt=True)

    assert does(fresh(connection=doubtful)) == ["LookAtQuay"]
    # What is bound already may have been sent: only a look tells.
    assert does(fresh(connection=doubtful, me=me(guarded=True))) == ["LookAtRobot"]


def test_a_right_that_is_missing_may_be_an_organization_that_is():
    refused = fresh(robot=unknown(NO_RIGHT))

    assert does(refused) == ["LookAtOrganization"]
    assert stops(replace(refused, organization_exists=True)) is NO_RIGHT
    gone = stops(replace(refused, organization_exists=False))
    assert gone.reason == Reason.ORGANIZATION_NOT_FOUND


@pytest.mark.parametrize("robot", [Unlooked(), Missing()], ids=["Unlooked", "Missing"])
def test_the_first_put_of_a_robot_that_never_was_is_itself_the_look(robot):
    assert does(fresh(robot=robot)) == CREATION


@pytest.mark.parametrize("robot", [Unlooked(), Missing()], ids=["Unlooked", "Missing"])
@pytest.mark.parametrize(
    "before",
    [
        pytest.param({"status": status()}, id="status knows a robot"),
        pytest.param({"me": me(guarded=True)}, id="our finalizer is there"),
        pytest.param({"create_refusal": OUTAGE}, id="a PUT was answered with a refusal"),
        pytest.param(
            {"spec": spec(creationPolicy="Adopt"), **ADOPTING}, id="only adoption is asked for"
        ),
    ],
)
def test_a_robot_that_may_have_been_needs_its_absence_observed(robot, before):
    plan = decide(fresh(robot=robot, **before))

    assert plan.actions == (LookAtRobot(fresh().robot_name),)


def test_what_a_list_lacks_is_looked_at_before_it_is_made_anew():
    assert does(held(robot=Missing())) == ["LookAtRobot"]


def test_what_quay_calls_absent_is_made_anew():
    assert does(held(robot=Absent())) == ["RehearseSecrets", "CreateRobot"]


@pytest.mark.parametrize(
    "refusal",
    [
        Ambiguous(Reason.QUAY_UNREACHABLE, "Quay answered 500"),
        Refused(Reason.NOT_SUPPORTED, "robot accounts are disabled"),
        TryLater(Reason.ROBOT_EXISTS, "a robot of that name exists"),
    ],
    ids=lambda each: each.reason,
)
def test_a_refused_put_that_made_nothing_is_told_and_not_repeated(refusal):
    scene = fresh(robot=Absent(), create_refusal=refusal, me=me(guarded=True))

    assert stops(scene) is refusal


def test_a_robot_known_to_be_gone_is_never_ready_and_quiet():
    refusal = Ambiguous(Reason.QUAY_UNREACHABLE, "Quay answered 500")

    assert stops(held(robot=Absent(), create_refusal=refusal)) is refusal


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        pytest.param(Present(foreign()), Reason.SECRET_NOT_OWNED, id="taken by somebody else"),
        pytest.param(unknown(), Reason.QUAY_UNREACHABLE, id="could not be read"),
    ],
)
def test_no_robot_is_made_before_its_secret_has_a_place(secret, reason):
    for robot in (Unlooked(), Absent()):
        assert stops(fresh(robot=robot, secrets={"ci": secret})).reason == reason


@pytest.mark.parametrize("secret", [Unlooked(), Missing()], ids=["Unlooked", "Missing"])
def test_no_robot_is_made_before_anybody_looked_at_the_secrets_name(secret):
    assert stops(fresh(secrets={"ci": secret})).reason == Reason.CLUSTER_UNAVAILABLE


def test_no_robot_is_adopted_before_its_secret_has_a_place():
    scene = fresh(
        robot=Present(got(None)),
        spec=spec(creationPolicy="Adopt"),
        secrets={"ci": Present(foreign())},
        **ADOPTING,
    )

    assert stops(scene).reason == Reason.SECRET_NOT_OWNED
