"""How do the namespaces stand, and what is said of that?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.conditions import Condition, ConditionType
from quayrobot.model.errors import Conflict, Contested, InvalidSpec, Reason, Refused, TryLater
from quayrobot.model.resources.clusterrobot import ClusterRobotStatus, NamespaceCounts
from quayrobot.model.resources.robot import RobotStatus
from quayrobot.plan.cluster_robot.status import (
    NamespaceState,
    cluster_robot_conditions,
    state_after_failure,
    state_of_member,
    summarize,
)

C = ConditionType
LATER = TryLater(Reason.CLUSTER_UNAVAILABLE, "x")
NEVER = Refused(Reason.QUAY_ROBOT_NOT_OWNED, "y" * 1000)


def ready(status, reason=Reason.RECONCILED, *, generation=1, more=()):
    first = Condition(
        type=C.READY, status=status, reason=reason, message="m", observed_generation=generation
    )
    rest = [Condition(type=each, status="True", reason=reason) for each in more]
    return RobotStatus(conditions=(first, *rest))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        pytest.param(ready("True"), "ready", id="Ready"),
        pytest.param(ready("True", generation=0), "moving", id="Ready before the edit"),
        pytest.param(RobotStatus(), "moving", id="nothing said yet"),
        pytest.param(ready("Unknown", Reason.CREATING), "moving", id="being made"),
        pytest.param(ready("False", Reason.DELETING), "moving", id="on its way out"),
        pytest.param(ready("False", Reason.SUSPENDED), "suspended", id="suspended, never ready"),
        pytest.param(ready("True", Reason.SUSPENDED), "ready", id="suspended, and works"),
        pytest.param(ready("False", Reason.ALREADY_CLAIMED, more=[C.STALLED]), "failed", id="no"),
        pytest.param(
            ready("False", Reason.QUAY_UNREACHABLE, more=[C.RECONCILING]), "waits", id="not now"
        ),
    ],
)
def test_a_namespace_stands_as_its_robot_says(status, outcome):
    assert outcome == _word(state_of_member("a", status, 1))


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        pytest.param(NEVER, "failed", id="refused"),
        pytest.param(InvalidSpec(Reason.INVALID_SPEC, "x"), "failed", id="invalid"),
        pytest.param(LATER, "waits", id="later"),
        pytest.param(Conflict(Reason.CLUSTER_UNAVAILABLE, "x"), "moving", id="a conflict is work"),
        pytest.param(TryLater(Reason.CREATING, "x"), "moving", id="waits for the old one to go"),
    ],
)
def test_a_namespace_stands_as_its_pass_ended(error, outcome):
    assert outcome == _word(state_after_failure("a", error))


def _word(state: NamespaceState) -> str:
    if state.failure is not None:
        return "waits" if state.waits else "failed"
    if state.suspended:
        return "suspended"
    return "ready" if state.ready else "moving"


def test_of_many_failures_the_first_twenty_are_named_and_all_are_counted():
    failing = [state_after_failure(f"n{number:02}", NEVER) for number in reversed(range(50))]

    summary = summarize([*failing, NamespaceState("a", ready=True)], leaving=3)

    assert summary.counts == NamespaceCounts(targets=51, ready=1, failed=50, leaving=3)
    assert [each.namespace for each in summary.failed] == [f"n{each:02}" for each in range(20)]
    assert all(len(each.message) <= 256 for each in summary.failed)


@pytest.mark.parametrize(
    ("states", "told"),
    [
        pytest.param([], ("True", "NoNamespaces", None), id="no namespace is no fault"),
        pytest.param(
            [NamespaceState("a", ready=True)], ("True", "Reconciled", None), id="all ready"
        ),
        pytest.param(
            [NamespaceState("a", ready=True), state_after_failure("b", NEVER)],
            ("False", "NamespacesFailed", "Stalled"),
            id="one that fails for good",
        ),
        pytest.param(
            [state_after_failure("a", NEVER), state_after_failure("b", LATER)],
            ("False", "NamespacesFailed", "Reconciling"),
            id="one of two may come right",
        ),
        pytest.param(
            [state_after_failure("a", NEVER), NamespaceState("b")],
            ("False", "NamespacesFailed", "Reconciling"),
            id="one fails, one is in progress",
        ),
    ],
)
def test_ready_says_what_the_worst_is(states, told):
    assert told == _told(summarize(states, leaving=0))


@pytest.mark.parametrize(
    ("targets", "words"),
    [(0, "no namespace is selected"), (1, "1 namespace is"), (2, "2 namespaces are")],
)
def test_ready_counts_and_says_where_nothing_is_selected(targets, words):
    states = [NamespaceState(f"n{each}", ready=True) for each in range(targets)]
    summary = summarize(states, leaving=0)

    (said,) = cluster_robot_conditions(ClusterRobotStatus(), summary, None, generation=1)

    assert said.message.startswith(words)


@pytest.mark.parametrize(
    ("before", "observed", "expected"),
    [
        ("True", 2, "True"),
        ("True", 1, "Unknown"),
        ("False", 2, "Unknown"),
        (None, None, "Unknown"),
    ],
)
def test_one_namespace_more_leaves_it_ready_and_an_edit_does_not(before, observed, expected):
    conditions = ready(before).conditions if before else ()
    status = ClusterRobotStatus(conditions=conditions, observed_generation=observed)
    summary = summarize([NamespaceState("a", ready=True), NamespaceState("b")], leaving=0)

    assert (expected, "Progressing", "Reconciling") == _told(summary, status=status, generation=2)


@pytest.mark.parametrize("states", [
    pytest.param([NamespaceState("a", ready=True)], id="all is well beside it"),
    pytest.param([NamespaceState("a", ready=True), NamespaceState("b")], id="an edit is done"),
])  # fmt: skip
def test_what_others_set_back_is_told_as_long_as_it_lasts_and_keeps_nobody_from_working(states):
    status = ClusterRobotStatus(conditions=ready("True").conditions, observed_generation=1)
    contested = Contested("b: somebody", retry_after=1.0, usable=True)
    summary = replace(summarize(states, leaving=0), contested=contested)

    first, second = cluster_robot_conditions(status, summary, None, generation=1)

    assert (first.type, first.status) == (C.READY, "True")
    assert (second.type, second.reason, second.message) == (
        C.RECONCILING, Reason.CONTESTED, "b: somebody",
    )  # fmt: skip


def test_a_held_removal_comes_before_all_else():
    held = Refused(Reason.REMOVAL_NOT_CONFIRMED, "x")
    summary = summarize([state_after_failure("a", LATER)], leaving=15)

    assert _told(summary, held) == ("False", "RemovalNotConfirmed", "Stalled")


def _told(summary, removal=None, *, status=None, generation=1):
    said = cluster_robot_conditions(
        status or ClusterRobotStatus(), summary, removal, generation=generation
    )
    first, *rest = said
    return first.status, first.reason, rest[0].type if rest else None


@pytest.mark.parametrize(
    ("kept", "reason", "ready", "words"),
    [
        pytest.param(
            [], Reason.PROGRESSING, "Unknown",
            "namespaces that are no longer selected are cleaned up: 2 to go", id="under way",
        ),
        pytest.param(
            [state_after_failure("b", LATER)], Reason.NAMESPACES_FAILED, "False",
            "namespaces that are no longer selected could not be cleaned up: 1; "
            "the first is b (ClusterUnavailable): see status.failed", id="failing",
        ),
        pytest.param(
            [state_after_failure("b", Conflict(Reason.CLUSTER_UNAVAILABLE, "x"))],
            Reason.PROGRESSING, "Unknown",
            "namespaces that are no longer selected are cleaned up: 2 to go",
            id="a conflict is work",
        ),
    ],
)  # fmt: skip
def test_an_edit_is_not_done_while_namespaces_have_what_they_are_not_to_have(
    kept, reason, ready, words
):
    summary = summarize([NamespaceState("a", ready=True)], leaving=2, kept=kept)

    conditions = cluster_robot_conditions(ClusterRobotStatus(), summary, None, generation=2)

    assert [(each.type, each.status, each.reason) for each in conditions] == [
        (C.READY, ready, reason), (C.RECONCILING, "True", reason),
    ]  # fmt: skip
    assert conditions[0].message == words


HELD = NamespaceState("h", suspended=True)
FINE = NamespaceState("f", ready=True)


@pytest.mark.parametrize(
    ("states", "leaving", "told"),
    [
        pytest.param([FINE], 0, ("True", "Suspended", 1), id="what works goes on to work"),
        pytest.param([FINE, HELD], 0, ("False", "Suspended", 1), id="one came meanwhile"),
        pytest.param([HELD, NamespaceState("m")], 0, ("Unknown", "Progressing", 2), id="not yet"),
        pytest.param(
            [HELD, state_after_failure("b", NEVER)], 0, ("False", "NamespacesFailed", 2), id="no"
        ),
        pytest.param([FINE], 1, ("Unknown", "Progressing", 2), id="one is being left"),
    ],
)
def test_it_is_suspended_when_all_of_its_robots_are(states, leaving, told):
    summary = summarize(states, leaving=leaving)

    said = cluster_robot_conditions(
        ClusterRobotStatus(), summary, None, generation=1, suspended=True
    )

    assert (said[0].status, said[0].reason, len(said)) == told
    if told[1] == "Suspended":
        assert "spec.template.spec.suspend" in said[0].message
