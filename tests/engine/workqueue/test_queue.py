"""Is the most urgent key next, each at most once, one worker at a time?"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quayrobot.engine.workqueue.keys import Lane, OwnerKey, ResourceKey
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.names import OwnerName
from tests.engine.conftest import Clock

A, B, C = (ResourceKey("QuayRobot", "shop", name) for name in "abc")


async def taken(queue: Queue) -> ResourceKey | OwnerKey | None:
    """Return the next key, or None where nothing is due."""
    try:
        async with asyncio.timeout(0.02):
            key, _ = await queue.take()
    except TimeoutError:
        return None
    return key


async def all_taken(queue: Queue) -> list[object]:
    found = []
    while (key := await taken(queue)) is not None:
        found.append(key)
    return found


# Lanes -------------------------------------------------------------------------


async def test_a_worker_for_edits_leaves_the_rest_to_others(queue):
    queue.add(A, Lane.DRIFT)
    waiting = asyncio.create_task(queue.take(Lane.EDIT))
    await asyncio.sleep(0)
    queue.add(B, Lane.EDIT)

    async with asyncio.timeout(1):
        assert await waiting == (B, Lane.EDIT)
    assert await taken(queue) == A


async def test_the_more_urgent_lane_goes_first(queue):
    queue.add(A, Lane.RESYNC)
    queue.add(B, Lane.DRIFT)
    queue.add(C, Lane.EDIT)

    assert await all_taken(queue) == [C, B, A]


async def test_within_a_lane_who_came_first_goes_first(queue):
    for key in (B, A, C):
        queue.add(key, Lane.EDIT)

    assert await all_taken(queue) == [B, A, C]


async def test_a_key_that_waits_is_there_once(queue):
    for _ in range(3):
        queue.add(A, Lane.EDIT)

    assert await all_taken(queue) == [A]


async def test_a_more_urgent_addition_moves_the_key_ahead(queue):
    queue.add(A, Lane.RESYNC)
    queue.add(B, Lane.DRIFT)
    queue.add(A, Lane.EDIT)

    assert await all_taken(queue) == [A, B]


async def test_a_less_urgent_addition_does_not_move_it_back(queue):
    queue.add(A, Lane.EDIT)
    queue.add(B, Lane.DRIFT)
    queue.add(A, Lane.RESYNC)

    assert await all_taken(queue) == [A, B]


async def test_the_lane_is_told_to_the_worker(queue):
    queue.add(A, Lane.DRIFT)

    assert await queue.take() == (A, Lane.DRIFT)


def test_owners_and_resources_are_keys_alike(queue):
    queue.add(OwnerKey(A, OwnerName("organization", "acme")), Lane.RESYNC)
    queue.add(replace(A, name="x"), Lane.RESYNC)

    assert queue.depth() == {Lane.EDIT: 0, Lane.DRIFT: 0, Lane.RESYNC: 2}


# Delays --------------------------------------------------------------------------


async def test_a_delayed_key_is_not_due_before_its_time(queue, clock):
    queue.add(A, Lane.EDIT, delay_s=10)
    assert await taken(queue) is None
    assert queue.depth()[Lane.EDIT] == 0

    clock.now += 10
    assert queue.depth()[Lane.EDIT] == 1
    assert await taken(queue) == A


@pytest.mark.parametrize(("first", "second"), [(10, 5), (5, 10)])
async def test_the_earlier_time_wins(first, second, queue, clock):
    queue.add(A, Lane.EDIT, delay_s=first)
    queue.add(A, Lane.EDIT, delay_s=second)
    clock.now += 5

    assert await all_taken(queue) == [A]
    queue.done(A)
    clock.now += 10
    assert await taken(queue) is None


async def test_an_edit_wakes_a_key_that_waits(queue):
    queue.add(A, Lane.RESYNC, delay_s=300)
    queue.add(A, Lane.EDIT)

    assert await queue.take() == (A, Lane.EDIT)


async def test_keys_come_due_in_the_order_of_their_times(queue, clock):
    queue.add(A, Lane.EDIT, delay_s=3)
    queue.add(B, Lane.EDIT, delay_s=1)
    queue.add(C, Lane.EDIT, delay_s=2)
    order = []
    for _ in range(3):
        clock.now += 1
        order += await all_taken(queue)

    assert order == [B, C, A]


async def test_who_waits_is_woken_by_an_addition(queue):
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add(A, Lane.EDIT)

    async with asyncio.timeout(1):
        assert await waiting == (A, Lane.EDIT)


async def test_who_waits_is_woken_by_the_time_itself():
    queue = Queue(clock=asyncio.get_running_loop().time, jitter=lambda: 0.0)
    queue.add(A, Lane.EDIT, delay_s=0.05)

    async with asyncio.timeout(1):
        assert await queue.take() == (A, Lane.EDIT)


# One worker per key ---------------------------------------------------------------


async def test_a_key_that_runs_is_not_given_out_again_before_it_is_done(queue):
    queue.add(A, Lane.EDIT)
    assert await taken(queue) == A
    queue.add(A, Lane.EDIT)
    assert await taken(queue) is None

    queue.done(A)

    assert await all_taken(queue) == [A]


async def test_what_is_added_many_times_while_it_runs_runs_once_more(queue):
    queue.add(A, Lane.RESYNC)
    await queue.take()
    queue.add(A, Lane.RESYNC)
    queue.add(A, Lane.EDIT)
    queue.add(A, Lane.DRIFT)
    queue.done(A)

    assert await queue.take() == (A, Lane.EDIT)
    queue.done(A)
    assert await taken(queue) is None


async def test_a_delayed_addition_while_it_runs_waits_its_time(queue, clock):
    queue.add(A, Lane.EDIT)
    await queue.take()
    queue.add(A, Lane.RESYNC, delay_s=10)
    queue.done(A)
    assert await taken(queue) is None

    clock.now += 10
    assert await queue.take() == (A, Lane.RESYNC)


async def test_a_delay_that_ends_while_the_key_runs_is_not_lost(queue, clock):
    queue.add(A, Lane.EDIT)
    await queue.take()
    queue.add(A, Lane.RESYNC, delay_s=10)
    clock.now += 20
    assert await taken(queue) is None
    queue.done(A)

    assert await taken(queue) == A


async def test_an_addition_after_a_delay_that_ended_meanwhile_loses_neither(queue, clock):
    queue.add(A, Lane.EDIT)
    await queue.take()
    queue.add(A, Lane.DRIFT, delay_s=1)
    clock.now += 2
    assert await taken(queue) is None

    queue.add(A, Lane.DRIFT)
    queue.done(A)

    assert await taken(queue) == A
    queue.done(A)
    assert await taken(queue) is None


async def test_another_key_runs_meanwhile(queue):
    queue.add(A, Lane.EDIT)
    await queue.take()
    queue.add(B, Lane.RESYNC)

    assert await taken(queue) == B


class Life:
    """One queue under any steps; knows who runs and who still waits for a turn."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.queue = Queue(clock=self.clock, jitter=lambda: 0.0)
        self.running: set[object] = set()
        self.waiting: set[object] = set()

    async def step(self, what: str, key: ResourceKey, lane: Lane, delay_s: float) -> None:
        match what:
            case "add":
                self.queue.add(key, lane, delay_s=delay_s)
                self.waiting.add(key)
            case "take":
                await self.take()
            case "done" if key in self.running:
                self.running.discard(key)
                self.queue.done(key)
            case "tick":
                self.clock.now += delay_s
            case "forgive":
                self.queue.forgive(key)
            case "fail":
                self.queue.backoff_s(key)

    async def take(self) -> object | None:
        key = await taken_now(self.queue)
        if key is not None:
            assert key not in self.running
            self.running.add(key)
            self.waiting.discard(key)
        return key

    async def end(self) -> None:
        for key in self.running:
            self.queue.done(key)
        self.running.clear()
        self.clock.now += 1000
        while await self.take() is not None:
            pass
        assert self.waiting == set()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "add", "take", "take", "done", "tick", "forgive", "fail"]),
            st.sampled_from([A, A, B]),
            st.sampled_from(Lane),
            st.sampled_from([0.0, 0.0, 1.0, 5.0]),
        ),
        max_size=40,
    )
)
def test_no_key_is_lost_and_none_runs_twice_at_once(steps):
    async def live() -> None:
        life = Life()
        for each in steps:
            await life.step(*each)
        await life.end()

    asyncio.run(live())


async def taken_now(queue: Queue) -> object | None:
    task = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    if task.done():
        return task.result()[0]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return None
