"""Is a name service that fails waited for, and not for ever?"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import pytest

from quayrobot.engine import hosts as room
from quayrobot.engine.hosts import MOST_FAILING, PATIENCE_S, Hosts
from quayrobot.model.errors import Reason, TryLater
from quayrobot.model.world import Absent, HostSeen, Present, Unknown

FAILS = Unknown(TryLater(Reason.QUAY_UNREACHABLE, "of the name service"))
PUBLIC = Present((ip_address("8.8.8.8"),))


class Names:
    """A name service that says what it was told, and a clock that is moved."""

    def __init__(self) -> None:
        self.said: dict[str, HostSeen] = {}
        self.now = 1000.0
        self.hosts = Hosts(self.resolve, clock=lambda: self.now)

    async def resolve(self, host: str, port: int) -> HostSeen:
        assert port == 443
        return self.said.get(host, FAILS)


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.mark.parametrize("seen", [PUBLIC, Absent()])
async def test_what_the_name_service_says_is_believed(seen, names):
    names.said["ci.test"] = seen

    assert await names.hosts.look("ci.test") == seen


async def test_a_name_service_that_fails_is_waited_for_and_then_the_name_is_unknown_here(names):
    first = await names.hosts.look("ci.test")
    names.now += PATIENCE_S - 1
    second = await names.hosts.look("ci.test")
    names.now += 1

    assert isinstance(first, Unknown)
    assert isinstance(second, Unknown)
    assert first.error.reason == Reason.ISSUER_REFUSED
    assert await names.hosts.look("ci.test") == Absent()
    # It is asked each time: an answer counts whenever it comes.
    names.said["ci.test"] = PUBLIC
    assert await names.hosts.look("ci.test") == PUBLIC


async def test_an_answer_in_between_begins_the_wait_anew(names):
    await names.hosts.look("ci.test")
    names.said["ci.test"] = PUBLIC
    await names.hosts.look("ci.test")
    del names.said["ci.test"]
    names.now += PATIENCE_S

    assert isinstance(await names.hosts.look("ci.test"), Unknown)


async def test_each_host_has_its_own_wait(names):
    await names.hosts.look("ci.test")
    names.now += PATIENCE_S

    assert isinstance(await names.hosts.look("cd.test"), Unknown)


async def test_an_answer_that_does_not_come_is_a_failure(names, monkeypatch):
    monkeypatch.setattr(room, "DEADLINE_S", 0.01)

    async def never(_host: str, _port: int) -> HostSeen:
        await asyncio.Event().wait()
        raise AssertionError

    hosts = Hosts(never, clock=lambda: names.now)

    assert isinstance(await hosts.look("ci.test"), Unknown)


async def test_what_is_remembered_of_failures_is_bounded(names):
    for number in range(MOST_FAILING + 50):
        await names.hosts.look(f"h{number}.test")

    assert len(names.hosts._failing) == MOST_FAILING
