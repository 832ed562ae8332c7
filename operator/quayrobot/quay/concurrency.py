"""
How many calls does a Quay do at once?

Each of Quay's web workers does one call after another, and nobody says how many
workers there are. More calls at once than workers only wait in Quay, and
everybody else's calls wait behind them. So the limit follows how long a call
takes, from its last byte sent to the first byte of the answer. Those that began
while at most half of the limit was under way show, for each operation, what a
call takes without a queue. A call that takes more than `SLOWER` times that lowers
the limit, each other one raises it, by one for as many calls as the limit is. At
N workers it settles between N and 2 N, and another user's call takes at most about twice
as long as without ours. Under load half of the limit is used for a few calls now
and then, so that there are some without a queue.

The rule is that of TCP Vegas (Brakmo, O'Malley, Peterson 1994) as Netflix'
concurrency-limits applies it to calls; ADR 0030 says what differs, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["LEAST_S", "PROBE_CALLS", "PROBE_CAP_S", "SLOWER", "START", "ConcurrencyLimit"]

# By credential: a call with an OAuth token costs Quay ten times that with a JWT.
START = {"OAuthToken": 4, "OIDC": 16}
SLOWER = 1.4
# What is faster delays nobody, and much of it is our own event loop.
LEAST_S = 0.02
PROBE_FIRST_S = 4.0
PROBE_CAP_S = 60.0
PROBE_CALLS = 3


@dataclass(slots=True)
class _Unqueued:
    """What a call of one operation takes without a queue: the mean of the last few."""

    seconds: float
    count: int = 1

    def add(self, seconds: float) -> None:
        self.count = min(self.count + 1, PROBE_CALLS)
        self.seconds += (seconds - self.seconds) / self.count


class ConcurrencyLimit:
    """
    The number of calls at once: at first *start*, at most *most*, never under one.

    *clock* is monotonic, in seconds.
    """

    def __init__(self, start: float, most: float, clock: Callable[[], float]) -> None:
        self._width, self._most, self._clock = min(start, most), most, clock
        self._unqueued: dict[str, _Unqueued] = {}
        self._probe_s = PROBE_FIRST_S
        self._probe_due = clock() + self._probe_s
        # So many calls without a queue are still to come.
        self._probing = 0

    @property
    def width(self) -> float:
        """Return how many calls may be under way."""
        return self._low if self._probing else self._width

    def observe(self, operation: str, seconds: float, in_flight: int) -> None:
        """Learn from a call that took *seconds* and began as one of *in_flight*."""
        queued = in_flight > self._low
        if operation not in self._unqueued:
            self._unqueued[operation] = _Unqueued(seconds)
        elif not queued:
            self._unqueued[operation].add(seconds)
        if self._probing:
            self._probing -= not queued
            return
        self._adjust(operation, seconds, busy=2 * in_flight >= self._width)

    def halve(self) -> None:
        """Fall back: Quay is overloaded."""
        self._width = max(1.0, self._width / 2)

    def inherit(self, old: ConcurrencyLimit) -> None:
        """Begin where *old* is: it was about the same Quay."""
        self._width = min(old._width, self._most)

    @property
    def _low(self) -> int:
        return max(1, int(self._width / 3))

    def _adjust(self, operation: str, seconds: float, *, busy: bool) -> None:
        if seconds > SLOWER * max(LEAST_S, self._unqueued[operation].seconds):
            self._width = max(1.0, self._width - 1 / self._width)
        elif busy:
            # Where few calls are made nothing says that there could be more.
            self._width = min(self._most, self._width + 1 / self._width)
        if busy and self._clock() >= self._probe_due:
            self._probe()

    def _probe(self) -> None:
        """Measure again what a call takes: Quay can become slower, or get workers."""
        self._probe_due = self._clock() + self._probe_s
        self._probe_s = min(PROBE_CAP_S, self._probe_s * 2)
        self._probing = PROBE_CALLS
        for each in self._unqueued.values():
            each.count = 0
