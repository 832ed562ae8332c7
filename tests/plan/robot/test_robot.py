"""Is a robot made, found and kept only as the rules say?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import (
    CreateRobot,
    ListRobots,
    LookAtOwner,
    LookAtRobot,
    RecordProgress,
)
from quayrobot.model.errors import Ambiguous, QuayRobotError, Reason, Refused, TryLater
from quayrobot.model.names import MARKER_KEY
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.world import (
    Absent,
    GrantsSeen,
    Missing,
    NamespaceSeen,
    Present,
    Unlooked,
)
from quayrobot.plan.decide import decide

from ..scenes import (
    ACME,
    CREATED,
    CREATED_ANEW,
    DENIED,
    NO_ORGANIZATION,
    NO_RIGHT,
    OTHER_TOKEN,
    OUTAGE,
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
    unknown,
    words,
)

CREATION = ["RehearseSecrets", "RecordProgress", "AddFinalizer", "CreateRobot"]


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


def test_an_adopted_robot_is_ours_by_status_alone():
    adopted = RobotState(full_name="acme+ci", created_at=CREATED, adopted=True)
    scene = held(robot=Present(got(None)), status=status(robot=adopted))

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
        pytest.param(unknown(), Reason.QUAY_UNREACHABLE, id="could not be looked at"),
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


# 3.5 Lists raise suspicion, GET proves -----------------------------------


def test_an_old_list_is_renewed_before_it_is_relied_on():
    assert decide(held(list_due=True)).actions == (ListRobots(ACME),)


def test_a_robot_that_never_was_costs_no_list():
    assert does(fresh(list_due=True)) == CREATION


# 3.9 The finalizer comes first -------------------------------------------


def test_progress_and_finalizer_come_before_the_first_write():
    plan = decide(fresh())

    assert words(plan) == CREATION
    assert only(plan.actions, RecordProgress).state == RobotState(full_name="acme+ci")


def test_a_connection_that_has_to_be_guarded_is_guarded_first():
    scene = fresh(connection=connection(guarded=False))

    assert does(scene) == [
        "RehearseSecrets", "RecordProgress", "GuardConnection", "AddFinalizer", "CreateRobot",
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
    assert does(held(connection=connection(uid="uid-anew", name="default"))) == []
    assert does(held(connection=connection(name="renamed"))) == []


def test_elsewhere_unknown_is_not_absent_either():
    scene = held(robot=unknown(NO_RIGHT), me=me(guarded=True, generation=2), **MOVED)

    assert stops(scene) is NO_RIGHT
