"""Is a robot taken for ours exactly where that is proven, and is it remembered as adopted?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.model.resources.robot import ConnectionState, RobotState
from quayrobot.model.world import Absent, Present, Unlooked
from quayrobot.plan.robot.proof import (
    Foreign,
    NeedsLook,
    Ours,
    Proof,
    known_digests,
    ownership,
    prove,
)

from ..scenes import (
    CLUSTER,
    CREATED,
    CREATED_ANEW,
    ORIGIN,
    OTHER_TOKEN,
    TOKEN,
    fresh,
    got,
    held,
    listed,
    marked,
    status,
    unknown,
)

ADOPTED = RobotState(full_name="acme+ci", created_at=CREATED, adopted=True)


def proof(there: Any, **known: Any) -> Proof:
    """Return whose robot is *there*, of which the status says what is *known*."""
    return prove(held(secrets={}, status=status(**known)), there, None)


def test_a_robot_with_our_marker_is_ours_and_was_not_adopted():
    assert proof(got(), robot=None) == Ours(adopted=False)
    assert proof(got(token=OTHER_TOKEN)) == Ours(adopted=False)


@pytest.mark.parametrize("adopted", [True, False])
def test_what_is_recognised_in_a_list_is_as_it_was(adopted):
    known = ADOPTED.model_copy(update={"adopted": adopted})

    assert proof(listed(), robot=known) == Ours(adopted=adopted)


def test_an_adopted_robot_that_was_regenerated_by_hand_is_still_ours():
    assert proof(listed(token=OTHER_TOKEN), robot=ADOPTED) == NeedsLook()
    assert proof(got(None, token=OTHER_TOKEN), robot=ADOPTED) == Ours(adopted=True)


@pytest.mark.parametrize(
    ("seen", "known"),
    [
        pytest.param(
            got(None, token=OTHER_TOKEN, created=CREATED_ANEW),
            {"robot": ADOPTED},
            id="made anew by hand",
        ),
        pytest.param(
            got(None, token=OTHER_TOKEN),
            {"robot": ADOPTED.model_copy(update={"adopted": False})},
            id="not adopted, and the marker is gone",
        ),
        pytest.param(
            got(None, token=OTHER_TOKEN),
            {
                "robot": ADOPTED,
                "connection": ConnectionState(
                    kind="ClusterQuayConnection", name="default", origin=ORIGIN, cluster="another"
                ),
            },
            id="adopted by another cluster",
        ),
        pytest.param(
            got(None, token=OTHER_TOKEN),
            {"robot": ADOPTED.model_copy(update={"slot": "alt"})},
            id="the other one of two was adopted, in the same second",
        ),
        pytest.param(got(None, token=OTHER_TOKEN), {"robot": None}, id="nothing is known"),
    ],
)
def test_a_robot_without_a_marker_is_not_ours_by_anything_else(seen, known):
    assert isinstance(proof(seen, **known), Foreign)


@pytest.mark.parametrize("cluster", [None, CLUSTER])
def test_a_status_of_this_cluster_or_of_before_it_was_noted_counts(cluster):
    made = ConnectionState(
        kind="ClusterQuayConnection", name="default", origin=ORIGIN, cluster=cluster
    )

    assert proof(listed(), connection=made) == Ours(adopted=False)
    assert proof(listed(), connection=None) == Ours(adopted=False)


def test_a_robot_of_which_quay_told_no_time_is_not_recognised():
    bare = ADOPTED.model_copy(update={"created_at": None})

    assert proof(listed(created=None), robot=bare) == NeedsLook()


# Digests ------------------------------------------------------------------------------------


def test_the_digests_of_status_and_of_our_secrets_are_known():
    noted = held().secrets
    robot = ADOPTED.model_copy(update={"token_digest": OTHER_TOKEN.digest})

    def digests(**known: Any) -> frozenset[str]:
        return known_digests(held(secrets={}, status=status(**known)))

    assert digests(credential=None, robot=robot) == {OTHER_TOKEN.digest}
    assert digests(robot=robot) == {TOKEN.digest, OTHER_TOKEN.digest}
    assert digests(credential=None, robot=None) == set()
    assert digests(credential=None) == set()
    assert known_digests(held(secrets=noted, status=status(credential=None))) == {TOKEN.digest}


# Ownership, for the status -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("robot", "told"),
    [
        (Present(got()), False),
        (Present(got(None)), None),
        (Present(got(marked(cluster="cluster-2"))), None),
        (Present(listed()), None),
        (Absent(), None),
        (Unlooked(), None),
        (unknown(), None),
    ],
)
def test_of_a_robot_that_is_not_proven_ours_nothing_is_told(robot, told):
    assert ownership(fresh(robot=robot)) is told


def test_an_adopted_robot_is_told_to_be_one():
    assert ownership(held(status=status(robot=ADOPTED))) is True
    assert ownership(held()) is False
