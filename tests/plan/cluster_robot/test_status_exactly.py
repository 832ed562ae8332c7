"""Which namespace stands how, by its copies, by its robot and after a failure?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.conditions import Condition, ConditionType
from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.resources.clusterrobot import Failure, NamespaceCounts
from quayrobot.model.world import SecretSeen
from quayrobot.plan.cluster_robot.status import (
    NamespaceState,
    problem_of,
    shared_conditions,
    state_after_failure,
    state_of_copies,
    state_of_member,
    summarize,
)

from ..scenes import OTHER_TOKEN, TOKEN, held, ours
from .test_status import LATER, NEVER, ready

C = ConditionType
BOTH = frozenset({"one", "two"})


def copy(name: str, token=TOKEN) -> SecretSeen:
    """Return a copy that says that it carries *token*."""
    seen = ours(held())
    digest = {"quayrobot.io/credential-digest": token.digest}
    return replace(seen, name=name, annotations={**seen.annotations, **digest})


FRESH = (copy("one"), copy("two"))


def stands(copies, *, wanted=BOTH, settled=True, error=None) -> NamespaceState:
    return state_of_copies("a", copies, wanted, TOKEN.digest, error=error, settled=settled)


# By its copies ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        pytest.param(FRESH, NamespaceState("a", ready=True), id="all are there"),
        pytest.param((*FRESH, copy("more")), NamespaceState("a", ready=True), id="one too many"),
        pytest.param(FRESH[:1], NamespaceState("a"), id="one lacks"),
        pytest.param((), NamespaceState("a"), id="none yet"),
        pytest.param(
            (FRESH[0], copy("two", OTHER_TOKEN)), NamespaceState("a", stale=True), id="one is old"
        ),
        pytest.param(
            (*FRESH, copy("more", OTHER_TOKEN)),
            NamespaceState("a", ready=True, stale=True),
            id="an old one that is not wanted any more",
        ),
    ],
)
def test_a_namespace_stands_as_its_copies_are(copies, expected):
    assert stands(copies) == expected
    # An iterator will do.
    assert stands(iter(copies)) == expected


def test_a_namespace_whose_pass_has_not_ended_is_not_ready():
    assert stands(FRESH, settled=False) == NamespaceState("a")


def test_a_namespace_that_cannot_have_it_says_why_and_whether_it_has_the_old_one():
    why = Failure(namespace="a", reason=LATER.reason, message="x")

    assert stands(FRESH, error=LATER) == NamespaceState("a", failure=why, waits=True)
    old = (copy("one", OTHER_TOKEN), FRESH[1])
    expected = NamespaceState("a", failure=why, waits=True, stale=True)
    assert stands(old, error=LATER) == expected


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(TOKEN, NamespaceState("a", ready=True), id="the credential"),
        pytest.param(OTHER_TOKEN, NamespaceState("a"), id="the one before"),
    ],
)
def test_copies_that_cannot_be_repaired_do_as_long_as_they_hold_the_credential(held, expected):
    # Without our label the one is not even seen.
    state = state_of_copies(
        "a", FRESH[:1], BOTH, TOKEN.digest, error=None, settled=True, unrepaired=held.digest
    )

    assert state == expected


def test_no_copy_is_up_to_date_where_there_is_no_credential():
    state = state_of_copies("a", FRESH, BOTH, None, error=None, settled=True)

    assert state == NamespaceState("a", stale=True)


# By its robot, and after a failure -------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (ready("True"), NamespaceState("a", ready=True)),
        (ready("True", generation=0), NamespaceState("a")),
        (ready("False", Reason.SUSPENDED), NamespaceState("a", suspended=True)),
        (
            ready("False", Reason.ALREADY_CLAIMED),
            NamespaceState(
                "a", failure=Failure(namespace="a", reason=Reason.ALREADY_CLAIMED, message="m")
            ),
        ),
    ],
)
def test_a_state_is_of_its_namespace(status, expected):
    assert state_of_member("a", status, 1) == expected


def test_a_failure_is_told_in_as_many_letters_as_there_is_room_for():
    assert state_after_failure("a", NEVER).failure == Failure(
        namespace="a", reason=Reason.QUAY_ROBOT_NOT_OWNED, message="y" * 256
    )
    creating = TryLater(Reason.CREATING, "x")
    assert state_after_failure("a", creating).namespace == "a"


# All of them -----------------------------------------------------------------------------


def test_old_credentials_are_counted_and_those_apart_that_still_move():
    old = [NamespaceState(each, stale=True) for each in "bd"]
    stuck = replace(state_after_failure("c", NEVER), stale=True)

    summary = summarize([NamespaceState("a", ready=True), *old, stuck], leaving=0)
    assert summary.counts == NamespaceCounts(targets=4, ready=1, stale=3, failed=1)
    assert summary.moving_stale == 2


def test_those_that_could_not_be_rid_of_it_are_named_in_their_order():
    kept = [state_after_failure(each, LATER) for each in ("c", "a", "b")]

    summary = summarize([], leaving=3, kept=[*kept, NamespaceState("d")])
    assert [each.namespace for each in summary.failed] == ["a", "b", "c"]
    assert summary.kept == 3


def test_the_first_that_fails_is_named_with_where_to_look():
    problem = problem_of(summarize([state_after_failure("a", NEVER)], leaving=0))

    assert isinstance(problem, Refused)
    assert problem.message == (
        "1 of 1 namespaces are not up to date; the first is a (QuayRobotNotOwned): "
        "see status.failed"
    )


# A shared robot --------------------------------------------------------------------------


def said(kind: ConditionType, status: str, message: str) -> Condition:
    return Condition(type=kind, status=status, reason=Reason.PROGRESSING, message=message)


COPIES = [said(C.READY, "False", "copies"), said(C.RECONCILING, "True", "copies")]


def told(robot: list[Condition]) -> dict[str, tuple[str, str]]:
    found = shared_conditions(robot, COPIES)
    return {each.type: (each.status, each.message) for each in found}


def test_of_a_robot_that_is_up_to_date_it_is_told_how_the_copies_are():
    robot = [said(C.READY, "True", "robot"), said(C.GRANTS_READY, "True", "robot")]

    assert told(robot) == {
        C.READY: ("False", "copies"),
        C.GRANTS_READY: ("True", "robot"),
        C.SECRETS_READY: ("False", "copies"),
        C.RECONCILING: ("True", "copies"),
    }


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        pytest.param(Reason.ADMISSION_DENIED, ("False", "b: a label"), id="a copy waits for it"),
        pytest.param(Reason.PROGRESSING, ("True", "copies"), id="one namespace more"),
    ],
)
def test_copies_that_can_be_used_are_ready_and_one_that_is_not_as_it_should_be_is_told(
    reason, expected
):
    waits = Condition(type=C.RECONCILING, status="True", reason=reason, message="b: a label")
    copies = [said(C.READY, "True", "copies"), waits]

    found = {
        each.type: (each.status, each.message)
        for each in shared_conditions([said(C.READY, "True", "robot")], copies)
    }

    assert found[C.READY] == ("True", "copies")
    assert found[C.SECRETS_READY] == expected
    assert found[C.RECONCILING] == ("True", "b: a label")


@pytest.mark.parametrize(
    "robot",
    [
        [said(C.READY, "False", "robot")],
        [said(C.READY, "True", "robot"), said(C.RECONCILING, "True", "robot")],
        [said(C.READY, "False", "robot"), said(C.RECONCILING, "True", "robot")],
    ],
)
def test_of_a_robot_that_is_not_that_is_told(robot):
    of_robot = {each.type: (each.status, each.message) for each in robot}

    assert told(robot) == {**of_robot, C.SECRETS_READY: ("False", "copies")}
