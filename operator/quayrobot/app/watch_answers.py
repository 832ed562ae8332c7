"""
What of what answers a watch may the shell see?

The shell ends the process at whatever it does not know: an error among the events
that is not 410 (etcd is overloaded), a line that a load balancer cut in two, its
page in the place of events. All of these say the same: what was watched has to be
listed again, which the shell does when it is told 410. Objects it never sees: they
are taken out, and a bookmark takes their place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from aiohttp import ClientResponse, StreamReader

from .intake import Body, Intake

__all__ = ["WatchEvents", "as_gone", "is_list"]

GONE = b'{"type":"ERROR","object":{"code":410}}\n'
_CHANGES = {"ADDED", "MODIFIED", "DELETED"}
_LEFT_OUT = "left out"

# Told what a watch ended with, in our words.
Ended = Callable[[str], None]
# A line, and what is in it.
Event = tuple[bytes, Body]


class WatchEvents:
    """
    What comes through *content* from *path*, its last event GONE where it cannot go on.

    Objects go to *intake*; the shell is told in bookmarks how far that has come.
    """

    def __init__(self, content: StreamReader, ended: Ended, path: str, intake: Intake) -> None:
        self._content, self._ended = content, ended
        self._path, self._intake = path, intake

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """Yield whole lines, in chunks of about *size* bytes."""
        rest = b""
        async for data in self._content.iter_chunked(size):
            *lines, rest = (rest + data).split(b"\n")
            events, word = _sorted_out(lines)
            if kept := await self._left_of(events):
                yield b"\n".join([*kept, b""])
            if word is not None:
                self._ended(word)
                yield GONE
                return
        # What was cut in two is seen again: the next watch begins before it.

    async def _left_of(self, events: list[Event]) -> list[bytes]:
        """Hand the objects of *events* on; return the lines that are left for the shell."""
        if not self._intake.takes(self._path):
            return [line for line, _ in events]
        version = None
        for _, event in events:
            body = event["object"]
            if event["type"] != "BOOKMARK":
                await self._intake.take(self._path, event["type"], body)
            version = body["metadata"].get("resourceVersion", version)
        return [_bookmark(version)] if version is not None else []


class _Gone:
    """In the place of a watch's events: it has to be listed again."""

    def __init__(self, content: StreamReader) -> None:
        self._content = content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def iter_chunked(self, _size: int) -> AsyncIterator[bytes]:
        """Yield GONE."""
        yield GONE


def as_gone(response: ClientResponse) -> ClientResponse:
    """Return *response* as the answer to a watch that says 410 as an event."""
    response.content = _Gone(response.content)  # type: ignore[assignment]
    response.status = 200
    return response


def is_list(value: object) -> bool:
    """Tell whether *value* is a page of a list, from which a watch can begin."""
    if not isinstance(value, dict) or "items" not in value:
        return False
    meta = value.get("metadata")
    return isinstance(meta, dict) and bool(meta.get("resourceVersion"))


def _bookmark(version: str) -> bytes:
    return orjson.dumps({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": version}}})


def _sorted_out(lines: list[bytes]) -> tuple[list[Event], str | None]:
    """Return the events up to the first that ends the watch, and what that is."""
    kept = []
    for line in lines:
        event, word = _read(line)
        if word is None:
            kept.append((line, event))
        elif word != _LEFT_OUT:
            return kept, word
    return kept, None


def _read(line: bytes) -> tuple[Body, str | None]:
    """Return the event in *line*, and None; else why it is none."""
    try:
        event = orjson.loads(line) if line else {"type": ""}
    except orjson.JSONDecodeError:
        return {}, "no event"
    return (event, _meaning(event)) if isinstance(event, dict) else ({}, "no event")


def _meaning(event: Body) -> str | None:
    """Return None for an event of an object, else why it is none."""
    kind, body = event.get("type"), event.get("object")
    if kind == "ERROR":
        code = body.get("code") if isinstance(body, dict) else None
        return f"an error {code}" if isinstance(code, int) else "an error"
    meta = body.get("metadata") if isinstance(body, dict) else None
    whole = isinstance(meta, dict) and (kind == "BOOKMARK" or isinstance(meta.get("uid"), str))
    if kind in _CHANGES or kind == "BOOKMARK":
        return None if whole else "no event"
    # The shell would print it, with whatever is in it.
    return _LEFT_OUT if isinstance(kind, str) else "no event"
