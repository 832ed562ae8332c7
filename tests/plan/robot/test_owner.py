"""Is an organization that may not be there asked for, and only then?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import LookAtOrganization
from quayrobot.model.conditions import ConditionType
from quayrobot.model.errors import Reason
from quayrobot.model.names import RobotName
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.owner import look_for_organization

from ..scenes import ACME, NO_RIGHT, OUTAGE, does, fresh, held, rule, spec, stops, unknown
from .test_barred import barred
from .test_robot import CREATION

ASKS = (LookAtOrganization(RobotName(ACME, "ci")),)
BOBS = {"spec": spec(user="bob"), "rules": (rule(users=["bob"]),), "token_user": "bob"}


def suspect(**changes):
    """Return the scene of somebody whose names were no good: Quay made the robot elsewhere."""
    return replace(barred(Reason.INVALID_SPEC), **changes)


def test_where_names_were_no_good_the_organization_is_asked_for_once():
    assert decide(suspect()).actions == ASKS
    assert does(suspect(organization_exists=True)) == CREATION
    assert stops(suspect(organization_exists=False)).reason is Reason.ORGANIZATION_NOT_FOUND


@pytest.mark.parametrize(
    ("name", "hint"), [("Acme", " (is it acme?)"), ("acme", "")], ids=["upper", "lower"]
)
def test_an_organization_in_upper_case_that_is_not_there_is_told_as_it_may_be_written(name, hint):
    scene = suspect(
        spec=spec(organization=name),
        rules=(rule(organizations=[name]),),
        organization_exists=False,
    )

    assert stops(scene).message == f"the organization {name} does not exist in Quay{hint}"


def test_a_failed_look_is_told_before_names_are_doubted():
    assert stops(suspect(robot=unknown(OUTAGE))) is OUTAGE


@pytest.mark.parametrize("kind", [ConditionType.ROBOT_READY, ConditionType.SECRETS_READY])
def test_names_are_doubted_and_a_look_comes_first_for_what_ready_says_alone(kind):
    for reason in (Reason.INVALID_SPEC, Reason.INSUFFICIENT_SCOPE):
        scene = barred(reason)
        (told,) = scene.status.conditions
        of_a_part = told.model_copy(update={"type": kind})
        status = scene.status.model_copy(update={"conditions": (of_a_part,)})

        assert does(replace(scene, status=status)) == CREATION


def test_of_a_robot_that_is_held_and_of_a_users_nobody_asks_for_an_organization():
    told = suspect().status.conditions
    known = held().status.model_copy(update={"conditions": told})

    assert look_for_organization(held(status=known)) == ()
    assert look_for_organization(suspect(**BOBS)) == ()
    assert stops(fresh(robot=unknown(NO_RIGHT), **BOBS)) is NO_RIGHT


def test_an_organization_that_is_not_there_is_named():
    scene = fresh(robot=unknown(NO_RIGHT))

    assert decide(scene).actions == ASKS
    assert "the organization acme" in str(stops(replace(scene, organization_exists=False)))
