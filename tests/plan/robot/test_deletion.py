"""Is a robot deleted, and a resource let go, only on proof?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import (
    Component,
    DeleteRobot,
    ListRobots,
    LookAtOrganization,
    LookAtRobot,
)
from quayrobot.model.errors import Failed, Reason, Refused, TryLater
from quayrobot.model.resources.robot import RobotState, RobotStatus
from quayrobot.model.world import Absent, Missing, Present, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Look

from ..scenes import (
    CREATED,
    CREATED_ANEW,
    DENIED,
    NO_ORGANIZATION,
    NO_RIGHT,
    NO_SENSE,
    OTHER_TOKEN,
    OUTAGE,
    connection,
    does,
    fresh,
    got,
    listed,
    marked,
    me,
    rival,
    rule,
    spec,
    status,
    stops,
    terminating,
    unknown,
)

ADOPTED = status(robot=RobotState(full_name="acme+ci", created_at=CREATED, adopted=True))
ROBOT = fresh().robot_name


def test_what_has_no_finalizer_of_ours_is_nobodys_business():
    for robot in (Unlooked(), Absent(), Present(got()), unknown()):
        assert does(terminating(guarded=False, robot=robot)) == []


@pytest.mark.parametrize("robot", [got(), listed()], ids=["proven once", "recognised"])
def test_what_was_seen_long_ago_is_looked_at_before_it_is_deleted(robot):
    assert does(terminating(robot=Present(robot), list_due=True)) == ["LookAtRobot"]


# A 204 is no proof; only a look is ---------------------------------------


@pytest.mark.parametrize("robot", [Unlooked(), Missing()], ids=["Unlooked", "Missing"])
def test_absence_is_looked_for(robot):
    assert decide(terminating(robot=robot)).actions == (LookAtRobot(ROBOT),)


def test_after_the_delete_comes_a_look():
    assert does(terminating(robot=Unlooked(), deleted=True)) == ["LookAtRobot"]


def test_an_observed_absence_lets_the_resource_go():
    assert does(terminating(robot=Absent())) == ["RemoveFinalizer"]
    assert does(terminating(robot=Absent(), deleted=True)) == ["RemoveFinalizer"]


def test_a_robot_that_survives_its_deletion_blocks():
    error = stops(terminating(robot=Present(got()), deleted=True))

    assert (type(error), error.reason) == (TryLater, Reason.DELETION_BLOCKED)


# What a deletion leaves that was cut off in Quay ------------------------------

FAILED = unknown(Failed(Reason.QUAY_UNREACHABLE, "Quay failed at this request: it answered 500"))


def test_a_robot_that_quay_fails_to_show_is_looked_for_in_a_list():
    assert decide(terminating(robot=FAILED)).actions == (ListRobots(ROBOT.owner),)


def test_what_was_ours_and_no_list_shows_any_more_is_deleted_once_more():
    """Quay took its token first: it is no robot any more, and stands in the way of its name."""
    assert decide(terminating(robot=FAILED, unlisted=True)).actions == (DeleteRobot(ROBOT),)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"unlisted": False}, id="a list shows it"),
        pytest.param({"deleted": True}, id="it was deleted once more"),
        pytest.param({"status": RobotStatus()}, id="nothing tells that it was ours"),
        pytest.param(
            {"rivals": (replace(rival(holds=True, older=True), guarded=True),)},
            id="another has it",
        ),
        pytest.param({"connection": connection(origin="https://b:443")}, id="at another Quay"),
    ],
)
def test_what_quay_fails_to_show_and_may_be_somebodys_is_left_alone(changes):
    assert stops(terminating(**{"robot": FAILED, "unlisted": True, **changes})) is FAILED.error


# Where many of one owner go at once ------------------------------------------


def test_what_a_list_is_to_show_is_waited_for_in_silence():
    plan = decide(terminating(robot=Unlooked(), deleted=True, awaited=True, in_crowd=True))

    assert (plan.actions, plan.findings, plan.quiet) == ((), (), True)


def test_what_a_list_proved_lets_the_resource_go():
    assert does(terminating(robot=Absent(), deleted=True, in_crowd=True)) == ["RemoveFinalizer"]


def test_a_list_that_lacks_it_and_proves_nothing_is_followed_by_a_look():
    scene = terminating(robot=Missing(), deleted=True, in_crowd=True, list_due=True)

    assert does(scene) == ["LookAtRobot"]


def test_a_robot_that_a_list_shows_after_its_deletion_blocks():
    error = stops(terminating(robot=Present(listed()), deleted=True, in_crowd=True))

    assert error.reason == Reason.DELETION_BLOCKED


@pytest.mark.parametrize("robot", [Unlooked(), Present(listed())], ids=["unlooked", "long ago"])
def test_in_a_crowd_one_list_recognises_who_is_to_go(robot):
    alone = terminating(robot=robot, list_due=True)

    assert does(alone) == ["LookAtRobot"]
    assert decide(replace(alone, in_crowd=True)).actions == (ListRobots(ROBOT.owner),)
    assert does(terminating(robot=Missing(), in_crowd=True)) == ["LookAtRobot"]


def test_orphan_waits_for_no_list():
    scene = terminating(
        robot=Unlooked(), deleted=True, awaited=True, spec=spec(deletionPolicy="Orphan")
    )

    assert does(scene) == ["RemoveFinalizer"]


def test_of_two_robots_that_take_turns_each_is_deleted_before_a_list_is_waited_for():
    other = Look(robot=Present(got(marked(slot="alt"), full_name="acme+ci.alt")))
    scene = terminating(robot=Unlooked(), deleted=True, awaited=True, status=status(robot=None),
                        other=other)  # fmt: skip

    assert decide(scene).actions == (DeleteRobot(ROBOT.in_slot("alt")),)
    both = replace(scene, other=replace(other, robot=Unlooked(), deleted=True, awaited=True))
    assert decide(both).quiet
    one = replace(scene, robot=Absent(), awaited=False, other=both.other)
    assert decide(one).quiet
    gone = replace(one, other=replace(both.other, robot=Absent(), awaited=False))
    assert does(gone) == ["RemoveFinalizer"]


ALT = Look(robot=Present(got(marked(slot="alt"), full_name="acme+ci.alt")))


def test_while_a_list_is_to_tell_of_the_one_the_other_is_deleted():
    scene = terminating(robot=Unlooked(), deleted=True, awaited=True, other=ALT)

    assert decide(scene).actions == (DeleteRobot(ROBOT.in_slot("alt")),)


def test_what_keeps_the_one_does_not_keep_the_other():
    scene = terminating(robot=Present(got()), deleted=True, other=ALT)

    assert decide(scene).actions == (DeleteRobot(ROBOT.in_slot("alt")),)
    both = replace(scene, other=replace(ALT, deleted=True))
    assert [(each.component, each.error.reason) for each in decide(both).findings] == [
        (Component.DELETION, Reason.DELETION_BLOCKED)
    ] * 2


# Only what is proven ours is deleted --------------------------------------


@pytest.mark.parametrize(
    "robot",
    [
        pytest.param(got(), id="our marker"),
        pytest.param(got(marked(uid="another life")), id="our marker of an earlier life"),
        pytest.param(listed(), id="recognised in a list"),
        pytest.param(got(token=OTHER_TOKEN), id="our marker, regenerated by hand"),
    ],
)
def test_a_robot_proven_ours_is_deleted(robot):
    assert decide(terminating(robot=Present(robot))).actions == (DeleteRobot(ROBOT),)


def test_an_adopted_robot_is_deleted_by_status():
    assert does(terminating(robot=Present(got(None)), status=ADOPTED)) == ["DeleteRobot"]


@pytest.mark.parametrize(
    "robot",
    [
        pytest.param(listed(token=OTHER_TOKEN), id="another token"),
        pytest.param(listed(created=CREATED_ANEW), id="another creation time"),
        pytest.param(listed(token=None), id="no token to be seen"),
    ],
)
def test_a_list_is_no_proof(robot):
    assert decide(terminating(robot=Present(robot))).actions == (LookAtRobot(ROBOT),)


@pytest.mark.parametrize(
    "robot",
    [
        pytest.param(got(None, created=CREATED_ANEW), id="made by hand meanwhile"),
        pytest.param(got(None, token=OTHER_TOKEN), id="no marker and an unknown token"),
        pytest.param(got(marked(cluster="cluster-2"), token=OTHER_TOKEN), id="another cluster's"),
        pytest.param(got(marked(name="cd"), token=OTHER_TOKEN), id="another resource's"),
        pytest.param(
            got(None, metadata={"quayrobot.io": "?"}, token=OTHER_TOKEN), id="a garbled marker"
        ),
    ],
)
@pytest.mark.parametrize("policy", ["Create", "Adopt", "CreateOrAdopt"])
def test_a_robot_that_is_not_ours_stays_and_the_resource_goes(robot, policy):
    scene = terminating(
        robot=Present(robot),
        spec=spec(creationPolicy=policy),
        rules=(rule(adoption=True, robotNames=["*"]),),
    )

    assert does(scene) == ["RemoveFinalizer"]


def test_deleting_a_robot_proven_ours_needs_no_rule():
    assert does(terminating(robot=Present(got()), rules=())) == ["DeleteRobot"]


def test_suspension_does_not_stop_a_deletion():
    scene = terminating(robot=Present(got()), spec=spec(suspend=True))

    assert does(scene) == ["DeleteRobot"]


# Orphan -------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"robot": Present(got())},
        {"robot": unknown()},
        {"connection": OUTAGE},
        {"connection": connection(origin="https://new.example:443")},
    ],
    ids=["ours", "Quay is away", "no connection", "moved"],
)
def test_orphan_lets_go_and_leaves_the_robot(changes):
    assert does(terminating(spec=spec(deletionPolicy="Orphan"), **changes)) == ["RemoveFinalizer"]


# Whatever else: blocked, for ever -------------------------------------------


@pytest.mark.parametrize(
    "error", [OUTAGE, DENIED, NO_SENSE], ids=[OUTAGE.reason, DENIED.reason, NO_SENSE.reason]
)
def test_no_answer_is_no_proof(error):
    assert stops(terminating(robot=unknown(error))) is error
    assert stops(terminating(connection=error)) is error
    assert stops(terminating(robot=unknown(error), deleted=True)) is error


def test_a_connection_that_is_gone_is_no_proof():
    gone = Refused(Reason.CONNECTION_NOT_FOUND, "there is none")

    assert stops(terminating(connection=gone, robot=Unlooked())) is gone


# The organization itself ----------------------------------------------------


@pytest.mark.parametrize("error", [NO_RIGHT, NO_ORGANIZATION], ids=lambda each: each.reason)
def test_a_missing_right_may_be_a_missing_organization_which_is_asked_for(error):
    asked = decide(terminating(robot=unknown(error)))

    assert asked.actions == (LookAtOrganization(ROBOT),)
    assert does(terminating(robot=unknown(error), organization_exists=False)) == [
        "RemoveFinalizer"
    ]
    assert stops(terminating(robot=unknown(error), organization_exists=True)) is error


def test_a_user_is_not_asked_for_as_an_organization():
    scene = terminating(robot=unknown(NO_RIGHT), spec=spec(user="bob"), token_user="bob")

    assert stops(scene) is NO_RIGHT


ALICES = [
    Present(listed(full_name="alice+ci")),
    Absent(),
    Missing(),
    Unlooked(),
    unknown(NO_SENSE),
]


def _of_alice(robot, token_user):
    known = status(robot=RobotState(full_name="alice+ci", created_at=CREATED))
    return terminating(robot=robot, spec=spec(user="alice"), status=known, token_user=token_user)


@pytest.mark.parametrize("robot", ALICES, ids=lambda each: type(each).__name__)
def test_with_another_users_token_nothing_of_a_user_is_believed_or_deleted(robot):
    """Quay knows robots of users only as those of the caller, who may have one of that name."""
    assert does(_of_alice(robot, None)) == ["LookAtUser"]

    error = stops(_of_alice(robot, "bob"))

    assert (type(error), error.reason) == (Refused, Reason.ACCESS_DENIED)
    assert "robots of the user alice need a connection" in error.message


def test_with_the_users_own_token_a_robot_of_a_user_goes():
    assert does(_of_alice(ALICES[0], "alice")) == ["DeleteRobot"]
    assert does(_of_alice(Absent(), "alice")) == ["RemoveFinalizer"]


# Moved ------------------------------------------------------------------------

MOVED = {"connection": connection(origin="https://new.example:443")}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"robot": Absent()}, id="absent elsewhere is no proof"),
        pytest.param({"robot": Present(got(None))}, id="no marker"),
        pytest.param({"robot": Present(got(marked(name="cd")))}, id="another's"),
        pytest.param(
            {"robot": Present(got(marked(name="cd"), token=OTHER_TOKEN))}, id="another's, for sure"
        ),
        pytest.param(
            {"robot": Present(got(marked(cluster="cluster-2"), token=OTHER_TOKEN))},
            id="another cluster's",
        ),
        pytest.param({"robot": Present(got(None)), "status": ADOPTED}, id="adopted, by status"),
        pytest.param(
            {"robot": unknown(NO_ORGANIZATION), "organization_exists": False},
            id="no such organization elsewhere",
        ),
    ],
)
def test_elsewhere_nothing_is_deleted_and_nothing_proven(changes):
    assert stops(terminating(**changes, **MOVED)).reason == Reason.CONNECTION_MOVED


def test_elsewhere_a_recognised_item_is_looked_at():
    scene = terminating(robot=Present(listed()), **MOVED)

    assert decide(scene).actions == (LookAtRobot(ROBOT),)


def test_our_marker_elsewhere_is_the_same_quay():
    assert does(terminating(robot=Present(got()), **MOVED)) == ["DeleteRobot"]


# What a crash before the first write leaves --------------------------------------


def test_a_finalizer_without_a_robot_costs_one_look():
    scene = fresh(me=me(guarded=True, terminating=True))

    assert does(scene) == ["LookAtRobot"]


def test_a_terminating_resource_repairs_no_secret():
    scene = terminating(robot=Present(got()), secrets={"ci": Absent()})

    assert does(scene) == ["DeleteRobot"]
