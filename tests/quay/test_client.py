"""Does each call of ours do what it says, against a server that answers as Quay does?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from quayrobot.model.errors import (
    Ambiguous,
    Denied,
    Failed,
    InvalidSpec,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
    Unfinished,
)
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.secrecy import Token
from quayrobot.model.world import Absent, Present
from quayrobot.quay.client import QuayClient
from quayrobot.quay.limits import Limits
from quayrobot.quay.rate_limiter import Urgency, with_urgency
from quayrobot.quay.transport import Endpoint
from tests.kit.canary import oauth_token, robot_token, scan
from tests.kit.fakequay import FakeQuay

from .conftest import Clock, Meter

ACME = OwnerName("organization", "acme")
NOWHERE = OwnerName("organization", "nowhere")
CI = RobotName(ACME, "ci")
CALLS: dict[str, Callable[[QuayClient], Awaitable[object]]] = {
    "robot.get": lambda client: client.get_robot(CI),
    "robot.create": lambda client: client.create_robot(CI, "", {}),
    "robot.delete": lambda client: client.delete_robot(CI),
    "robot.list": lambda client: client.list_robots(ACME),
    "organization.get": lambda client: client.organization_exists(ACME),
    "user.get": lambda client: client.user(),
}
READS = ("robot.get", "robot.list", "organization.get", "user.get")
WRITES = ("robot.create", "robot.delete")


@asynccontextmanager
async def calling(
    quay: FakeQuay, secret: str, *, timeout_s: float = 5.0
) -> AsyncIterator[QuayClient]:
    limits = Limits(clock=Clock(), jitter=lambda: 0.0)
    endpoint = Endpoint(quay.url, None, timeout_s)
    client = QuayClient(endpoint, Token(secret), limits=limits, observer=Meter())
    try:
        yield client
    finally:
        await client.aclose()


async def error_of(call: Awaitable[object]) -> QuayRobotError:
    with pytest.raises(QuayRobotError) as raised:
        await call
    assert scan(str(raised.value)) == []
    return raised.value


# What is asked for ------------------------------------------------------------


async def test_a_robot_is_made_and_read_back(quay, client, meter):
    made = await client.create_robot(CI, "d", {"quayrobot.io": {"name": "ci"}, "team": "blue"})
    seen = await client.get_robot(CI)

    stored = quay.admin("robot/show", name="acme+ci")
    assert made.token.reveal() == seen.value.token.reveal() == stored["token"]
    assert (seen.value.description, seen.value.metadata) == ("d", stored["metadata"])
    assert made.marker is not None
    assert seen.value.same_as(made)
    assert meter.calls == [("robot.create", 201), ("robot.get", 200)]


async def test_absent_is_quays_own_word_about_this_robot(client):
    assert await client.get_robot(CI) == Absent()


async def test_a_robot_is_deleted_and_deleting_again_is_no_error(quay, client):
    quay.admin("robot", name="acme+ci", token=robot_token())

    await client.delete_robot(CI)
    assert await client.get_robot(CI) == Absent()
    await client.delete_robot(CI)


async def test_the_list_has_every_robot_of_the_organization_and_no_other(quay, client):
    for name in ("acme+ci", "acme+cd", "acm3+x", "other+ci"):
        quay.admin("robot", name=name, token=robot_token())

    found = await client.list_robots(ACME)

    assert sorted(found) == ["acme+cd", "acme+ci"]
    assert all(each.token is not None and each.metadata is None for each in found.values())


async def test_a_list_serves_all_and_waits_behind_no_crowd_of_one_namespace(quay, secret, meter):
    limits = Limits(clock=Clock(), jitter=lambda: 0.0, concurrency=1)
    endpoint = Endpoint(quay.url, None, 5.0)
    client = QuayClient(endpoint, Token(secret), limits=limits, observer=meter)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group, limits.permit(Urgency.ASKED):
        with with_urgency(Urgency.REPAIR, tenant="crowd"):
            crowd = [group.create_task(client.get_robot(CI)) for _ in range(10)]
        with with_urgency(Urgency.ASKED, tenant="crowd"):
            group.create_task(client.list_robots(ACME))
        await asyncio.sleep(0.01)

    order = [operation for operation, _ in meter.calls]
    assert len(crowd) + 1 == len(order)
    assert order.index("robot.list") == 1
    await client.aclose()


async def test_a_look_alike_organization_is_dropped_from_the_list(quay, client):
    quay.admin("organization", name="a_me")
    for name in ("a_me+ci", "acme+ci"):
        quay.admin("robot", name=name, token=robot_token())

    assert list(await client.list_robots(OwnerName("organization", "a_me"))) == ["a_me+ci"]


async def test_robots_of_the_tokens_own_user(quay, client):
    name = RobotName(OwnerName("user", "admin"), "ci")

    assert (await client.user()).name == "admin"
    await client.create_robot(name, "", {})
    assert "admin+ci" in await client.list_robots(name.owner)
    assert isinstance(await client.get_robot(name), Present)


async def test_an_organization_is_there_or_not(client):
    assert await client.organization_exists(ACME) is True
    assert await client.organization_exists(NOWHERE) is False


async def test_a_page_that_says_404_does_not_say_that_the_organization_is_gone(quay, client):
    quay.admin("fault", operation="organization.get", status=404, body="<html>Not Found</html>")

    error = await error_of(client.organization_exists(ACME))

    assert (type(error), error.reason) == (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD)


# Refusals ------------------------------------------------------------------------


@pytest.mark.parametrize("call", [each for each in CALLS if each not in READS[2:]])
async def test_a_dead_token_is_told_as_such_for_reads_and_writes(call, quay):
    async with calling(quay, oauth_token()) as client:
        error = await error_of(CALLS[call](client))

    assert (type(error), error.reason) == (Denied, Reason.CREDENTIAL_REFUSED)


@pytest.mark.parametrize("call", ["robot.get", "robot.create", "robot.delete", "robot.list"])
async def test_a_missing_scope_is_named(call, quay):
    secret = quay.admin("token", value=oauth_token(), scopes=["repo:read"])
    async with calling(quay, secret) as client:
        error = await error_of(CALLS[call](client))

    assert (type(error), error.reason) == (Refused, Reason.INSUFFICIENT_SCOPE)
    assert "org:admin" in error.message


async def test_a_member_sees_the_list_without_tokens(quay):
    quay.admin("robot", name="acme+ci", token=robot_token())
    secret = quay.admin("token", value=oauth_token(), user="mary")
    async with calling(quay, secret) as client:
        (seen,) = (await client.list_robots(ACME)).values()

    assert seen.token is None


@pytest.mark.parametrize("call", ["robot.get", "robot.delete"])
async def test_a_missing_organization_is_never_a_missing_robot_for_an_owner(call, quay):
    quay.admin("organization/delete", name="acme")
    secret = quay.admin("token", value=oauth_token())
    async with calling(quay, secret) as client:
        error = await error_of(CALLS[call](client))

    assert error.reason == Reason.INSUFFICIENT_SCOPE


# Creation: what a 400 means is told when a look found nothing ------------------------


@pytest.mark.parametrize(
    ("prepare", "short", "kind", "reason"),
    [
        pytest.param(
            lambda quay: quay.admin("robot", name="acme+ci", token=robot_token()),
            "ci", TryLater, Reason.ROBOT_EXISTS, id="it exists",
        ),
        pytest.param(
            lambda quay: quay.admin("settings", robots_disallow=True),
            "ci", Refused, Reason.NOT_SUPPORTED, id="robots are disabled",
        ),
        pytest.param(lambda _quay: None, "a--b", InvalidSpec, Reason.INVALID_SPEC, id="the name"),
        pytest.param(
            lambda quay: quay.admin("fault", operation="robot.create", status=400, body=(
                '{"message": "duplicate key value violates unique constraint"}')),
            "ci", TryLater, Reason.ROBOT_EXISTS, id="a lost race",
        ),
        pytest.param(
            lambda quay: quay.admin("fault", operation="robot.create", status=400, body=(
                '{"message": "value too long for type character varying(255)\\n"}')),
            "ci", InvalidSpec, Reason.INVALID_SPEC, id="too long together",
        ),
        pytest.param(
            lambda quay: quay.admin("fault", operation="robot.create", status=400, body=(
                '{"message": "Organization does not exist: acme"}')),
            "ci", Refused, Reason.ORGANIZATION_NOT_FOUND, id="no organization",
        ),
        pytest.param(
            lambda quay: quay.admin("fault", operation="robot.create", status=400, body="?"),
            "ci", TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD, id="anything else",
        ),
    ],
)  # fmt: skip
async def test_a_400_to_a_creation_is_to_be_looked_into(
    prepare, short, kind, reason, quay, client
):
    prepare(quay)

    error = await error_of(client.create_robot(RobotName(ACME, short), "", {}))

    assert type(error) is Ambiguous
    assert (type(error.refusal), error.refusal.reason) == (kind, reason)


async def test_an_answer_about_another_robot_is_not_believed(quay, client):
    quay.admin("robot", name="acme+ci", token=robot_token())
    quay.admin("fault", operation="robot.(get|create)", kind="rename", body="acme+cd", count=2)

    read = await error_of(client.get_robot(CI))
    quay.admin("robot/delete", name="acme+ci")
    write = await error_of(client.create_robot(CI, "", {}))

    assert (type(read), type(write)) == (TryLater, Ambiguous)


async def test_a_robot_that_a_mirror_keeps_is_told(quay, client):
    quay.admin("robot", name="acme+ci", mirror=True, token=robot_token())

    error = await error_of(client.delete_robot(CI))

    assert (type(error), error.reason) == (Refused, Reason.DELETION_BLOCKED)
    assert "mirror" in error.message


# Trouble on the way ---------------------------------------------------------------------


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
async def test_a_server_that_is_ill_is_unreachable(call, status, quay, client):
    quay.admin("fault", operation=call, status=status, body="<html>")

    error = await error_of(CALLS[call](client))

    read = Failed if status == 500 else TryLater
    assert type(error) is (Ambiguous if call in WRITES else read)
    assert error.reason == Reason.QUAY_UNREACHABLE
    assert ("cannot be reached" in error.message) is (status != 500)


@pytest.mark.parametrize("call", CALLS)
async def test_a_cut_after_a_write_is_ambiguous_and_after_a_read_is_not(call, quay, client):
    quay.admin("fault", operation=call, kind="cut", when="after")

    error = await error_of(CALLS[call](client))

    assert type(error) is (Ambiguous if call in WRITES else TryLater)
    assert error.reason == Reason.QUAY_UNREACHABLE


@pytest.mark.parametrize("call", CALLS)
async def test_an_answer_that_does_not_come_in_time_is_given_up(call, quay, secret):
    quay.admin("fault", operation=call, kind="delay", delay_s=6.0)
    async with calling(quay, secret, timeout_s=2.0) as client:
        error = await error_of(CALLS[call](client))

    assert type(error) is (Ambiguous if call in WRITES else Unfinished)


@pytest.mark.parametrize("call", CALLS)
async def test_what_was_never_sent_is_not_ambiguous(call, secret):
    with FakeQuay() as gone:
        pass
    async with calling(gone, secret) as client:
        error = await error_of(CALLS[call](client))

    assert (type(error), error.reason) == (TryLater, Reason.QUAY_UNREACHABLE)


@pytest.mark.parametrize("call", WRITES)
async def test_a_write_is_sent_once_whatever_is_answered(call, quay, client):
    mark = quay.mark()
    quay.admin("fault", operation=call, status=500)

    await error_of(CALLS[call](client))

    assert quay.operations(mark) == [call]


async def test_a_throttled_call_says_how_long_to_wait(quay, client):
    quay.admin("fault", operation="robot.get", status=429, headers={"Retry-After": "7"})

    error = await error_of(client.get_robot(CI))

    assert (error.reason, error.retry_after) == (Reason.QUAY_THROTTLED, 7.0)


async def test_a_read_only_quay_is_told_as_such(quay, client):
    quay.admin("settings", readonly=True)

    error = await error_of(client.create_robot(CI, "", {}))

    assert (type(error), error.reason) == (TryLater, Reason.QUAY_READ_ONLY)


async def test_a_read_only_quay_can_still_be_read(quay, client):
    quay.admin("settings", readonly=True)
    for _ in range(4):
        await error_of(client.create_robot(CI, "", {}))

    assert await client.get_robot(CI) == Absent()


async def test_a_quay_that_comes_back_is_used_again(quay, client, limits, clock):
    quay.admin("fault", operation="robot.get", status=502, count=3)
    for _ in range(3):
        await error_of(client.get_robot(CI))
    mark = quay.mark()

    parked = await error_of(client.get_robot(CI))
    assert (parked.reason, quay.operations(mark)) == (Reason.QUAY_UNREACHABLE, [])
    clock.now += 1.0

    assert await client.get_robot(CI) == Absent()
    assert not limits.open


# The budget -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "50"}, 50.0, id="seconds"),
        pytest.param({"Retry-After": "Mon, 01 Jan 2001 12:00:00 GMT"}, None, id="a date before"),
        pytest.param({"Retry-After": "Sat, 01 Jan 2101 12:00:00 GMT"}, 600.0, id="a date ahead"),
        pytest.param({"Retry-After": "31536000"}, 600.0, id="a year is capped"),
        pytest.param({"Retry-After": "-5"}, None, id="negative"),
        pytest.param({"Retry-After": "soon"}, None, id="words"),
        pytest.param({}, None, id="none, as Quay's own proxy answers"),
    ],
)  # fmt: skip
async def test_a_429_makes_the_whole_connection_wait_as_long_as_it_says(
    headers, seconds, quay, client, clock
):
    quay.admin("fault", operation="robot.get", status=429, headers=headers, body="<html>")

    error = await error_of(client.get_robot(CI))

    assert (type(error), error.reason) == (TryLater, Reason.QUAY_THROTTLED)
    assert error.retry_after == seconds
    if seconds is None:
        assert await client.list_robots(ACME) == {}
        return
    paused = await error_of(client.list_robots(ACME))
    assert (paused.reason, paused.retry_after) == (Reason.QUAY_THROTTLED, seconds)
    clock.now += seconds
    assert await client.list_robots(ACME) == {}
