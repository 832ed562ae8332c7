"""
Are the initial lists of all watches complete?

The shell knows when it began to watch, not when the last object of the first
lists went through a door. Here the lists are remembered by uid until each uid
was seen and every watch has begun; only then may "not in the store" be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["InitialLists"]


class InitialLists:
    """
    Calls *done* once, when all *paths* are watched and all that was listed was seen.

    Where *bounded* (some namespaces are served), a path that is forbidden is not
    waited for: one namespace without rights must not hold up the others. Every page, of
    later lists too, is passed on to *then*.
    """

    def __init__(
        self,
        paths: Iterable[str],
        done: Callable[[], None],
        *,
        bounded: bool = False,
        then: Callable[[str, dict[str, Any]], None] = lambda _path, _page: None,
    ) -> None:
        self._then = then
        self._bounded = bounded
        self._unwatched = set(paths)
        self._pending: set[str] = set()
        self._done = done
        self.complete = False

    def listed(self, path: str, page: dict[str, Any]) -> None:
        """Take note of one page of a list."""
        self._then(path, page)
        if not self.complete and path in self._unwatched:
            self._pending.update(item["metadata"]["uid"] for item in page.get("items") or ())

    def watched(self, path: str) -> None:
        """Say that the list of *path* is over: its watch begins."""
        if not self.complete:
            self._unwatched.discard(path)
            self._check()

    def forbidden(self, path: str) -> None:
        """Say that the list of *path* was refused for want of a right."""
        if self._bounded:
            self.watched(path)

    def seen(self, body: Mapping[str, Any]) -> None:
        """Say that an object has gone through its door."""
        if not self.complete:
            self._pending.discard(body["metadata"]["uid"])
            self._check()

    def _check(self) -> None:
        if not self._unwatched and not self._pending:
            self.complete = True
            self._done()
