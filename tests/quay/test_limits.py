"""Is a Quay asked for no more than it bears, and left alone while it is away?"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from quayrobot.model.errors import Reason, TryLater
from quayrobot.quay.limits import FAILURES_TO_OPEN, SLOW_S, Limits
from quayrobot.quay.rate_limiter import Urgency

from .conftest import Clock

ASKED, BACKGROUND = Urgency.ASKED, Urgency.BACKGROUND
UNREACHABLE = TryLater(Reason.QUAY_UNREACHABLE, "away")


def made(
    clock: Clock,
    *,
    jitter: float = 0.0,
    concurrency: int = 16,
    start: int | None = None,
    rate_per_s: float | None = None,
    changes=None,
) -> Limits:
    noted = [] if changes is None else changes
    return Limits(
        clock=clock,
        jitter=lambda: jitter,
        concurrency=concurrency,
        start=start,
        rate_per_s=rate_per_s,
        on_change=noted.append,
    )


async def answered(limits: Limits, status: int = 200, retry_after_s: float | None = None) -> None:
    async with limits.permit(ASKED) as permit:
        permit.answered(status, retry_after_s, write=False, read_only=False)


async def unanswered(limits: Limits) -> None:
    async with limits.permit(ASKED) as permit:
        permit.failed(UNREACHABLE)


async def width(limits: Limits, *, how: Urgency = ASKED) -> int:
    """Return how many turns are given at once."""
    async with AsyncExitStack() as stack:
        for count in range(100):
            try:
                async with asyncio.timeout(0.01):
                    await stack.enter_async_context(limits.permit(how))
            except TimeoutError:
                return count
    raise AssertionError("no bound")


async def refusal(limits: Limits) -> TryLater:
    with pytest.raises(TryLater) as raised:
        async with limits.permit(ASKED):
            pass
    return raised.value


async def test_who_was_not_heard_or_was_lost_is_in_doubt_until_heard(clock):
    limits = made(clock)
    told = [limits.in_doubt]
    for step in (answered, unanswered, answered, opened):
        await step(limits)
        told.append(limits.in_doubt)
    clock.now += 60
    await answered(limits)

    assert [*told, limits.in_doubt] == [True, False, True, False, True, False]


async def opened(limits: Limits) -> None:
    for _ in range(FAILURES_TO_OPEN):
        await unanswered(limits)


# Width: additive up, multiplicative down ---------------------------------------


async def test_turns_are_bounded(clock):
    assert await width(made(clock, concurrency=4)) == 4


async def test_a_list_in_the_background_leaves_a_turn_to_an_edit(clock):
    limits = made(clock, concurrency=4)

    assert await width(limits, how=BACKGROUND) == 3
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(limits.permit(BACKGROUND))
        async with asyncio.timeout(1):
            await stack.enter_async_context(limits.permit(ASKED))


async def test_a_single_turn_is_also_for_lists(clock):
    assert await width(made(clock, concurrency=1), how=BACKGROUND) == 1


@pytest.mark.parametrize("status", [502, 503, 504, 520])
async def test_a_groan_halves_the_width(status, clock):
    limits = made(clock, concurrency=16)

    await answered(limits, status)

    assert await width(limits) == 8


async def test_the_width_never_falls_under_one(clock):
    limits = made(clock, concurrency=4)
    for _ in range(10):
        limits.overloaded(clock.now)

    assert await width(limits) == 1


async def test_a_quay_that_goes_on_to_throttle_is_asked_one_thing_at_a_time(clock):
    limits = made(clock, concurrency=4)
    for _ in range(10):
        await answered(limits, 429)

    assert await width(limits) == 1


async def test_the_width_grows_by_one_per_round_of_answers_and_not_over_the_most(clock):
    limits = made(clock, concurrency=8)
    await answered(limits, 503)
    assert await width(limits) == 4

    for _ in range(5):
        await carried_out(limits, as_one_of=4)
    assert await width(limits) == 5

    for _ in range(100):
        await carried_out(limits, as_one_of=4)
    assert await width(limits) == 8


async def test_answers_alone_say_nothing_of_how_many_calls_quay_does_at_once(clock):
    limits = made(clock, concurrency=8)
    await answered(limits, 503)
    for _ in range(100):
        await answered(limits)

    assert await width(limits) == 4


async def carried_out(limits: Limits, *, as_one_of: int, seconds: float = 0.2) -> None:
    limits.observe("robot.create", seconds, as_one_of)


async def test_a_first_call_is_one_of_as_many_as_the_kind_of_credential_bears(clock):
    assert await width(made(clock, start=4)) == 4
    assert await width(made(clock, start=16, concurrency=8)) == 8


async def test_the_same_quay_is_asked_as_much_at_once_as_before(clock):
    old, new, narrow = made(clock), made(clock, start=4), made(clock, start=4, concurrency=6)
    old.overloaded(clock.now)

    new.inherit_pace(old)
    narrow.inherit_pace(old)

    assert (old.width, new.width, narrow.width) == (8, 8, 6)


async def test_a_turn_is_given_back_after_an_error(clock):
    limits = made(clock, concurrency=1)
    with pytest.raises(ZeroDivisionError):
        async with limits.permit(ASKED):
            raise ZeroDivisionError

    assert await width(limits) == 1


async def test_who_waits_for_a_turn_and_gives_up_holds_none(clock):
    limits = made(clock, concurrency=1)
    async with limits.permit(ASKED):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), limits.permit(ASKED):
                pass

    assert await width(limits) == 1


async def test_who_waits_is_served_when_a_turn_is_given_back(clock):
    limits = made(clock, concurrency=1)
    order = []

    async def work(name: str) -> None:
        async with limits.permit(ASKED):
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.timeout(1):
        await asyncio.gather(*(work(each) for each in "abc"))
    assert order == ["a", "b", "c"]


async def test_answers_to_calls_of_one_moment_halve_the_width_once(clock):
    limits = made(clock, concurrency=16)
    async with AsyncExitStack() as stack:
        turns = [await stack.enter_async_context(limits.permit(ASKED)) for _ in range(8)]
        clock.now += 0.2
        for permit in turns:
            permit.answered(503, None, write=False, read_only=False)
            clock.now += 0.01
            limits.reached()

    assert 8 <= await width(limits) <= 9


async def test_a_slow_answer_to_a_single_question_halves_the_width(clock):
    limits = made(clock, concurrency=16)
    async with limits.permit(ASKED) as permit:
        clock.now += SLOW_S + 1
        permit.answered(200, None, write=False, read_only=False)

    assert await width(limits) == 8


async def test_a_long_list_is_not_slow(clock):
    limits = made(clock, concurrency=16)
    async with limits.permit(BACKGROUND) as permit:
        clock.now += SLOW_S + 1
        permit.answered(200, None, write=False, read_only=False)

    assert await width(limits) == 16


async def test_calls_without_an_answer_halve_the_width_so_that_a_recovery_begins_gently(clock):
    limits = made(clock, concurrency=16)
    await unanswered(limits)

    assert await width(limits) == 8


# Rate: nobody knows Quay's until it says 429 ----------------------------------------------


async def test_a_429_brings_the_rate_below_what_quays_proxy_lets_through(clock):
    limits = made(clock)
    assert limits.rate_per_s is None

    await answered(limits, 429)

    assert limits.rate_per_s == 4.0
    assert await width(limits) == 1


async def test_further_429s_halve_the_rate_down_to_a_least(clock):
    limits = made(clock)
    rates = []
    for _ in range(6):
        async with limits.permit(ASKED) as permit:
            permit.answered(429, None, write=False, read_only=False)
        rates.append(limits.rate_per_s)
        # Only this test's patience: the next call shall not have to wait.
        limits._limiter.pace(None)

    assert rates == [4.0, 2.0, 1.0, 0.5, 0.5, 0.5]


async def test_429s_to_calls_of_one_moment_count_once(clock):
    limits = made(clock)
    async with AsyncExitStack() as stack:
        turns = [await stack.enter_async_context(limits.permit(ASKED)) for _ in range(8)]
        clock.now += 0.2
        for permit in turns:
            permit.answered(429, None, write=False, read_only=False)

    assert limits.rate_per_s == 4.0


async def test_the_rate_rises_slowly_and_is_free_again_in_the_end(clock):
    limits = made(clock)
    await answered(limits, 429)
    limits.reached()
    assert limits.rate_per_s == 4.0

    clock.now += 10
    limits.reached()
    limits.reached()
    assert limits.rate_per_s == 5.0

    for _ in range(60):
        clock.now += 10
        limits.reached()
    assert limits.rate_per_s is None


async def test_the_rate_never_rises_over_what_the_connection_allows(clock):
    limits = made(clock, rate_per_s=6)
    await answered(limits, 429)
    assert limits.rate_per_s == 3.0

    for _ in range(60):
        clock.now += 10
        limits.reached()
    assert limits.rate_per_s == 6


async def test_an_edited_connection_goes_on_as_slowly_and_with_its_pause_but_tries_at_once(clock):
    old = made(clock)
    await opened(old)
    old.pause(30)
    old.throttled(clock.now)
    new = made(clock)
    new.inherit_pace(old)

    assert new.rate_per_s == 4.0
    assert (await refusal(new)).reason == Reason.QUAY_THROTTLED
    clock.now += 30
    await answered(new)


async def test_who_waited_in_line_while_the_breaker_opened_sends_nothing(clock):
    limits = made(clock, concurrency=1)
    async with limits.permit(ASKED) as permit:
        waiting = asyncio.create_task(refusal(limits))
        await asyncio.sleep(0)
        for _ in range(FAILURES_TO_OPEN):
            permit.failed(UNREACHABLE)

    assert (await waiting).reason == Reason.QUAY_UNREACHABLE


async def test_who_waited_in_line_while_quay_asked_for_a_pause_sends_nothing(clock):
    limits = made(clock, concurrency=1)
    async with limits.permit(ASKED) as permit:
        waiting = asyncio.create_task(refusal(limits))
        await asyncio.sleep(0)
        permit.answered(503, 30.0, write=False, read_only=False)

    assert (await waiting).retry_after == 30.0


# Pause: Retry-After is obeyed ---------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_pauses_the_whole_connection(status, clock):
    limits = made(clock)
    await answered(limits, status, 30.0)

    error = await refusal(limits)
    assert (error.reason, error.retry_after) == (Reason.QUAY_THROTTLED, 30.0)

    clock.now += 20
    assert (await refusal(limits)).retry_after == 10.0

    clock.now += 10
    await answered(limits)


async def test_without_the_header_there_is_no_pause(clock):
    limits = made(clock)
    await answered(limits, 429)

    await answered(limits)


async def test_a_throttled_quay_is_not_away(clock):
    limits = made(clock)
    for _ in range(10):
        await answered(limits, 429)

    assert not limits.open
