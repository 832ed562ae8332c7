"""
How much may one connection ask of its Quay?

Each call costs Quay about 0.2 s of CPU, so calls are what is saved. Calls at once
are as many as Quay does at once (`concurrency`), and half of that when it is
overloaded (429, 503, slow or no answers). A Retry-After pauses the whole
connection, and a breaker answers for a Quay that is away: calls fail at once, one
probe at a time finds out when it is back.
After a 429 the rate falls below what Quay's own proxy lets through, and rises
slowly until the next one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ..model.errors import QuayRobotError, Reason, TryLater
from .concurrency import ConcurrencyLimit
from .rate_limiter import BURST_S, RateLimiter, Urgency

__all__ = ["Limits", "CallPermit"]

FAILURES_TO_OPEN = 3
PROBE_FIRST_S = 1.0
PROBE_CAP_S = 30.0
SLOW_S = 5.0
# Quay's proxy, where it limits at all, lets 5 calls per second and address through.
THROTTLED_PER_S = 4.0
LEAST_PER_S = 0.5
UNLIMITED_PER_S = 64.0
EASE_EVERY_S = 10.0
UNANSWERED = "Quay cannot be reached: it does not answer"
_AWAY = {502, 503, 504, 520}


class CallPermit:
    """One call's permission to be made; it is told how the call went."""

    def __init__(self, limits: Limits, how: Urgency, begun: float, in_flight: int) -> None:
        self._limits, self._how, self.begun = limits, how, begun
        self._in_flight = in_flight

    def took(self, operation: str, seconds: float) -> None:
        """Record how long Quay took for a call that it carried out."""
        self._limits.observe(operation, seconds, self._in_flight)

    def answered(
        self, status: int, retry_after_s: float | None, *, write: bool, read_only: bool
    ) -> None:
        """Record an answer; *read_only* means that Quay takes no writes for now."""
        limits = self._limits
        if read_only:
            limits.refused_to_write()
        elif status in _AWAY:
            limits.overloaded(self.begun)
            limits.unanswered(f"Quay cannot be reached: it answered {status}")
        elif status == 429:
            limits.reached()
            limits.overloaded(self.begun)
            limits.throttled(self.begun)
        else:
            limits.reached(slow_since=self.begun if self._slow else None)
            if write and status < 300:
                limits.wrote()
        if retry_after_s is not None and (status == 429 or status in _AWAY):
            limits.pause(retry_after_s)

    def failed(self, error: QuayRobotError) -> None:
        """Record a call without an answer."""
        if error.reason is Reason.QUAY_UNREACHABLE:
            self._limits.overloaded(self.begun)
            self._limits.unanswered(error.message)

    @property
    def _slow(self) -> bool:
        # A list of thousands of robots may take its time.
        return self._how is not Urgency.BACKGROUND and self._limits.clock() - self.begun > SLOW_S


