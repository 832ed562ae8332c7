"""For how long is it no failure that something is not there yet?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quayrobot.model.conditions import Condition, ConditionType, rfc3339
from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.grace import COMES_LATER, grace_ends

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
GRACE = timedelta(seconds=300)
ERROR = Refused(Reason.SERVICE_ACCOUNT_NOT_FOUND, "there is none")


def condition(kind: ConditionType, *, ago: float, reason: Reason = ERROR.reason, at: int = 1):
    moment = rfc3339(NOW - timedelta(seconds=ago))
    return Condition(
        type=kind, status="True", reason=reason, observed_generation=at,
        last_transition_time=moment,
    )  # fmt: skip


def ends(*conditions: Condition, error=ERROR, edited: float | None = None, grace=GRACE):
    moment = None if edited is None else NOW - timedelta(seconds=edited)
    return grace_ends(conditions, error, generation=1, edited=moment, now=NOW, grace=grace)


WAITING, STALLED = ConditionType.RECONCILING, ConditionType.STALLED


@pytest.mark.parametrize(
    ("conditions", "edited", "left_s"),
    [
        ((), None, 300),
        ((condition(WAITING, ago=100),), None, 200),
        ((condition(WAITING, ago=100),), 500, 200),
        # An edit begins again; a clock that is ahead does not lengthen it.
        ((condition(WAITING, ago=100),), 20, 280),
        ((condition(WAITING, ago=100),), -60, 300),
        ((condition(WAITING, ago=301),), None, None),
        ((condition(WAITING, ago=301),), 20, 280),
        # It was said to be a failure: that stands until the next edit.
        ((condition(STALLED, ago=10),), 500, None),
        ((condition(STALLED, ago=10, at=0),), 1, 300),
        ((condition(STALLED, ago=10, reason=Reason.ACCESS_DENIED),), 500, 300),
    ],
)
def test_it_counts_from_the_stored_condition_or_the_edit(conditions, edited, left_s):
    expected = None if left_s is None else NOW + timedelta(seconds=left_s)

    assert ends(*conditions, edited=edited) == expected


@pytest.mark.parametrize("reason", sorted(set(Reason) - COMES_LATER))
def test_what_somebody_refuses_is_a_failure_at_once(reason):
    assert ends(error=Refused(reason, "no")) is None


def test_without_a_grace_nothing_is_waited_for():
    assert ends(grace=timedelta()) is None


def test_what_passes_by_itself_needs_no_grace():
    assert ends(error=TryLater(Reason.CONNECTION_NOT_READY, "soon")) is None
