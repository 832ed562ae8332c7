"""Is a Quay asked for as much at once as it does at once, whatever it is?"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass, field

import pytest

from quayrobot.quay.concurrency import LEAST_S, PROBE_CALLS, PROBE_CAP_S, START, ConcurrencyLimit

from .conftest import Clock

OAUTH_S, JWT_S = 0.2, 0.021
MINUTE_S = 60.0


@dataclass(order=True)
class Call:
    """A call in the simulated Quay; *in_flight* is 0 for another user's."""

    due: float
    number: int
    came: float = field(compare=False)
    in_flight: int = field(compare=False)


class SimulatedQuay:
    """
    *workers* that each do one call after another, with as many of ours as the limit lets in.

    Another user makes a call every three seconds. All in simulated time.
    """

    def __init__(self, workers: int, call_s: float, spread: float, limit_at: float) -> None:
        self.clock, self._random = Clock(), random.Random(1)
        self.workers, self._call_s, self._spread = workers, call_s, spread
        self.limit = ConcurrencyLimit(limit_at, 16, self.clock)
        self._waiting: deque[Call] = deque()
        self._served: list[Call] = []
        self._numbers = itertools.count()
        self._in_flight = 0
        self._guest_at = self.clock.now + 1
        self.ours = 0
        self.guests: list[float] = []

    def run(self, seconds: float) -> None:
        """Let *seconds* pass with more to do than Quay can."""
        end = self.clock.now + seconds
        self.ours, self.guests = 0, []
        while self.clock.now < end:
            self._send()
            if self._guest_at < self._served[0].due:
                self.clock.now = self._guest_at
                self._guest_at += 3.0
                self._come(in_flight=0)
            else:
                self._finish(heapq.heappop(self._served))

    def _send(self) -> None:
        while self._in_flight < int(self.limit.width):
            self._in_flight += 1
            self._come(self._in_flight)

    def _come(self, in_flight: int) -> None:
        self._waiting.append(Call(0.0, next(self._numbers), self.clock.now, in_flight))
        self._serve()

    def _serve(self) -> None:
        while self._waiting and len(self._served) < self.workers:
            call = self._waiting.popleft()
            share = max(0.5, self._random.gauss(1, self._spread))
            call.due = self.clock.now + self._call_s * share
            heapq.heappush(self._served, call)

    def _finish(self, call: Call) -> None:
        self.clock.now = call.due
        took_s = call.due - call.came
        if call.in_flight:
            self._in_flight -= 1
            self.ours += 1
            self.limit.observe("robot.create", took_s, call.in_flight)
        else:
            self.guests.append(took_s)
        self._serve()


QUAYS = [
    pytest.param(workers, call_s, START[kind], spread, id=f"{workers}-{kind}-{spread}")
    for workers in (1, 2, 4, 8)
    for kind, call_s in (("OAuthToken", OAUTH_S), ("OIDC", JWT_S))
    for spread in (0.0, 0.1, 0.3)
]


@pytest.mark.parametrize(("workers", "call_s", "start", "spread"), QUAYS)
def test_after_a_minute_a_quay_is_used_whole_and_others_wait_at_most_twice_as_long(
    workers, call_s, start, spread
):
    quay = SimulatedQuay(workers, call_s, spread, start)
    quay.run(MINUTE_S)

    quay.run(2 * MINUTE_S)

    could = workers / call_s * 2 * MINUTE_S - len(quay.guests)
    slower = sum(quay.guests) / len(quay.guests) / call_s
    assert quay.ours / could > 0.95
    # A single worker always has one of ours in hand.
    assert slower < (2.0 if workers > 1 else 2.4)


def test_without_a_limit_others_would_wait_much_longer():
    quay = SimulatedQuay(2, OAUTH_S, 0.0, 16)
    quay.limit.observe = lambda *_: None  # type: ignore[method-assign]
    quay.run(MINUTE_S)

    assert sum(quay.guests) / len(quay.guests) / OAUTH_S > 8


def test_a_quay_that_gets_more_workers_is_asked_for_more():
    quay = SimulatedQuay(2, OAUTH_S, 0.1, 4)
    quay.run(MINUTE_S)
    before = quay.ours

    quay.workers = 8
    quay.run(MINUTE_S)

    assert quay.ours > 3.7 * before


def test_a_quay_that_becomes_slower_by_itself_is_still_used_whole():
    quay = SimulatedQuay(4, OAUTH_S, 0.1, 4)
    quay.run(MINUTE_S)

    quay._call_s = 3 * OAUTH_S
    quay.run(PROBE_CAP_S + MINUTE_S)
    quay.run(MINUTE_S)

    assert quay.ours / (4 / (3 * OAUTH_S) * MINUTE_S - len(quay.guests)) > 0.95


def test_fast_answers_are_no_queue_however_much_they_differ(clock):
    limit = ConcurrencyLimit(4, 16, clock)
    for seconds in [LEAST_S / 20, LEAST_S] * 200:
        limit.observe("robot.create", seconds, int(limit.width))

    assert limit.width == 16


def test_what_is_slow_by_nature_is_compared_with_itself(clock):
    limit = ConcurrencyLimit(4, 16, clock)
    for operation, seconds in [("robot.create", 0.2), ("robot.delete", 0.6)] * 200:
        limit.observe(operation, seconds, int(limit.width))

    assert limit.width == 16


def test_a_few_calls_say_nothing_of_how_many_there_could_be(clock):
    limit = ConcurrencyLimit(4, 16, clock)
    for _ in range(200):
        limit.observe("robot.create", 0.2, 1)

    assert limit.width == 4


def test_a_part_is_used_for_a_few_calls_now_and_then_and_then_the_whole_again(clock):
    limit = ConcurrencyLimit(9, 16, clock)
    clock.now += PROBE_CAP_S
    limit.observe("robot.create", 0.2, 9)
    whole = limit._width
    assert limit.width == 3

    for _ in range(PROBE_CALLS):
        limit.observe("robot.create", 0.9, 9)
    assert limit.width == 3, "calls from before, which waited in line, do not count"

    for _ in range(PROBE_CALLS):
        limit.observe("robot.create", 0.2, 3)
    assert limit.width == whole
