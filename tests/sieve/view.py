"""How does a proxy show the operator no more than it is to see?"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
from aiohttp import web

from tests.kit.proxy import Asked, Proxy, When

from .gate import Gate
from .lens import Lens

__all__ = ["GatedView", "View"]

GZIP = b"\x1f\x8b"

KINDS = {
    "quayrobots", "clusterquayrobots", "quayconnections", "clusterquayconnections",
    "secrets", "serviceaccounts", "namespaces",
}  # fmt: skip


class View(Proxy):
    """A proxy whose lists and watches pass *lens*."""

    def __init__(self, lens: Lens, side: str, target: str, **options: Any) -> None:
        super().__init__(side, target, **options)
        self.lens = lens
        self._streams: list[tuple[str, asyncio.Queue[bytes | None]]] = []

    def __exit__(self, *exc: object) -> None:
        for _kind, queue in list(self._streams):
            self._loop.call_soon_threadsafe(queue.put_nowait, None)
        super().__exit__(*exc)

    def release(self) -> None:
        """Show everything as it is, beginning with what was held back."""
        for kind, line in self.lens.release():
            for each, queue in list(self._streams):
                if each == kind:
                    self._loop.call_soon_threadsafe(queue.put_nowait, line)

    def _shown(self, request: web.BaseRequest, content: bytes) -> bytes:
        kind = _collection(request.path)
        if request.method != "GET" or not kind:
            return content
        packed = content.startswith(GZIP)
        body = json.loads(gzip.decompress(content) if packed else content)
        if not body.get("kind", "").endswith("List") or "Partial" in body["kind"]:
            return content
        shown = json.dumps(self.lens.listed(kind, body)).encode()
        return gzip.compress(shown, 1) if packed else shown

    async def _shown_lines(
        self, request: web.BaseRequest, answer: aiohttp.ClientResponse
    ) -> AsyncGenerator[bytes, None]:
        kind, queue = _collection(request.path), asyncio.Queue[bytes | None]()
        reader = asyncio.create_task(self._read(kind, answer, queue))
        self._streams.append((kind, queue))
        try:
            while (line := await queue.get()) is not None:
                # What was held back went through the lens before.
                yield line
        finally:
            self._streams.remove((kind, queue))
            reader.cancel()

    async def _read(
        self, kind: str, answer: aiohttp.ClientResponse, queue: asyncio.Queue[bytes | None]
    ) -> None:
        try:
            async for lines in self._lines(answer):
                for line in lines.splitlines(keepends=True):
                    if not line.strip() or not kind or self.lens.passes(kind, line):
                        queue.put_nowait(line)
        finally:
            queue.put_nowait(None)


class GatedView(View):
    """A view whose every request passes *gate*, too."""

    def __init__(self, gate: Gate, lens: Lens, side: str, target: str, **options: Any) -> None:
        super().__init__(lens, side, target, **options)
        self._gate = gate

    async def _hooked(self, asked: Asked, when: When) -> bool | int:
        return await self._gate.passed(asked, when)


def _collection(path: str) -> str:
    """Return the kind that is listed at *path*, empty where it is something else."""
    kind = path.rpartition("/")[2]
    return kind if kind in KINDS and "/namespaces/" not in path else ""
