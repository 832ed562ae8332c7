"""Is what we remember of an organization never older than what we did there?"""

from __future__ import annotations

import asyncio

import pytest

from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.names import RobotName
from quayrobot.model.secrecy import Token
from quayrobot.model.world import Absent, Missing, Present, Unknown, Unlooked
from tests.kit.canary import robot_token

from .lists import ACME, CD, CI, OTHER, Lists, listed, robot

# What is remembered -----------------------------------------------------------


async def test_nothing_is_known_before_anybody_looked(snapshots):
    assert snapshots.view(CI) == Unlooked()
    assert snapshots.age_s(ACME) is None
    assert snapshots.owners() in ((), (ACME,))


async def test_a_list_shows_what_it_has_and_raises_suspicion_about_the_rest(snapshots, lists):
    await listed(snapshots, lists, robot())

    assert snapshots.view(CI) == Present(robot())
    assert snapshots.view(CD) == Missing()
    assert snapshots.view(RobotName(OTHER, "ci")) == Unlooked()
    assert [each.full_name for each in snapshots.robots(ACME)] == ["acme+ci"]


async def test_a_list_has_an_age(snapshots, lists, clock):
    await listed(snapshots, lists)
    clock.now += 7

    assert snapshots.age_s(ACME) == 7


async def test_what_vanished_from_the_next_list_is_missing(snapshots, lists, clock):
    await listed(snapshots, lists, robot())
    clock.now += 1
    await listed(snapshots, lists)

    assert snapshots.view(CI) == Missing()


async def test_a_failed_list_leaves_what_was_known(snapshots, lists, clock):
    await listed(snapshots, lists, robot())
    clock.now += 1
    task = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0))
    await lists.asked(2)
    lists.waiting[1].set_exception(TryLater(Reason.QUAY_UNREACHABLE, "away"))

    with pytest.raises(TryLater):
        await task
    assert snapshots.view(CI) == Present(robot())
    assert snapshots.age_s(ACME) == 1
    await listed(snapshots, lists, robot(CD))
    assert snapshots.view(CD) == Present(robot(CD))


# One call serves all -------------------------------------------------------------


async def test_a_list_that_is_fresh_enough_is_not_asked_for_again(snapshots, lists, clock):
    await listed(snapshots, lists, robot())
    clock.now += 10

    await snapshots.refresh(ACME, max_age_s=10)

    assert len(lists.waiting) == 1


async def test_many_who_ask_at_once_cause_one_list(snapshots, lists):
    tasks = [asyncio.create_task(snapshots.refresh(ACME, max_age_s=0)) for _ in range(20)]
    await lists.asked(1)
    await asyncio.sleep(0)
    lists.answer(0, robot())
    await asyncio.gather(*tasks)

    assert len(lists.waiting) == 1


async def test_two_organizations_are_listed_apart(snapshots, lists):
    tasks = [asyncio.create_task(snapshots.refresh(each, max_age_s=0)) for each in (ACME, OTHER)]
    await lists.asked(2)
    lists.answer(0, robot())
    lists.answer(1)
    await asyncio.gather(*tasks)

    assert snapshots.view(CI) == Present(robot())


async def test_one_impatient_waiter_does_not_end_the_list_for_the_others(snapshots, lists):
    patient = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0))
    impatient = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0))
    await lists.asked(1)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    lists.answer(0, robot())
    await patient

    assert snapshots.view(CI) == Present(robot())


# Our own answers go in -------------------------------------------------------------


async def test_what_quay_answered_about_a_robot_is_remembered(snapshots):
    snapshots.saw(CI, Present(robot()))

    assert snapshots.view(CI) == Present(robot())
    assert snapshots.view(CD) == Unlooked()


async def test_absence_is_not_remembered_as_absence(snapshots, lists):
    await listed(snapshots, lists, robot())
    snapshots.saw(CI, Absent())

    assert snapshots.view(CI) == Unlooked()


async def test_from_the_beginning_of_a_write_nothing_is_known_of_the_robot(snapshots, lists):
    await listed(snapshots, lists, robot(), robot(CD))
    snapshots.begin_write(CI)

    assert snapshots.view(CI) == Unlooked()
    assert snapshots.view(CD) == Present(robot(CD))


async def test_a_list_that_began_before_a_write_says_nothing_about_that_robot(
    snapshots, lists, clock
):
    task = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0))
    await lists.asked(1)
    clock.now += 1
    snapshots.begin_write(CI)
    lists.answer(0, robot(), robot(CD))
    await task

    assert snapshots.view(CI) == Unlooked()
    assert snapshots.view(CD) == Present(robot(CD))


