"""What does a list prove of robots whose deletion Quay answered before it began?"""

from __future__ import annotations

import asyncio

import pytest

from quayrobot.model.errors import Reason, TryLater
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.world import Absent, Missing, Present, RobotSeen, Unlooked

from .lists import ACME, CD, CI, SPARE, listed, robot


async def proven(snapshots, lists, *robots: RobotSeen, exists=None) -> list[OwnerName]:
    """Have deletions proven by a list of *robots*; return whom it was asked for by name."""
    number, asked = len(lists.waiting), []

    async def look(owner: OwnerName) -> bool:
        asked.append(owner)
        assert exists is not None
        if isinstance(exists, Exception):
            raise exists
        return exists

    task = asyncio.create_task(snapshots.prove_deletions(ACME, look))
    await lists.asked(number + 1)
    lists.answer(number, *robots)
    await task
    return asked


async def deleted_among(snapshots, lists, clock, *names: RobotName) -> None:
    """Have *names* known with CD, and each deleted."""
    await listed(snapshots, lists, robot(CD), *(robot(each) for each in names))
    for name in names:
        clock.now += 1
        snapshots.begin_write(name)
        snapshots.deleted(name)
    clock.now += 1


def fate(snapshots, name: RobotName = CI) -> str | None:
    mark = snapshots.deletion(name)
    return mark.fate if mark is not None else None


async def test_a_list_that_shows_one_who_stays_proves_who_is_gone(snapshots, lists, clock):
    await deleted_among(snapshots, lists, clock, CI, SPARE)
    assert (fate(snapshots), snapshots.view(CI)) == ("Awaited", Unlooked())
    assert snapshots.awaited_s(ACME) == [1, 2]

    assert await proven(snapshots, lists, robot(CD)) == []

    assert (fate(snapshots), fate(snapshots, SPARE)) == ("Gone", "Gone")
    assert snapshots.awaited_s(ACME) == []
    assert len(lists.waiting) == 2


async def test_a_list_that_began_before_the_answer_tells_nothing(snapshots, lists, clock):
    await listed(snapshots, lists, robot(CD), robot())
    snapshots.begin_write(CI)
    clock.now += 1
    task = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0))
    await lists.asked(2)
    snapshots.deleted(CI)
    lists.answer(1, robot(CD))
    await task

    assert (fate(snapshots), snapshots.view(CI)) == ("Awaited", Unlooked())


async def test_nobody_is_proven_gone_by_a_list_that_was_already_on_its_way(
    snapshots, lists, clock
):
    await listed(snapshots, lists, robot(CD), robot())
    clock.now += 1
    early = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0))
    await lists.asked(2)
    clock.now += 1
    snapshots.deleted(CI)
    clock.now += 1

    assert await proven(snapshots, lists, robot(CD)) == []
    lists.answer(1, robot(CD), robot())
    await early

    assert fate(snapshots) == "Gone"
    assert snapshots.view(CI) == Missing()


async def test_what_the_list_still_shows_is_there(snapshots, lists, clock):
    await deleted_among(snapshots, lists, clock, CI)

    await proven(snapshots, lists, robot(CD), robot())

    assert (fate(snapshots), snapshots.view(CI)) == ("There", Present(robot()))


@pytest.mark.parametrize(
    "shown",
    [(), (robot(RobotName(ACME, "stranger")),), (robot(CD, created="later"),)],
    ids=["nobody", "one that nobody knew", "one that was created again"],
)
async def test_where_nobody_vouches_the_owner_is_asked_for_by_name(shown, snapshots, lists, clock):
    await deleted_among(snapshots, lists, clock, CI, SPARE)

    assert await proven(snapshots, lists, *shown, exists=True) == [ACME]

    assert (fate(snapshots), fate(snapshots, SPARE)) == ("Gone", "Gone")


async def test_an_owner_that_is_not_there_proves_nothing(snapshots, lists, clock):
    await deleted_among(snapshots, lists, clock, CI)

    assert await proven(snapshots, lists, exists=False) == [ACME]

    assert fate(snapshots) == "Unproven"


async def test_who_was_deleted_too_vouches_for_nobody(snapshots, lists, clock):
    await deleted_among(snapshots, lists, clock, CI, CD)

    assert await proven(snapshots, lists, robot(CD), exists=False) == [ACME]

    assert (fate(snapshots), fate(snapshots, CD)) == ("Unproven", "There")


@pytest.mark.parametrize("late", [False, True], ids=["the list", "the look at the owner"])
async def test_an_outage_is_told_once_and_the_proof_is_tried_again(late, snapshots, lists, clock):
    await deleted_among(snapshots, lists, clock, CI)
    away = TryLater(Reason.QUAY_UNREACHABLE, "away")
    if late:
        with pytest.raises(TryLater):
            await proven(snapshots, lists, exists=away)
    else:
        task = asyncio.create_task(snapshots.prove_deletions(ACME, None))
        await lists.asked(2)
        lists.waiting[1].set_exception(away)
        with pytest.raises(TryLater):
            await task

    assert snapshots.take_error(CI) is away
    assert snapshots.take_error(CI) is None
    assert fate(snapshots) == "Awaited"
    clock.now += 1
    await proven(snapshots, lists, robot(CD), exists=True)
    assert fate(snapshots) == "Gone"


async def test_what_is_written_or_seen_anew_was_not_deleted(snapshots, lists, clock):
    for told in (
        lambda: snapshots.begin_write(CI),
        lambda: snapshots.saw(CI, Absent()),
        lambda: snapshots.forget_deletion(CI),
    ):
        await deleted_among(snapshots, lists, clock, CI)
        told()
        assert fate(snapshots) is None
        clock.now += 1


async def test_who_is_made_anew_by_others_is_not_gone(snapshots, lists, clock):
    await deleted_among(snapshots, lists, clock, CI)
    await proven(snapshots, lists, robot(CD))
    clock.now += 1
    await listed(snapshots, lists, robot(CD), robot(created="later"))

    assert fate(snapshots) is None
