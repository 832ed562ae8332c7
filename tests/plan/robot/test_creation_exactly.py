"""Whose robot is looked at, made and bound, and what is said where it is not?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import (
    Component,
    CreateRobot,
    ListRobots,
    LookAtGrants,
    LookAtQuay,
    LookAtRobot,
    RecordProgress,
    RehearseSecrets,
)
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.names import ALT, RobotName
from quayrobot.model.world import Absent, GrantsSeen, NamespaceSeen, Present
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.creation import plan_robot
from quayrobot.plan.scene import Look

from ..credentials.test_restored_secrets import EARLIER
from ..pairs import alt
from ..scenes import (
    ACME,
    NO_RIGHT,
    OTHER_TOKEN,
    OUTAGE,
    connection,
    does,
    fresh,
    got,
    held,
    listed,
    marked,
    only,
    ours,
    rule,
    spec,
    stops,
    unknown,
)
from .test_robot import ADOPTING, CREATION

ROBOT = RobotName(ACME, "ci")
MOVED = connection(origin="https://new.example:443")
WRITES = {"app": "write"}


# Whose -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scene", "look"),
    [
        (held(robot=Present(listed(token=OTHER_TOKEN))), LookAtRobot(ROBOT)),
        (held(connection=MOVED), LookAtRobot(ROBOT)),
        (held(connection=MOVED, list_due=True), ListRobots(ACME)),
        (fresh(connection=connection(in_doubt=True)), LookAtQuay(ACME)),
    ],
    ids=["of a list", "at a moved Quay", "many at a moved Quay", "of a Quay in doubt"],
)
def test_a_look_is_at_the_robot_or_at_its_owner(scene, look):
    assert decide(scene).actions == (look,)


def test_the_robot_itself_is_made_after_a_trial_that_is_its_own():
    actions = decide(fresh()).actions

    assert only(actions, CreateRobot).robot == ROBOT
    tried = only(actions, RehearseSecrets)
    assert (tried.robot, tried.component) == (ROBOT, Component.ROBOT)


def test_of_two_the_one_that_is_made_is_noted():
    overlap = spec(permissions={}, rotation={"strategy": "Overlap"})
    scene = replace(fresh(spec=overlap, other=Look()), slot=ALT)

    noted = only(plan_robot(scene), RecordProgress).state
    assert (noted.full_name, noted.slot) == ("acme+ci.alt", ALT)


def test_a_secret_of_an_earlier_life_is_a_place_for_the_token_of_a_robot_that_is_made():
    before = ours(held(), **EARLIER)

    scene = fresh(secrets={"ci": Present(before)})
    assert does(scene) == ["LookAtRobot"]
    assert does(replace(scene, robot=Absent())) == CREATION


# What it brings along --------------------------------------------------------------------


def adopting(**changes):
    """Return a look at a robot without a marker that is to be adopted."""
    plain = {"robot": Present(got(None)), "spec": spec(creationPolicy="Adopt"), **ADOPTING}
    return fresh(**{**plain, **changes})


def test_the_rights_of_an_adopted_robot_are_read_before_it_is_bound():
    assert decide(adopting(grants=fresh().grants)).actions == (LookAtGrants(ROBOT, None),)
    assert stops(adopting(grants=unknown(OUTAGE))) is OUTAGE


def test_rights_that_no_rule_for_adoption_allows_are_refused_with_the_connections_name():
    plain, adopts = rule(maxRole="write"), rule(adoption=True, robotNames=["*"], maxRole="read")
    scene = adopting(rules=(plain, adopts), grants=Present(GrantsSeen(WRITES)))

    error = stops(scene)
    assert error.reason is Reason.ACCESS_DENIED
    assert "ClusterQuayConnection default " in str(error)


def test_what_is_taken_from_another_cluster_is_bounded_by_the_rule_for_that_cluster():
    theirs = Present(got(marked(cluster="cluster-0")))
    takes = rule(takeover=["cluster-0"], maxRole="write")
    adopts = rule(adoption=True, robotNames=["*"], maxRole="read")

    def scene(*rules):
        return fresh(robot=theirs, rules=rules, grants=Present(GrantsSeen(WRITES)))

    assert does(scene(takes, adopts)) == ["RecordProgress", "AddFinalizer"]
    few = scene(rule(takeover=["cluster-0"], maxRole="read"), rule(maxRole="write"))
    assert stops(few).reason is Reason.ACCESS_DENIED


def test_of_two_the_one_that_is_taken_from_another_cluster_is_noted():
    overlap = spec(permissions={}, rotation={"strategy": "Overlap"})
    theirs = alt(marked(cluster="cluster-0", slot="alt"))
    scene = fresh(
        spec=overlap,
        other=Look(),
        robot=Present(theirs),
        rules=(rule(takeover=["cluster-0"]),),
        grants=Present(GrantsSeen()),
    )

    noted = only(plan_robot(replace(scene, slot=ALT)), RecordProgress).state
    assert (noted.full_name, noted.slot, noted.adopted) == ("acme+ci.alt", ALT, True)


def test_what_is_adopted_of_ones_own_cluster_is_bounded_by_the_rule_for_adoption():
    orphan = Present(got(marked(name="long-gone")))
    takes = rule(takeover=["cluster-1"], maxRole="read")
    adopts = rule(adoption=True, robotNames=["*"], maxRole="write")
    scene = adopting(
        robot=orphan, owner_lives=False, rules=(takes, adopts), grants=Present(GrantsSeen(WRITES))
    )

    assert does(scene) == ["RecordProgress", "AddFinalizer"]


# What is said ----------------------------------------------------------------------------


def test_who_may_not_use_a_connection_learns_nothing_of_its_troubles():
    assert stops(fresh(rules=(), connection=NO_RIGHT)).reason is Reason.CONNECTION_NOT_FOUND
    missing = Refused(Reason.CONNECTION_NOT_FOUND, "there is none")
    assert stops(fresh(rules=(), connection=missing)) is missing


BEYOND = {"permissions": {"repositories": [{"name": "app", "role": "admin"}]}}
SAID = {
    "declared rights": (
        fresh(spec=spec(**BEYOND)), Reason.ACCESS_DENIED, "ClusterQuayConnection default ",
    ),
    "a robot that no rule has": (
        fresh(rules=(rule(organizations=["other"]),)),
        Reason.ACCESS_DENIED, "ClusterQuayConnection default ",
    ),
    "a namespace that no rule has": (
        fresh(rules=()), Reason.CONNECTION_NOT_FOUND, "ClusterQuayConnection default ",
    ),
    "nothing to adopt": (
        adopting(robot=Absent()), Reason.ROBOT_NOT_FOUND, "no robot acme+ci to adopt",
    ),
    "a namespace that goes": (
        fresh(namespace=NamespaceSeen("shop", terminating=True)),
        Reason.NAMESPACE_TERMINATING, "the namespace is being deleted",
    ),
    "a connection that goes": (
        fresh(connection=connection(terminating=True)),
        Reason.CONNECTION_NOT_READY, "ClusterQuayConnection default is being deleted",
    ),
    "a namespace that goes before an adoption": (
        adopting(namespace=NamespaceSeen("shop", terminating=True)),
        Reason.NAMESPACE_TERMINATING, "nothing is created or adopted in it",
    ),
    "a connection that goes before an adoption": (
        adopting(connection=connection(terminating=True)),
        Reason.CONNECTION_NOT_READY, "nothing is created or adopted with it",
    ),
    "a connection that moved": (
        held(connection=MOVED, robot=Present(got(None))),
        Reason.CONNECTION_MOVED, "created at https://quay.example:443,",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("scene", "reason", "words"), SAID.values(), ids=SAID)
def test_what_is_in_the_way_is_named(scene, reason, words):
    error = stops(scene)

    assert error.reason is reason
    assert words in str(error)
