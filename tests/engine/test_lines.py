"""What does a connection in use remember, and when does it stop to believe?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from quayrobot.cluster.secrets import CredentialRead
from quayrobot.engine import owners
from quayrobot.engine.keys import Lane, OwnerKey, ResourceKey
from quayrobot.engine.lines import Line
from quayrobot.engine.observe import list_due
from quayrobot.engine.queue import Queue
from quayrobot.engine.store import ConnectionRecord, RobotRecord
from quayrobot.model.errors import Denied, Reason, Refused
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.reach import Reach
from quayrobot.model.secrecy import Token
from quayrobot.model.world import Present, RobotSeen, Unknown
from quayrobot.quay.limits import Limits
from tests.kit.canary import oauth_token
from tests.kit.fakequay import FakeQuay

HUB = ResourceKey("ClusterQuayConnection", "", "default")
ACME, OTHER = OwnerName("organization", "acme"), OwnerName("organization", "other")
DENIED = Denied(Reason.CREDENTIAL_REFUSED, "refused")
NO_RIGHT = Refused(Reason.INSUFFICIENT_SCOPE, "no right")
RESYNC_S = 300.0
MADE = datetime(2026, 11, 24, 3, tzinfo=UTC)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Meter:
    def called(self, operation: str, status: int | str, seconds: float) -> None: ...
    def waited(self, how: object, seconds: float) -> None: ...


@pytest.fixture(scope="module")
def quay() -> Iterator[FakeQuay]:
    with FakeQuay() as quay:
        for name in ("acme", "other"):
            quay.admin("organization", name=name)
        yield quay


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make(quay: FakeQuay, clock: Clock, token: str) -> Line:
    record = ConnectionRecord(
        "ClusterQuayConnection",
        {
            "metadata": {"name": "default", "uid": "u", "resourceVersion": "1",
                         "creationTimestamp": "2026-11-24T03:00:00Z"},
            "spec": {"url": quay.url, "allowPlaintext": True, "access": [],
                     "credentials": {"secretRef": {"name": "t", "namespace": "quay"}}},
        },
    )  # fmt: skip
    credential = CredentialRead(Token(token), "1", guarded=False, deleting=False, created_at=MADE)
    limits = Limits(clock=clock, jitter=lambda: 0.0)
    return Line(
        record,
        record.spec,  # type: ignore[arg-type]
        credential,
        bundle=None,
        limits=limits,
        observer=Meter(),
        clock=clock,
        reach=Reach(),
        drops_token=lambda _name: False,
    )


@pytest.fixture
async def line(quay: FakeQuay, clock: Clock) -> AsyncIterator[Line]:
    made = make(quay, clock, str(quay.admin("token", value=oauth_token())))
    yield made
    await made.client.aclose()


def test_a_line_is_new_once(line):
    assert [line.introduce(), line.introduce()] == [True, False]


# A refused credential ---------------------------------------------------------


def test_a_refusal_holds_until_the_next_resync_and_is_news_once(line, clock):
    assert line.deny(DENIED) is True
    assert line.refusal is DENIED
    clock.now += RESYNC_S + 1
    assert line.refusal is None
    # Nobody has said anything else: what is told of it stays.
    assert line.denied is DENIED
    assert line.deny(DENIED) is False
    assert line.refusal is DENIED


async def test_an_answer_that_only_a_good_token_gets_ends_a_refusal(line, clock):
    line.deny(DENIED)
    clock.now += RESYNC_S + 1

    await line.client.list_robots(ACME)

    assert line.denied is None


async def test_what_anybody_is_shown_does_not_end_a_refusal(quay, clock):
    line = make(quay, clock, oauth_token())
    line.deny(DENIED)

    assert await line.client.organization_exists(ACME)

    assert line.denied is DENIED


async def test_another_credential_is_refused_nothing_yet(line):
    line.deny(DENIED)
    line.refused[ACME] = NO_RIGHT
    line.grants._owners[ACME].refused = NO_RIGHT
    assert line.grants.view(RobotName(ACME, "ci")) == Unknown(NO_RIGHT)

    fresh = CredentialRead(
        Token(oauth_token()), "2", guarded=False, deleting=False, created_at=MADE
    )
    line.renew(fresh)

    assert (line.denied, line.refused) == (None, {})
    assert line.grants.view(RobotName(ACME, "ci")) != Unknown(NO_RIGHT)


# Whose the token is ------------------------------------------------------------


async def test_many_who_ask_whose_the_token_is_cause_one_call(quay, line):
    called = quay.mark()

    found = await asyncio.gather(*(line.user_name() for _ in range(8)))

    assert found == ["admin"] * 8
    assert quay.operations(called) == ["user.get"]


async def test_an_edit_of_the_connection_does_not_ask_again_whose_the_token_is(quay, line, clock):
    await line.user_name()
    after = make(quay, clock, line.credential.token.reveal())
    called = quay.mark()

    after.take_memory(line)

    assert await after.user_name() == "admin"
    assert quay.operations(called) == []
    await after.client.aclose()


# The credential's Secret is to go ---------------------------------------------


def test_a_secret_that_is_to_go_is_kept_for_a_moment(line, clock):
    assert line.leaving_for(5) is False
    clock.now += 4
    assert line.leaving_for(5) is False
    clock.now += 1
    assert line.leaving_for(5) is True
    # Another Secret of the name, or another change of it, begins anew.
    line.credential = CredentialRead(
        line.credential.token, "2", guarded=True, deleting=True, created_at=MADE
    )
    assert line.leaving_for(5) is False


# Two organizations ---------------------------------------------------------------


def told(line: Line) -> SimpleNamespace:
    queue = Queue(clock=lambda: 0.0, jitter=lambda: 0.0)
    store = SimpleNamespace(users_at=lambda _key, _owner: [])
    return SimpleNamespace(queue=queue, store=store, lines=SimpleNamespace(known=lambda _: line))


async def test_a_right_that_one_organization_lacks_is_not_found_again_in_another(line):
    line.refused[ACME] = NO_RIGHT
    tools: Any = told(line)

    assert await owners._refresh(tools, line, OTHER, 1) is None

    assert line.refused == {ACME: NO_RIGHT}
    assert tools.queue.depth()[Lane.EDIT] == 0


async def test_a_right_that_nobody_needs_any_more_is_not_missed(line):
    line.refused[ACME] = NO_RIGHT

    await owners.run_owner(told(line), OwnerKey(HUB, ACME))  # type: ignore[arg-type]

    assert line.refused == {}


# How long what was seen is good for ------------------------------------------------


def record(**status: Any) -> RobotRecord:
    meta = {"name": "ci", "namespace": "shop", "uid": "u", "resourceVersion": "1",
            "creationTimestamp": "2026-11-24T03:00:00Z"}  # fmt: skip
    return RobotRecord(
        "QuayRobot", {"metadata": meta, "spec": {"organization": "acme"}, "status": status}
    )


HOLDS = record(robot={"fullName": "acme+ci", "createdAt": "then"})
SEEN = Present(RobotSeen("acme+ci", "then", Token(oauth_token())))


@pytest.mark.parametrize(
    ("who", "good_for"), [(record(), 0.85), (HOLDS, 1.5)], ids=["holds nothing", "holds it"]
)
def test_what_quay_once_said_of_a_robot_is_not_believed_for_ever(who, good_for, line, clock):
    line.snapshots.saw(who.robot_name, SEEN)
    clock.now += good_for * RESYNC_S - 1
    assert list_due(line, who, who.robot_name) is False

    clock.now += 2

    assert list_due(line, who, who.robot_name) is True


def test_a_robot_that_nobody_looked_at_is_looked_for(line):
    assert list_due(line, HOLDS, HOLDS.robot_name) is True


def test_a_robot_that_is_to_be_made_needs_no_list(line, clock):
    new = record()
    assert list_due(line, new, new.robot_name) is False
    line.snapshots._at(ACME).begun = clock.now
    clock.now += 10 * RESYNC_S
    assert list_due(line, new, new.robot_name) is False


def test_of_two_that_take_turns_only_those_are_looked_for_that_the_status_knows(line):
    main = HOLDS.robot_name
    alt = main.in_slot("alt")
    turned = record(
        robot={"fullName": "acme+ci.alt", "createdAt": "then", "slot": "alt"},
        rotation={"retiring": {"fullName": "acme+ci", "slot": "main", "until": "then"}},
    )
    after = record(robot={"fullName": "acme+ci.alt", "createdAt": "then", "slot": "alt"})

    assert [list_due(line, HOLDS, each) for each in (main, alt)] == [True, False]
    assert [list_due(line, turned, each) for each in (main, alt)] == [True, True]
    assert [list_due(line, after, each) for each in (main, alt)] == [False, True]
