"""
Are the initial lists of all watches complete?

What a list brings is observed page by page, before its watch begins. Here is noted which
watches have begun; only when all have may "not in the store" be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

__all__ = ["InitialLists"]


class InitialLists:
    """
    Calls *done* once, when all *paths* are watched.

    Where *bounded* (some namespaces are served), a path that is forbidden is not
    waited for: one namespace without rights must not hold up the others.
    """

    def __init__(
        self, paths: Iterable[str], done: Callable[[], None], *, bounded: bool = False
    ) -> None:
        self._bounded = bounded
        self._unwatched = set(paths)
        self._done = done
        self.complete = False

    def watched(self, path: str) -> None:
        """Say that the list of *path* is over: its watch begins."""
        if not self.complete:
            self._unwatched.discard(path)
            self.complete = not self._unwatched
            if self.complete:
                self._done()

    def forbidden(self, path: str) -> None:
        """Say that the list of *path* was refused for want of a right."""
        if self._bounded:
            self.watched(path)
