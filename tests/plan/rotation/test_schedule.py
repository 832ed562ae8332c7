"""Is a rotation by interval due when it was promised: not before, in the window, and once?"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.errors import InvalidSpec, Reason
from quayrobot.model.resources.rotation import Rotation, Window
from quayrobot.plan.rotation.schedule import check_window, next_rotation
from tests.kit.canary import robot_token
from tests.kit.examples import examples

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ISSUED = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
BERLIN = "Europe/Berlin"
# The clocks go forward at 1:00 UTC on the first, back at 1:00 UTC on the second.
FORWARD, BACK = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
many = examples(300)

uids = st.uuids(version=4).map(str)


def rotation(**fields: Any) -> Rotation:
    """Return what `spec.rotation` says."""
    return Rotation.model_validate(fields)


def window(
    schedule: str, duration: str = "1h", zone: str | None = None, *, interval: str = "24h"
) -> Rotation:
    """Return a rotation that waits for a window."""
    said = {"schedule": schedule, "duration": duration}
    return rotation(interval=interval, window=said | ({"timeZone": zone} if zone else {}))


def due(asked: Rotation, *, issued: datetime = ISSUED, now: datetime = ISSUED, uid: str = "u"):
    """Return when *asked* is due next, in UTC."""
    moment = next_rotation(asked, issued=issued, now=now, uid=uid)
    assert moment is not None
    assert moment.tzinfo is UTC
    return moment


def overdue(asked: Rotation, now: datetime, uid: str = "u") -> datetime:
    """Return when *asked* is due next if it was due long before *now*."""
    return due(asked, issued=now - timedelta(days=400), now=now, uid=uid)


# By interval alone --------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"trigger": "one"}])
def test_without_an_interval_it_is_never_due(fields):
    assert next_rotation(rotation(**fields), issued=ISSUED, now=ISSUED, uid="u") is None


@given(uids, st.integers(1, 10_000))
def test_the_interval_counts_from_when_the_credential_was_issued(uid, hours):
    interval = timedelta(hours=hours)
    later = due(rotation(interval=f"{hours}h"), uid=uid) - ISSUED

    assert interval <= later <= interval * 1.1


def test_the_clock_does_not_move_what_is_due():
    asked = rotation(interval="24h")

    looks = {due(asked, now=ISSUED + HOUR * hours) for hours in (0, 1, 30, 9000)}

    assert len(looks) == 1


def test_robots_are_spread_over_the_tenth():
    moments = [due(rotation(interval="100h"), uid=f"uid-{n}") - ISSUED for n in range(400)]
    in_parts = [sum(100 + n <= each / HOUR < 101 + n for each in moments) for n in range(10)]

    assert sum(in_parts) == 400
    assert min(in_parts) > 15


@given(uids)
def test_the_spread_is_the_resources_own_at_every_look(uid):
    asked = rotation(interval="720h")

    assert due(asked, uid=uid) == due(asked, uid=uid)
    assert due(asked, uid=uid) != due(asked, uid=uid + "x")


# In a window --------------------------------------------------------------------


def test_what_is_due_waits_for_the_next_opening():
    # Due on the 25th at about 3:00, Wednesday; the window opens on Mondays.
    moment = due(window("0 4 * * 1", "2h"))

    opening = datetime(2026, 11, 30, 4, tzinfo=UTC)
    assert opening <= moment < opening + 2 * HOUR


def test_what_is_overdue_waits_for_the_next_opening_too():
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)

    moment = overdue(window("0 3 * * *", "1h"), noon)

    assert timedelta(hours=15) <= moment - noon < timedelta(hours=16)


def test_what_is_overdue_inside_an_opening_is_due_now_or_later_in_it():
    opening = datetime(2026, 11, 24, 3, tzinfo=UTC)
    asked = window("0 3 * * *", "2h")
    for uid in map(str, range(40)):
        last_s = 2 * 3600 - 1
        assert overdue(asked, opening + timedelta(seconds=last_s), uid) == (
            opening + timedelta(seconds=last_s)
        )
        moment = overdue(asked, opening, uid)
        assert opening <= moment < opening + 2 * HOUR


def test_the_very_end_of_an_opening_is_outside():
    end = datetime(2026, 11, 24, 4, tzinfo=UTC)

    assert overdue(window("0 3 * * *", "1h"), end) > end + 22 * HOUR


@pytest.mark.parametrize("early_s", [0.2, 1, 1.5, 59, 61])
def test_a_look_just_before_an_opening_promises_what_every_look_did(early_s):
    asked, opening = window("0 3 * * *", "2h"), datetime(2026, 11, 24, 3, tzinfo=UTC)
    at_noon = overdue(asked, opening - 15 * HOUR)

    assert opening < at_noon < opening + 2 * HOUR
    assert overdue(asked, opening - timedelta(seconds=early_s)) == at_noon


def test_robots_are_spread_over_the_opening():
    asked, noon = window("0 3 * * *", "2h"), datetime(2026, 11, 24, 12, tzinfo=UTC)
    opening = datetime(2026, 11, 25, 3, tzinfo=UTC)

    minutes = [(overdue(asked, noon, f"u{n}") - opening) / HOUR * 60 for n in range(200)]

    assert 0 <= min(minutes) < 12
    assert 96 < max(minutes) < 120


def test_a_window_without_a_zone_is_in_utc():
    asked = [window("0 3 * * *", zone=zone) for zone in (None, "UTC")]

    assert due(asked[0]) == due(asked[1])


@pytest.mark.parametrize(
    ("zone", "hour"), [(BERLIN, 2), ("Asia/Tokyo", 18), ("America/New_York", 8), ("Etc/GMT+1", 4)]
)
def test_a_window_opens_by_the_clock_of_its_zone(zone, hour):
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)

    moment = overdue(window("0 3 * * *", "1h", zone), noon)

    assert moment.hour == hour


# When the clocks change ---------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "hours"), [(FORWARD, (3, 2)), (BACK, (2, 3))], ids=["forward", "back"]
)
def test_a_window_keeps_its_hour_when_the_clocks_change(change, hours):
    asked = window("0 4 * * *", "30m", BERLIN)
    before, after = change - timedelta(hours=30), change + timedelta(hours=12)

    assert (overdue(asked, before).hour, overdue(asked, after).hour) == hours


@pytest.mark.parametrize("uid", ["a", "b", "c"])
def test_a_window_that_opens_in_the_hour_that_is_left_out_opens_all_the_same(uid):
    moment = overdue(window("30 2 * * *", "1h", BERLIN), FORWARD - 2 * HOUR, uid)

    assert timedelta(0) <= moment - FORWARD < 2 * HOUR


@pytest.mark.parametrize("uid", ["a", "b", "c"])
def test_a_window_in_the_hour_that_comes_twice_opens_that_day(uid):
    moment = overdue(window("30 2 * * *", "30m", BERLIN), BACK - 4 * HOUR, uid)

    assert -HOUR <= moment - BACK < HOUR


zones = st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
# Openings at hours that every day has exactly once.
hours_of_day = st.sampled_from([0, 4, 5, 9, 12, 18, 23])
year_2026 = st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
near_changes = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from([FORWARD, BACK]),
    st.integers(-3000, 3000),
)


def openings(zone: str, hour: int, around: datetime) -> list[datetime]:
    """Return when a daily window opens near *around*, without any cron expression."""
    local = around.astimezone(ZoneInfo(zone))
    days = [local.date() + timedelta(days=n) for n in range(-2, 3)]
    return [
        datetime.combine(day, time(hour), tzinfo=ZoneInfo(zone)).astimezone(UTC) for day in days
    ]


@many
@given(zones, hours_of_day, st.integers(1, 12), st.one_of(year_2026, near_changes),
       st.integers(0, 2000), uids)  # fmt: skip
def test_it_is_never_early_always_in_the_window_and_less_than_a_day_late(
    zone, hour, hours_open, now, age, uid
):
    issued = now - age * HOUR
    asked = window(f"0 {hour} * * *", f"{hours_open}h", zone, interval="500h")

    moment = due(asked, issued=issued, now=now, uid=uid)

    assert moment >= issued + 500 * HOUR
    assert moment >= now
    opened = [each for each in openings(zone, hour, moment) if each <= moment]
    # An opening may be an hour longer or shorter on the day on which the clocks change.
    assert moment - max(opened) < (hours_open + 1) * HOUR
    assert moment - max(now, issued + 550 * HOUR) <= DAY + HOUR


@many
@given(zones, hours_of_day, st.integers(1, 12), year_2026, st.integers(0, 2000), uids)
def test_what_was_promised_is_due_when_its_time_comes(zone, hour, hours_open, now, age, uid):
    issued = now - age * HOUR
    asked = window(f"0 {hour} * * *", f"{hours_open}h", zone, interval="500h")
    promised = due(asked, issued=issued, now=now, uid=uid)
    looks = [now + (promised - now) * share for share in (0.1, 0.5, 0.9, 0.999, 1)]

    assert {due(asked, issued=issued, now=look, uid=uid) for look in looks} == {promised}


OVERLAPPING = [("*/5 * * * *", "10m"), ("0 * * * *", "2h"), ("0 0 * * *", "48h")]


def comes_due(asked: Rotation, now: datetime, uid: str) -> bool:
    """Tell whether who comes back at every promised time, ten times, finds it due."""
    for _ in range(10):
        promised = overdue(asked, now, uid)
        if promised <= now:
            return True
        now = promised
    return overdue(asked, now, uid) <= now


@pytest.mark.parametrize(("schedule", "duration"), OVERLAPPING)
def test_openings_that_overlap_are_openings_all_the_time(schedule, duration):
    never = [
        uid for uid in map(str, range(30))
        if not comes_due(window(schedule, duration), ISSUED + timedelta(seconds=30), uid)
    ]  # fmt: skip

    assert never == []


@pytest.mark.parametrize(
    ("change", "duration"),
    [
        (FORWARD, "1h30m"),
        pytest.param(FORWARD, "2h"),
        (FORWARD, "3h"),
        (BACK, "1h30m"),
        (BACK, "2h"),
        (BACK, "3h"),
    ],
)
def test_a_promise_across_a_change_of_the_clocks_is_kept_that_night(change, duration):
    asked = window("0 1 * * *", duration, BERLIN)
    evening = change - timedelta(hours=6)
    missed = []
    for uid in map(str, range(40)):
        promised = overdue(asked, evening, uid)
        if overdue(asked, promised, uid) != promised:
            missed.append(uid)

    assert missed == []


# What cannot be -----------------------------------------------------------------


def refusal(asked: Rotation) -> str:
    """Return how *asked* is refused, by the check and by the question alike."""
    with pytest.raises(InvalidSpec) as checked:
        check_window(asked, ISSUED)
    with pytest.raises(InvalidSpec) as asked_for:
        due(asked)

    assert checked.value.message == asked_for.value.message
    assert checked.value.reason == Reason.INVALID_SPEC
    return checked.value.message


@pytest.mark.parametrize("zone", ["Mars/Olympus", "CETT", "Europe/"])
def test_a_zone_that_is_none_is_told_in_our_words(zone):
    assert refusal(window("0 3 * * *", zone=zone)) == (
        "rotation.window.timeZone is not known; use a name like Europe/Berlin"
    )


@pytest.mark.parametrize("zone", ["Europe", "America/Argentina"])
def test_a_zone_that_is_only_the_first_half_of_one_is_told_in_our_words(zone):
    assert "timeZone is not known" in refusal(window("0 3 * * *", zone=zone))


@pytest.mark.parametrize("schedule", ["60 3 * * *", "0 24 * * *", "0 3 * * MOO", "a b c d e"])
def test_a_schedule_that_is_none_is_told_in_our_words(schedule):
    assert "not a cron expression of five fields" in refusal(window(schedule))


# A fifth Monday of February is the 29th; of the last the schedule itself looks valid.
@pytest.mark.parametrize("schedule", ["0 3 31 2 *", "0 3 31 4,6 *", "0 0 */30 2 1#5"])
def test_a_schedule_of_a_day_that_never_comes_is_told(schedule):
    assert refusal(window(schedule)).startswith("rotation.window.schedule never opens")


@pytest.mark.parametrize(
    ("schedule", "duration", "fits"),
    [
        ("0 3 * * *", "23h", True),
        ("0 3 * * *", "24h", False),
        ("0 3 * * *", "48h", False),
        ("0 3 * * 1", "100h", True),
        ("0 1,4 * * *", "4h", False),
        ("0 0 1 * *", "671h", True),
        ("0 0 1 * *", "672h", False),
        ("0 0 29 2 *", "2400h", True),
    ],
)
def test_a_window_is_shorter_than_the_time_to_its_next_opening(schedule, duration, fits):
    asked = Rotation(interval="24h", window=Window(schedule=schedule, duration=duration))
    if fits:
        check_window(asked, ISSUED)
        return
    with pytest.raises(InvalidSpec, match="shorter than the time from one opening") as caught:
        check_window(asked, ISSUED)
    assert caught.value.reason == Reason.INVALID_SPEC


def test_a_refusal_does_not_quote_what_was_written():
    pasted = robot_token()[:40]

    message = refusal(window("0 3 * * *", zone=pasted))

    assert pasted not in message


@pytest.mark.parametrize(
    "asked", [None, rotation(), rotation(interval="24h"), window("0 3 * * *")]
)
def test_what_can_be_passes_the_check(asked):
    check_window(asked, ISSUED)
