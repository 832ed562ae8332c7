"""
May this process still write?

Of several replicas one holds the Lease. Holding it is a fact of the past: between
the renewal and the write, the process may have been stopped, cut off or overtaken.
So each write asks right before it leaves, and what was renewed too long ago is
refused here, before another replica may begin.
"""

from __future__ import annotations

from collections.abc import Callable

from .errors import Reason, TryLater

__all__ = ["Fence"]


class Fence:
    """Open until a moment of *clock* (seconds, never set back); without a clock always open."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._until = 0.0

    def open_until(self, moment: float) -> None:
        """Let writes pass until *moment*; a moment that has passed closes it."""
        self._until = moment

    def close(self) -> None:
        """Let no write pass."""
        self._until = 0.0

    @property
    def is_open(self) -> bool:
        """Return whether a write would pass now."""
        return self._clock is None or self._clock() < self._until

    def check(self) -> None:
        """
        Return when a write may leave now.

        Raises:
            TryLater: This replica does not lead, or cannot be sure that it still does.
        """
        if not self.is_open:
            msg = "this replica does not hold the Lease, so it writes nothing"
            raise TryLater(Reason.NOT_LEADER, msg)
