"""
A real proxy on loopback: CONNECT, and requests in absolute form.

It can want credentials and speak TLS, knows names that nobody else knows, and
can be away and come back at the same address. It keeps who asked for what.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

__all__ = ["ConnectProxy"]


class ConnectProxy:
    """
    A context manager.

    *login* is what it wants (user and password), *names* where names lead that it knows.
    """

    def __init__(
        self,
        *,
        pair: tuple[Path, Path] | None = None,
        login: tuple[str, str] | None = None,
        names: dict[str, str] | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        self.login, self.names, self._address = login, names or {}, address
        self._tls: ssl.SSLContext | None = None
        if pair is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*pair)
        # Answers every request with this status where it is set.
        self.status: int | None = None
        # Takes requests and answers none.
        self.mute = False
        self.asked: list[tuple[str, str]] = []
        self.refused = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """What `spec.proxy.url` says."""
        return f"{'https' if self._tls else 'http'}://{self._address}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def up(self) -> None:
        """Be there, at the same address as before."""
        asyncio.run_coroutine_threadsafe(self._up(), self._loop).result(10)

    def down(self) -> None:
        """Be away: nobody listens, and what was open is cut."""
        asyncio.run_coroutine_threadsafe(self._down(), self._loop).result(10)

    async def _up(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, self._address, self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for each in self._serving:
            each.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = dict(each.split(": ", 1) for each in lines)
        status = self._judged({name.lower(): value for name, value in headers.items()})
        self.asked.append((method, target))
        if self.mute:
            await asyncio.sleep(600)
        if status is not None:
            self.refused += 1
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
        elif method == "CONNECT":
            await self._tunnel(target, reader, writer)
        else:
            await self._forward(first, lines, reader, writer)

    def _judged(self, headers: dict[str, str]) -> int | None:
        if self.login is not None:
            pair = base64.b64encode(":".join(self.login).encode()).decode()
            if headers.get("proxy-authorization") != f"Basic {pair}":
                return 407
        return self.status

    async def _dial(self, place: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, _, port = place.rpartition(":")
        return await asyncio.open_connection(self.names.get(host, host), int(port))

    async def _tunnel(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            there = await self._dial(target)
        except OSError:
            writer.write(b"HTTP/1.1 502 No Way\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await self._pump(reader, writer, *there)

    async def _forward(
        self,
        first: str,
        lines: list[str],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        method, target, version = first.split(" ")
        parts = urlsplit(target)
        there = await self._dial(f"{parts.hostname}:{parts.port or 80}")
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        kept = [each for each in lines if not each.lower().startswith("proxy-")]
        head = "\r\n".join([f"{method} {path} {version}", *kept, "", ""])
        there[1].write(head.encode("latin-1"))
        await self._pump(reader, writer, *there)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            far_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    else:
        writer.close()
