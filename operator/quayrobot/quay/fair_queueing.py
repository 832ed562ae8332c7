"""
Whose turn is it, when many want one?

Everybody who waits gets a rank, and the lowest goes next. Who has many waiting
gets ranks further and further behind, so that another's only one is never
more than about one turn of each of them away. What is less urgent takes longer
steps: it is overtaken by so many, and no more, so that nobody can make it wait
forever.
"""

from __future__ import annotations

from collections.abc import Hashable

__all__ = ["FairQueueing"]


class FairQueueing:
    """The ranks of those who wait for one thing (fair queueing, by finish tags)."""

    def __init__(self) -> None:
        self._served = 0
        self._waiting = 0
        self._last: dict[Hashable, int] = {}

    def join(self, tenant: Hashable, step: int) -> int:
        """Return the rank of one more of *tenant*, *step* behind who is served now."""
        rank = max(self._served, self._last.get(tenant, 0)) + step
        self._last[tenant] = rank
        self._waiting += 1
        return rank

    def serve(self, rank: int) -> None:
        """Record that the one with *rank* is served."""
        self._served = max(self._served, rank)
        self._leave()

    def leave(self, tenant: Hashable, rank: int, step: int) -> None:
        """Record that the one of *tenant* with *rank* gave up."""
        if self._last.get(tenant) == rank:
            self._last[tenant] = rank - step
        self._leave()

    def _leave(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            # What is behind everybody is behind nobody.
            self._last.clear()
