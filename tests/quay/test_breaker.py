"""When does a connection stop to ask Quay, and how does it find out that Quay is back?"""

from __future__ import annotations

import asyncio

import pytest

from quayrobot.model.errors import Reason, TryLater
from quayrobot.quay.limits import FAILURES_TO_OPEN, PROBE_CAP_S

from .test_limits import ASKED, answered, made, opened, refusal, unanswered

# The breaker --------------------------------------------------------------------------


async def test_the_third_loss_in_a_row_opens_the_breaker(clock):
    limits = made(clock)
    for _ in range(FAILURES_TO_OPEN - 1):
        await unanswered(limits)
    assert not limits.open

    await unanswered(limits)

    assert limits.open
    error = await refusal(limits)
    assert error.reason == Reason.QUAY_UNREACHABLE
    assert 0 < error.retry_after <= 1.0


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
async def test_any_answer_of_quay_itself_starts_the_count_again(status, clock):
    limits = made(clock)
    for _ in range(5):
        await unanswered(limits)
        await unanswered(limits)
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
        async with limits.permit(ASKED) as permit:
            permit.failed(TryLater(Reason.INTERNAL_ERROR, "ours"))

    assert not limits.open


async def test_read_only_mode_is_an_answer(clock):
    limits = made(clock)
    for _ in range(10):
        async with limits.permit(ASKED) as permit:
            permit.answered(503, None, write=True, read_only=True)

    assert not limits.open
    assert limits.read_only
    async with limits.permit(ASKED) as permit:
        permit.answered(201, None, write=True, read_only=False)
    assert not limits.read_only


async def test_one_probe_at_a_time_finds_out(clock):
    limits = made(clock)
    await opened(limits)
    clock.now += 1

    assert limits.probe_due
    async with limits.permit(ASKED) as probe:
        assert (await refusal(limits)).reason == Reason.QUAY_UNREACHABLE
        probe.answered(200, None, write=False, read_only=False)

    assert not limits.open
    await answered(limits)


async def test_a_probe_that_never_tells_is_followed_by_another(clock):
    limits = made(clock)
    await opened(limits)
    clock.now += 1
    with pytest.raises(asyncio.CancelledError):
        async with limits.permit(ASKED):
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
        await unanswered(limits)

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
        await unanswered(limits)
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
    await unanswered(limits)
    clock.now += 60
    await answered(limits)
    await answered(limits)

    assert changes == [False, True, False]
