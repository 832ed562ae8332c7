"""
How much may one connection ask of its Quay?

Each call costs Quay about 0.2 s of CPU, so calls are what is saved. Turns are
bounded and shrink when Quay groans (429, 503), a Retry-After pauses the whole
connection, and a breaker answers for a Quay that is away: calls fail at once,
one probe at a time finds out when it is back. A list in the background never
takes the last turn from an edit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ..model.errors import QuayRobotError, Reason, TryLater
from .wire import retry_after_s

__all__ = ["Limits", "Turn"]

FAILURES_TO_OPEN = 3
PROBE_FIRST_S = 1.0
PROBE_CAP_S = 30.0
_AWAY = {502, 503, 504, 520}


class Turn:
    """One call's permission to be made; it is told how the call went."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def answered(
        self, status: int, retry_after: str | None, *, write: bool, read_only: bool
    ) -> None:
        """Take note of an answer; *read_only* says that Quay takes no writes for now."""
        if read_only:
            self._limits.refused_to_write()
        elif status in _AWAY:
            self._limits.groaned(pause_s=retry_after_s(retry_after))
            self._limits.lost()
        elif status == 429:
            self._limits.found()
            self._limits.groaned(pause_s=retry_after_s(retry_after))
        else:
            self._limits.found()
            if write and status < 300:
                self._limits.wrote()

    def failed(self, error: QuayRobotError) -> None:
        """Take note of a call without an answer."""
        if error.reason is Reason.QUAY_UNREACHABLE:
            self._limits.lost()


class Limits:
    """The budget of one connection; *clock* is monotonic, *jitter* draws from [0, 1)."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        concurrency: int = 16,
        on_change: Callable[[bool], None] = lambda _open: None,
    ) -> None:
        self._clock, self._jitter, self._on_change = clock, jitter, on_change
        self._most = concurrency
        self._width = float(concurrency)
        self._busy = 0
        self._room = asyncio.Condition()
        self._paused_until = 0.0
        self._failures = 0
        self._open_until: float | None = None
        self.heard = False
        self.read_only = False
        self._probe_s = PROBE_FIRST_S

    @property
    def open(self) -> bool:
        """Tell whether Quay is taken to be away."""
        return self._open_until is not None

    @property
    def probe_due(self) -> bool:
        """Tell whether the breaker is open and lets the next call through."""
        return self._open_until is not None and self._open_until <= self._clock()

    @asynccontextmanager
    async def turn(self, *, background: bool) -> AsyncIterator[Turn]:
        """
        Wait for a turn and hold it.

        Raises:
            TryLater: Quay is away or asked for a pause; nothing was sent.
        """
        self._check_open()
        async with self._room:
            await self._room.wait_for(lambda: self._has_room(background=background))
            self._busy += 1
        try:
            yield Turn(self)
        finally:
            async with self._room:
                self._busy -= 1
                self._room.notify_all()

    def groaned(self, *, pause_s: float | None) -> None:
        """Halve the width; pause the connection where Quay said how long."""
        self._width = max(1.0, self._width / 2)
        if pause_s is not None:
            self._paused_until = self._clock() + pause_s

    def lost(self) -> None:
        """Count a call that Quay did not answer; the third in a row opens the breaker."""
        self._failures += 1
        if self._failures < FAILURES_TO_OPEN and not self.open:
            return
        was_open = self.open
        self._open_until = self._clock() + self._probe_s * (0.5 + self._jitter() / 2)
        self._probe_s = min(PROBE_CAP_S, self._probe_s * 2)
        if not was_open:
            self._on_change(True)  # noqa: FBT003

    def found(self) -> None:
        """Count an answer: Quay is there."""
        self._failures = 0
        first, self.heard = not self.heard, True
        self._width = min(float(self._most), self._width + 1 / self._width)
        was_open = self.open
        self._open_until, self._probe_s = None, PROBE_FIRST_S
        if was_open or first:
            self._on_change(False)  # noqa: FBT003

    def refused_to_write(self) -> None:
        """Take note that Quay answers, but takes no writes."""
        self.read_only = True
        self.found()

    def wrote(self) -> None:
        """Take note that Quay took a write; who waited for that may try now."""
        was, self.read_only = self.read_only, False
        if was:
            self._on_change(False)  # noqa: FBT003

    def _check_open(self) -> None:
        now = self._clock()
        if now < self._paused_until:
            msg = "Quay asked to slow down"
            raise TryLater(Reason.QUAY_THROTTLED, msg, retry_after=self._paused_until - now)

        if self._open_until is None:
            return
        if now < self._open_until:
            msg = "Quay cannot be reached: it does not answer"
            raise TryLater(Reason.QUAY_UNREACHABLE, msg, retry_after=self._open_until - now)
        # This call is the probe; others wait until it has told.
        self._open_until = now + PROBE_CAP_S

    def _has_room(self, *, background: bool) -> bool:
        spare = 1 if background and self._width > 1 else 0
        return self._busy < int(self._width) - spare
