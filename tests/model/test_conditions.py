"""Do conditions keep the rules of the field?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from quayrobot.model.conditions import Condition, ConditionType, merge_conditions, rfc3339
from quayrobot.model.errors import Reason

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
conditions = st.builds(
    Condition,
    type=st.sampled_from(ConditionType),
    status=st.sampled_from(["True", "False", "Unknown"]),
    reason=st.sampled_from(Reason),
    message=st.text(max_size=20),
)
sets = st.lists(conditions, max_size=5, unique_by=lambda each: each.type)


def one(status="True", **fields) -> Condition:
    return Condition(type="Ready", status=status, reason="Reconciled", **fields)


def merge(before, after, *, generation=1, now=NOW):
    return merge_conditions(before, after, generation=generation, now=now)


@given(sets, sets)
def test_one_per_type_sorted_and_stamped(before, after):
    stored = merge(merge(before, before), after, generation=7, now=LATER)

    order = list(ConditionType)
    places = [order.index(each.type) for each in stored]
    assert places == sorted(places)
    assert {each.type for each in stored} == {each.type for each in after}
    assert {each.observed_generation for each in stored} <= {7}
    assert all(each.last_transition_time for each in stored)


@given(sets, sets)
def test_the_time_moves_exactly_when_the_status_does(before, after):
    old = {each.type: each for each in merge([], before)}
    for each in merge(old.values(), after, now=LATER):
        kept = each.type in old and old[each.type].status == each.status

        assert each.last_transition_time == rfc3339(NOW if kept else LATER)


@given(sets)
def test_merging_the_same_again_changes_nothing(found):
    stored = merge([], found)

    assert merge(stored, found, now=LATER) == stored


def test_ready_comes_first():
    assert next(iter(ConditionType)) == "Ready"


def test_a_condition_that_is_no_longer_said_is_dropped():
    assert merge([one()], []) == ()


def test_a_message_is_short():
    (stored,) = merge([], [one(message="x" * 5000)])

    assert len(stored.message) == 1000


def test_a_stored_condition_without_a_time_gets_one():
    (stored,) = merge([one()], [one()])

    assert stored.last_transition_time == "2026-11-24T03:00:00Z"


def test_times_are_written_in_utc_and_whole_seconds():
    moment = datetime(2026, 11, 24, 5, 0, 0, 999999, timezone(timedelta(hours=2)))

    assert rfc3339(moment) == "2026-11-24T03:00:00Z"


@pytest.mark.parametrize(
    "odd", [{"type": "Other"}, {"status": "true"}, {"reason": "because"}, {"extra": 1}]
)
def test_a_condition_says_only_what_is_known(odd):
    with pytest.raises(ValidationError):
        Condition.model_validate(
            {"type": "Ready", "status": "True", "reason": "Reconciled", **odd}
        )
