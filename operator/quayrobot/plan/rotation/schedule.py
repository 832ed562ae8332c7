"""
When is the next rotation by interval due?

Counted from when the credential was issued, a little later for each resource
so that many robots do not rotate at once, and moved into the next opening of the
window where there is one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from ...model.durations import parse_duration
from ...model.errors import InvalidSpec, Reason
from ...model.resources.rotation import Rotation, Window
from ..jitter import share_of

__all__ = ["check_window", "next_rotation"]

# A credential gets at most a tenth older than asked.
SPREAD = 0.1
# A year of daily openings, and some more: no gap of a schedule is shorter than these.
OPENINGS = 400
FIRST = datetime(2025, 1, 1, tzinfo=UTC)


def next_rotation(
    rotation: Rotation, *, issued: datetime, now: datetime, uid: str
) -> datetime | None:
    """
    Return when the credential *issued* is to be replaced, None where never.

    What is overdue is due now, or when the window opens next.

    Raises:
        InvalidSpec: The window names no such time zone, or its schedule is none.
    """
    if rotation.interval is None:
        return None
    interval = parse_duration(rotation.interval)
    share = share_of(uid)
    due = issued + interval * (1 + SPREAD * share)
    if rotation.window is None:
        return due
    return _in_window(rotation.window, max(due, now), share)


def check_window(rotation: Rotation | None, now: datetime) -> None:
    """
    Raise if the window of *rotation* is not valid.

    Raises:
        InvalidSpec: It names no such time zone, or its schedule is none.
    """
    if rotation is None or rotation.window is None:
        return
    _opening(rotation.window, now)
    if parse_duration(rotation.window.duration) >= _shortest_gap(rotation.window.schedule):
        msg = "rotation.window.duration must be shorter than the time from one opening to the next"
        raise InvalidSpec(Reason.INVALID_SPEC, msg)


@lru_cache(maxsize=1024)
def _shortest_gap(schedule: str) -> timedelta:
    """The shortest time between two openings, on a clock that is never changed."""
    moments = list(islice(CronSim(schedule, FIRST), OPENINGS))
    return min((late - early for early, late in pairwise(moments)), default=timedelta.max)


def _in_window(window: Window, earliest: datetime, share: float) -> datetime:
    """The first moment from *earliest* on in an opening, spread over it."""
    opening, duration = _opening(window, earliest)
    return max(earliest, opening + duration * 0.9 * share)


def _opening(window: Window, earliest: datetime) -> tuple[datetime, timedelta]:
    """The opening that *earliest* is in, or else the next, and how long it lasts."""
    for opening, following in pairwise(_openings(window, earliest)):
        # Where openings overlap, each lasts until the next.
        duration = min(parse_duration(window.duration), following - opening)
        if earliest < opening + duration:
            return opening, duration
    raise _never_opens()


def _never_opens() -> InvalidSpec:
    msg = "rotation.window.schedule never opens: there is no such day in the months that it names"
    return InvalidSpec(Reason.INVALID_SPEC, msg)


def _names_no_day(schedule: str) -> bool:
    """Return whether *schedule* would be one in other months, as 31 February is."""
    minute, hour, day, _, weekday = schedule.split()
    try:
        CronSim(f"{minute} {hour} {day} * {weekday}", FIRST)
    except CronSimError:
        return False
    return True


def _openings(window: Window, earliest: datetime) -> list[datetime]:
    """The last opening before *earliest* and the two after it, in UTC, ascending."""
    try:
        local = earliest.astimezone(ZoneInfo(window.time_zone))
        # An opening that is now is not yet to come, and one of the next second is not past.
        ended = local.replace(microsecond=0) + timedelta(seconds=1)
        before = next(CronSim(window.schedule, ended, reverse=True), None)
        coming = CronSim(window.schedule, local)
        found = [before, next(coming, None), next(coming, None)]
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        # A folder of zones is an OSError.
        msg = "rotation.window.timeZone is not known; use a name like Europe/Berlin"
        raise InvalidSpec(Reason.INVALID_SPEC, msg) from error
    except CronSimError as error:
        if _names_no_day(window.schedule):
            raise _never_opens() from error
        msg = (
            "rotation.window.schedule is not a cron expression of five fields, like '0 3 * * 1': "
            "a field has a value that cron does not have there"
        )
        raise InvalidSpec(Reason.INVALID_SPEC, msg) from error
    # Durations are real time: what is added must not skip or repeat an hour.
    return [each.astimezone(UTC) for each in found if each is not None]
