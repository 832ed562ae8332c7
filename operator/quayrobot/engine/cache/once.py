"""What was told already, so that it is not told at every repair?"""

from __future__ import annotations

from collections.abc import Hashable

__all__ = ["Once"]

MANY = 5000


class Once:
    """Remembers what was told, for as long as the process lives; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._told: dict[Hashable, None] = {}

    def first(self, what: Hashable) -> bool:
        """Return whether *what* is told for the first time, and take note of it."""
        if what in self._told:
            return False
        if len(self._told) >= MANY:
            del self._told[next(iter(self._told))]
        self._told[what] = None
        return True
