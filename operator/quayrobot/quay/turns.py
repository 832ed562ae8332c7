"""
Whose call is next?

The turns of one connection are bounded: so many at once, so many per second.
Who waits is served by urgency, then in order of arrival: what a user asked
for, then repairs, then what happens in the background. The background leaves
one turn and a part of the rate free, so that what comes next need not wait.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum

from aiolimiter import AsyncLimiter

__all__ = ["Turns", "Urgency", "urgency", "with_urgency"]

BURST_S = 1.0
SPARE_SHARE = 0.25


class Urgency(IntEnum):
    """Why a call is made; the smaller goes first."""

    ASKED = 0
    REPAIR = 1
    BACKGROUND = 2


_URGENCY: ContextVar[Urgency] = ContextVar("urgency", default=Urgency.ASKED)
_Place = tuple[Urgency, int]


def urgency() -> Urgency:
    """Return how urgent the calls of the running task are."""
    return _URGENCY.get()


@contextmanager
def with_urgency(value: Urgency) -> Iterator[None]:
    """Have all calls inside be made with *value*, those of tasks begun there too."""
    token = _URGENCY.set(value)
    try:
        yield
    finally:
        _URGENCY.reset(token)


class Turns:
    """The turns of one connection: *width* at once, *rate_per_s* (None: any number)."""

    def __init__(self, width: float, rate_per_s: float | None) -> None:
        self.width = width
        self._busy = 0
        self._waiting: set[_Place] = set()
        self._tickets = itertools.count()
        self._room = asyncio.Condition()
        self._limiter: AsyncLimiter | None = None
        self.pace(rate_per_s, burst_s=BURST_S)

    def pace(self, rate_per_s: float | None, *, burst_s: float = 0.0) -> None:
        """Let *rate_per_s* calls through from now on, those of *burst_s* seconds at once."""
        self._rate = rate_per_s
        if rate_per_s is None:
            self._limiter = None
            return
        burst = max(1.0, rate_per_s * burst_s)
        self._limiter = AsyncLimiter(burst, burst / rate_per_s)

    async def enter(self, how: Urgency) -> None:
        """Wait for a turn; `leave` gives it back."""
        mine = (how, next(self._tickets))
        async with self._room:
            self._waiting.add(mine)
            try:
                while not self._admits(mine):
                    await self._change(mine)
                if self._limiter is not None:
                    # There is capacity, so this does not wait.
                    await self._limiter.acquire()
                self._busy += 1
            finally:
                self._waiting.discard(mine)
                self._room.notify_all()

    async def leave(self) -> None:
        """Give a turn back."""
        async with self._room:
            self._busy -= 1
            self._room.notify_all()

    def _admits(self, mine: _Place) -> bool:
        if mine != min(self._waiting):
            return False
        background = mine[0] is Urgency.BACKGROUND
        # A width of one and a half is one turn: the background must have that, some time.
        width = int(self.width)
        spare = 1 if background and width > 1 else 0
        return self._busy < width - spare and self._has_rate(background=background)

    def _has_rate(self, *, background: bool) -> bool:
        if self._limiter is None:
            return True
        spare = (self._limiter.max_rate - 1) * SPARE_SHARE if background else 0.0
        return self._limiter.has_capacity(1 + spare)

    async def _change(self, mine: _Place) -> None:
        """Wait until something may have changed; for the first in line time alone does it."""
        first = mine == min(self._waiting)
        pause_s = 1 / self._rate if first and self._rate is not None else None
        try:
            async with asyncio.timeout(pause_s):
                await self._room.wait()
        except TimeoutError:
            return
