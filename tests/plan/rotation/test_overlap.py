"""When is it the other robot's turn, and what comes before the Secrets name it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quayrobot.model.actions import (
    CreateRobot,
    CreateSecret,
    GiveRole,
    LookAtOwner,
    LookAtRobot,
    LookAtRoles,
    RecordIntent,
)
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.names import ALT, ANNOTATION_ROBOT, MAIN, MARKER_KEY
from quayrobot.model.resources.robot import CredentialState, RobotState
from quayrobot.model.resources.rotation import RotationState
from quayrobot.model.secrecy import Token
from quayrobot.model.world import (
    Absent,
    GrantsSeen,
    Missing,
    Present,
    Unknown,
    Unlooked,
)
from quayrobot.plan.decide import decide
from quayrobot.plan.rotation.overlap import plan_overlap, settled
from quayrobot.plan.scene import Look, Plan, Scene
from quayrobot.plan.words.status import intent_to_rotate
from tests.kit.canary import robot_token

from ..pairs import (
    IN_ALT,
    LATER,
    OTHERS,
    PAST,
    alt,
    begun,
    intent,
    late,
    leaving,
    noted,
    pair,
    retiring,
    told,
    turns,
)
from ..scenes import (
    BORN,
    CREATED,
    CREATED_ANEW,
    NO_RIGHT,
    NOW,
    OTHER_TOKEN,
    OUTAGE,
    TOKEN,
    connection,
    foreign,
    got,
    marked,
    only,
    rule,
    spec,
    stops,
    words,
)
from ..turns import overlapping
from ..worlds import EVERYTHING

# A robot that somebody else has under the second name -----------------------------------


def test_a_robot_under_the_second_name_is_looked_at_once():
    plan = decide(pair(other=Look(robot=Present(alt(metadata=None)))))

    assert plan.actions == (LookAtRobot(pair().turned().robot_name),)


@pytest.mark.parametrize(("seen", "lives", "reason"), OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("make", [pair, begun], ids=["at rest", "in a turn"])
def test_it_is_left_alone_and_the_reason_is_told(make, seen, lives, reason):
    scene = make(other=Look(robot=Present(seen), owner_lives=lives))

    assert late(scene).reason == reason
    ready = {each.type: (each.status, each.reason) for each in told(scene).conditions}
    assert ready["Ready"] == ("False", reason)
    assert (ready["RobotReady"][0], ready["SecretsReady"][0]) == ("True", "True")


@pytest.mark.parametrize("make", [pair, begun], ids=["at rest", "in a turn"])
def test_whose_it_is_is_asked_of_the_cluster(make):
    plan = decide(make(other=Look(robot=Present(alt(marked(name="cd"))))))

    (asked,) = plan.actions
    assert isinstance(asked, LookAtOwner)
    assert (asked.name, asked.robot.full) == ("cd", "acme+ci.alt")


def test_a_lost_secret_is_repaired_all_the_same():
    there = Look(robot=Present(alt(None)))

    assert words(decide(pair(other=there, secrets={"ci": Absent()}))) == ["CreateSecret"]


def test_adoption_is_for_the_main_robot_only():
    adopting = rule(**EVERYTHING, adoption=True, robotNames=["*"])
    for policy in ("Adopt", "CreateOrAdopt"):
        scene = begun(
            spec=turns(rotation={"trigger": "two"}, creationPolicy=policy),
            rules=(adopting,),
            other=Look(robot=Present(alt(None))),
        )
        assert late(scene).reason == Reason.ROBOT_EXISTS
        made = decide(replace(scene, other=Look(robot=Absent())))
        assert words(made) == ["RehearseSecrets", "CreateRobot"]


def test_in_place_somebody_elses_robot_of_that_name_is_nobodys_business():
    in_place = spec(permissions={}, rotation={"trigger": "one"})

    assert decide(pair(spec=in_place, other=Look(robot=Present(alt(None))))) == Plan()


def test_one_of_ours_that_nobody_knew_of_is_let_go_after_the_overlap():
    scene = pair(other=Look(robot=Present(alt())))

    noted_now = told(scene).rotation.retiring
    assert (noted_now.full_name, noted_now.slot) == ("acme+ci.alt", ALT)
    assert noted_now.until == rfc3339(NOW + timedelta(hours=1))


# Beginning a turn -----------------------------------------------------------------------


def test_a_request_stores_which_slot_comes_next_and_what_was_before():
    plan = decide(pair(spec=turns(rotation={"trigger": "two"})))

    assert only(plan.actions, RecordIntent).state.intent == intent()


def test_a_lost_secret_of_the_second_robot_carries_its_name():
    credential = CredentialState(digest=OTHER_TOKEN.digest, issued_at=rfc3339(BORN))
    known = noted().model_copy(update={"robot": IN_ALT, "credential": credential})
    there = Look(robot=Present(alt(metadata=None)))
    scene = pair(status=known, robot=Missing(), other=there, secrets={"ci": Absent()})

    made = only(decide(scene).actions, CreateSecret).wanted
    assert made.annotations[ANNOTATION_ROBOT] == "acme+ci.alt"


def test_an_adopted_robot_is_remembered_as_one():
    robot = RobotState(full_name="acme+ci", created_at=CREATED, adopted=True)
    known = noted().model_copy(update={"robot": robot})
    plan = decide(pair(spec=turns(rotation={"trigger": "two"}), status=known))

    assert only(plan.actions, RecordIntent).state.intent == intent(adopted=True)


def test_the_main_robots_turn_makes_it_anew_whatever_may_be_adopted():
    adopting = rule(**EVERYTHING, adoption=True, robotNames=["*"])
    turn = intent(slot=MAIN, digest=OTHER_TOKEN.digest, created_at=CREATED_ANEW)
    credential = CredentialState(digest=OTHER_TOKEN.digest, issued_at=rfc3339(BORN))
    known = noted(intent=turn).model_copy(update={"robot": IN_ALT, "credential": credential})
    scene = pair(
        spec=turns(rotation={"trigger": "two"}, creationPolicy="Adopt", secrets=[]),
        status=known,
        rules=(adopting,),
        robot=Missing(),
        secrets={},
        other=Look(robot=Present(alt(metadata=None)), grants=Present(GrantsSeen())),
    )

    made = only(decide(scene).actions, CreateRobot)
    assert made.robot.full == "acme+ci"


@pytest.mark.parametrize("make", [pair, begun], ids=["asked", "begun"])
def test_a_name_that_somebody_else_has_keeps_the_next_robot_from_being_made(make):
    asked = turns(rotation={"trigger": "two"})
    plan = decide(make(spec=asked, secrets={"ci": Present(foreign())}))

    assert plan.actions == ()
    assert {each.error.reason for each in plan.findings} == {Reason.SECRET_NOT_OWNED}


def test_the_second_robot_is_not_taken_over_without_a_marker_even_as_the_active_one():
    adopting = rule(**EVERYTHING, adoption=True, robotNames=["*"])
    known = noted().model_copy(update={"robot": IN_ALT, "credential": None})
    theirs = alt(None, created="another day")
    scene = pair(spec=turns(creationPolicy="CreateOrAdopt"), status=known, rules=(adopting,),
                 secrets={"ci": Absent()}, other=Look(robot=Present(theirs)))  # fmt: skip

    assert stops(scene).reason == Reason.ROBOT_EXISTS


@pytest.mark.parametrize(
    "view", [Missing(), Unlooked(), Absent()], ids=["not listed", "not looked", "absent"]
)
def test_the_create_only_call_is_the_look(view):
    made = only(decide(begun(other=Look(robot=view))).actions, CreateRobot)

    assert made.robot.full == "acme+ci.alt"
    assert made.metadata[MARKER_KEY]["slot"] == ALT


def test_what_could_not_be_looked_at_begins_no_turn():
    asked = pair(spec=turns(rotation={"trigger": "two"}), other=Look(robot=Unknown(OUTAGE)))

    assert late(asked) is OUTAGE
    assert late(begun(other=Look(robot=Unknown(OUTAGE)))) is OUTAGE


def test_during_an_outage_the_resource_stays_ready():
    said = intent_to_rotate(begun(), RotationState(last_trigger="x", intent=intent()))
    scene = begun(status=said, other=Look(robot=Unknown(OUTAGE)))

    conditions = {each.type: each for each in told(scene).conditions}
    assert conditions["Ready"].status == "True"
    assert conditions["Reconciling"].reason == Reason.QUAY_UNREACHABLE


def test_a_refused_creation_is_told_and_tried_again_after_a_look():
    refusal = Refused(Reason.NOT_SUPPORTED, "robot accounts are disabled")
    there = Look(robot=Absent(), create_refusal=refusal)

    assert late(begun(other=there)) is refusal
    again = begun(other=replace(there, robot=Unlooked()))
    assert words(decide(again)) == ["LookAtRobot"]


@pytest.mark.parametrize("make", [begun, pair])
def test_suspended_nothing_is_done(make):
    scene = make(spec=turns(rotation={"trigger": "two"}, suspend=True))
    assert decide(scene) == Plan()
    over = leaving(PAST, spec=turns(suspend=True))
    assert decide(over) == Plan()


def test_no_turn_begins_while_the_robot_before_is_there():
    scene = leaving(spec=turns(rotation={"trigger": "two"}))

    assert decide(scene) == Plan()
    assert told(scene).rotation.next_at == LATER


def test_by_age_neither_and_it_is_due_when_that_one_may_go():
    old = CredentialState(digest=TOKEN.digest, issued_at=rfc3339(BORN))
    asked = turns(rotation={"interval": "1h"})
    known = noted(retiring=retiring()).model_copy(update={"credential": old})
    scene = leaving(spec=asked, status=known)

    assert decide(scene) == Plan()
    assert told(scene).rotation.next_at == LATER
    assert words(decide(pair(spec=asked))) == ["RecordIntent"]


# The next robot's rights ----------------------------------------------------------------


def half(rights: GrantsSeen | None = None, **changes: Any) -> Scene:
    """Return a turn whose robot is made, with *rights* so far."""
    asked = overlapping({"trigger": "two", "overlap": "1h"}, federation=None)
    given = GrantsSeen({"app": "read"}, frozenset({"devs"}))
    there = Look(robot=Present(alt()), grants=Present(rights or GrantsSeen()), **changes)
    return begun(spec=asked, grants=Present(given), roles=Present(given), other=there)


def test_what_quay_gave_the_active_robot_is_read_before_the_next_one_gets_its_rights():
    scene = replace(half(), roles=Unlooked())
    plan = decide(scene)

    assert plan.actions == (LookAtRoles(scene.robot_name, ("app",), creators=True),)


def test_a_turn_waits_until_the_roles_of_the_active_robot_can_be_read():
    assert late(replace(half(), roles=Unknown(NO_RIGHT))) is NO_RIGHT


@pytest.mark.parametrize(
    ("creators", "roles"),
    [
        pytest.param(frozenset({"devs"}), {"app": "read", "made": "admin"}, id="its team may"),
        pytest.param(frozenset({"ops"}), {"app": "read"}, id="its team may not"),
    ],
)
def test_the_creators_role_goes_over_to_the_next_robot(creators, roles):
    given = GrantsSeen({"app": "read", "made": "admin"}, frozenset({"devs"}), creators=creators)
    scene = replace(half(), grants=Present(given), roles=Present(given))

    to_the_next = [
        each
        for each in plan_overlap(scene).actions
        if isinstance(each, GiveRole) and each.robot.full == "acme+ci.alt"
    ]
    assert {each.repository: each.role for each in to_the_next} == roles


def test_rights_come_before_the_secrets():
    plan = decide(half())

    assert words(plan) == ["GiveRole", "JoinTeam"]
    assert only(plan.actions, GiveRole).robot.full == "acme+ci.alt"


def test_what_the_active_robot_lacks_comes_first():
    lacking = replace(half(), grants=Present(GrantsSeen()))

    given = [each for each in decide(lacking).actions if isinstance(each, GiveRole)]
    assert [each.robot.full for each in given] == ["acme+ci"]


def test_a_repository_that_is_not_there_does_not_hold_it_up():
    gone = {"repository app": Refused(Reason.REPOSITORY_NOT_FOUND, "there is no app")}
    scene = half(GrantsSeen({}, frozenset({"devs"})), grant_refusals=gone)

    assert words(decide(scene)) == ["ReplaceSecret"]


def test_a_right_that_cannot_be_given_does():
    refused = {"repository app": NO_RIGHT}
    scene = half(GrantsSeen({}, frozenset({"devs"})), grant_refusals=refused)

    assert late(scene) is NO_RIGHT


def test_a_credential_that_is_not_shown_is_not_handed_over():
    there = Look(robot=Present(alt(token=None)), grants=Present(GrantsSeen()))

    assert late(begun(other=there)).reason == Reason.INSUFFICIENT_SCOPE


def test_without_secrets_the_status_alone_is_switched():
    asked = turns(rotation={"trigger": "two"}, secrets=[])
    scene = begun(spec=asked, other=Look(robot=Present(alt()), grants=Present(GrantsSeen())))
    (recorded,) = decide(replace(scene, secrets={})).actions

    assert (recorded.state.slot, recorded.state.created_at) == (ALT, CREATED_ANEW)


def test_at_a_quay_with_a_new_name_the_origin_is_noted_first():
    moved = connection(origin="https://new.example:443")
    scene = begun(connection=moved, robot=Present(got()))

    assert words(decide(scene)) == ["RecordProgress"]


# Another strategy in between ------------------------------------------------------------


def test_a_turn_that_was_begun_becomes_a_rotation_in_place_and_its_robot_goes():
    in_place = spec(permissions={}, rotation={"trigger": "two"})
    scene = begun(spec=in_place, other=Look(robot=Present(alt(metadata=None))))
    state = only(decide(scene).actions, RecordIntent).state

    assert state.intent == intent(slot=None, created_at=None)
    assert (state.retiring.slot, state.retiring.until) == (ALT, rfc3339(NOW))
    again = replace(scene, status=scene.status.model_copy(update={"rotation": state}))
    assert words(decide(again)) == ["RehearseSecrets", "Regenerate"]


def test_a_rotation_in_place_that_was_begun_becomes_a_turn():
    plain = intent(slot=None, created_at=None)
    plan = decide(begun(status=noted(intent=plain)))

    assert only(plan.actions, RecordIntent).state.intent == intent()


def test_of_a_robot_that_has_to_go_and_a_turn_that_was_begun_the_first_comes_first():
    plain = intent(slot=None, created_at=None)
    both = noted(intent=plain, retiring=retiring(PAST))
    there = Look(robot=Present(alt(metadata=None)))

    assert words(decide(begun(status=both, other=there))) == ["DeleteRobot"]


def test_another_credential_of_the_active_robot_does_not_close_a_turn():
    scene = begun(robot=Present(got(token=Token(robot_token()))))

    assert settled(scene, finished=True).intent == intent()


def test_one_that_happened_is_closed():
    plain = intent(slot=None, created_at=None, digest="sha256:before")

    assert told(begun(status=noted(intent=plain))).rotation.intent is None
