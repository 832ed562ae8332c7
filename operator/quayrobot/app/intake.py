"""
Where do the objects go that lists and watches bring?

To the sink, out of the answer itself and in its order. The shell asks for them, keeps
watches going, and is told how far a watch has come; for each object it would start a
worker, which costs as much as what the object is about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

from ..engine.cache.unforeseen import logged

__all__ = ["Body", "Intake", "Sink"]

Body = dict[str, Any]
# After so many in a row the others have their turn.
AT_ONCE = 50


class Sink(Protocol):
    """Who wants to know; must be quick and must not fail."""

    def observe(self, kind: str, event_type: str | None, body: Body) -> None:
        """Take the object *body*; *event_type* None means: it was there when listed."""

    def listed(self, kind: str, namespace: str, page: Body) -> None:
        """Take a *page* of a list, whose objects are observed besides; no *namespace*: all."""


class Intake:
    """
    Hands to *sink* what comes from the paths of *lists*; what else comes is the shell's.

    *lists* maps a path to the kind and the namespace (empty: all) of what is listed there.
    """

    def __init__(
        self, sink: Sink | None = None, lists: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self._sink, self._lists, self._taken = sink, dict(lists or {}), 0

    def takes(self, path: str) -> bool:
        """Tell whether objects from *path* go to the sink."""
        return path in self._lists

    async def take_list(self, path: str, page: Body) -> None:
        """Hand on a page of the list at *path*, and each object on it."""
        assert self._sink is not None
        kind, namespace = self._lists[path]
        # What is gone is told before what is there.
        with logged(kind):
            self._sink.listed(kind, namespace, page)
        for each in page["items"]:
            await self.take(path, None, each)

    async def take(self, path: str, event_type: str | None, body: Body) -> None:
        """Hand on one object from *path*; what goes wrong with it is logged."""
        assert self._sink is not None
        kind, _ = self._lists[path]
        with logged(kind):
            self._sink.observe(kind, event_type, body)
        self._taken += 1
        if self._taken % AT_ONCE == 0:
            await asyncio.sleep(0)
