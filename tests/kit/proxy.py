"""
What does the operator ask of the world, and what if it dies while asking?

A proxy in front of the API server or of Quay: it passes every request on, notes
it, and hands it to a hook before it takes effect and again after it did, before
the answer goes back. A hook that says so cuts the connection there, or has the
proxy answer in the server's place. Watches can be frozen, cut, and robbed of events;
bodies can be sent slowly or in part, and the whole way can be closed.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

When = Literal["before", "after"]
FREEZE_S = 0.05
PIECES = 10
REASONS = {
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "upgrade"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: which side it went to, what it was, and who asked where Basic says so."""

    side: str
    method: str
    path: str
    user: str = ""
    # What was answered; only known after the effect.
    status: int = 0


@dataclass(frozen=True, slots=True)
class WatchAnswer:
    """What each watch is answered in the API server's place."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


# True cuts the connection, a number is answered as the status of a failure.
Hook = Callable[[Asked, When], bool | int]
Watching = Literal["pass", "freeze", "skip", "cut"]
Way = Literal["open", "cut", "silent"]
Bodies = Literal["whole", "slow", "torn"]


def _pass_on(_asked: Asked, _when: When) -> bool:
    return False


class Proxy:
    """
    A proxy in a thread of this process; a context manager.

    *hook* is called for every request, before and after its effect; the
    connection is cut where it returns True. It does not see watches: *watching*
    says whether their events are passed on, held back, left out, or end the watch.
    *bodies* are sent whole, over *slow_s* seconds, or torn off in the middle.
    """

    def __init__(
        self,
        side: str,
        target: str,
        *,
        certificate: tuple[Path, Path] | None = None,
        target_ca: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._side, self._target = side, target
        self._certificate, self._target_ca = certificate, target_ca
        self.hook: Hook = _pass_on
        self.watching: Watching = "pass"
        self.bodies: Bodies = "whole"
        self.slow_s = 0.0
        self._way: Way = "open"
        self._watches: list[web.BaseRequest] = []
        # Beside that, what new watches are answered, and which were asked for.
        self.watch_answer: WatchAnswer | None = None
        self.watches: list[str] = []
        self._host, self.port = host, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._certificate else 'http'}://{self._host}:{self.port}"

    def lead(self, way: Way) -> None:
        """
        Let everybody through or, by a way that is "cut" or "silent", nobody.

        Who asks by a silent way hears nothing until it is open, watches neither.
        """
        self._way = way
        self._loop.call_soon_threadsafe(self._end_watches)

    def _end_watches(self) -> None:
        if self._way == "cut":
            for each in list(self._watches):
                _cut(each)

    async def _gets_through(self) -> bool:
        """Tell whether the way was open; where it is silent, once it is so no more."""
        if self._way != "silent":
            return self._way == "open"
        while self._way == "silent":  # noqa: ASYNC110 - another thread sets it
            await asyncio.sleep(FREEZE_S)
        return False

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def end_watches(self) -> None:
        """End all watches that are under way, as a server does that ends."""
        self._loop.call_soon_threadsafe(lambda: [_cut(each) for each in list(self._watches)])

    async def _start(self) -> None:
        trusted = ssl.create_default_context(cafile=self._target_ca) if self._target_ca else True
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trusted, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        server = web.Server(self._handle, auto_decompress=False)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        context = None
        if self._certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*map(str, self._certificate))
        site = web.TCPSite(self._runner, self._host, self.port, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        assert self._session is not None
        assert self._runner is not None
        await self._session.close()
        await self._runner.cleanup()
        # Who is cut off is told so, lest the loop's end complain about it.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for each in left:
            each.cancel()
        if left:
            await asyncio.wait(left, timeout=5)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if not await self._gets_through():
            return _cut(request)
        user = _basic_user(request.headers.get("Authorization", ""))
        asked = Asked(self._side, request.method, request.path, user)
        watching = request.query.get("watch") in {"true", "1"}
        verdict = False if watching else await self._hooked(asked, "before")
        if verdict:
            return _spoiled(request, verdict)
        if watching:
            self.watches.append(asked.path)
            if (said := self.watch_answer) is not None:
                headers = {"Content-Type": said.content_type, **dict(said.headers)}
                return web.Response(status=said.status, body=said.body, headers=headers)
        try:
            return await self._forward(request, asked, watching=watching)
        except (aiohttp.ClientError, OSError):
            return _cut(request)

    async def _forward(
        self, request: web.BaseRequest, asked: Asked, *, watching: bool
    ) -> web.StreamResponse:
        assert self._session is not None
        body = await request.read()
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in _HOP]
        url = URL(self._target + request.raw_path, encoded=True)
        async with self._session.request(
            request.method, url, data=body or None, headers=headers, allow_redirects=False
        ) as answer:
            if watching:
                return await self._stream(request, answer)
            content = self._shown(request, await answer.read())
            verdict = await self._hooked(replace(asked, status=answer.status), "after")
            if verdict:
                return _spoiled(request, verdict)
            if not await self._gets_through():
                return _cut(request)
            if content and self.bodies != "whole":
                return await self._drip(request, answer, content)
            response = web.Response(status=answer.status, body=content)
            response.headers.clear()
            response.headers.extend(end_to_end(answer))
            return response

    def _shown(self, _request: web.BaseRequest, content: bytes) -> bytes:
        """Return what is answered where Quay or the API server answered *content*."""
        return content

    async def _hooked(self, asked: Asked, when: When) -> bool | int:
        return await asyncio.to_thread(self.hook, asked, when)

    async def _drip(
        self, request: web.BaseRequest, answer: aiohttp.ClientResponse, content: bytes
    ) -> web.StreamResponse:
        """Send *content* in pieces, or the first half of it."""
        response = web.StreamResponse(status=answer.status, headers=end_to_end(answer))
        response.content_length = len(content)
        await response.prepare(request)
        size = -(-len(content) // PIECES)
        for start in range(0, len(content), size):
            if self.bodies == "torn" and start >= len(content) // 2:
                return _cut(request)
            await response.write(content[start : start + size])
            await asyncio.sleep(self.slow_s / PIECES)
        return response

    async def _stream(
        self, request: web.BaseRequest, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=end_to_end(answer))
        response.enable_chunked_encoding()
        await response.prepare(request)
        self._watches.append(request)
        try:
            async with aclosing(self._shown_lines(request, answer)) as lines:
                async for line in lines:
                    await response.write(line)
        finally:
            self._watches.remove(request)
        return _cut(request) if self.watching == "cut" else response

    def _shown_lines(
        self, _request: web.BaseRequest, answer: aiohttp.ClientResponse
    ) -> AsyncGenerator[bytes, None]:
        """Yield what is shown of a watch, in whole lines."""
        return self._lines(answer)

    async def _lines(self, answer: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        """Yield the lines of a watch, as *watching* says."""
        rest = b""
        async for chunk in answer.content.iter_any():
            *events, rest = (rest + chunk).split(b"\n")
            while self.watching == "freeze" or self._way == "silent":  # noqa: ASYNC110
                await asyncio.sleep(FREEZE_S)
            if self.watching == "cut":
                return
            if events and self.watching == "pass":
                yield b"\n".join([*events, b""])
        if rest:
            yield rest


def _basic_user(header: str) -> str:
    """Return the user's name alone: the rest is secret."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    return base64.b64decode(value).partition(b":")[0].decode()


def end_to_end(answer: aiohttp.ClientResponse) -> CIMultiDict[str]:
    return CIMultiDict((k, v) for k, v in answer.headers.items() if k.lower() not in _HOP)


def _spoiled(request: web.BaseRequest, verdict: bool | int) -> web.Response:
    """Cut the connection, or answer as an API server does that fails."""
    if verdict is True:
        return _cut(request)
    headers = {"Retry-After": "1"} if verdict == 429 else {}
    failure = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    said = {"message": "as the test says", "reason": REASONS.get(verdict, ""), "code": verdict}
    return web.json_response(failure | said, status=verdict, headers=headers)


def _cut(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)
