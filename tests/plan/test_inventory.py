"""Are the robots of an organization counted from its list, and only news told?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quayrobot.model.names import OwnerName
from quayrobot.model.resources.connection import ConnectionStatus, OwnerCount, RobotCounts
from quayrobot.model.world import RobotSeen
from quayrobot.plan.inventory import count_listed, is_news, total

ACME, SHOP = OwnerName("organization", "acme"), OwnerName("organization", "shop")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
OLD, YOUNG = "2026-01-05T07:53:29Z", "2026-11-23T07:53:29Z"


def robot(name: str = "ci", *, created: str = OLD, used: str | None = "2026-11-25") -> RobotSeen:
    return RobotSeen(f"acme+{name}", created, last_used_on=used)


def counted(*robots: RobotSeen, ours: tuple[str, ...] = ()) -> OwnerCount:
    return count_listed(ACME, robots, {f"acme+{each}" for each in ours}, NOW)


def test_a_robot_that_no_resource_holds_is_unmanaged_and_named():
    count = counted(robot("ours"), robot("theirs"), ours=("ours",))

    assert (count.unmanaged, count.sample) == (1, ("acme+theirs",))


def test_no_more_than_five_are_named_always_the_same():
    names = [f"r{number}" for number in range(30)]
    there = [robot(each) for each in names]

    assert counted(*there).sample == counted(*reversed(there)).sample
    assert len(counted(*there).sample) == 5
    assert counted(*there).unmanaged == 30


@pytest.mark.parametrize(
    ("created", "used", "unused"),
    [
        pytest.param(OLD, "2026-11-25", 0, id="used yesterday"),
        pytest.param(OLD, "2026-08-29", 0, id="used 89 days ago"),
        pytest.param(OLD, "2026-08-27", 1, id="used 91 days ago"),
        pytest.param(OLD, None, 1, id="old and never used"),
        pytest.param(YOUNG, None, 0, id="new and not used yet"),
        pytest.param("no date", None, 0, id="of unknown age"),
    ],
)
def test_a_robot_is_unused_after_ninety_days_of_its_own(created, used, unused):
    assert counted(robot(created=created, used=used), ours=("ci",)).unused == unused


def test_an_owner_that_was_not_listed_yet_stands_as_it_was_said_last():
    before = RobotCounts(
        managed=1,
        unmanaged=7,
        unused=2,
        organizations=1,
        owners=(OwnerCount(name="acme", managed=1, unmanaged=7, unused=2, sample=("acme+x",)),),
    )

    after = total({ACME: 3}, {}, before)

    assert (after.managed, after.unmanaged, after.unused) == (3, 7, 2)
    assert after.owners[0].sample == ("acme+x",)
    assert total({ACME: 1}, {}, before) == before


def test_a_list_replaces_what_was_said():
    before = RobotCounts(unmanaged=7, owners=(OwnerCount(name="acme", unmanaged=7),))

    assert total({ACME: 1}, {ACME: OwnerCount(name="acme")}, before).unmanaged == 0


def test_an_organization_without_a_robot_of_ours_is_not_told_of():
    listed = {SHOP: OwnerCount(name="shop", unmanaged=9)}

    assert [each.name for each in total({ACME: 1}, listed, None).owners] == ["acme"]


def test_twenty_owners_are_told_those_with_leftovers_first_and_all_are_counted():
    owners = [OwnerName("organization", f"o{number:02}") for number in range(30)]
    listed = {each: OwnerCount(name=each.name) for each in owners}
    listed[owners[29]] = OwnerCount(name="o29", unmanaged=4)

    counts = total(dict.fromkeys(owners, 2), listed, None)

    assert (counts.managed, counts.unmanaged, counts.organizations) == (60, 4, 30)
    assert [each.name for each in counts.owners][:3] == ["o29", "o00", "o01"]
    assert len(counts.owners) == 20
    # After a restart, with the lists still to come, the sums stand too.
    assert total(dict.fromkeys(owners, 2), {}, counts) == counts


HOUR_AGO, NOW_TOLD = "2026-11-26T11:00:00Z", "2026-11-26T12:00:00Z"
MINUTE_AGO, TWO_DAYS_AGO = "2026-11-26T11:59:00Z", "2026-11-24T12:00:00Z"


def said(listed: str | None, **owner: int) -> ConnectionStatus:
    counts = OwnerCount(name="acme", **owner)
    robots = total({ACME: owner.get("managed", 1)}, {ACME: counts}, None)
    return ConnectionStatus(circuit="Closed", last_list_at=listed, robots=robots)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(said(HOUR_AGO), said(NOW_TOLD), False, id="time alone"),
        pytest.param(said(TWO_DAYS_AGO), said(NOW_TOLD), True, id="time, days later"),
        pytest.param(said(HOUR_AGO), said(HOUR_AGO), False, id="nothing"),
        pytest.param(said(MINUTE_AGO), said(NOW_TOLD, managed=2), False, id="a robot more"),
        pytest.param(said(HOUR_AGO), said(NOW_TOLD, managed=2), True, id="a robot more, later"),
        pytest.param(said(MINUTE_AGO), said(NOW_TOLD, unmanaged=1), True, id="a leftover"),
        pytest.param(said(MINUTE_AGO, unused=1), said(NOW_TOLD), True, id="one used again"),
        pytest.param(
            ConnectionStatus(circuit="Closed", last_list_at=MINUTE_AGO),
            said(NOW_TOLD),
            False,
            id="the first robot",
        ),
        pytest.param(
            said(MINUTE_AGO),
            said(NOW_TOLD).model_copy(update={"circuit": "Open"}),
            True,
            id="the circuit",
        ),
    ],
)
def test_what_is_worth_a_write(before, after, told):
    assert is_news(before, after, NOW) is told


def test_counts_alone_are_held_back_after_a_write_that_moves_no_time():
    before, after = said(HOUR_AGO), said(HOUR_AGO, managed=2)

    assert is_news(before, after, NOW) is True
    assert is_news(before, after, NOW, NOW - timedelta(minutes=1)) is False
    assert is_news(before, after, NOW, NOW - timedelta(minutes=10)) is True


def test_leftovers_that_come_and_go_are_told_once_a_minute():
    before, after = said(HOUR_AGO), said(HOUR_AGO, unmanaged=1)

    assert is_news(before, after, NOW, NOW) is True
    assert is_news(before, after, NOW, NOW, NOW - timedelta(seconds=59)) is False
    assert is_news(before, after, NOW, NOW, NOW - timedelta(seconds=60)) is True
    # Nothing else waits for that.
    away = after.model_copy(update={"circuit": "Open"})
    assert is_news(before, away, NOW, NOW, NOW - timedelta(seconds=1)) is True
