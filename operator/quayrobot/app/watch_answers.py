"""
What of what answers a watch may the shell see?

The shell ends the process at whatever it does not know: an error among the events
that is not 410 (etcd is overloaded), a line that a load balancer cut in two, its
page in the place of events. All of these say the same: what was watched has to be
listed again, which the shell does when it is told 410.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from aiohttp import ClientResponse, StreamReader

__all__ = ["WatchEvents", "as_gone", "is_list"]

GONE = b'{"type":"ERROR","object":{"code":410}}\n'
_CHANGES = {"ADDED", "MODIFIED", "DELETED"}
_LEFT_OUT = "left out"

# Told what a watch ended with, in our words.
Ended = Callable[[str], None]


class WatchEvents:
    """The events that come through *content*, the last of them GONE where they cannot go on."""

    def __init__(self, content: StreamReader, ended: Ended, *, gone: bool = False) -> None:
        self._content, self._ended, self._gone = content, ended, gone

    def __getattr__(self, name: str) -> Any:
        return getattr(self._content, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """Yield whole lines, in chunks of about *size* bytes."""
        if self._gone:
            yield GONE
            return
        rest = b""
        async for data in self._content.iter_chunked(size):
            *lines, rest = (rest + data).split(b"\n")
            kept, word = _sorted_out(lines)
            if kept:
                yield b"\n".join([*kept, b""])
            if word is not None:
                self._ended(word)
                yield GONE
                return
        # What was cut in two is seen again: the next watch begins before it.


def as_gone(response: ClientResponse, ended: Ended) -> ClientResponse:
    """Return *response* as the answer to a watch that says 410 as an event."""
    response.content = WatchEvents(response.content, ended, gone=True)  # type: ignore[assignment]
    response.status = 200
    return response


def is_list(value: object) -> bool:
    """Tell whether *value* is a page of a list, from which a watch can begin."""
    if not isinstance(value, dict) or "items" not in value:
        return False
    meta = value.get("metadata")
    return isinstance(meta, dict) and bool(meta.get("resourceVersion"))


def _sorted_out(lines: list[bytes]) -> tuple[list[bytes], str | None]:
    """Return the events up to the first that ends the watch, and what that is."""
    kept = []
    for line in lines:
        word = _meaning(line)
        if word is None:
            kept.append(line)
        elif word != _LEFT_OUT:
            return kept, word
    return kept, None


def _meaning(line: bytes) -> str | None:
    """Return None for an event, else why it is none."""
    try:
        event = orjson.loads(line) if line else {"type": ""}
    except orjson.JSONDecodeError:
        return "no event"
    kind, body = (event.get("type"), event.get("object")) if isinstance(event, dict) else (0, 0)
    if kind == "ERROR":
        code = body.get("code") if isinstance(body, dict) else None
        return f"an error {code}" if isinstance(code, int) else "an error"
    meta = body.get("metadata") if isinstance(body, dict) else None
    whole = isinstance(meta, dict) and (kind == "BOOKMARK" or isinstance(meta.get("uid"), str))
    if kind in _CHANGES or kind == "BOOKMARK":
        return None if whole else "no event"
    # The shell would print it, with whatever is in it.
    return _LEFT_OUT if isinstance(kind, str) else "no event"
