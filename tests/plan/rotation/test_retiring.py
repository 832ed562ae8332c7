"""How long does a robot stay that was replaced, and what if the resource goes meanwhile?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quayrobot.model.actions import (
    Component,
    DeleteRobot,
    GiveRole,
)
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.names import ALT, MAIN
from quayrobot.model.resources.permissions import GrantsState, Permissions
from quayrobot.model.resources.robot import RobotState, RobotStatus
from quayrobot.model.resources.rotation import Retiring
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
from quayrobot.plan.robot.slots import active_first
from quayrobot.plan.rotation.overlap import settled
from quayrobot.plan.scene import Finding, Look, Plan, Scene
from quayrobot.plan.words.status import status_after
from tests.kit.canary import robot_token

from ..pairs import (
    ANY,
    LATER,
    OTHERS,
    PAST,
    alt,
    begun,
    intent,
    late,
    leaving,
    naming,
    noted,
    pair,
    retiring,
    told,
    turns,
)
from ..scenes import (
    CREATED,
    CREATED_ANEW,
    NO_RIGHT,
    NOW,
    OUTAGE,
    TOKEN,
    fresh,
    got,
    marked,
    stops,
    terminating,
    words,
)

# The previous robot -----------------------------------------------------------------------


def test_it_is_noted_when_the_secrets_are_written_and_stays_for_the_overlap():
    scene = naming(begun(other=Look(robot=Present(alt()))), ALT)
    state = settled(active_first(scene), finished=True)

    assert state.intent is None
    assert state.retiring == Retiring(
        full_name="acme+ci", slot=MAIN, until=rfc3339(NOW + timedelta(hours=1)),
        created_at=CREATED, digest=TOKEN.digest,
    )  # fmt: skip


def test_the_overlap_is_never_rounded_down():
    scene = naming(begun(other=Look(robot=Present(alt()))), ALT)
    state = settled(
        replace(active_first(scene), now=NOW + timedelta(microseconds=1)), finished=True
    )

    assert state.retiring.until == rfc3339(NOW + timedelta(hours=1, seconds=1))


def test_while_a_secret_does_not_carry_the_new_one_it_is_not_let_go():
    scene = naming(begun(other=Look(robot=Present(alt()))), ALT)

    state = settled(active_first(scene), finished=False)
    assert (state.intent, state.retiring) == (intent(), None)


def test_it_is_left_alone_until_then():
    assert decide(leaving()) == Plan()
    assert told(leaving()).rotation.retiring == retiring()


def test_then_it_is_deleted_without_another_look():
    (deleted,) = decide(leaving(PAST)).actions

    assert deleted == DeleteRobot(leaving().turned().robot_name)


def test_it_is_not_deleted_on_a_look_that_is_too_old():
    old = Look(robot=Present(alt(metadata=None)), list_due=True)

    assert words(decide(leaving(PAST, other=old))) == ["LookAtRobot"]
    assert words(decide(ending(status=noted(retiring=retiring()), other=old))) == ["LookAtRobot"]


def test_a_204_is_no_proof():
    sent = Look(robot=Unlooked(), deleted=True)
    assert words(decide(leaving(PAST, other=sent))) == ["LookAtRobot"]

    still = Look(robot=Present(alt()), deleted=True)
    error = late(leaving(PAST, other=still))
    assert (type(error), error.reason) == (TryLater, Reason.DELETION_BLOCKED)


@pytest.mark.parametrize("until", [LATER, PAST])
def test_it_is_forgotten_when_quay_said_that_it_is_gone(until):
    assert told(leaving(until, other=Look(robot=Absent()))).rotation.retiring is None


@pytest.mark.parametrize("until", [LATER, PAST])
def test_a_list_without_it_is_no_proof(until):
    assert words(decide(leaving(until, other=Look(robot=Missing())))) == ["LookAtRobot"]


@pytest.mark.parametrize("until", [LATER, PAST])
@pytest.mark.parametrize(("seen", "lives", "reason"), OTHERS.values(), ids=OTHERS)
def test_somebody_elses_of_that_name_is_not_deleted(until, seen, lives, reason):
    other = replace(seen, created="another day")
    scene = leaving(until, other=Look(robot=Present(other), owner_lives=lives))

    after = told(scene)
    assert after.rotation.retiring is None
    assert late(replace(scene, status=after)).reason == reason


def test_one_with_an_unknown_credential_is_looked_at_and_noted_anew():
    token = Token(robot_token())
    listed = alt(metadata=None, token=token)
    assert words(decide(leaving(other=Look(robot=Present(listed))))) == ["LookAtRobot"]

    known = told(leaving(other=Look(robot=Present(alt(token=token))))).rotation.retiring
    assert known == retiring(digest=token.digest)


def test_an_adopted_one_goes_by_what_the_status_says():
    known = noted(retiring=retiring(PAST, adopted=True))
    there = Look(robot=Present(alt(None)))

    assert words(decide(leaving(status=known, other=there))) == ["DeleteRobot"]
    again = Look(robot=Present(alt(None, created="another day")))
    assert decide(leaving(status=known, other=again)).actions == ()


def test_it_goes_also_where_the_resource_is_refused():
    denied = leaving(PAST, rules=())
    assert words(decide(denied)) == ["DeleteRobot"]
    gone = replace(denied, other=Look(robot=Absent()))
    (forgets,) = decide(gone).actions
    assert forgets.state.retiring is None
    assert decide(leaving(rules=())).actions == ()
    assert decide(leaving(PAST, connection=OUTAGE)).actions == ()


def test_rights_that_it_has_beyond_what_is_declared_are_not_as_declared():
    more = Look(robot=Present(alt()), grants=Present(GrantsSeen({"app": "read"})))
    scene = leaving(other=more)

    assert words(decide(scene)) == ["RecordGrants", "TakeRole"]
    conditions = {
        each.type: each.status for each in status_after(scene, (), adopted=False).conditions
    }
    assert conditions["GrantsReady"] == "Unknown"


def heir(**changes: Any) -> Scene:
    """Return a look at a robot that has to go and made a repository while it was there."""
    made = GrantsSeen({"made": "admin"}, frozenset({"devs"}), creators=frozenset({"devs"}))
    has = Look(robot=Present(alt()), grants=Present(made), roles=Present(made))
    known = noted(retiring=retiring(PAST)).model_copy(
        update={"grants": GrantsState(teams=("devs",))}
    )
    asked = turns(rotation={"trigger": "one"}).model_copy(
        update={"permissions": Permissions(teams=("devs",))}
    )
    plain = {"spec": asked, "status": known, "other": has}
    return leaving(PAST, **{**plain, "grants": Present(replace(made, repositories={})), **changes})


def test_what_it_made_goes_over_to_the_active_robot_before_it_is_deleted():
    scene = heir()
    (given,) = decide(scene).actions

    assert given == GiveRole(scene.robot_name, "made", "admin", inherited=True)
    has = replace(heir().grants.value, repositories={"made": "admin"})
    assert words(decide(heir(grants=Present(has)))) == ["DeleteRobot"]


def test_a_repository_that_went_meanwhile_does_not_keep_it():
    gone = {"repository made": Refused(Reason.REPOSITORY_NOT_FOUND, "there is no such repository")}

    assert words(decide(heir(grant_refusals=gone))) == ["DeleteRobot"]


def test_nothing_is_inherited_from_somebody_elses_robot():
    theirs = alt(marked(cluster="cluster-2"), created="another day")
    scene = heir(other=replace(heir().other, robot=Present(theirs)))

    assert words(decide(scene)) == []


def test_it_stays_where_its_heir_is_refused_the_role_and_no_declared_right_is_blamed():
    assert late(heir(grant_refusals={"repository made": NO_RIGHT})) is NO_RIGHT


def test_an_outage_before_its_heir_has_the_role_leaves_the_resource_ready():
    failed = Finding(Component.ROTATION, OUTAGE)
    conditions = status_after(heir(), (failed,), adopted=False).conditions

    assert {each.type: each.status for each in conditions}["Ready"] == "True"


def test_a_time_that_cannot_be_read_is_over():
    assert words(decide(leaving("soon"))) == ["DeleteRobot"]


# Deletion -------------------------------------------------------------------------------


def ending(**changes: Any) -> Scene:
    """Return the last look at a resource with Overlap, whose main robot is gone."""
    plain = {"spec": turns(), "status": noted(), "robot": Absent(), "other": Look(robot=Missing())}
    return terminating(**{**plain, **changes})


def test_one_that_a_list_shows_and_nobody_expected_is_looked_at():
    scene = ending(other=Look(robot=Present(alt(metadata=None))))

    assert words(decide(scene)) == ["LookAtRobot"]


def test_one_that_was_adopted_goes_also_where_the_turn_was_not_closed():
    robot = RobotState(full_name="acme+ci.alt", created_at=CREATED_ANEW, slot=ALT)
    known = noted(intent=intent(adopted=True)).model_copy(update={"robot": robot})
    scene = ending(status=known, robot=Present(got(None)), other=Look(robot=Absent()))

    assert words(decide(scene)) == ["DeleteRobot"]


def test_at_rest_nobody_asks_for_a_second_robot_that_never_was():
    assert words(decide(ending())) == ["RemoveFinalizer"]


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(noted(retiring=retiring()), id="one that was replaced"),
        pytest.param(noted(intent=intent()), id="one that was being made"),
        pytest.param(RobotStatus(), id="whatever a lost status knew"),
    ],
)
def test_the_finalizer_stays_until_both_are_seen_to_be_absent(known):
    unseen = ending(status=known)
    assert words(decide(unseen)) == ["LookAtRobot"]
    there = replace(unseen, other=Look(robot=Present(alt())))
    assert words(decide(there)) == ["DeleteRobot"]
    away = replace(unseen, other=Look(robot=Unknown(OUTAGE)))
    assert stops(away) is OUTAGE
    gone = replace(unseen, other=Look(robot=Absent()))
    assert words(decide(gone)) == ["RemoveFinalizer"]


def test_one_that_is_provably_not_ours_is_left_alone():
    known = noted(retiring=retiring())
    other = alt(marked(cluster="cluster-2"), created="another day")

    scene = ending(status=known, other=Look(robot=Present(other)))
    assert words(decide(scene)) == ["RemoveFinalizer"]


def test_what_blocks_one_does_not_keep_the_other():
    scene = ending(
        robot=Unknown(OUTAGE),
        status=noted(retiring=retiring()),
        other=Look(robot=Present(alt(metadata=None))),
    )

    (deleted,) = decide(scene).actions
    assert deleted.robot.full == "acme+ci.alt"


def test_orphan_leaves_both():
    scene = ending(
        spec=turns(deletionPolicy="Orphan"),
        robot=Present(got()),
        other=Look(robot=Present(alt())),
        status=noted(retiring=retiring()),
    )

    assert words(decide(scene)) == ["RemoveFinalizer"]


def test_a_new_resource_does_not_look_for_a_second_robot():
    plan = decide(fresh(spec=turns(), rules=(ANY,), other=Look()))

    assert words(plan)[1:] == ["RecordProgress", "AddFinalizer", "CreateRobot"]


def test_a_resource_without_status_looks_for_both():
    lost = pair(status=RobotStatus(), robot=Unlooked(), other=Look(robot=Missing()))
    plan = decide(lost)

    assert [each.robot.full for each in plan.actions] == ["acme+ci", "acme+ci.alt"]
    away = replace(lost, robot=Absent(), other=Look(robot=Unknown(OUTAGE)))
    assert stops(away) is OUTAGE
