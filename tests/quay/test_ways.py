"""Does a connection of our own protocol carry what it has to, and end as it has to?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvloop

from quayrobot.model.errors import Ambiguous, TryLater
from quayrobot.model.secrecy import Token
from quayrobot.quay import streams
from quayrobot.quay.transport import CONNECTIONS, Endpoint, Reply, Transport
from tests.kit.canary import oauth_token
from tests.kit.controlplane.certificates import Authority

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
# The operator's own loop, and the one of the command lines.
LOOPS = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


@pytest.fixture(params=[*LOOPS])
def played(request):
    def play(work: Coroutine[Any, Any, object]) -> None:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(work)

    return play


@pytest.fixture(params=[False, True], ids=["http", "https"])
def place(request, tmp_path):
    """Return how a server is begun, which is trusted."""
    authority = Authority(tmp_path)
    context = None
    if request.param:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued = authority.server("server")
        context.load_cert_chain(issued.certificate, issued.key)

    @asynccontextmanager
    async def begin(serve: Serve, timeout_s: float = 20.0) -> AsyncIterator[Transport]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        origin = f"http{'s' * request.param}://localhost:{port}"
        quay = Transport(Endpoint(origin, authority.file.read_text(), timeout_s))
        try:
            yield quay
        finally:
            await quay.aclose()
            server.close()

    return begin


async def ask(quay: Transport, method: str = "GET", body: object = None) -> Reply:
    return await quay.send(method, ("api",), token=Token(oauth_token()), body=body)


def test_a_large_answer_comes_whole_though_no_more_is_taken_in_than_is_read(played, place):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % (40 * streams.MOST))
        for number in range(40):
            writer.write(b"%d" % (number % 10) * streams.MOST)
            await writer.drain()
        writer.close()

    async def work():
        async with place(serve) as quay:
            reply = await ask(quay)
        assert reply.body == b"".join(b"%d" % (each % 10) * streams.MOST for each in range(40))

    played(work())


def test_a_large_request_goes_whole_to_one_who_reads_slowly(played, place):
    heard = []

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        heard.append(await reader.readexactly(len('{"a":""}') + 8 * streams.MOST))
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async def work():
        async with place(serve) as quay:
            reply = await ask(quay, "PUT", {"a": "x" * (8 * streams.MOST)})
        assert reply.body == b"{}"

    played(work())
    assert len(heard) == 1


def test_an_answer_without_a_length_ends_with_the_connection(played, place):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"\r\n{}")
        await writer.drain()
        writer.close()

    async def work():
        async with place(serve) as quay:
            assert (await ask(quay)).body == b"{}"

    played(work())


def test_an_answer_that_breaks_off_is_no_answer(played, place):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Content-Length: 500\r\n\r\n{}")
        await writer.drain()
        writer.transport.abort()

    async def work():
        async with place(serve) as quay:
            with pytest.raises(TryLater):
                await ask(quay)
            with pytest.raises(Ambiguous):
                await ask(quay, "PUT", {})

    played(work())


def test_the_connection_ends_with_the_answer_although_the_server_would_keep_it(played, place):
    ended = asyncio.Event()

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")
        with suppress(ConnectionError):
            assert await reader.read() == b""
        ended.set()
        writer.close()

    async def work():
        async with place(serve) as quay:
            await ask(quay)
            async with asyncio.timeout(10):
                await ended.wait()

    played(work())


def test_no_more_connections_are_open_at_once_than_the_limit(played, place):
    heard = 0

    async def serve(reader, writer):
        nonlocal heard
        await reader.readuntil(b"\r\n\r\n")
        heard += 1
        # None is answered: whoever waits for one of these to end waits in vain.
        await reader.read()
        writer.close()

    async def work():
        async with place(serve, timeout_s=3.0) as quay:
            calls = [asyncio.ensure_future(ask(quay, "PUT")) for _ in range(CONNECTIONS + 5)]
            # When the first gives up, all that can be there have long been heard.
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            there = heard
            await asyncio.gather(*calls, return_exceptions=True)
        assert 0 < there <= CONNECTIONS

    played(work())
