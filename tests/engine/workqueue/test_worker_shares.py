"""Is there always a worker left for those who do not crowd, and for those who do not hang?"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quayrobot.engine.workqueue.keys import (
    Key,
    Lane,
    NamespaceKey,
    OwnerKey,
    ResourceKey,
    namespace_of,
)
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.engine.workqueue.worker_shares import Tenant, WorkerShares
from quayrobot.model.names import OwnerName

HUB = ResourceKey("ClusterQuayConnection", "", "hub")
WORKERS = 24
MOST, MOST_IN_DOUBT = 16, 12
EDIT, DRIFT, RESYNC = Lane


class World:
    """A queue, and which connections its keys have; those *lost* may hang."""

    def __init__(self, workers: int = WORKERS) -> None:
        self.connections: dict[Key, ResourceKey] = {}
        self.lost: set[ResourceKey] = set()
        shares = WorkerShares(workers, tenant=self.tenant, in_doubt=self.lost.__contains__)
        self.queue = Queue(clock=lambda: 0.0, jitter=lambda: 0.0, shares=shares)

    def tenant(self, key: Key) -> Tenant:
        return Tenant(namespace_of(key), self.connections.get(key, HUB))

    def crowd(
        self, namespace: str, count: int, lane: Lane = EDIT, connection: ResourceKey = HUB
    ) -> list[ResourceKey]:
        """Have *count* robots of *namespace* wait."""
        keys = [ResourceKey("QuayRobot", namespace, f"{n:04}") for n in range(count)]
        for key in keys:
            self.connections[key] = connection
            self.queue.add(key, lane)
        return keys

    async def start(self, most: Lane = RESYNC) -> Key | None:
        """Return the key that one more worker would begin with."""
        task = asyncio.create_task(self.queue.take(most))
        await asyncio.sleep(0)
        if task.done():
            return task.result()[0]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None

    async def running(self, most: Lane = RESYNC) -> list[Key]:
        """Return the keys that all workers would begin with."""
        found = [await self.start(most) for _ in range(WORKERS)]
        return [each for each in found if each is not None]


@pytest.fixture
def world() -> World:
    return World()


def own(namespace: str) -> ResourceKey:
    return ResourceKey("QuayConnection", namespace, "own")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (ResourceKey("QuayRobot", "shop", "ci"), "shop"),
        (NamespaceKey(ResourceKey("ClusterQuayRobot", "", "all"), "shop"), "shop"),
        (OwnerKey(own("shop"), OwnerName("organization", "acme")), "shop"),
        (OwnerKey(HUB, OwnerName("organization", "acme")), ""),
        (HUB, ""),
    ],
)
def test_a_key_runs_for_its_namespace(key, expected):
    assert namespace_of(key) == expected


# In turn ------------------------------------------------------------------------


async def test_namespaces_take_turns():
    world = World(workers=100)
    for name, count in (("a", 20), ("b", 2), ("c", 1)):
        world.crowd(name, count)

    assert [each.namespace for each in (await world.running())[:7]] == list("abcabaa")


async def test_a_namespace_with_many_connections_has_no_more_turns_for_that():
    world = World(workers=100)
    for number in range(10):
        names = [ResourceKey("QuayRobot", "many", f"{number}-{n}") for n in range(3)]
        for key in names:
            world.connections[key] = ResourceKey("QuayConnection", "many", str(number))
            world.queue.add(key, EDIT)
    world.crowd("one", 10)

    assert [each.namespace for each in (await world.running())[:8]] == ["many", "one"] * 4


async def test_the_only_key_of_a_namespace_is_before_a_crowd_that_was_there_first(world):
    world.crowd("crowd", 500)
    for _ in range(10):
        world.queue.done(await world.start())
    (one,) = world.crowd("other", 1)

    assert one in [await world.start() for _ in range(2)]


@pytest.mark.parametrize(("lane", "most"), [(DRIFT, 4), (RESYNC, 16)])
async def test_no_crowd_of_edits_starves_what_is_routine(lane, most, world):
    world.crowd("crowd", 500)
    (one,) = world.crowd("other", 1, lane)
    begun = []
    while one not in begun:
        begun.append(await world.start())
        world.queue.done(begun[-1])

    assert len(begun) <= most + 1


async def test_an_edit_is_before_any_routine_that_waits(world):
    world.crowd("a", 50, RESYNC)
    world.crowd("b", 50, DRIFT)
    for _ in range(20):
        world.queue.done(await world.start())
    (one,) = world.crowd("c", 1)

    # One of those was overtaken often enough by now.
    assert one in [await world.start() for _ in range(2)]


# No more than a share ---------------------------------------------------------------


async def test_one_namespace_never_has_all_workers(world):
    world.crowd("crowd", 500)
    assert len(await world.running()) == MOST

    (one,) = world.crowd("other", 1, RESYNC, own("other"))
    assert await world.running() == [one]


async def test_one_connection_never_has_all_workers(world):
    for number in range(100):
        world.crowd(f"n{number}", 5)
    assert len(await world.running()) == MOST

    (one,) = world.crowd("other", 1, RESYNC, own("other"))
    assert await world.running() == [one]


async def test_a_crowd_keeps_others_from_its_connection_for_one_turn(world):
    world.crowd("crowd", 500)
    begun = await world.running()
    world.crowd("busy", 100, RESYNC, own("busy"))
    (one,) = world.crowd("other", 1)
    for _ in range(60):
        # What goes on elsewhere changes nothing in whose turn it is.
        busy = await world.start()
        assert busy is not None
        assert busy.namespace == "busy"
        world.queue.done(busy)

    turns = []
    for each in begun[:2]:
        world.queue.done(each)
        turns.append(await world.start())

    assert turns[1] == one


async def test_many_connections_that_hang_never_have_all_workers_together(world):
    for number in range(100):
        world.lost.add(own(f"n{number}"))
        world.crowd(f"n{number}", 5, EDIT, own(f"n{number}"))
    assert len(await world.running()) == MOST_IN_DOUBT

    (one,) = world.crowd("other", 1, RESYNC)
    assert await world.running() == [one]


async def test_those_put_aside_run_in_their_order_as_soon_as_there_is_room(world):
    crowd = world.crowd("crowd", 40)
    begun = await world.running()
    order = list(begun)
    while begun:
        world.queue.done(begun.pop(0))
        more = await world.running()
        assert len(begun) + len(more) <= MOST
        begun += more
        order += more

    assert order == crowd


async def test_a_connection_that_is_heard_again_has_its_full_share_at_once(world):
    world.lost.add(HUB)
    world.crowd("a", 50)
    world.crowd("b", 50)
    begun = await world.running()
    assert len(begun) == MOST_IN_DOUBT

    world.lost.clear()
    world.queue.done(begun[0])

    assert len(await world.running()) == MOST - MOST_IN_DOUBT + 1


async def test_a_key_that_comes_to_another_connection_gives_back_what_it_took(world):
    (key,) = world.crowd("a", 1)
    assert await world.start() == key
    world.connections[key] = own("a")
    world.queue.done(key)

    for number in range(MOST):
        world.crowd(f"n{number}", 1)
    assert len(await world.running()) == MOST


async def test_room_that_one_cannot_use_goes_to_the_next(world):
    for number in range(MOST):
        world.crowd(f"n{number}", 1)
    holders = await world.running()
    (first,) = world.crowd("x", 1)
    (second,) = world.crowd("y", 1)
    assert await world.running() == []
    # The first of them comes to wait for its own namespace too.
    for number in range(MOST):
        key = ResourceKey("QuayRobot", "x", f"own-{number}")
        world.connections[key] = own("x")
        world.queue.add(key, EDIT)
    busy = await world.running()
    assert len(busy) == MOST

    world.queue.done(holders[0])
    assert await world.start() == second
    world.queue.done(busy[0])
    world.queue.done(second)
    assert await world.start() == first


async def test_a_key_that_waits_while_it_comes_to_another_connection_counts_for_that_one(world):
    for number in range(MOST):
        world.crowd(f"n{number}", 1)
    holders = await world.running()
    (moved,) = world.crowd("x", 1)
    assert await world.start() is None
    world.connections[moved] = own("x")
    world.queue.done(holders[0])
    assert await world.start() == moved

    (one,) = world.crowd("y", 1)
    assert await world.start() == one


async def test_who_waits_for_room_is_woken_by_it():
    world = World(workers=1)
    first, second = world.crowd("a", 2)
    assert await world.start() == first
    waiting = asyncio.create_task(world.queue.take())
    await asyncio.sleep(0)
    world.queue.done(first)

    async with asyncio.timeout(1):
        assert await waiting == (second, EDIT)


async def test_a_key_put_aside_that_is_forgotten_or_moved_up_runs_at_most_once(world):
    world.crowd("crowd", MOST, RESYNC)
    begun = await world.running()
    gone, moved = (ResourceKey("QuayRobot", "crowd", each) for each in ("gone", "moved"))
    for each in (gone, moved):
        world.queue.add(each, RESYNC)
    assert await world.running() == []
    world.queue.forget(gone)
    world.queue.add(moved, EDIT)

    for each in begun:
        world.queue.done(each)
    assert await world.running() == [moved]
    world.queue.done(moved)
    assert await world.running() == []


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 16, 256])
async def test_however_few_workers_there_are_each_party_has_one(workers):
    world = World(workers)
    world.lost.add(HUB)
    world.crowd("a", 1)

    assert await world.start() is not None


class Life:
    """Any steps with few workers: who waits, who runs."""

    def __init__(self) -> None:
        self.world = World(workers=6)
        self.waiting: set[Key] = set()
        self.begun: list[Key] = []

    async def step(self, what: str, number: int, lane: Lane) -> None:
        key = ResourceKey("QuayRobot", f"n{number % 3}", str(number))
        connection = own(f"n{number % 2}")
        match what:
            case "add":
                self.world.connections.setdefault(key, connection)
                self.world.queue.add(key, lane)
                self.waiting.add(key)
            case "take":
                await self.take()
            case "done" if self.begun:
                self.world.queue.done(self.begun.pop(number % len(self.begun)))
            case "hangs":
                self.world.lost ^= {connection}

    async def take(self) -> bool:
        key = await self.world.start()
        if key is None:
            return False
        assert key not in self.begun
        self.begun.append(key)
        self.waiting.discard(key)
        for namespace in ("n0", "n1", "n2"):
            assert sum(each.namespace == namespace for each in self.begun) <= 4  # type: ignore[union-attr]
        return True


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "add", "take", "take", "done", "hangs"]),
            st.integers(0, 11),
            st.sampled_from(Lane),
        ),
        max_size=80,
    )
)
def test_whatever_happens_every_key_that_waits_runs_in_the_end(steps):
    async def live() -> None:
        life = Life()
        for step in steps:
            await life.step(*step)
        while life.begun or await life.take():
            await life.step("done", 0, EDIT)
            while await life.take():
                pass
        assert life.waiting == set()
        assert life.world.queue._entries == {}
        ready = life.world.queue._ready
        assert (ready._flows, ready._aside, ready._served, +ready._members) == ({}, {}, {}, {})

    asyncio.run(live())


def test_ten_thousand_that_cannot_run_are_walked_over_once(world):
    async def live() -> int:
        world.crowd("crowd", 10_000)
        begun = await world.running()
        asked: list[Key] = []
        tenant = world.tenant
        world.queue._ready._shares.tenant = lambda key: asked.append(key) or tenant(key)  # type: ignore[union-attr, func-returns-value]
        for number in range(100):
            (one,) = world.crowd(f"n{number}", 1, RESYNC, own(f"n{number}"))
            assert await world.start() == one
            world.queue.done(one)
        assert begun
        return len(asked)

    assert asyncio.run(live()) < 1000
