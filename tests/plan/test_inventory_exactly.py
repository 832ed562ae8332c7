"""Where exactly do robots begin to be unused, sums to be known and lists to be news?"""

from __future__ import annotations

import pytest

from quayrobot.model.names import OwnerName
from quayrobot.model.resources.connection import ConnectionStatus, OwnerCount, RobotCounts
from quayrobot.plan.inventory import SHOWN, count_listed, is_news, leftovers, total

from .test_inventory import ACME, NOW, OLD, SHOP, counted, robot, said

BOB = OwnerName("user", "bob")
DAY_AGO = "2026-11-25T12:00:00Z"
NINETY_DAYS_AGO = "2026-08-28T12:00:00Z"


def test_a_user_is_told_as_one_listed_or_not():
    count = count_listed(BOB, [], [], NOW)

    assert (count.name, count.kind) == ("bob", "user")
    assert total({BOB: 1}, {}, None).owners == (OwnerCount(name="bob", kind="user", managed=1),)


@pytest.mark.parametrize(
    ("created", "used", "unused"),
    [
        pytest.param(NINETY_DAYS_AGO, None, 1, id="made ninety days ago"),
        pytest.param("2026-08-28T12:00:01Z", None, 0, id="a second less"),
        pytest.param(OLD, "2026-08-28", 0, id="used ninety days ago"),
    ],
)
def test_ninety_days_are_enough_for_age_and_not_for_use(created, used, unused):
    assert counted(robot(created=created, used=used), ours=("ci",)).unused == unused


def owners(count: int) -> list[OwnerName]:
    return [OwnerName("organization", f"o{number:02}") for number in range(count)]


BEFORE = RobotCounts(managed=99, unmanaged=50, unused=7, organizations=99)


def counts(*names: OwnerName) -> dict[OwnerName, OwnerCount]:
    return {each: OwnerCount(name=each.name, unmanaged=2, unused=1) for each in names}


def sums(managed: list[OwnerName], listed: list[OwnerName], before: RobotCounts | None):
    found = total(dict.fromkeys(managed, 1), counts(*listed), before)
    return found.unmanaged, found.unused


def test_sums_stand_until_all_of_many_owners_were_listed():
    many = owners(SHOWN + 1)

    assert sums(many, many[:1], BEFORE) == (50, 7)
    assert sums(many, many, BEFORE) == (2 * len(many), len(many))
    assert sums(many, [*many, SHOP], BEFORE) == (2 * len(many), len(many))


def test_sums_are_those_of_the_owners_where_all_are_told_or_nothing_was():
    few, many = owners(SHOWN), owners(SHOWN + 1)

    assert sums(few, few[:1], BEFORE) == (2, 1)
    assert sums(many, many[:1], None) == (2, 1)


def test_of_owners_with_as_many_leftovers_the_one_with_more_unused_robots_comes_first():
    listed = {
        ACME: OwnerCount(name="acme", unmanaged=1, unused=1),
        SHOP: OwnerCount(name="shop", unmanaged=1, unused=2),
    }

    told = total({ACME: 3, SHOP: 4}, listed, None).owners
    assert [(each.name, each.managed) for each in told] == [("shop", 4), ("acme", 3)]


def test_the_first_word_of_robots_is_news_and_the_time_of_a_list_is_it_after_a_day():
    nothing = ConnectionStatus(circuit="Closed")
    robots = said(None, managed=2)

    assert is_news(nothing, robots, NOW) is True
    assert is_news(said(DAY_AGO), said("2026-11-26T12:00:00Z"), NOW) is True
    assert is_news(said("2026-11-25T12:00:01Z"), said("2026-11-26T12:00:00Z"), NOW) is False


@pytest.mark.parametrize("what", ["unmanaged", "unused"])
def test_leftovers_are_owners_with_some_whatever_they_have_of_ours(what: str):
    (owner,) = leftovers(said(DAY_AGO, managed=3, **{what: 1})).owners

    assert (owner.name, owner.managed, getattr(owner, what)) == ("acme", 0, 1)
    assert leftovers(said(DAY_AGO, managed=3)).owners == ()
