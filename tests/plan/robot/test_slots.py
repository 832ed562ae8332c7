"""Which of two robots is the active one, and who may have both?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quayrobot.model.actions import (
    ReplaceSecret,
)
from quayrobot.model.errors import Reason
from quayrobot.model.names import ALT, ANNOTATION_ROBOT, MAIN, Slot
from quayrobot.model.resources.robot import RobotState, RobotStatus
from quayrobot.model.world import (
    Absent,
    Claimant,
    Missing,
    Present,
    SecretSeen,
    Unknown,
)
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.slots import active_first
from quayrobot.plan.scene import Look, Scene

from ..pairs import (
    IN_ALT,
    alt,
    begun,
    intent,
    leaving,
    naming,
    noted,
    pair,
    turns,
)
from ..scenes import (
    BORN,
    CREATED,
    CREATED_ANEW,
    OTHER_TOKEN,
    OUTAGE,
    TOKEN,
    fresh,
    got,
    marked,
    only,
    rule,
    status,
    stops,
    words,
)

# Which one is active --------------------------------------------------------------------


BOTH = {"robot": Present(got()), "other": Look(robot=Present(alt()))}


def statusless(**changes: Any) -> Scene:
    """Return a look at both robots with no status left."""
    return pair(**{"status": RobotStatus(), "secrets": {"ci": Absent()}, **BOTH, **changes})


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        pytest.param(pair(), MAIN, id="the one in the status"),
        pytest.param(pair(status=status(robot=IN_ALT)), ALT, id="the other one in the status"),
        pytest.param(naming(pair(**BOTH), ALT), ALT, id="a Secret outranks the status"),
        pytest.param(
            naming(pair(**BOTH, status=status(robot=IN_ALT)), MAIN), MAIN, id="either way"
        ),
        pytest.param(
            naming(pair(**BOTH), ALT, TOKEN.digest), MAIN, id="not beside the known credential"
        ),
        pytest.param(naming(pair(), ALT), MAIN, id="nor where no such robot is listed"),
        pytest.param(
            naming(pair(other=Look(robot=Absent())), ALT), MAIN, id="nor where there is none"
        ),
        pytest.param(
            naming(pair(other=Look(robot=Unknown(OUTAGE))), ALT), ALT, id="an outage is no absence"
        ),
        pytest.param(naming(leaving(), ALT), MAIN, id="nor the one that was replaced"),
        pytest.param(naming(statusless(), ALT), ALT, id="without a status the Secret tells"),
        pytest.param(statusless(), ALT, id="without both the newer one"),
        pytest.param(
            statusless(robot=Present(got(created=CREATED_ANEW, token=OTHER_TOKEN)),
                       other=Look(robot=Present(alt(created=CREATED)))),
            MAIN, id="in either order",
        ),
        pytest.param(
            statusless(other=Look(robot=Present(alt(marked(name="cd"))))), MAIN,
            id="somebody else's is no candidate",
        ),
        pytest.param(
            statusless(other=Look(robot=Present(alt(created="some day")))), MAIN,
            id="nor is one whose age cannot be read",
        ),
        pytest.param(
            statusless(robot=Absent(), other=Look(robot=Absent())), MAIN, id="none: the main one"
        ),
    ],
)  # fmt: skip
def test_the_active_robot_is(scene, expected):
    assert active_first(scene).slot == expected
    assert active_first(active_first(scene)) == active_first(scene)


def adopted(slot: Slot, name: str) -> RobotState:
    """Return what the status says of an adopted robot."""
    return RobotState(full_name=name, created_at=CREATED, adopted=True, slot=slot)


# A status, or a Quay, of before the last turn
GONE = {"robot": Absent(), "secrets": {"ci": Absent()}}


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        pytest.param(pair(**GONE, other=Look(robot=Present(alt()))), ALT, id="the other is ours"),
        pytest.param(
            naming(pair(robot=Absent(), other=Look(robot=Present(alt()))), MAIN), ALT,
            id="though a Secret names the one that went",
        ),
        pytest.param(
            pair(status=status(robot=IN_ALT), robot=Present(got()), other=Look(robot=Absent())),
            MAIN, id="either way",
        ),
        pytest.param(
            pair(**{**GONE, "robot": Missing()}, other=Look(robot=Present(alt()))), MAIN,
            id="a list alone proves no absence",
        ),
        pytest.param(
            pair(**GONE, other=Look(robot=Present(alt(marked(name="cd"))))), MAIN,
            id="the other is somebody else's",
        ),
        pytest.param(
            pair(**GONE, status=status(robot=adopted(MAIN, "acme+ci")),
                 other=Look(robot=Present(alt(None, created=CREATED)))), MAIN,
            id="the other is somebody else's, made in the second of the adopted one that went",
        ),
        pytest.param(
            pair(status=status(robot=adopted(ALT, "acme+ci.alt")),
                 robot=Present(got(None, created=CREATED)), other=Look(robot=Absent())), ALT,
            id="so is the main one",
        ),
        pytest.param(
            pair(status=status(robot=IN_ALT), robot=Absent(), other=Look(robot=Absent())), ALT,
            id="none is there",
        ),
        pytest.param(
            replace(leaving(), robot=Absent()), MAIN, id="the other one was replaced and goes"
        ),
        pytest.param(replace(begun(), robot=Absent()), MAIN, id="the other one is being made"),
    ],
)  # fmt: skip
def test_where_the_robot_of_the_status_is_gone_the_active_one_is(scene, expected):
    assert active_first(scene).slot == expected


def test_of_secrets_that_name_both_the_turn_is_on_its_way_to_the_new_one():
    asked = turns(secrets=[{"name": "ci"}, {"name": "cd"}])
    for known, expected in ((noted(intent=intent()), ALT), (noted(), MAIN)):
        scene = pair(spec=asked, status=known, **BOTH)
        assert active_first(naming(scene, ALT)).slot == expected
    lost = pair(spec=asked, status=RobotStatus(), **BOTH)
    assert active_first(naming(lost, ALT)).slot == ALT


def test_a_foreign_secret_names_nothing():
    scene = naming(pair(**BOTH), ALT)
    (secret,) = [each.value for each in scene.secrets.values()]
    foreign: SecretSeen = replace(secret, controller_uid="uid-other")

    assert active_first(scene.with_secret("ci", Present(foreign))).slot == MAIN


def test_a_secret_that_lost_its_words_is_mended_and_nothing_is_made():
    plan = decide(naming(pair(), ALT))

    assert words(plan) == ["ReplaceSecret"]
    assert only(plan.actions, ReplaceSecret).wanted.annotations[ANNOTATION_ROBOT] == "acme+ci"


# Who may have both ----------------------------------------------------------------------


def test_access_rules_have_to_cover_both_names():
    both, one = rule(robotNames=["ci*"]), rule(robotNames=["ci"])
    for make in (pair, lambda **changes: fresh(spec=turns(), other=Look(), **changes)):
        assert stops(make(rules=(one,))).reason == Reason.ACCESS_DENIED
        assert decide(make(rules=(both,))).findings == ()


def test_what_lacks_a_rule_for_the_second_name_is_told_which():
    assert "acme+ci.alt" in stops(pair(rules=(rule(robotNames=["ci"]),))).message


def contender(*, holds: bool, older: bool = True, guarded: bool = False) -> Claimant:
    """Return another resource, whose one robot has our second name."""
    age = timedelta(days=1 if older else -1)
    claim = Claimant("QuayRobot", "bakery", "oven", "uid-x", BORN - age, holds, guarded)
    return replace(claim, contested=frozenset({"acme+ci.alt"}))


def test_who_holds_the_second_name_keeps_it():
    error = stops(pair(rivals=(contender(holds=True),)))

    assert error.reason == Reason.ALREADY_CLAIMED
    assert "acme+ci.alt" in error.message


@pytest.mark.parametrize(
    "scene",
    [
        pytest.param(pair(status=status(robot=IN_ALT)), id="as the active robot"),
        pytest.param(leaving(), id="as the previous robot"),
        pytest.param(begun(), id="as the robot that is being made"),
    ],
)
def test_who_holds_the_second_name_already_keeps_it_against_an_older_one(scene):
    rival = contender(holds=False, guarded=True)

    assert Reason.ALREADY_CLAIMED not in {
        each.error.reason for each in decide(replace(scene, rivals=(rival,))).findings
    }


def test_of_two_that_hold_none_of_it_the_older_has_it():
    young, old = (contender(holds=False, older=each, guarded=True) for each in (False, True))

    assert decide(pair(rivals=(young,))).findings == ()
    assert stops(pair(rivals=(old,))).reason == Reason.ALREADY_CLAIMED
