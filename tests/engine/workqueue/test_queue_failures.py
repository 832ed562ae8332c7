"""How long does a failed key wait, and what is forgotten?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.engine.workqueue.keys import Lane
from quayrobot.engine.workqueue.queue import BACKOFF_CAP_S, QUICK_CONFLICTS, Queue

from .test_queue import A, B, C, taken

# Failures -------------------------------------------------------------------------------


def test_failures_wait_longer_each_time_up_to_a_cap(queue):
    waits = [queue.backoff_s(A) for _ in range(12)]

    assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert waits[-1] == BACKOFF_CAP_S / 2
    assert waits == sorted(waits)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_failures_are_jittered_and_never_over_the_cap(jitter, clock):
    queue = Queue(clock=clock, jitter=lambda: jitter)
    waits = [queue.backoff_s(A) for _ in range(2000)]

    assert waits[0] == pytest.approx(0.5 + jitter / 2)
    assert max(waits) <= BACKOFF_CAP_S


def test_each_key_has_its_own_failures(queue):
    for _ in range(5):
        queue.backoff_s(A)

    assert queue.backoff_s(B) == 0.5


def test_an_edit_forgives(queue):
    for _ in range(5):
        queue.backoff_s(A)
    queue.forgive(A)

    assert queue.backoff_s(A) == 0.5
    queue.forgive(B)


def test_the_first_conflicts_are_tried_again_at_once_and_then_they_are_failures(queue):
    waits = [queue.conflict_s(A) for _ in range(12)]

    assert waits[: QUICK_CONFLICTS + 1] == [0.5, 1.0, 1.0, 1.0, 1.0, 16.0]
    assert waits[-1] == BACKOFF_CAP_S / 2

    queue.forgive(A)
    assert queue.conflict_s(A) == 0.5


def test_a_conflict_after_an_outage_is_tried_again_at_once(queue):
    for _ in range(9):
        queue.backoff_s(A)

    assert queue.conflict_s(A) == 1.0
    assert queue.failing(A)


async def test_failures_are_remembered_between_runs(queue, clock):
    queue.add(A, Lane.EDIT)
    await queue.take()
    queue.add(A, Lane.RESYNC, delay_s=queue.backoff_s(A))
    queue.done(A)
    clock.now += 1
    await queue.take()

    assert queue.backoff_s(A) == 1.0


# Forgetting ---------------------------------------------------------------------------------


async def test_a_forgotten_key_is_not_run(queue, clock):
    queue.add(A, Lane.EDIT)
    queue.add(B, Lane.EDIT, delay_s=5)
    queue.forget(A)
    queue.forget(B)
    queue.forget(C)
    clock.now += 10

    assert await taken(queue) is None


async def test_a_key_that_runs_cannot_be_forgotten_under_its_worker(queue):
    queue.add(A, Lane.EDIT)
    await queue.take()
    queue.forget(A)

    queue.done(A)


async def test_a_key_that_is_done_leaves_nothing_behind(queue):
    for number in range(100):
        key = replace(A, name=str(number))
        queue.add(key, Lane.EDIT)
        await queue.take()
        queue.done(key)

    assert queue._entries == {}


async def test_a_key_that_failed_once_and_was_forgiven_leaves_nothing_behind(queue):
    queue.add(A, Lane.EDIT)
    await queue.take()
    queue.backoff_s(A)
    queue.done(A)
    queue.forgive(A)

    assert queue._entries == {}


def test_a_key_rests_whoever_wakes_it_once_its_conflicts_do_not_end(queue):
    rests = []
    for _ in range(QUICK_CONFLICTS + 2):
        queue.conflict_s(A)
        rests.append(queue.rest_s(A))

    assert rests == [0.0] * QUICK_CONFLICTS + [32.0, 64.0]
    assert queue.rest_s(B) == 0.0
    queue.forgive(A)
    assert queue.rest_s(A) == 0.0
