"""
Who is next?

A queue of keys, each at most once, one worker per key at a time. A key that is
added while it runs runs again. Failures wait longer each time (1 s to 5 min,
jittered), an edit forgets them. Lanes keep a deletion from queueing behind a
refresh, and namespaces take turns.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from .fair_order import FairOrder
from .keys import Key, Lane
from .worker_shares import WorkerShares

__all__ = ["Queue"]

BACKOFF_FIRST_S = 1.0
BACKOFF_CAP_S = 300.0
# So many looks find what somebody else wrote meanwhile; what goes on is no race any more.
QUICK_CONFLICTS = 5


@dataclass(slots=True)
class _Entry:
    """Where a key stands: *due* is on the queue's clock, *failures* in a row."""

    lane: Lane = Lane.RESYNC
    due: float | None = None
    ticket: int = -1
    running: bool = False
    again: Lane | None = None
    failures: int = 0
    conflicts: int = 0


class Queue:
    """
    Keys in lanes; *clock* is monotonic in seconds, *jitter* draws from [0, 1).

    *shares* bound how many of those that run at once may be of one tenant.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        shares: WorkerShares | None = None,
    ) -> None:
        self._clock, self._jitter = clock, jitter
        self._entries: dict[Key, _Entry] = {}
        self._ready = FairOrder(shares or WorkerShares.unbounded(), current=self._counts)
        self._later: list[tuple[float, int, Key]] = []
        self._tickets = itertools.count()
        self._changed = asyncio.Event()

    def depth(self) -> dict[Lane, int]:
        """Return how many keys are due, by lane."""
        now = self._clock()
        waiting = [e.lane for e in self._entries.values() if e.due is not None and e.due <= now]
        return {lane: waiting.count(lane) for lane in Lane}

    def add(self, key: Key, lane: Lane, *, delay_s: float = 0.0) -> None:
        """Enqueue *key* after *delay_s*; the earlier time and the more urgent lane win."""
        entry = self._entries.setdefault(key, _Entry())
        if entry.running and delay_s == 0.0:
            entry.again = lane if entry.again is None else min(lane, entry.again)
            return

        due = self._clock() + delay_s
        if entry.due is not None and entry.due <= due and entry.lane <= lane:
            return
        entry.lane = lane if entry.due is None else min(lane, entry.lane)
        entry.due = due if entry.due is None else min(due, entry.due)
        self._schedule(key, entry)

    def forgive(self, key: Key) -> None:
        """Reset the backoff of *key*, because something changed."""
        entry = self._entries.get(key)
        if entry is None:
            return
        entry.failures = entry.conflicts = 0
        if not entry.running and entry.due is None:
            del self._entries[key]

    def failing(self, key: Key) -> bool:
        """Return whether *key* waits after a failure."""
        return key in self._entries and self._entries[key].failures > 0

    def forget(self, key: Key) -> None:
        """Remove *key*: nothing is left to do for it."""
        entry = self._entries.get(key)
        if entry is not None and not entry.running:
            del self._entries[key]

    def backoff_s(self, key: Key) -> float:
        """Count a failure of *key* and return how long to wait after it."""
        entry = self._entries.setdefault(key, _Entry())
        entry.failures += 1
        return _most_s(entry) * (0.5 + self._jitter() / 2)

    def conflict_s(self, key: Key) -> float:
        """Count a conflict of *key* as `backoff_s` does; after the first few it is a failure."""
        waits = self.backoff_s(key)
        entry = self._entries[key]
        entry.conflicts += 1
        return waits if entry.conflicts > QUICK_CONFLICTS else min(waits, BACKOFF_FIRST_S)

    def rest_s(self, key: Key) -> float:
        """Return how long *key* is left alone whoever wakes it: 0 unless its conflicts go on."""
        entry = self._entries.get(key)
        if entry is None or entry.conflicts <= QUICK_CONFLICTS:
            return 0.0
        return _most_s(entry)

    def conflicts(self, key: Key) -> int:
        """Return how many conflicts of *key* were counted since it was forgiven."""
        return self._entries[key].conflicts if key in self._entries else 0

    async def take(self, most: Lane = Lane.RESYNC) -> tuple[Key, Lane]:
        """Wait for the next key, of lane *most* or a more urgent one; call `done` after it."""
        while True:
            self._promote()
            if (found := self._ready.pop(most)) is not None:
                entry = self._entries[found[0]]
                entry.running, entry.due, entry.again = True, None, None
                return found
            await self._wait()

    def done(self, key: Key) -> None:
        """Note that *key* ran."""
        entry = self._entries[key]
        entry.running = False
        if self._ready.done(key):
            self._changed.set()
        if entry.again is not None:
            entry.lane = entry.again if entry.due is None else min(entry.again, entry.lane)
            entry.due, entry.again = self._clock(), None
        if entry.due is not None:
            # Also what came due meanwhile: its place in line was given up while the key ran.
            self._schedule(key, entry)
        elif not entry.failures:
            del self._entries[key]

    def _schedule(self, key: Key, entry: _Entry) -> None:
        assert entry.due is not None
        entry.ticket = next(self._tickets)
        if entry.due <= self._clock():
            self._ready.push(key, entry.lane, entry.ticket)
        else:
            heapq.heappush(self._later, (entry.due, entry.ticket, key))
        self._changed.set()

    def _promote(self) -> None:
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            _, ticket, key = heapq.heappop(self._later)
            if self._counts(key, ticket):
                self._ready.push(key, self._entries[key].lane, ticket)

    def _counts(self, key: Key, ticket: int) -> bool:
        """Return whether *ticket* is the place that *key* waits at."""
        entry = self._entries.get(key)
        return entry is not None and entry.ticket == ticket and not entry.running

    async def _wait(self) -> None:
        self._changed.clear()
        pause = self._later[0][0] - self._clock() if self._later else None
        try:
            async with asyncio.timeout(None if pause is None else max(0.0, pause)):
                await self._changed.wait()
        except TimeoutError:
            return


def _most_s(entry: _Entry) -> float:
    return min(BACKOFF_CAP_S, BACKOFF_FIRST_S * 2.0 ** min(entry.failures - 1, 20))
