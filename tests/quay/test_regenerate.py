"""Is a token created again by one call, and is every answer to it taken for what it says?"""

from __future__ import annotations

import pytest

from quayrobot.model.errors import Ambiguous, Denied, Reason, Refused, TryLater
from quayrobot.model.names import RobotName
from quayrobot.model.secrecy import Token
from quayrobot.model.world import Absent
from tests.kit.canary import robot_token, scan
from tests.kit.fakequay import FakeQuay

from .test_client import ACME, CI, calling, error_of

REGENERATE = "robot.regenerate"


@pytest.fixture
async def before(quay, client) -> Token:
    """Return the token of a robot that was made a moment ago."""
    return (await client.create_robot(CI, "d", {"team": "blue"})).token


def live(quay) -> str:
    """Return the token that Quay holds now."""
    return str(quay.admin("robot/show", name="acme+ci")["token"])


async def test_the_answer_carries_the_new_token_and_the_old_one_is_dead(quay, client, before):
    assert quay.login("acme+ci", before.reveal())

    after = (await client.regenerate(CI)).token

    assert after.reveal() == live(quay) != before.reveal()
    assert quay.login("acme+ci", after.reveal())
    assert not quay.login("acme+ci", before.reveal())


async def test_it_is_one_call_and_the_robot_stays_the_same_one(quay, client, meter, before):
    seen = await client.get_robot(CI)
    mark = quay.mark()
    made = await client.regenerate(CI)

    assert quay.operations(mark) == [REGENERATE]
    assert meter.calls[-1] == (REGENERATE, 200)
    assert made.full_name == "acme+ci"
    assert made.created == seen.value.created
    assert (await client.get_robot(CI)).value.metadata == {"team": "blue"}


async def test_the_answer_does_not_show_the_metadata_which_stays(client, before):
    assert not (await client.regenerate(CI)).metadata
    assert (await client.get_robot(CI)).value.metadata == {"team": "blue"}


async def test_the_next_look_shows_the_token_of_the_answer(client, before):
    made = await client.regenerate(CI)

    assert (await client.get_robot(CI)).value.token.digest == made.token.digest
    assert (await client.list_robots(ACME))["acme+ci"].token.digest == made.token.digest


async def test_calling_twice_makes_two_tokens_so_nobody_may_repeat_it(client, before):
    first, second = await client.regenerate(CI), await client.regenerate(CI)

    assert first.token.digest != second.token.digest


async def test_a_robot_that_is_gone_is_ambiguous_and_made_by_nobody(quay, client):
    error = await error_of(client.regenerate(CI))

    assert (type(error), error.reason) == (Ambiguous, Reason.ROBOT_NOT_FOUND)
    assert await client.get_robot(CI) == Absent()


async def test_a_robot_of_another_name_is_left_alone(quay, client, before):
    quay.admin("robot", name="acme+cd", token=robot_token())

    await client.regenerate(RobotName(ACME, "cd"))

    assert live(quay) == before.reveal()


# Trouble on the way ---------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
async def test_a_server_that_is_ill_may_have_done_it(status, quay, client, before):
    quay.admin("fault", operation=REGENERATE, status=status, body="<html>")

    error = await error_of(client.regenerate(CI))

    assert (type(error), error.reason) == (Ambiguous, Reason.QUAY_UNREACHABLE)
    # Who stands before Quay did not wait any longer; Quay itself may go on.
    assert error.overdue == (status == 504)


async def test_an_answer_that_was_cut_off_is_ambiguous_and_the_token_is_new(quay, client, before):
    quay.admin("fault", operation=REGENERATE, kind="cut", when="after")

    error = await error_of(client.regenerate(CI))

    assert type(error) is Ambiguous
    assert not error.overdue
    assert (await client.get_robot(CI)).value.token.reveal() == live(quay) != before.reveal()


async def test_a_failure_after_it_was_done_is_ambiguous_and_the_token_is_new(quay, client, before):
    quay.admin("fault", operation=REGENERATE, kind="answer", when="after", status=500)

    error = await error_of(client.regenerate(CI))

    assert type(error) is Ambiguous
    assert live(quay) != before.reveal()


async def test_an_answer_that_does_not_come_in_time_is_ambiguous(quay, secret, before):
    quay.admin("fault", operation=REGENERATE, kind="delay", when="after", delay_s=6.0)
    async with calling(quay, secret, timeout_s=2.0) as client:
        error = await error_of(client.regenerate(CI))

    assert type(error) is Ambiguous
    assert error.overdue


async def test_what_was_never_sent_is_not_ambiguous(secret):
    with FakeQuay() as gone:
        pass
    async with calling(gone, secret) as client:
        error = await error_of(client.regenerate(CI))

    assert (type(error), error.reason) == (TryLater, Reason.QUAY_UNREACHABLE)


async def test_it_is_sent_once_whatever_is_answered(quay, client, before):
    mark = quay.mark()
    quay.admin("fault", operation=REGENERATE, status=500)

    await error_of(client.regenerate(CI))

    assert quay.operations(mark) == [REGENERATE]


@pytest.mark.parametrize("body", ["{}", "[]", "<html>", '{"name": "acme+ci"'])
async def test_an_answer_without_sense_may_have_done_it(body, quay, client, before):
    quay.admin("fault", operation=REGENERATE, status=200, body=body)

    error = await error_of(client.regenerate(CI))

    assert (type(error), error.reason) == (Ambiguous, Reason.QUAY_ANSWER_NOT_UNDERSTOOD)


async def test_an_answer_about_another_robot_is_not_believed(quay, client, before):
    quay.admin("fault", operation=REGENERATE, kind="rename", body="acme+cd")

    assert type(await error_of(client.regenerate(CI))) is Ambiguous


async def test_a_throttled_call_says_how_long_to_wait_and_did_nothing(quay, client, before):
    quay.admin("fault", operation=REGENERATE, status=429, headers={"Retry-After": "7"})

    error = await error_of(client.regenerate(CI))

    assert (error.reason, error.retry_after) == (Reason.QUAY_THROTTLED, 7.0)
    assert live(quay) == before.reveal()


async def test_a_read_only_quay_does_nothing_and_says_so(quay, client, before):
    quay.admin("settings", readonly=True)

    error = await error_of(client.regenerate(CI))

    assert (type(error), error.reason) == (TryLater, Reason.QUAY_READ_ONLY)
    assert live(quay) == before.reveal()


# Who may --------------------------------------------------------------------------


async def test_a_token_without_the_right_changes_nothing(quay, before):
    lesser = str(quay.admin("token", value=robot_token(), scopes=["repo:read"]))
    async with calling(quay, lesser) as client:
        error = await error_of(client.regenerate(CI))

    assert (type(error), error.reason) == (Refused, Reason.INSUFFICIENT_SCOPE)
    assert live(quay) == before.reveal()


async def test_a_token_that_quay_does_not_know_is_denied(quay, before):
    async with calling(quay, robot_token()) as client:
        error = await error_of(client.regenerate(CI))

    assert (type(error), error.reason) == (Denied, Reason.CREDENTIAL_REFUSED)
    assert live(quay) == before.reveal()


async def test_nothing_that_was_seen_shows_the_token(client, before):
    made = await client.regenerate(CI)

    assert scan(repr(made)) == []
    assert scan(str(made)) == []
