"""Is what others set back, and what a rotation waits for, told in whole words and once?"""

from __future__ import annotations

import pytest

from quayrobot.model.actions import Component
from quayrobot.model.conditions import Condition, ConditionType
from quayrobot.model.errors import Contested, Reason, Refused
from quayrobot.model.resources.robot import RobotStatus
from quayrobot.plan.words.news import News, change_of_ready, news, rotation_waits_for

from ..scenes import NO_RIGHT, held
from .test_news import after, changed, turning, with_credential

WORKS = Contested("somebody sets a label back", retry_after=60, usable=True)
BROKEN = Contested("somebody sets the bytes back", retry_after=60, usable=False)
FINE = after(held())


def contested(error: Contested) -> RobotStatus:
    return after(held(), error, part=Component.SECRETS)


def test_what_others_set_back_is_told_once_for_as_long_as_it_lasts():
    told = News(Reason.CONTESTED, WORKS.message, warning=True)

    assert told in news(FINE, contested(WORKS))
    assert news(contested(WORKS), contested(WORKS)) == ()
    # That it is over is said by Ready, or by nothing.
    assert [each for each in news(contested(WORKS), FINE) if each.warning] == []


def test_what_others_set_back_of_the_credential_itself_is_told_as_not_ready_and_only_so():
    told = news(FINE, contested(BROKEN))

    assert [each.reason for each in told] == [Reason.CONTESTED]
    assert told[0] == change_of_ready(FINE, contested(BROKEN))
    assert told[0].note == BROKEN.message


def with_words(status: RobotStatus, words: str) -> RobotStatus:
    told = Condition(
        type=ConditionType.SECRETS_READY, status="True", reason=Reason.CONTESTED, message=words
    )
    rest = [each for each in status.conditions if each.type is not ConditionType.SECRETS_READY]
    return status.model_copy(update={"conditions": (*rest, told)})


def test_another_word_about_the_same_contest_is_no_news():
    one, two = with_words(FINE, "one"), with_words(FINE, "two")

    assert news(FINE, one) == (News(Reason.CONTESTED, "one", warning=True),)
    assert news(one, two) == ()
    other = after(held(), NO_RIGHT, part=Component.SECRETS)
    assert news(other, one)[0] == News(Reason.CONTESTED, "one", warning=True)


def test_a_rotation_that_waits_is_told_with_what_for():
    late = after(turning(), NO_RIGHT, part=Component.ROTATION)

    assert rotation_waits_for(late) == NO_RIGHT.reason
    assert rotation_waits_for(FINE) is None
    assert rotation_waits_for(RobotStatus()) is None
    assert News(NO_RIGHT.reason, NO_RIGHT.message, warning=True) in news(FINE, late)


def test_a_rotation_is_told_in_words():
    rotated = after(held()).model_copy(
        update={"rotation": turning().status.rotation.model_copy(
            update={"last_at": "2026-11-25T00:00:00Z", "intent": None}
        )}
    )  # fmt: skip

    assert news(FINE, rotated) == (
        News(Reason.ROTATING, "the credential was rotated", warning=False),
    )


@pytest.mark.parametrize("which", ["before", "after"])
def test_a_token_that_changes_while_a_rotation_is_open_was_changed_by_it(which):
    other = with_credential(changed(), digest="sha256:other")
    rotation = {"rotation": turning().status.rotation}
    before = FINE.model_copy(update=rotation if which == "before" else {})
    now = other.model_copy(update=rotation if which == "after" else {})

    assert Reason.REGENERATED in [each.reason for each in news(FINE, other)]
    assert Reason.REGENERATED not in [each.reason for each in news(before, now)]


def test_what_ready_says_is_told_with_its_words():
    refused = Refused(Reason.ROBOT_EXISTS, "it is somebody else's")

    assert change_of_ready(FINE, after(held(), refused)) == News(
        Reason.ROBOT_EXISTS, refused.message, warning=True
    )
    assert news(FINE, RobotStatus()) == ()
    assert change_of_ready(FINE, RobotStatus()) is None
