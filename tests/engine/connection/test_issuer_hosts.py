"""Is a name service that fails waited for, and not for ever?"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from quayrobot.engine.connection import issuer_hosts as room
from quayrobot.engine.connection.issuer_hosts import (
    MOST_AT_ONCE,
    MOST_FAILING,
    PATIENCE_S,
    IssuerHosts,
)
from quayrobot.model.errors import Reason, TryLater
from quayrobot.model.world import Absent, HostSeen, Present, Unknown

FAILS = Unknown(TryLater(Reason.QUAY_UNREACHABLE, "of the name service"))
PUBLIC = Present((ip_address("8.8.8.8"),))


class Names:
    """A name service that says what it was told, and a clock that is moved."""

    def __init__(self) -> None:
        self.said: dict[str, HostSeen] = {}
        self.now = 1000.0
        self.hosts = IssuerHosts(self.resolve, clock=lambda: self.now)

    async def resolve(self, host: str, port: int) -> HostSeen:
        assert port == 443
        return self.said.get(host, FAILS)

    async def look(self, host: str) -> HostSeen:
        return (await self.hosts.resolve([host]))[host]


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.mark.parametrize("seen", [PUBLIC, Absent()])
async def test_what_the_name_service_says_is_believed(seen, names):
    names.said["ci.test"] = seen

    assert await names.look("ci.test") == seen


async def test_a_name_service_that_fails_is_waited_for_and_then_the_name_is_unknown_here(names):
    first = await names.look("ci.test")
    names.now += PATIENCE_S - 1
    second = await names.look("ci.test")
    names.now += 1

    assert isinstance(first, Unknown)
    assert isinstance(second, Unknown)
    assert first.error.reason == Reason.ISSUER_UNREACHABLE
    assert await names.look("ci.test") == Absent()
    # It is asked each time: an answer counts whenever it comes.
    names.said["ci.test"] = PUBLIC
    assert await names.look("ci.test") == PUBLIC


async def test_an_answer_in_between_begins_the_wait_anew(names):
    await names.look("ci.test")
    names.said["ci.test"] = PUBLIC
    await names.look("ci.test")
    del names.said["ci.test"]
    names.now += PATIENCE_S

    assert isinstance(await names.look("ci.test"), Unknown)


async def test_each_host_has_its_own_wait(names):
    await names.look("ci.test")
    names.now += PATIENCE_S

    assert isinstance(await names.look("cd.test"), Unknown)


async def test_after_a_failure_the_others_of_the_list_are_not_asked_for(names):
    names.said |= {"a.test": PUBLIC, "c.test": PUBLIC}

    seen = await names.hosts.resolve(["a.test", "b.test", "c.test"])

    assert seen["a.test"] == PUBLIC
    assert [type(seen[each]) for each in ("b.test", "c.test")] == [Unknown, Unknown]


class Hanging:
    """A name service that does not answer before it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.let = asyncio.Event()

    async def resolve(self, host: str, _port: int) -> HostSeen:
        self.asked.append(host)
        await self.let.wait()
        return PUBLIC


async def test_names_that_hang_are_given_up_and_leave_their_turn_only_when_they_end(monkeypatch):
    monkeypatch.setattr(room, "DEADLINE_S", 0.05)
    hanging, now = Hanging(), [1000.0]
    hosts = IssuerHosts(hanging.resolve, clock=lambda: now[0])
    names = [f"h{number}.test" for number in range(MOST_AT_ONCE + 5)]

    seen = await asyncio.gather(*(hosts.resolve([each]) for each in names))

    assert len(hanging.asked) == MOST_AT_ONCE
    assert {type(each) for found in seen for each in found.values()} == {Unknown}
    # One that had no turn is not taken for one that cannot be resolved.
    now[0] += PATIENCE_S
    late = await hosts.resolve(names[-1:])
    assert isinstance(late[names[-1]], Unknown)
    assert len(hanging.asked) == MOST_AT_ONCE
    hanging.let.set()
    assert await hosts.resolve(names[-1:]) == {names[-1]: PUBLIC}


async def test_what_is_remembered_of_failures_is_bounded(names):
    for number in range(MOST_FAILING + 50):
        await names.look(f"h{number}.test")

    assert len(names.hosts._failing) == MOST_FAILING
