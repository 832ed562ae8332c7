"""What is somebody told whose robot is not made, not adopted or not deleted, and what helps?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import RecordProgress
from quayrobot.model.errors import QuayRobotError, Reason, Refused, TryLater
from quayrobot.model.names import ALT
from quayrobot.model.resources.robot import ConnectionState, RobotState
from quayrobot.model.world import GrantsSeen, Present
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.claim import already_claimed, check_claim
from quayrobot.plan.robot.deletion import robot_gone
from quayrobot.plan.robot.proof import Foreign, ownership, prove
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import intent_to_hold

from ..scenes import (
    CREATED,
    ORIGIN,
    does,
    fresh,
    got,
    held,
    marked,
    rival,
    rule,
    spec,
    status,
    stops,
    terminating,
)

NOBODYS = Present(got(None, created="2026-11-01T00:00:00Z"))


def refused(scene: Scene) -> QuayRobotError:
    """Return why the robot of *scene* is no more than somebody else's, without a permit."""
    assert isinstance(scene.robot, Present)
    proof = prove(scene, scene.robot.value, None)
    assert isinstance(proof, Foreign)
    return proof.error


@pytest.mark.parametrize(
    ("scene", "reason", "message"),
    [
        pytest.param(
            fresh(robot=NOBODYS),
            Reason.ROBOT_EXISTS,
            "the robot acme+ci exists in Quay and was not created by this resource; choose "
            "another robotName, or creationPolicy: Adopt where the connection allows it",
            id="it exists",
        ),
        pytest.param(
            fresh(robot=NOBODYS, spec=spec(creationPolicy="Adopt")),
            Reason.ACCESS_DENIED,
            "no rule of the connection allows adoption of the robot acme+ci",
            id="nobody may adopt it",
        ),
        pytest.param(
            fresh(robot=Present(got(marked(cluster="cluster-2")))),
            Reason.FOREIGN_OWNER,
            "the robot acme+ci is marked as owned by a resource of another cluster",
            id="another cluster's",
        ),
        pytest.param(
            fresh(robot=Present(got(marked(name="cd"))), owner_lives=True),
            Reason.ALREADY_CLAIMED,
            "the robot acme+ci is claimed by another resource: choose another robotName, or "
            "delete one of them",
            id="another resource's",
        ),
    ],
)
def test_a_refusal_names_the_robot_and_what_helps(scene, reason, message):
    error = stops(scene)

    assert (type(error), error.reason, error.message) == (Refused, reason, message)


def test_the_second_of_two_that_take_turns_is_never_adopted_and_in_place_helps():
    alt = replace(fresh(robot=NOBODYS, spec=spec(creationPolicy="Adopt")), slot=ALT)

    assert refused(alt).message == (
        "the robot acme+ci.alt exists in Quay and was not created by this resource; choose "
        "another robotName, or rotation.strategy: InPlace, which needs no second robot"
    )


def test_a_robot_that_something_in_quay_keeps_is_named():
    error = stops(terminating(robot=Present(got()), deleted=True))

    assert isinstance(error, TryLater)
    assert error.message == (
        "Quay answered the deletion of acme+ci, but the robot is still there; something in Quay, "
        "such as a mirror, keeps it"
    )


def test_of_two_robots_that_are_kept_each_is_told():
    scene = terminating(robot=Present(got()), deleted=True)
    alt = replace(scene, slot=ALT, robot=Present(got(marked(slot=ALT), full_name="acme+ci.alt")))

    with pytest.raises(TryLater, match=r"deletion of acme\+ci\.alt, but"):
        robot_gone(alt)


# A rival --------------------------------------------------------------------------------


def claimed(scene: Scene) -> str:
    with pytest.raises(Refused) as caught:
        check_claim(scene)
    return caught.value.message


def test_the_robot_that_is_contested_is_named_and_not_the_active_one():
    other = replace(rival(holds=True), contested=frozenset({"acme+ci.alt"}))

    assert claimed(fresh(rivals=(other,))).startswith("the robot acme+ci.alt is claimed by")
    several = replace(other, contested=frozenset({"acme+ci.alt", "acme+ci"}))
    assert claimed(fresh(rivals=(several,))).startswith("the robot acme+ci is claimed by")


def test_who_holds_the_one_of_two_gives_way_to_who_holds_the_other():
    holds_other = replace(rival(holds=True), contested=frozenset({"acme+ci.alt"}))

    assert claimed(held(rivals=(holds_other,))).startswith("the robot acme+ci.alt is claimed by")
    check_claim(held(rivals=(replace(holds_other, holds=False),)))


@pytest.mark.parametrize("namespace", ["", "bakery"])
def test_of_a_rival_elsewhere_nothing_is_told(namespace):
    scene = fresh()
    other = replace(rival(), namespace=namespace)
    cluster_wide = replace(scene, me=replace(scene.me, namespace=""))

    assert "claimed by another resource:" in already_claimed(scene, None, other).message
    assert "claimed by another resource:" in already_claimed(cluster_wide, None, other).message


# A status that came along with a copy of the cluster ---------------------------------------


def test_a_status_without_any_connection_still_proves_an_adopted_robot():
    adopted = RobotState(full_name="acme+ci", created_at=CREATED, adopted=True)
    scene = terminating(robot=Present(got(None)), status=status(robot=adopted, connection=None))

    assert [type(each).__name__ for each in robot_gone(scene)] == ["DeleteRobot"]


@pytest.mark.parametrize(
    ("there", "allowed"),
    [
        pytest.param(None, {"adoption": True, "robotNames": ["*"]}, id="adopted"),
        pytest.param("cluster-0", {"takeover": ["cluster-0"]}, id="taken over"),
    ],
)
def test_what_another_cluster_adopted_is_adopted_anew_and_noted_with_its_rights_looked_at(
    there, allowed
):
    adopted = RobotState(full_name="acme+ci", created_at=CREATED, adopted=True)
    elsewhere = ConnectionState(
        kind="ClusterQuayConnection", name="default", origin=ORIGIN, cluster="cluster-0"
    )
    scene = held(
        spec=spec(creationPolicy="Adopt"),
        rules=(rule(adoption=True, robotNames=["*"]), rule(**allowed)),
        robot=Present(got(None if there is None else marked(cluster=there))),
        status=status(robot=adopted, connection=elsewhere),
    )

    assert does(scene) == ["LookAtGrants"]
    (noted,) = decide(replace(scene, grants=Present(GrantsSeen()))).actions
    assert noted == RecordProgress(adopted)
    # From then on it is ours, also where it has to go.
    after = replace(scene, status=intent_to_hold(scene, noted.state))
    assert ownership(after) is True
    ending = replace(after, me=replace(after.me, terminating=True))
    assert [type(each).__name__ for each in robot_gone(ending)] == ["DeleteRobot"]
