"""Does the class of an error tell what happens next?"""

from __future__ import annotations

import pytest

from quayrobot.model import errors
from quayrobot.model.errors import (
    Ambiguous,
    Conflict,
    Contested,
    Denied,
    Failed,
    InvalidSpec,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
    Unfinished,
)


@pytest.mark.parametrize("kind", [InvalidSpec, Refused, Denied, TryLater, Ambiguous, Conflict])
def test_an_error_has_a_reason_for_machines_and_a_message_for_people(kind):
    error = kind(Reason.ROBOT_EXISTS, "it is there")

    assert isinstance(error, QuayRobotError)
    assert (error.reason, error.message) == (Reason.ROBOT_EXISTS, "it is there")
    assert str(error) == "RobotExists: it is there"


def test_what_may_work_later_is_told_apart_from_what_needs_somebody():
    later = {each for each in vars(errors).values() if _is_error(each, TryLater)}
    never = {each for each in vars(errors).values() if _is_error(each, QuayRobotError)} - later

    assert later == {TryLater, Unfinished, Failed, Ambiguous, Conflict, Contested}
    assert never == {QuayRobotError, InvalidSpec, Refused, Denied}


def _is_error(found: object, kind: type) -> bool:
    return isinstance(found, type) and issubclass(found, kind)


def test_the_time_to_wait_and_the_meaning_of_an_answer_are_kept():
    refusal = Refused(Reason.NOT_SUPPORTED, "no robots here")
    error = Ambiguous(Reason.QUAY_THROTTLED, "slow", retry_after=3.0, refusal=refusal)

    assert (error.retry_after, error.refusal) == (3.0, refusal)
    assert TryLater(Reason.QUAY_THROTTLED, "slow").retry_after is None
