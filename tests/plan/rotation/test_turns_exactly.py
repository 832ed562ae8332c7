"""What exactly is noted and told of two robots that take turns, at the edges of a turn?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quayrobot.model.actions import LookAtRobot, RecordProgress
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import Reason
from quayrobot.model.names import ALT
from quayrobot.model.resources.robot import RobotState
from quayrobot.model.resources.rotation import Retiring
from quayrobot.model.world import GrantsSeen, Present, Unknown, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.slots import active_first
from quayrobot.plan.rotation.overlap import plan_overlap, scenes_with_rights, settled
from quayrobot.plan.scene import Look, Plan
from tests.kit.canary import robot_token

from ..pairs import (
    LATER,
    PAST,
    alt,
    begun,
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
    OTHER_TOKEN,
    TOKEN,
    connection,
    got,
    listed,
    spec,
    words,
)
from ..turns import overlapping

HIDDEN = (
    "Quay does not show the token of acme+ci.alt to this connection: that needs an "
    "administrator, and with an OAuth token the scope org:admin (user:admin for user robots)"
)
ASKED = {"trigger": "two"}


def made(**seen):
    """Return the look at the next robot, which has all its rights."""
    return Look(robot=Present(alt(**seen)), grants=Present(GrantsSeen()))


# Handing over ---------------------------------------------------------------------------


def test_a_turn_does_not_begin_while_the_active_robots_token_is_not_shown():
    scene = pair(spec=turns(rotation=ASKED), robot=Present(listed(token=None)))

    assert plan_overlap(scene) == Plan()


def test_a_next_robot_whose_token_is_not_shown_gets_no_place():
    error = late(begun(other=made(token=None)))

    assert str(error) == f"{Reason.INSUFFICIENT_SCOPE}: {HIDDEN}"


def test_a_next_robot_of_which_the_digest_alone_is_known_is_looked_at():
    scene = begun(other=made(token=OTHER_TOKEN.without_value()))

    assert plan_overlap(scene) == Plan((LookAtRobot(scene.turned().robot_name),))


def test_without_secrets_all_of_the_next_robot_is_noted_and_nothing_of_the_one_before():
    before = RobotState(full_name="acme+ci", created_at=CREATED, metadata_digest="sha256:main")
    known = begun().status.model_copy(update={"robot": before})
    scene = begun(
        spec=turns(rotation=ASKED, secrets=[]),
        status=known,
        other=made(last_used_on="2026-11-01"),
        secrets={},
    )

    (recorded,) = decide(scene).actions

    assert recorded == RecordProgress(
        RobotState(
            full_name="acme+ci.alt",
            created_at=CREATED_ANEW,
            adopted=False,
            last_used_on="2026-11-01",
            slot=ALT,
        )
    )


def test_at_a_quay_with_a_new_name_the_robot_is_noted_as_it_was():
    before = RobotState(full_name="acme+ci", created_at=CREATED, metadata_digest="sha256:main")
    moved = connection(origin="https://new.example:443")
    known = begun().status.model_copy(update={"robot": before})
    scene = begun(connection=moved, status=known, robot=Present(got(last_used_on="2026-11-01")))

    (recorded,) = decide(scene).actions

    assert recorded.state == before.model_copy(update={"last_used_on": "2026-11-01"})


def test_at_a_quay_with_a_new_name_nothing_of_the_one_before_is_noted_of_the_next():
    before = RobotState(full_name="acme+ci", created_at=CREATED, metadata_digest="sha256:main")
    moved = connection(origin="https://new.example:443")
    known = begun().status.model_copy(update={"robot": before})
    scene = naming(begun(connection=moved, status=known, other=made()), ALT)

    (recorded,) = plan_overlap(active_first(scene)).actions

    assert recorded == RecordProgress(
        RobotState(full_name="acme+ci.alt", created_at=CREATED_ANEW, slot=ALT)
    )


# The robot that goes --------------------------------------------------------------------


def test_it_goes_at_the_very_moment_that_was_noted():
    assert words(decide(leaving(rfc3339(NOW)))) == ["DeleteRobot"]


def test_it_goes_where_rights_are_declared_no_more():
    scene = leaving(PAST, spec=spec(rotation={"trigger": "one"}))

    assert words(decide(scene)) == ["DeleteRobot"]


def test_without_teams_it_has_nothing_to_hand_down():
    by_default = turns(rotation={}).model_copy(
        update={"permissions": overlapping({}, federation=None).permissions}
    )
    permissions = by_default.permissions.model_copy(update={"teams": (), "repositories": ()})
    scene = leaving(PAST, spec=by_default.model_copy(update={"permissions": permissions}))

    assert words(plan_overlap(replace(scene, roles=Unlooked()))) == ["DeleteRobot"]


def test_where_the_organization_is_gone_a_refused_resource_leaves_it_noted():
    there = Look(robot=Unknown(NO_RIGHT))
    scene = leaving(PAST, rules=(), other=there, organization_exists=False)

    assert decide(scene).actions == ()


def test_a_right_that_it_cannot_get_any_more_is_told():
    there = Look(
        robot=Present(alt()),
        grants=Present(GrantsSeen({}, frozenset({"devs"}))),
        grant_refusals={"repository app": NO_RIGHT},
    )
    given = GrantsSeen({"app": "read"}, frozenset({"devs"}))
    asked = overlapping({"trigger": "one"}, federation=None)
    scene = leaving(spec=asked, other=there, grants=Present(given))

    assert [each.error for each in plan_overlap(scene).findings] == [NO_RIGHT]


def test_its_rights_are_kept_until_it_may_go():
    there = Look(robot=Present(alt()))

    assert len(scenes_with_rights(leaving(other=there))) == 2
    over = leaving(PAST, other=there)
    assert scenes_with_rights(over) == (over,)
    alone = replace(leaving(), other=None)
    assert scenes_with_rights(alone) == (alone,)


# What is told ---------------------------------------------------------------------------


@pytest.mark.parametrize("token", [OTHER_TOKEN, None], ids=["shown", "not shown"])
def test_one_of_ours_that_nobody_knew_of_is_noted_as_it_is(token):
    scene = pair(other=Look(robot=Present(alt(token=token))))

    assert settled(scene, finished=True).retiring == Retiring(
        full_name="acme+ci.alt",
        slot=ALT,
        until=rfc3339(NOW + timedelta(hours=1)),
        created_at=CREATED_ANEW,
        digest=None if token is None else token.digest,
    )


def test_one_that_is_not_proven_stays_noted_as_it_was():
    unknown = alt(metadata=None, token=type(TOKEN)(robot_token()))
    scene = leaving(other=Look(robot=Present(unknown)))

    assert settled(scene, finished=True).retiring == retiring()


def test_one_whose_token_is_not_shown_keeps_its_digest():
    scene = leaving(other=Look(robot=Present(alt(token=None))))

    assert settled(scene, finished=True).retiring == retiring()


def test_an_adopted_one_that_was_made_anew_by_us_is_adopted_no_more():
    known = noted(retiring=retiring(adopted=True, created_at="another day"))
    scene = leaving(status=known, other=Look(robot=Present(alt())))

    assert settled(scene, finished=True).retiring == retiring()


def test_nothing_is_due_next_where_nothing_was_asked_for():
    assert told(leaving()).rotation.next_at is None


def test_in_place_nothing_waits_for_the_one_before():
    in_place = spec(permissions={}, rotation={"trigger": "two"})

    assert settled(leaving(spec=in_place), finished=True).next_at is None


def test_the_next_one_by_age_waits_for_the_one_that_has_just_been_replaced():
    asked = turns(rotation={"trigger": "two", "interval": "1h", "overlap": "90m"})
    scene = naming(begun(spec=asked, other=Look(robot=Present(alt()))), ALT)

    state = settled(active_first(scene), finished=True)

    assert state.retiring.until == rfc3339(NOW + timedelta(minutes=90))
    assert state.next_at == state.retiring.until
    assert state.next_at > LATER
