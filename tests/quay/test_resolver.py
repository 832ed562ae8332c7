"""Is "there is no such name" told from an answer that did not come?"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import pytest
import uvloop

from quayrobot.model.world import Absent, Present, Unknown
from quayrobot.quay.resolver import addresses_of


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have the name service give this answer."""

    def answer(found: Any) -> None:
        async def resolve(*_: Any, **__: Any) -> Any:
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)

    return answer


async def test_the_addresses_of_a_name_are_each_told_once(answering):
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))
    answering([entry, entry, (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 443))])

    seen = await addresses_of("quay.test", 443)

    assert seen == Present((ip_address("192.0.2.1"), ip_address("2001:db8::1")))


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_NONAME, "x"),
        socket.gaierror(socket.EAI_NODATA, "x"),
        UnicodeError(),
    ],
)
async def test_a_name_that_is_none_is_absent(error, answering):
    answering(error)

    assert await addresses_of("quay.test", 443) == Absent()


@pytest.mark.parametrize(
    "error",
    [socket.gaierror(socket.EAI_AGAIN, "x"), socket.gaierror(socket.EAI_FAIL, "x"), OSError()],
)
async def test_a_name_service_that_fails_tells_nothing(error, answering):
    answering(error)

    assert isinstance(await addresses_of("quay.test", 443), Unknown)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_both_event_loops_tell_the_same_of_a_name_that_is_none(run):
    # A label may have 63 letters: no name service is asked for this one.
    assert run(addresses_of(f"{'x' * 64}.test", 443)) == Absent()
