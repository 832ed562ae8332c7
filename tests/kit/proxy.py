"""
What does the operator ask of the world, and what if it dies while asking?

A proxy in front of the API server or of Quay: it passes every request on, notes
it, and hands it to a hook before it takes effect and again after it did, before
the answer goes back. A hook that says so cuts the connection there.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

When = Literal["before", "after"]
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "upgrade"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: which side it went to, what it was, and who asked where Basic says so."""

    side: str
    method: str
    path: str
    user: str = ""


Hook = Callable[[Asked, When], bool]


def _pass_on(_asked: Asked, _when: When) -> bool:
    return False


class Proxy:
    """
    A proxy in a thread of this process; a context manager.

    *hook* is called for every request, before and after its effect; the
    connection is cut where it returns True. Watches are passed on unseen.
    """

    def __init__(
        self,
        side: str,
        target: str,
        *,
        certificate: tuple[Path, Path] | None = None,
        target_ca: Path | None = None,
    ) -> None:
        self._side, self._target = side, target
        self._certificate, self._target_ca = certificate, target_ca
        self.hook: Hook = _pass_on
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._certificate else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

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
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        assert self._session is not None
        assert self._runner is not None
        await self._session.close()
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        user = _basic_user(request.headers.get("Authorization", ""))
        asked = Asked(self._side, request.method, request.path, user)
        watching = request.query.get("watch") in {"true", "1"}
        if not watching and await self._hooked(asked, "before"):
            return _cut(request)
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
                return await _stream(request, answer)
            content = await answer.read()
            if await self._hooked(asked, "after"):
                return _cut(request)
            response = web.Response(status=answer.status, body=content)
            response.headers.clear()
            response.headers.extend(_end_to_end(answer))
            return response

    async def _hooked(self, asked: Asked, when: When) -> bool:
        return await asyncio.to_thread(self.hook, asked, when)


def _basic_user(header: str) -> str:
    """Return the user's name alone: the rest is secret."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    return base64.b64decode(value).partition(b":")[0].decode()


def _end_to_end(answer: aiohttp.ClientResponse) -> CIMultiDict[str]:
    return CIMultiDict((k, v) for k, v in answer.headers.items() if k.lower() not in _HOP)


async def _stream(request: web.BaseRequest, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=_end_to_end(answer))
    response.enable_chunked_encoding()
    await response.prepare(request)
    async for chunk in answer.content.iter_any():
        await response.write(chunk)
    return response


def _cut(request: web.BaseRequest) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)
