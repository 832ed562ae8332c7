"""Is a Quay asked for no more than it bears, and left alone while it is away?"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from quayrobot.model.errors import Reason, TryLater
from quayrobot.quay.limits import FAILURES_TO_OPEN, PROBE_CAP_S, Limits

from .conftest import Clock

UNREACHABLE = TryLater(Reason.QUAY_UNREACHABLE, "away")


def made(clock: Clock, *, jitter: float = 0.0, concurrency: int = 16, changes=None) -> Limits:
    noted = [] if changes is None else changes
    return Limits(
        clock=clock, jitter=lambda: jitter, concurrency=concurrency, on_change=noted.append
    )


async def answered(limits: Limits, status: int = 200, retry_after: str | None = None) -> None:
    async with limits.turn(background=False) as turn:
        turn.answered(status, retry_after, write=False, read_only=False)


async def lost(limits: Limits) -> None:
    async with limits.turn(background=False) as turn:
        turn.failed(UNREACHABLE)


async def width(limits: Limits, *, background: bool = False) -> int:
    """Return how many turns are given at once."""
    async with AsyncExitStack() as stack:
        for count in range(100):
            try:
                async with asyncio.timeout(0.01):
                    await stack.enter_async_context(limits.turn(background=background))
            except TimeoutError:
                return count
    raise AssertionError("no bound")


async def refusal(limits: Limits) -> TryLater:
    with pytest.raises(TryLater) as raised:
        async with limits.turn(background=False):
            pass
    return raised.value


async def opened(limits: Limits) -> None:
    for _ in range(FAILURES_TO_OPEN):
        await lost(limits)


# Width: additive up, multiplicative down ---------------------------------------


async def test_turns_are_bounded(clock):
    assert await width(made(clock, concurrency=4)) == 4


async def test_a_list_in_the_background_leaves_a_turn_to_an_edit(clock):
    limits = made(clock, concurrency=4)

    assert await width(limits, background=True) == 3
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(limits.turn(background=True))
        async with asyncio.timeout(1):
            await stack.enter_async_context(limits.turn(background=False))


async def test_a_single_turn_is_also_for_lists(clock):
    assert await width(made(clock, concurrency=1), background=True) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504, 520])
async def test_a_groan_halves_the_width(status, clock):
    limits = made(clock, concurrency=16)

    await answered(limits, status)

    assert await width(limits) == 8


async def test_the_width_never_falls_under_one(clock):
    limits = made(clock, concurrency=4)
    for _ in range(10):
        limits.groaned(pause_s=None)

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
        await answered(limits)
    assert await width(limits) == 5

    for _ in range(100):
        await answered(limits)
    assert await width(limits) == 8


async def test_a_turn_is_given_back_after_an_error(clock):
    limits = made(clock, concurrency=1)
    with pytest.raises(ZeroDivisionError):
        async with limits.turn(background=False):
            raise ZeroDivisionError

    assert await width(limits) == 1


async def test_who_waits_for_a_turn_and_gives_up_holds_none(clock):
    limits = made(clock, concurrency=1)
    async with limits.turn(background=False):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), limits.turn(background=False):
                pass

    assert await width(limits) == 1


async def test_who_waits_is_served_when_a_turn_is_given_back(clock):
    limits = made(clock, concurrency=1)
    order = []

    async def work(name: str) -> None:
        async with limits.turn(background=False):
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.timeout(1):
        await asyncio.gather(*(work(each) for each in "abc"))
    assert order == ["a", "b", "c"]


# Pause: Retry-After is obeyed ---------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_pauses_the_whole_connection(status, clock):
    limits = made(clock)
    await answered(limits, status, "30")

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


# The breaker --------------------------------------------------------------------------


async def test_the_third_loss_in_a_row_opens_the_breaker(clock):
    limits = made(clock)
    for _ in range(FAILURES_TO_OPEN - 1):
        await lost(limits)
    assert not limits.open

    await lost(limits)

    assert limits.open
    error = await refusal(limits)
    assert error.reason == Reason.QUAY_UNREACHABLE
    assert 0 < error.retry_after <= 1.0


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
async def test_any_answer_of_quay_itself_starts_the_count_again(status, clock):
    limits = made(clock)
    for _ in range(5):
        await lost(limits)
        await lost(limits)
        await answered(limits, status)

    assert not limits.open


@pytest.mark.parametrize("status", [502, 503, 504, 520])
async def test_an_answer_of_the_proxy_alone_counts_as_a_loss(status, clock):
    limits = made(clock)
    for _ in range(FAILURES_TO_OPEN):
        await answered(limits, status)

    assert limits.open


async def test_a_failure_that_is_not_quays_does_not_count(clock):
    limits = made(clock)
    for _ in range(10):
        async with limits.turn(background=False) as turn:
            turn.failed(TryLater(Reason.INTERNAL_ERROR, "ours"))

    assert not limits.open


async def test_read_only_mode_is_an_answer(clock):
    limits = made(clock)
    for _ in range(10):
        async with limits.turn(background=False) as turn:
            turn.answered(503, None, write=True, read_only=True)

    assert not limits.open
    assert limits.read_only
    async with limits.turn(background=False) as turn:
        turn.answered(201, None, write=True, read_only=False)
    assert not limits.read_only


async def test_one_probe_at_a_time_finds_out(clock):
    limits = made(clock)
    await opened(limits)
    clock.now += 1

    assert limits.probe_due
    async with limits.turn(background=False) as probe:
        assert (await refusal(limits)).reason == Reason.QUAY_UNREACHABLE
        probe.answered(200, None, write=False, read_only=False)

    assert not limits.open
    await answered(limits)


async def test_a_probe_that_never_tells_is_followed_by_another(clock):
    limits = made(clock)
    await opened(limits)
    clock.now += 1
    with pytest.raises(asyncio.CancelledError):
        async with limits.turn(background=False):
            raise asyncio.CancelledError

    await refusal(limits)
    clock.now += PROBE_CAP_S
    await answered(limits)
    assert not limits.open


async def test_probes_become_rarer_up_to_a_cap(clock):
    limits = made(clock, jitter=0.999999)
    waits = []
    await opened(limits)
    for _ in range(8):
        waits.append(round((await refusal(limits)).retry_after))
        clock.now += PROBE_CAP_S * 2
        await lost(limits)

    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
async def test_probes_are_jittered(jitter, clock):
    limits = made(clock, jitter=jitter)
    await opened(limits)

    assert (await refusal(limits)).retry_after == pytest.approx(0.5 + jitter / 2)


async def test_after_a_recovery_the_first_probe_is_soon_again(clock):
    limits = made(clock)
    await opened(limits)
    for _ in range(5):
        clock.now += 60
        await lost(limits)
    clock.now += 60
    await answered(limits)

    await opened(limits)

    assert (await refusal(limits)).retry_after <= 1.0


# Who is told -------------------------------------------------------------------------


async def test_every_turn_of_the_breaker_is_told_once(clock):
    changes: list[bool] = []
    limits = made(clock, changes=changes)

    await answered(limits)
    await answered(limits)
    await opened(limits)
    clock.now += 60
    await lost(limits)
    clock.now += 60
    await answered(limits)
    await answered(limits)

    assert changes == [False, True, False]
