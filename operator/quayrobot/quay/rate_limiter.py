"""
Whose call is next?

The turns of one connection are bounded: so many at once, so many per second.
Namespaces take turns, however many calls each has waiting. What a user asked
for goes first, then repairs, then what happens in the background; each is
overtaken for so many rounds and no more. As long as nobody else waits the
background leaves one turn and a part of the rate free, so that what comes next
need not wait.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum

from aiolimiter import AsyncLimiter

from .fair_queueing import FairQueueing

__all__ = ["RateLimiter", "Urgency", "tenant", "urgency", "with_urgency"]

BURST_S = 1.0
SPARE_SHARE = 0.25


class Urgency(IntEnum):
    """Why a call is made; the smaller goes first."""

    ASKED = 0
    REPAIR = 1
    BACKGROUND = 2


# So many rounds a call waits at most while there are others that are more urgent.
_STEPS = {Urgency.ASKED: 1, Urgency.REPAIR: 4, Urgency.BACKGROUND: 16}
_URGENCY: ContextVar[Urgency] = ContextVar("urgency", default=Urgency.ASKED)
_TENANT: ContextVar[str] = ContextVar("tenant", default="")
_Place = tuple[int, Urgency, int]


def urgency() -> Urgency:
    """Return the urgency of the running task's calls."""
    return _URGENCY.get()


def tenant() -> str:
    """Return the namespace that the running task's calls are made for."""
    return _TENANT.get()


@contextmanager
def with_urgency(value: Urgency, *, tenant: str = "") -> Iterator[None]:
    """Make all calls inside with *value* for *tenant*, also those of tasks that start there."""
    tokens = _URGENCY.set(value), _TENANT.set(tenant)
    try:
        yield
    finally:
        _URGENCY.reset(tokens[0])
        _TENANT.reset(tokens[1])


class RateLimiter:
    """The turns of one connection: *width* at once, *rate_per_s* (None: any number)."""

    def __init__(self, width: float, rate_per_s: float | None) -> None:
        self.width = width
        self._busy = 0
        self._waiting: set[_Place] = set()
        self._tickets = itertools.count()
        self._queueing = FairQueueing()
        self._room = asyncio.Condition()
        self._bucket: AsyncLimiter | None = None
        self.pace(rate_per_s, burst_s=BURST_S)

    @property
    def busy(self) -> int:
        """Return how many turns are taken."""
        return self._busy

    def pace(self, rate_per_s: float | None, *, burst_s: float = 0.0) -> None:
        """Let *rate_per_s* calls through from now on, those of *burst_s* seconds at once."""
        self._rate = rate_per_s
        if rate_per_s is None:
            self._bucket = None
            return
        burst = max(1.0, rate_per_s * burst_s)
        self._bucket = AsyncLimiter(burst, burst / rate_per_s)

    async def acquire(self, how: Urgency, tenant: str = "") -> None:
        """Wait for a turn, which *tenant* takes; `leave` gives it back."""
        async with self._room:
            rank = self._queueing.join((tenant, how), _STEPS[how])
            mine = (rank, how, next(self._tickets))
            self._waiting.add(mine)
            served = False
            try:
                while not self._admits(mine):
                    await self._change(mine)
                if self._bucket is not None:
                    # There is capacity, so this does not wait.
                    await self._bucket.acquire()
                self._busy += 1
                served = True
            finally:
                self._waiting.discard(mine)
                if served:
                    self._queueing.serve(rank)
                else:
                    self._queueing.leave((tenant, how), rank, _STEPS[how])
                self._room.notify_all()

    async def release(self) -> None:
        """Give a turn back."""
        async with self._room:
            self._busy -= 1
            self._room.notify_all()

    def _admits(self, mine: _Place) -> bool:
        if mine != min(self._waiting):
            return False
        # One that others wait behind was overtaken long enough.
        background = all(how is Urgency.BACKGROUND for _, how, _ in self._waiting)
        # A width of one and a half is one turn: the background must have that, some time.
        width = int(self.width)
        spare = 1 if background and width > 1 else 0
        return self._busy < width - spare and self._has_rate(background=background)

    def _has_rate(self, *, background: bool) -> bool:
        if self._bucket is None:
            return True
        spare = (self._bucket.max_rate - 1) * SPARE_SHARE if background else 0.0
        return self._bucket.has_capacity(1 + spare)

    async def _change(self, mine: _Place) -> None:
        """Wait until something may have changed; for the first in line time alone does it."""
        first = mine == min(self._waiting)
        pause_s = 1 / self._rate if first and self._rate is not None else None
        try:
            async with asyncio.timeout(pause_s):
                await self._room.wait()
        except TimeoutError:
            return
