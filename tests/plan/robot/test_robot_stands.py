"""When does a robot stay as it is: suspended, in an outage, or where it was made?"""

from __future__ import annotations

import pytest

from quayrobot.model.errors import Failed, Reason, Refused
from quayrobot.model.world import (
    Absent,
    Missing,
    Present,
    Unlooked,
)
from quayrobot.plan.decide import decide

from ..scenes import (
    DENIED,
    NO_ORGANIZATION,
    NO_RIGHT,
    OUTAGE,
    connection,
    does,
    fresh,
    got,
    held,
    listed,
    marked,
    me,
    spec,
    status,
    stops,
    unknown,
)

# Suspension, silence and outages ----------------------------------------


@pytest.mark.parametrize("robot", [Unlooked(), Absent(), Present(got()), unknown()])
def test_suspended_means_that_nothing_is_done(robot):
    plan = decide(fresh(spec=spec(suspend=True), robot=robot))

    assert (plan.actions, plan.findings) == ((), ())


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="as listed"),
        pytest.param({"robot": Present(got())}, id="as a GET shows it"),
        pytest.param({"spec": spec(secrets=[])}, id="without Secrets"),
        pytest.param(
            {"spec": spec(secrets=[{"name": "a"}, {"name": "b", "deletionPolicy": "Retain"}])},
            id="with two Secrets, one retained",
        ),
        pytest.param({"robot": Present(listed(last_used_on="2026-11-23"))}, id="while it is used"),
        pytest.param({"robot": Present(listed(description="x"))}, id="with an old description"),
    ],
)
def test_converged_means_silent(changes):
    plan = decide(held(**changes))

    assert (plan.actions, plan.findings, plan.quiet) == ((), (), False)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"robot": unknown()}, id="Quay is away"),
        pytest.param({"connection": OUTAGE}, id="the connection's Secret cannot be read"),
        pytest.param({"connection": DENIED}, id="the credential is refused"),
        pytest.param({"robot": unknown(NO_RIGHT)}, id="a right is lost"),
        pytest.param(
            {"connection": Refused(Reason.CONNECTION_NOT_READY, "no token")}, id="no token"
        ),
    ],
)
def test_an_outage_is_no_news_for_a_robot_that_has_nothing_due(changes):
    plan = decide(held(**changes))

    assert (plan.actions, plan.findings, plan.quiet) == ((), (), True)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"me": me(guarded=True, generation=2)}, id="an edit waits"),
        pytest.param({"secrets": {"ci": Absent()}}, id="its Secret is gone"),
        pytest.param({"status": status(conditions=())}, id="it was never Ready"),
    ],
)
def test_an_outage_is_told_where_something_is_due(changes):
    assert stops(held(robot=unknown(), **changes)) is OUTAGE


def test_a_connection_that_is_not_there_is_told_even_where_nothing_is_due():
    gone = Refused(Reason.CONNECTION_NOT_FOUND, "there is none")

    assert stops(held(connection=gone)) is gone


@pytest.mark.parametrize("metadata", [None, {}], ids=["listed", "looked at"])
def test_somebody_elses_robot_is_not_believed_in_for_ever(metadata):
    scene = fresh(robot=Present(got(None, metadata=metadata)), me=me(guarded=True), list_due=True)

    assert does(scene) == ["ListRobots"]


def test_a_robot_that_came_to_another_connection_has_it_held():
    scene = held(connection=connection(name="other", guarded=False))

    assert does(scene) == ["GuardConnection"]
    leaving = connection(name="other", guarded=False, terminating=True)
    assert does(held(connection=leaving)) == []


# 3.14 A robot never moves -----------------------------------------------

MOVED = {"connection": connection(origin="https://new.example:443")}


@pytest.mark.parametrize(
    ("robot", "expected"),
    [
        pytest.param(Unlooked(), ["LookAtRobot"], id="nobody looked there yet"),
        pytest.param(Present(listed()), ["LookAtRobot"], id="a list there has it"),
        pytest.param(Present(got()), [], id="our marker is there: the same Quay"),
    ],
)
def test_a_connection_that_leads_elsewhere_is_followed_to_our_marker_only(robot, expected):
    assert expected == does(held(robot=robot, **MOVED))


@pytest.mark.parametrize(
    "robot",
    [
        pytest.param(Absent(), id="it is not there"),
        pytest.param(Missing(), id="a list there lacks it"),
        pytest.param(unknown(NO_ORGANIZATION), id="not even its organization is there"),
        pytest.param(Present(got(None)), id="a robot without marker"),
        pytest.param(Present(got(marked(cluster="cluster-2"))), id="another cluster's"),
        pytest.param(Present(got(marked(name="cd"))), id="another resource's"),
    ],
)
def test_a_robot_never_moves(robot):
    assert stops(held(robot=robot, **MOVED)).reason == Reason.CONNECTION_MOVED


@pytest.mark.parametrize("robot", [Unlooked(), Present(listed()), Missing()])
def test_all_that_moved_along_with_a_connection_need_one_list(robot):
    assert does(held(robot=robot, list_due=True, **MOVED)) == ["ListRobots"]


def test_a_connection_made_anew_with_the_same_origin_is_the_same():
    assert does(held(connection=connection(uid="uid-again", name="default"))) == []
    assert does(held(connection=connection(name="renamed"))) == []


def test_elsewhere_unknown_is_not_absent_either():
    scene = held(robot=unknown(NO_RIGHT), me=me(guarded=True, generation=2), **MOVED)

    assert stops(scene) is NO_RIGHT


def test_a_robot_that_no_list_shows_and_quay_fails_to_show_is_no_outage():
    """A deletion that was cut off took its token: no login works."""
    failed = Failed(Reason.QUAY_UNREACHABLE, "Quay failed at this request: it answered 500")

    assert decide(held(robot=unknown(failed))).quiet
    assert stops(held(robot=unknown(failed), unlisted=True)) is failed
    assert decide(held(robot=unknown(), unlisted=True)).quiet