class Limits:
    """
    The budget of one connection; *clock* is monotonic, *jitter* draws from [0, 1).

    *concurrency* is the most calls at once, *start* how many there are at first (the most if
    omitted). *waited* is told how long each call had to wait for its turn.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        concurrency: int = 16,
        start: int | None = None,
        rate_per_s: float | None = None,
        on_change: Callable[[bool], None] = lambda _open: None,
        waited: Callable[[Urgency, float], None] = lambda _how, _seconds: None,
    ) -> None:
        self.clock, self._jitter, self._on_change = clock, jitter, on_change
        self._waited = waited
        self._ceiling = rate_per_s
        self._concurrency = ConcurrencyLimit(start or concurrency, concurrency, clock)
        self._limiter = RateLimiter(self._concurrency.width, rate_per_s)
        self.rate_per_s = rate_per_s
        self._shrunk_at = self._throttled_at = self._eased_at = float("-inf")
        self._paused_until = 0.0
        self._failures = 0
        self._open_until: float | None = None
        self.heard = False
        # Why the last call was not answered, in words, until one is.
        self.cause: str | None = None
        self.read_only = False
        self._probe_s = PROBE_FIRST_S

    @property
    def open(self) -> bool:
        """Return whether the circuit breaker is open: Quay is taken to be away."""
        return self._open_until is not None

    @property
    def width(self) -> float:
        """Return how many calls may be under way at once, as found until now."""
        return self._concurrency.width

    @property
    def probe_due(self) -> bool:
        """Return whether the breaker is open and lets the next call through as a probe."""
        return self._open_until is not None and self._open_until <= self.clock()

    @property
    def in_doubt(self) -> bool:
        """Return whether it is not known that Quay answers: it was lost, or never heard."""
        return self.open or self._failures > 0 or not self.heard

    @property
    def paused(self) -> bool:
        """Return whether Quay asked for a pause that is not over yet."""
        return self.clock() < self._paused_until

    @asynccontextmanager
    async def permit(self, how: Urgency, tenant: str = "") -> AsyncIterator[CallPermit]:
        """
        Wait for a turn, which *tenant* takes, and hold it.

        Raises:
            TryLater: Quay is away or asked for a pause; nothing was sent.
        """
        self._check_paused()
        probe = self._check_open()
        asked = self.clock()
        await self._limiter.acquire(how, tenant)
        try:
            begun = self.clock()
            self._waited(how, begun - asked)
            # Others may have learned something while this one waited in line.
            self._check_paused()
            if self.open and not probe:
                raise self._away()
            yield CallPermit(self, how, begun, self._limiter.busy)
        finally:
            await self._limiter.release()

    def inherit_pace(self, old: Limits) -> None:
        """Take over the pace of *old*, for the same Quay; the breaker begins again."""
        self._paused_until, self._throttled_at = old._paused_until, old._throttled_at
        self._eased_at = old._eased_at
        self._concurrency.inherit(old._concurrency)
        self._follow()
        slowed = old.rate_per_s if old.rate_per_s != old._ceiling else None
        if slowed is not None and (self._ceiling is None or slowed < self._ceiling):
            self._pace(slowed)

    def retry(self) -> None:
        """Let the next call through though the breaker is open: something has changed."""
        if self._open_until is not None:
            self._open_until = self.clock()

    def overloaded(self, begun: float) -> None:
        """Halve the concurrency; calls that began before the last halving tell nothing new."""
        if begun >= self._shrunk_at:
            self._concurrency.halve()
            self._follow()
            self._shrunk_at = self.clock()

    def observe(self, operation: str, seconds: float, in_flight: int) -> None:
        """Learn how many calls Quay does at once from one that it carried out."""
        self._concurrency.observe(operation, seconds, in_flight)
        self._follow()

    def throttled(self, begun: float) -> None:
        """Halve the rate, or start to limit it."""
        now = self.clock()
        self._eased_at = now
        if begun < self._throttled_at:
            return
        self._throttled_at = now
        was = self.rate_per_s
        lower = THROTTLED_PER_S if was is None else min(THROTTLED_PER_S, was / 2)
        self._pace(max(LEAST_PER_S, lower))

    def pause(self, seconds: float) -> None:
        """Send nothing for *seconds*."""
        self._paused_until = max(self._paused_until, self.clock() + seconds)

    def unanswered(self, cause: str) -> None:
        """Count a call that Quay did not answer, and why; the third in a row opens the breaker."""
        self._failures += 1
        news, self.cause = cause != self.cause, cause
        if self._failures < FAILURES_TO_OPEN and not self.open:
            if news and not self.heard:
                # It never answered: whoever looks at the connection is told why at once.
                self._on_change(True)  # noqa: FBT003
            return
        was_open = self.open and not news
        self._open_until = self.clock() + self._probe_s * (0.5 + self._jitter() / 2)
        self._probe_s = min(PROBE_CAP_S, self._probe_s * 2)
        if not was_open:
            self._on_change(True)  # noqa: FBT003

    def reached(self, *, slow_since: float | None = None) -> None:
        """Count an answer: Quay is there, though slow if *slow_since* says so."""
        self._failures, self.cause = 0, None
        first, self.heard = not self.heard, True
        if slow_since is None:
            self._ease()
        else:
            self.overloaded(slow_since)
        was_open = self.open
        self._open_until, self._probe_s = None, PROBE_FIRST_S
        if was_open or first:
            self._on_change(False)  # noqa: FBT003

    def refused_to_write(self) -> None:
        """Record that Quay answers, but takes no writes."""
        self.read_only = True
        self.reached()

    def wrote(self) -> None:
        """Record that Quay took a write; whoever waited for that may try now."""
        was, self.read_only = self.read_only, False
        if was:
            self._on_change(False)  # noqa: FBT003

    def _follow(self) -> None:
        self._limiter.width = self._concurrency.width

    def _ease(self) -> None:
        """Let one call per second more through from time to time, up to what is allowed."""
        if self.rate_per_s in {None, self._ceiling} or (
            self.clock() - self._eased_at < EASE_EVERY_S
        ):
            return
        assert self.rate_per_s is not None
        self._eased_at = self.clock()
        more = self.rate_per_s + 1
        most = UNLIMITED_PER_S if self._ceiling is None else self._ceiling
        self._pace(more if more < most else self._ceiling)

    def _pace(self, rate_per_s: float | None) -> None:
        self.rate_per_s = rate_per_s
        calm = rate_per_s == self._ceiling
        self._limiter.pace(rate_per_s, burst_s=BURST_S if calm else 0.0)

    def _check_paused(self) -> None:
        if self.paused:
            msg = "Quay asked to slow down"
            wait_s = self._paused_until - self.clock()
            raise TryLater(Reason.QUAY_THROTTLED, msg, retry_after=wait_s).unsent()

    def _check_open(self) -> bool:
        """Let one call through where the breaker is open and a probe is due; tell so."""
        if self._open_until is None:
            return False
        now = self.clock()
        if now < self._open_until:
            raise self._away()
        # This call is the probe; others wait until it has told.
        self._open_until = now + PROBE_CAP_S
        return True

    def _away(self) -> TryLater:
        assert self._open_until is not None
        wait_s = max(0.0, self._open_until - self.clock())
        msg = self.cause or UNANSWERED
        return TryLater(Reason.QUAY_UNREACHABLE, msg, retry_after=wait_s).unsent()
