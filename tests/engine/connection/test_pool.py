"""What does a connection in use remember, and when does it stop to believe?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from quayrobot.cluster.secrets import CredentialRead
from quayrobot.engine.cache.store import ConnectionRecord, RobotRecord
from quayrobot.engine.connection import drift as owners
from quayrobot.engine.connection.egress import Egress
from quayrobot.engine.connection.pool import LiveConnection
from quayrobot.engine.robot.observe import list_due
from quayrobot.engine.workqueue.keys import Lane, OwnerKey, ResourceKey
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.address_policy import AddressPolicy
from quayrobot.model.errors import Conflict, Denied, Reason, Refused
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.secrecy import Token
from quayrobot.model.world import Present, RobotSeen, Unknown
from quayrobot.quay.limits import Limits
from tests.engine.conftest import Clock
from tests.kit.canary import oauth_token
from tests.kit.fakequay import FakeQuay

HUB = ResourceKey("ClusterQuayConnection", "", "default")
ACME, OTHER = OwnerName("organization", "acme"), OwnerName("organization", "other")
DENIED = Denied(Reason.CREDENTIAL_REFUSED, "refused")
NO_RIGHT = Refused(Reason.INSUFFICIENT_SCOPE, "no right")
RESYNC_S = 300.0
MADE = datetime(2026, 11, 24, 3, tzinfo=UTC)


def _token_of(quay: FakeQuay, user: str) -> str:
    return str(quay.admin("token", user=user, value=oauth_token()))


class Meter:
    def called(self, operation: str, status: int | str, seconds: float) -> None: ...
    def waited(self, how: object, seconds: float) -> None: ...


@pytest.fixture(scope="module")
def quay() -> Iterator[FakeQuay]:
    with FakeQuay() as quay:
        for name in ("acme", "other"):
            quay.admin("organization", name=name)
        yield quay


def make(quay: FakeQuay, clock: Clock, token: str) -> LiveConnection:
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
    return LiveConnection(
        record,
        record.spec,  # type: ignore[arg-type]
        credential,
        egress=Egress(),
        limits=limits,
        observer=Meter(),
        clock=clock,
        reach=AddressPolicy(),
        drops_token=lambda _name: False,
        on_change=lambda: None,
    )


@pytest.fixture
async def live(quay: FakeQuay, clock: Clock) -> AsyncIterator[LiveConnection]:
    made = make(quay, clock, str(quay.admin("token", value=oauth_token())))
    yield made
    await made.client.aclose()


def test_a_line_is_new_once(live):
    assert [live.introduce(), live.introduce()] == [True, False]


# A refused credential ---------------------------------------------------------


def test_a_refusal_holds_until_the_next_resync_and_is_news_once(live, clock):
    assert live.deny(DENIED) is True
    assert live.refusal is DENIED
    clock.now += RESYNC_S + 1
    assert live.refusal is None
    # Nobody has said anything else: what is told of it stays.
    assert live.denied is DENIED
    assert live.deny(DENIED) is False
    assert live.refusal is DENIED


async def test_an_answer_that_only_a_good_token_gets_ends_a_refusal(live, clock):
    live.deny(DENIED)
    clock.now += RESYNC_S + 1

    await live.client.list_robots(ACME)

    assert live.denied is None


async def test_what_anybody_is_shown_does_not_end_a_refusal(quay, clock):
    live = make(quay, clock, oauth_token())
    live.deny(DENIED)

    assert await live.client.organization_exists(ACME)

    assert live.denied is DENIED


async def test_another_credential_is_refused_nothing_yet(live):
    live.deny(DENIED)
    live.refused[ACME] = NO_RIGHT
    live.grants._owners[ACME].refused = NO_RIGHT
    assert live.grants.view(RobotName(ACME, "ci")) == Unknown(NO_RIGHT)

    fresh = CredentialRead(
        Token(oauth_token()), "2", guarded=False, deleting=False, created_at=MADE
    )
    live.renew(fresh)

    assert (live.denied, live.refused) == (None, {})
    assert live.grants.view(RobotName(ACME, "ci")) != Unknown(NO_RIGHT)


# Whose the token is ------------------------------------------------------------


async def test_many_who_ask_whose_the_token_is_cause_one_call(quay, live):
    called = quay.mark()

    found = await asyncio.gather(*(live.whose.ask() for _ in range(8)))

    assert [each.name for each in found] == ["admin"] * 8
    assert quay.operations(called) == ["user.get"]


async def test_an_edit_of_the_connection_does_not_ask_again_whose_the_token_is(quay, live, clock):
    await live.whose.ask()
    after = make(quay, clock, live.credential.token.reveal())
    called = quay.mark()

    after.take_memory(live)

    assert (await after.whose.ask()).name == "admin"
    assert quay.operations(called) == []
    await after.client.aclose()


async def test_with_another_token_it_is_asked_again_whose_it_is(quay, live):
    alice = OwnerName("user", "admin")
    await live.whose.ask(alice)
    live.whose.check(alice)

    live.renew(replace(live.credential, token=Token(_token_of(quay, "bob"))))

    with pytest.raises(Conflict):
        live.whose.check(alice)
    assert live.whose.name_for(alice) is None
    assert (await live.whose.ask(alice)).name == "bob"
    with pytest.raises(Conflict):
        live.whose.check(alice)
    live.whose.check(ACME)


async def test_with_another_token_it_stays_known_what_quay_keeps_of_identities(quay, live):
    robot = RobotName(ACME, "bound")
    theirs = {"issuer": "https://cd.example.com", "subject": "x", "audiences": ["only-this"]}
    quay.admin("robot", name=robot.full)
    quay.admin("federation/set", name=robot.full, entries=[theirs])
    quay.admin("settings", audiences_kept=True)
    kept = await live.client.federation(robot)

    live.renew(replace(live.credential, token=Token(_token_of(quay, "admin"))))
    await live.client.set_federation(robot, kept)

    assert quay.admin("federation", name=robot.full) == [theirs]
    quay.admin("settings", audiences_kept=False)


async def test_a_user_of_another_name_is_asked_for_again_after_a_while(quay, live, clock):
    """Users can be renamed, and what was refused for that must not be so for ever."""
    wanted = OwnerName("user", "wanted")
    await live.whose.ask(wanted)
    called = quay.mark()

    assert live.whose.name_for(wanted) == "admin"
    assert (await live.whose.ask(wanted)).name == "admin"
    assert quay.operations(called) == []
    clock.now += RESYNC_S
    assert live.whose.name_for(wanted) is None
    assert live.whose.name_for(OwnerName("user", "admin")) == "admin"
    assert (await live.whose.ask(wanted)).name == "admin"
    assert quay.operations(called) == ["user.get"]


# The credential's Secret is to go ---------------------------------------------


def test_a_secret_that_is_to_go_is_kept_for_a_moment(live, clock):
    assert live.leaving_for(5) is False
    clock.now += 4
    assert live.leaving_for(5) is False
    clock.now += 1
    assert live.leaving_for(5) is True
    # Another Secret of the name, or another change of it, begins again.
    live.credential = CredentialRead(
        live.credential.token, "2", guarded=True, deleting=True, created_at=MADE
    )
    assert live.leaving_for(5) is False


# Two organizations ---------------------------------------------------------------


def told(live: LiveConnection) -> SimpleNamespace:
    queue = Queue(clock=lambda: 0.0, jitter=lambda: 0.0)
    store = SimpleNamespace(users_at=lambda _key, _owner: [])
    return SimpleNamespace(queue=queue, store=store, pool=SimpleNamespace(known=lambda _: live))


async def test_a_right_that_one_organization_lacks_is_not_found_again_in_another(live):
    live.refused[ACME] = NO_RIGHT
    context: Any = told(live)

    assert await owners._refresh(context, live, OTHER, 1) is None

    assert live.refused == {ACME: NO_RIGHT}
    assert context.queue.depth()[Lane.EDIT] == 0


async def test_a_list_without_tokens_is_told_as_a_right_that_lacks(quay, live, clock):
    """A mere member of the organization sees its robots: nothing can be written for them."""
    quay.admin("robot", name="acme+shown")
    quay.admin("organization", name="acme", owners=["mary"], members=["admin"])
    context: Any = told(live)

    assert await owners._refresh(context, live, ACME, 1) is None

    refused = live.refused[ACME]
    assert refused.reason == Reason.INSUFFICIENT_SCOPE
    assert "does not show the robots' tokens" in refused.message
    assert "an administrator of the organization acme" in refused.message
    assert context.queue.depth()[Lane.EDIT] == 1
    quay.admin("organization", name="acme")
    clock.now += RESYNC_S
    assert await owners._refresh(context, live, ACME, 1) is None
    assert live.refused == {}


async def test_a_right_that_nobody_needs_any_more_is_not_missed(live):
    live.refused[ACME] = NO_RIGHT

    await owners.check_drift(told(live), OwnerKey(HUB, ACME))  # type: ignore[arg-type]

    assert live.refused == {}


async def test_rights_that_were_refused_are_read_again_at_the_next_resync(quay, live, clock):
    """Whoever was taken out of the owners and is put back must not wait for the next beat."""
    spec = {"organization": "acme", "permissions": {"mode": "Exact"}}
    one = RobotRecord("QuayRobot", record().body | {"spec": spec})
    admin = {"org": "acme", "team": "owners", "member": "admin"}
    context: Any = told(live)
    context.clock, context.spread = clock, lambda seconds: seconds
    live.drift_due[ACME] = clock.now
    quay.admin("team/member", absent=True, **admin)
    try:
        assert await owners._beat(context, live, ACME, [one]) == {one.key}
        assert isinstance(live.grants.view(one.robot_name), Unknown)
    finally:
        quay.admin("team/member", **admin)
    clock.now += RESYNC_S

    assert await owners._beat(context, live, ACME, [one]) == {one.key}

    assert not isinstance(live.grants.view(one.robot_name), Unknown)
    # That was a beat: the next one is an interval later.
    clock.now += RESYNC_S
    assert await owners._beat(context, live, ACME, [one]) == set()


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
def test_what_quay_once_said_of_a_robot_is_not_believed_for_ever(who, good_for, live, clock):
    live.snapshots.saw(who.robot_name, SEEN)
    clock.now += good_for * RESYNC_S - 1
    assert list_due(live, who, who.robot_name) is False

    clock.now += 2

    assert list_due(live, who, who.robot_name) is True


def test_a_robot_that_nobody_looked_at_is_looked_for(live):
    assert list_due(live, HOLDS, HOLDS.robot_name) is True


def test_a_robot_that_is_to_be_made_needs_no_list(live, clock):
    new = record()
    assert list_due(live, new, new.robot_name) is False
    live.snapshots._at(ACME).begun = clock.now
    clock.now += 10 * RESYNC_S
    assert list_due(live, new, new.robot_name) is False


def test_of_two_that_take_turns_only_those_are_looked_for_that_the_status_knows(live):
    main = HOLDS.robot_name
    alt = main.in_slot("alt")
    turned = record(
        robot={"fullName": "acme+ci.alt", "createdAt": "then", "slot": "alt"},
        rotation={"retiring": {"fullName": "acme+ci", "slot": "main", "until": "then"}},
    )
    after = record(robot={"fullName": "acme+ci.alt", "createdAt": "then", "slot": "alt"})

    assert [list_due(live, HOLDS, each) for each in (main, alt)] == [True, False]
    assert [list_due(live, turned, each) for each in (main, alt)] == [True, True]
    assert [list_due(live, after, each) for each in (main, alt)] == [False, True]