async def test_our_answer_stands_over_a_list_that_began_before_it(snapshots, lists, clock):
    fresh = robot(token=Token(robot_token()))
    task = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0))
    await lists.asked(1)
    clock.now += 1
    snapshots.saw(CI, Present(fresh))
    lists.answer(0, robot())
    await task

    assert snapshots.view(CI) == Present(fresh)


async def test_a_list_that_began_after_the_write_is_believed(snapshots, lists, clock):
    snapshots.begin_write(CI)
    clock.now += 1
    await listed(snapshots, lists, robot())

    assert snapshots.view(CI) == Present(robot())


async def test_who_wrote_does_not_join_a_list_that_began_before(snapshots, lists, clock):
    first = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0))
    await lists.asked(1)
    clock.now += 1
    snapshots.begin_write(CI)
    clock.now += 1
    second = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0, about=CI))
    await lists.asked(2)
    lists.answer(0)
    await first
    assert not second.done()
    lists.answer(1, robot())
    await second

    assert snapshots.view(CI) == Present(robot())


async def test_who_did_not_write_joins_whatever_others_wrote_meanwhile(snapshots, lists, clock):
    first = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0, about=CD))
    await lists.asked(1)
    clock.now += 1
    snapshots.begin_write(CI)
    clock.now += 1
    others = [
        asyncio.create_task(snapshots.refresh(ACME, max_age_s=0, about=about))
        for about in (CD, None)
    ]
    await asyncio.sleep(0)
    lists.answer(0, robot(), robot(CD))
    await asyncio.gather(first, *others)

    assert len(lists.waiting) == 1
    assert snapshots.view(CD) == Present(robot(CD))
    assert snapshots.view(CI) == Unlooked()


async def test_an_older_list_that_answers_last_says_nothing(snapshots, lists, clock):
    first = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0))
    await lists.asked(1)
    clock.now += 1
    snapshots.begin_write(CI)
    snapshots.saw(CI, Absent())
    clock.now += 1
    second = asyncio.create_task(snapshots.refresh(ACME, max_age_s=0, about=CI))
    await lists.asked(2)
    lists.answer(1)
    await second
    lists.answer(0, robot())
    await first

    assert snapshots.view(CI) == Missing()
    assert snapshots.age_s(ACME) == 0


# What a GET proved is kept ----------------------------------------------------------

PROVEN = robot(metadata={"quayrobot.io": {"name": "ci"}})


async def test_the_metadata_stays_while_the_robot_is_the_same(snapshots, lists, clock):
    snapshots.saw(CI, Present(PROVEN))
    clock.now += 1
    await listed(snapshots, lists, robot(last_used_on="2026-11-23"))

    assert snapshots.view(CI).value.metadata == PROVEN.metadata
    assert snapshots.view(CI).value.last_used_on == "2026-11-23"


@pytest.mark.parametrize(
    "other",
    [{"created": "later"}, {"token": Token(robot_token())}, {"token": None}],
    ids=["created again", "regenerated", "no token shown"],
)
async def test_the_metadata_goes_when_the_robot_may_be_another(other, snapshots, lists, clock):
    snapshots.saw(CI, Present(PROVEN))
    clock.now += 1
    await listed(snapshots, lists, robot(**other))

    assert snapshots.view(CI).value.metadata is None


# An organization that is gone ---------------------------------------------------------


async def test_a_lost_organization_is_unknown_for_a_while_and_then_unlooked(snapshots, clock):
    gone = Refused(Reason.ORGANIZATION_NOT_FOUND, "gone")
    snapshots.lose(ACME, gone, for_s=10)

    assert snapshots.view(CI) == Unknown(gone)
    clock.now += 11
    assert snapshots.view(CI) == Unlooked()


async def test_a_robot_that_answers_again_ends_the_loss(snapshots):
    snapshots.lose(ACME, Refused(Reason.ORGANIZATION_NOT_FOUND, "gone"), for_s=10)
    snapshots.saw(CI, Present(robot()))

    assert snapshots.view(CI) == Present(robot())


async def test_a_new_client_of_the_same_quay_keeps_the_memory(snapshots, lists, clock):
    await listed(snapshots, lists, robot())
    other = Lists()
    snapshots.list_with(other)

    assert snapshots.view(CI) == Present(robot())
    task = asyncio.create_task(snapshots.refresh(ACME, max_age_s=-1))
    await other.asked(1)
    other.answer(0)
    await task
    assert len(lists.waiting) == 1


async def test_of_a_token_that_nobody_needs_only_the_digest_is_kept(snapshots):
    whole = robot(token=Token(robot_token()))
    snapshots.saw(CI, Present(whole))

    snapshots.drop_token(CI)

    kept = snapshots.view(CI).value
    assert kept.token.dropped
    assert kept.same_as(whole)
    snapshots.drop_token(RobotName(ACME, "nobody"))
