"""Is a robot made, found and kept only as the rules say?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import (
    AddFinalizer,
    CreateRobot,
    ListRobots,
    LookAtOwner,
    RecordProgress,
)
from quayrobot.model.errors import QuayRobotError, Reason, Refused
from quayrobot.model.names import MARKER_KEY
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.world import (
    Absent,
    GrantsSeen,
    NamespaceSeen,
    Present,
)
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Look

from ..scenes import (
    ACME,
    CREATED,
    CREATED_ANEW,
    NO_RIGHT,
    OTHER_TOKEN,
    connection,
    does,
    foreign,
    fresh,
    got,
    held,
    listed,
    marked,
    me,
    only,
    rival,
    rule,
    spec,
    status,
    stops,
    terminating,
    words,
)

CREATION = ["RehearseSecrets", "AddFinalizer", "CreateRobot"]
NOTED_FIRST = ["RehearseSecrets", "RecordProgress", "AddFinalizer", "CreateRobot"]
IDENTITY = {"issuer": "https://ci.example", "subject": "job"}


# 3.1 The marker ---------------------------------------------------------


def test_a_new_robot_carries_the_marker_beside_the_users_metadata():
    scene = fresh(spec=spec(metadata={"team": "blue"}, description="builds"))

    made = only(decide(scene).actions, CreateRobot)

    assert made.description == "builds"
    assert made.metadata == {
        "team": "blue",
        MARKER_KEY: {
            "cluster": "cluster-1",
            "kind": "QuayRobot",
            "namespace": "shop",
            "name": "ci",
            "uid": "uid-ci",
            "slot": "main",
        },
    }


@pytest.mark.parametrize(
    "other_life",
    [
        pytest.param(marked(), id="the same resource"),
        pytest.param(marked(uid="an earlier life"), id="the resource in an earlier life"),
        pytest.param(marked(slot="alt"), id="the other slot of the same resource"),
    ],
)
def test_a_robot_is_ours_when_cluster_kind_namespace_and_name_agree(other_life):
    scene = fresh(robot=Present(got(other_life)), me=me(guarded=True))

    assert does(scene) == ["CreateSecret"]


@pytest.mark.parametrize("ending", [False, True], ids=["living", "terminating"])
def test_the_status_of_another_cluster_proves_nothing_so_that_a_copy_of_it_does_no_harm(ending):
    there = terminating() if ending else held()
    scene = replace(there, cluster="drill")

    assert does(scene) == ["LookAtRobot"]
    looked = replace(scene, robot=Present(got(marked())))
    if ending:
        assert does(looked) == ["RemoveFinalizer"]
    else:
        assert stops(looked).reason == Reason.FOREIGN_OWNER


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        pytest.param(marked(cluster="cluster-2"), Reason.FOREIGN_OWNER, id="of another cluster"),
        pytest.param(marked(name="cd"), Reason.ALREADY_CLAIMED, id="of another name that lives"),
        pytest.param(
            marked(namespace="bakery"), Reason.ALREADY_CLAIMED, id="of another namespace"
        ),
        pytest.param(
            marked(kind="ClusterQuayRobot"), Reason.ALREADY_CLAIMED, id="of another kind"
        ),
        pytest.param(None, Reason.ROBOT_EXISTS, id="without any marker"),
    ],
)
def test_a_robot_that_is_not_ours_is_refused(there, reason):
    error = stops(fresh(robot=Present(got(there)), owner_lives=True))

    assert (type(error), error.reason) == (Refused, reason)
    assert "bakery" not in error.message


@pytest.mark.parametrize(
    "garbage", ["text", 7, None, [], {}, {"cluster": 3}, {"cluster": "cluster-1"}]
)
def test_a_marker_that_does_not_parse_is_somebody_elses(garbage):
    robot = got(None, metadata={MARKER_KEY: garbage})

    error = stops(fresh(robot=Present(robot), spec=spec(creationPolicy="CreateOrAdopt"),
                        rules=(rule(adoption=True, robotNames=["*"]),),
                        owner_lives=True))  # fmt: skip

    assert error.reason in {Reason.FOREIGN_OWNER, Reason.ALREADY_CLAIMED}


def test_whether_the_owner_in_the_marker_lives_is_read_before_anything_is_said():
    scene = fresh(robot=Present(got(marked(namespace="bakery", name="oven"))))

    assert decide(scene).actions == (LookAtOwner("QuayRobot", "bakery", "oven"),)


ADOPTING = {
    "rules": (rule(adoption=True, robotNames=["*"]),),
    "grants": Present(GrantsSeen()),
}


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [
        pytest.param("Create", Reason.ROBOT_EXISTS, id="Create never adopts"),
        pytest.param("Adopt", None, id="Adopt does"),
        pytest.param("CreateOrAdopt", None, id="CreateOrAdopt does"),
    ],
)
@pytest.mark.parametrize(
    "robot",
    [
        pytest.param(got(None), id="no marker"),
        pytest.param(got(marked(name="long-gone")), id="a marker whose owner is gone"),
    ],
)
def test_a_robot_without_a_living_owner_is_adopted_where_policy_and_rule_agree(
    policy, outcome, robot
):
    scene = fresh(
        robot=Present(robot), spec=spec(creationPolicy=policy), owner_lives=False, **ADOPTING
    )

    if outcome is None:
        plan = decide(scene)
        assert words(plan) == ["RecordProgress", "AddFinalizer"]
        state = only(plan.actions, RecordProgress).state
        assert state == RobotState(full_name="acme+ci", created_at=CREATED, adopted=True)
    else:
        assert stops(scene).reason == outcome


@pytest.mark.parametrize("policy", ["Adopt", "CreateOrAdopt"])
def test_no_rule_no_adoption(policy):
    scene = fresh(robot=Present(got(None)), spec=spec(creationPolicy=policy))

    assert stops(scene).reason == Reason.ACCESS_DENIED


@pytest.mark.parametrize("policy", ["Adopt", "CreateOrAdopt"])
def test_of_two_that_would_adopt_one_robot_the_older_does(policy):
    def scene(**other):
        look = {"robot": Present(got(None)), "spec": spec(creationPolicy=policy)}
        return fresh(**look, rivals=(rival(**other),), **ADOPTING)

    assert words(decide(scene(older=False))) == ["RecordProgress", "AddFinalizer"]
    assert stops(scene(older=True)).reason == Reason.ALREADY_CLAIMED
    assert stops(scene(holds=True)).reason == Reason.ALREADY_CLAIMED


@pytest.mark.parametrize("policy", ["Create", "Adopt", "CreateOrAdopt"])
def test_an_adopted_robot_is_ours_by_status_alone(policy):
    adopted = RobotState(full_name="acme+ci", created_at=CREATED, adopted=True)
    before, declared = status(robot=adopted), spec(creationPolicy=policy)
    scene = held(robot=Present(got(None)), status=before, spec=declared)

    assert does(scene) == []


def test_an_adopted_robot_whose_status_was_lost_is_adopted_anew_under_the_rules():
    scene = held(robot=Present(got(None)), status=status(robot=None))

    assert stops(scene).reason == Reason.ROBOT_EXISTS


@pytest.mark.parametrize(
    ("allowed", "there", "reason"),
    [
        pytest.param("cluster-0", marked(cluster="cluster-0"), None, id="named and the same"),
        pytest.param(
            "cluster-9", marked(cluster="cluster-0"), Reason.FOREIGN_OWNER, id="not named"
        ),
        pytest.param(
            "cluster-0",
            marked(cluster="cluster-0", name="cd"),
            Reason.FOREIGN_OWNER,
            id="named, but another resource",
        ),
    ],
)
def test_a_robot_of_another_cluster_is_taken_over_only_as_the_rule_says(allowed, there, reason):
    scene = fresh(
        robot=Present(got(there)),
        rules=(rule(takeover=[allowed]),),
        grants=Present(GrantsSeen()),
    )

    if reason is None:
        assert does(scene) == ["RecordProgress", "AddFinalizer"]
    else:
        assert stops(scene).reason == reason


# 3.2 Proof --------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(listed(), [], id="same second and a token that we know: it is the robot"),
        pytest.param(listed(token=OTHER_TOKEN), ["LookAtRobot"], id="another token"),
        pytest.param(listed(created=CREATED_ANEW), ["LookAtRobot"], id="another creation time"),
        pytest.param(listed(token=None), ["LookAtRobot"], id="no token to be seen"),
    ],
)
def test_an_item_of_a_list_is_recognised_or_looked_at(seen, expected):
    assert expected == does(held(robot=Present(seen)))


def test_the_digest_noted_on_our_own_secret_is_known_too():
    scene = held()

    assert does(held(status=scene.status.model_copy(update={"credential": None}))) == []


def test_the_digest_noted_on_somebody_elses_secret_is_not():
    scene = held()
    notes = scene.secrets["ci"].value.annotations
    taken = {"ci": Present(foreign(annotations=notes))}
    lost = scene.status.model_copy(update={"credential": None})

    assert does(held(status=lost, secrets=taken)) == ["LookAtRobot"]


# 3.5 Lists raise suspicion, GET proves -----------------------------------


def test_an_old_list_is_renewed_before_it_is_relied_on():
    assert decide(held(list_due=True)).actions == (ListRobots(ACME),)


def test_a_robot_that_never_was_costs_no_list():
    assert does(fresh(list_due=True)) == CREATION


# 3.9 The finalizer comes first -------------------------------------------


def test_the_finalizer_notes_where_the_robot_is_made_before_the_first_write():
    plan = decide(fresh())

    assert words(plan) == CREATION
    assert only(plan.actions, AddFinalizer).noting == RobotState(full_name="acme+ci")


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(
            fresh(spec=spec(permissions={"repositories": [{"name": "app", "role": "read"}]})),
            id="which rights it is given",
        ),
        pytest.param(
            fresh(
                spec=spec(federation={"identities": [IDENTITY]}), rules=(rule(federation=True),)
            ),
            id="which identities it is given",
        ),
        pytest.param(
            fresh(spec=spec(permissions={}, rotation={"strategy": "Overlap"}), other=Look()),
            id="which of two it is",
        ),
        pytest.param(
            fresh(me=replace(fresh().me, kind="ClusterQuayRobot", namespace="")),
            id="what all namespaces share",
        ),
    ],
)
def test_what_else_has_to_outlive_a_crash_is_stored_in_the_status(scene):
    plan = decide(scene)

    assert words(plan) == NOTED_FIRST
    assert only(plan.actions, RecordProgress).state == RobotState(full_name=scene.robot_name.full)
    assert only(plan.actions, AddFinalizer).noting is None


def test_a_finalizer_without_a_note_is_no_place_for_one():
    # Somebody took the note away, or an older version stood here.
    scene = fresh(robot=Absent(), me=me(guarded=True))

    assert does(scene) == ["RehearseSecrets", "RecordProgress", "CreateRobot"]


def test_a_connection_that_has_to_be_guarded_is_guarded_first():
    scene = fresh(connection=connection(guarded=False))

    assert does(scene) == [
        "RehearseSecrets", "GuardConnection", "AddFinalizer", "CreateRobot",
    ]  # fmt: skip


def test_a_robot_that_is_ours_already_is_bound_before_a_secret_is_written():
    assert does(fresh(robot=Present(got()))) == ["AddFinalizer"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rules": (rule(organizations=["other"]),)}, Reason.ACCESS_DENIED),
        ({"rules": ()}, Reason.CONNECTION_NOT_FOUND),
        ({"connection": NO_RIGHT}, Reason.INSUFFICIENT_SCOPE),
        ({"rivals": (rival(holds=True),)}, Reason.ALREADY_CLAIMED),
        ({"robot": Present(got(None))}, Reason.ROBOT_EXISTS),
        ({"namespace": NamespaceSeen("shop", terminating=True)}, Reason.NAMESPACE_TERMINATING),
        ({"connection": connection(terminating=True)}, Reason.CONNECTION_NOT_READY),
        ({"secrets": {"ci": Present(foreign())}}, Reason.SECRET_NOT_OWNED),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_was_refused_has_no_finalizer(changes, reason):
    error: QuayRobotError = stops(fresh(**changes))

    assert error.reason == reason


def test_a_terminating_namespace_does_not_disturb_a_robot_that_is_there():
    assert does(held(namespace=NamespaceSeen("shop", terminating=True))) == []


# Users ------------------------------------------------------------------


def test_the_tokens_user_is_asked_for_before_any_robot_of_a_user_is_touched():
    scene = fresh(spec=spec(user="bob"), rules=(rule(users=["bob"]),))

    assert does(scene) == ["LookAtUser"]


def test_a_robot_of_another_user_is_refused():
    scene = fresh(spec=spec(user="bob"), rules=(rule(users=["*"]),), token_user="admin")

    error = stops(scene)

    assert error.reason == Reason.ACCESS_DENIED
    assert "admin" not in error.message


def test_a_robot_of_the_tokens_own_user_is_made():
    scene = fresh(spec=spec(user="bob"), rules=(rule(users=["bob"]),), token_user="bob")

    assert does(scene) == CREATION
