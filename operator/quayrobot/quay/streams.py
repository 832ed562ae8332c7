"""
How are the bytes of one connection sent and received?

By a protocol of the event loop itself. What the HTTP library uses by default works under
any event loop, which costs each call a third of its CPU. The standard library's streams
would forget an answer that came just before the connection broke: Quay's proxy may refuse
a request before it has read it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpcore

__all__ = ["Network"]

# So many bytes may wait to be read until no more are taken in.
MOST = 256 * 1024
Options = Iterable[tuple[Any, ...]]


class _Wire(asyncio.Protocol):
    """What came through *transport*, and whether more can be sent; one task uses it at a time."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._came = bytearray()
        self._ended, self._broken = False, ""
        self._full, self._waiter = False, asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's has no such class, but all that it can do.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._came += data
        if len(self._came) > MOST:
            self.transport.pause_reading()
        self._waiter.set()

    def eof_received(self) -> None:
        self._ended = True
        self._waiter.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._broken = type(exc).__name__ if exc is not None else ""
        self._waiter.set()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._waiter.set()

    async def receive(self, most: int) -> bytes:
        """
        Return what has come, at most *most* bytes; b"" at the end.

        Raises:
            OSError: The connection broke.
        """
        while not self._came and not self._ended:
            await self._change()
        if not self._came and self._broken:
            raise ConnectionError(self._broken)
        data = bytes(self._came[:most])
        del self._came[:most]
        if len(self._came) <= MOST and not self._ended:
            self.transport.resume_reading()
        return data

    async def send(self, data: bytes) -> None:
        """
        Send *data*; return when the next can be sent.

        Raises:
            OSError: The connection broke, or the other side ended it.
        """
        self._check()
        self.transport.write(data)
        while self._full:
            await self._change()
            self._check()

    def _check(self) -> None:
        if self._ended:
            raise ConnectionError(self._broken)

    async def _change(self) -> None:
        self._waiter.clear()
        await self._waiter.wait()


class _Stream(httpcore.AsyncNetworkStream):
    """One connection, open."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Return what has come, at most *max_bytes*; b"" at the end."""
        with _told_as(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(timeout):
                return await self._wire.receive(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send *buffer*."""
        if not buffer:
            return
        with _told_as(httpcore.WriteTimeout, httpcore.WriteError):
            async with asyncio.timeout(timeout):
                await self._wire.send(buffer)

    async def aclose(self) -> None:
        """End it at once: whoever closes it has read what there was to read."""
        self._wire.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Speak TLS from now on, with what is called *server_hostname*."""
        wire, loop = self._wire, asyncio.get_running_loop()
        try:
            with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError):
                async with asyncio.timeout(timeout):
                    secure = await loop.start_tls(
                        wire.transport, wire, ssl_context, server_hostname=server_hostname
                    )
        except BaseException:
            await self.aclose()
            raise
        assert secure is not None
        wire.transport = secure
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return what the HTTP library asks for: with which protocol TLS was agreed on."""
        return self._wire.transport.get_extra_info(info) if info == "ssl_object" else None


class Network(httpcore.AsyncNetworkBackend):
    """Opens connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Options | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Dial *host*, which is an address."""
        assert local_address is None
        assert not socket_options
        with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                loop = asyncio.get_running_loop()
                _, wire = await loop.create_connection(_Wire, host, port)
        return _Stream(wire)


@contextmanager
def _told_as(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    """Raise a timeout as *late*, and what breaks a connection as *broken*, with its words."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise broken(str(error)) from error
