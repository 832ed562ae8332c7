"""Is the most urgent call next, and are no more made than may be?"""

from __future__ import annotations

import asyncio

import pytest

from quayrobot.quay.rate_limiter import RateLimiter, Urgency, tenant, urgency, with_urgency

ASKED, REPAIR, BACKGROUND = Urgency


async def ask(turns: RateLimiter, how: Urgency, order: list[str], name: str) -> None:
    """Take a turn; what *name* says before a slash is for whom."""
    await turns.acquire(how, name.partition("/")[0] if "/" in name else "")
    order.append(name)
    await turns.release()


async def served(turns: RateLimiter, *asked: tuple[str, Urgency]) -> list[str]:
    """Return the order in which *asked* were served, after a turn that they all waited for."""
    order: list[str] = []
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for name, how in asked:
            group.create_task(ask(turns, how, order, name))
            await asyncio.sleep(0)
        await turns.release()
    return order


async def test_an_edit_overtakes_repairs_and_lists_that_wait():
    turns = RateLimiter(1, None)
    await turns.acquire(ASKED)

    asked = [("list", BACKGROUND), ("repair", REPAIR), ("edit", ASKED), ("other", ASKED)]

    assert await served(turns, *asked) == ["edit", "other", "repair", "list"]


async def test_the_call_of_another_namespace_waits_for_one_of_a_crowd():
    turns = RateLimiter(1, None)
    await turns.acquire(ASKED)
    crowd = [(f"crowd/{number}", ASKED) for number in range(500)]

    order = await served(turns, *crowd, ("other/1", ASKED), ("third/1", ASKED))

    assert order[:4] == ["crowd/0", "other/1", "third/1", "crowd/1"]
    assert order[4:] == [name for name, _ in crowd[2:]]


async def test_a_crowd_that_gives_up_leaves_no_debt_to_its_namespace():
    turns = RateLimiter(1, None)
    await turns.acquire(ASKED)
    waiting = [asyncio.create_task(turns.acquire(ASKED, "crowd")) for _ in range(50)]
    await asyncio.sleep(0)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    asked = [("other/1", ASKED), ("crowd/1", ASKED), ("other/2", ASKED)]

    assert await served(turns, *asked) == ["other/1", "crowd/1", "other/2"]


@pytest.mark.parametrize(("how", "overtaken"), [(REPAIR, 4), (BACKGROUND, 16)])
async def test_no_crowd_of_edits_starves_what_is_less_urgent(how, overtaken):
    turns = RateLimiter(1, None)
    await turns.acquire(ASKED)
    crowd = [(f"crowd/{number}", ASKED) for number in range(100)]

    order = await served(turns, ("other/1", how), *crowd)

    assert order.index("other/1") == overtaken


async def test_what_was_overtaken_long_enough_needs_no_spare_turn():
    turns = RateLimiter(2, None)
    for _ in range(2):
        await turns.acquire(ASKED)
    crowd = [(f"crowd/{number}", ASKED) for number in range(40)]

    # One of two turns is taken all the time.
    order = await served(turns, ("lists/1", BACKGROUND), *crowd)

    assert order.index("lists/1") == 16


async def test_who_gives_up_at_the_head_of_the_line_holds_up_nobody():
    turns = RateLimiter(1, None)
    await turns.acquire(ASKED)
    first = asyncio.create_task(turns.acquire(ASKED))
    await asyncio.sleep(0)
    second = asyncio.create_task(turns.acquire(REPAIR))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await turns.release()

    async with asyncio.timeout(5):
        await second


async def test_a_cancelled_wait_costs_no_turn_even_when_its_turn_had_come():
    turns = RateLimiter(1, None)
    await turns.acquire(ASKED)
    waiting = asyncio.create_task(turns.acquire(ASKED))
    await asyncio.sleep(0)
    await turns.release()
    waiting.cancel()
    done = await asyncio.gather(waiting, return_exceptions=True)
    if done == [None]:
        await turns.release()

    async with asyncio.timeout(5):
        await turns.acquire(ASKED)


async def test_no_more_than_the_rate_is_let_through_at_once():
    turns = RateLimiter(99, 5)
    for _ in range(5):
        await turns.acquire(ASKED)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await turns.acquire(ASKED)


async def test_the_rate_lets_the_next_one_through_in_time():
    turns = RateLimiter(99, 20)

    async with asyncio.timeout(5):
        for _ in range(25):
            await turns.acquire(ASKED)


async def test_lists_leave_a_part_of_the_rate_to_what_comes_next():
    turns = RateLimiter(99, 9)
    waiting = [asyncio.create_task(turns.acquire(BACKGROUND)) for _ in range(9)]
    done, still = await asyncio.wait(waiting, timeout=0.05)
    for each in still:
        each.cancel()

    assert len(done) == 7
    async with asyncio.timeout(0.05):
        await turns.acquire(ASKED)


@pytest.mark.parametrize("width", [1.0, 1.5, 1.99, 2.0, 2.5])
async def test_a_list_gets_its_turn_however_narrow_it_has_become(width):
    turns = RateLimiter(width, None)

    async with asyncio.timeout(5):
        await turns.acquire(BACKGROUND)


async def test_an_edit_overtakes_lists_that_wait_for_the_rate():
    turns = RateLimiter(99, 10)
    turns.pace(10)
    await turns.acquire(ASKED)

    asked = [("list", BACKGROUND), ("list", BACKGROUND), ("edit", ASKED)]

    assert await served(turns, *asked) == ["edit", "list", "list"]


async def test_a_slower_pace_holds_for_those_who_wait_already():
    turns = RateLimiter(99, 50)
    for _ in range(50):
        await turns.acquire(ASKED)
    waiting = {asyncio.create_task(turns.acquire(ASKED)) for _ in range(3)}
    await asyncio.sleep(0)

    turns.pace(0.001)
    done, still = await asyncio.wait(waiting, timeout=0.2)

    assert (len(done), len(still)) == (1, 2)
    for each in still:
        each.cancel()


async def test_tasks_begun_inside_are_as_urgent():
    with with_urgency(BACKGROUND, tenant="shop"):
        task = asyncio.create_task(asyncio.sleep(0, (urgency(), tenant())))
        inside = await task

    assert inside == (BACKGROUND, "shop")
    assert (urgency(), tenant()) == (ASKED, "")
