"""
How many robots of an organization are ours, and which have no owner or no use?

Counted from the list that is made anyway, which holds names, days and no
markers. What a status says is bounded: some organizations, some names. A
robot is unused if it is older than 90 days and nobody logged in with it for
that long; one that is new was not needed yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from ..model.names import OwnerName
from ..model.resources.connection import ConnectionStatus, OwnerCount, RobotCounts
from ..model.world import RobotSeen

__all__ = ["count_listed", "is_news", "leftovers", "total"]

UNUSED = timedelta(days=90)
NAMED = 5
SHOWN = 20
LIST_TOLD_EVERY = timedelta(days=1)
LEFTOVERS_TOLD_EVERY = timedelta(minutes=1)
COUNTS_TOLD_EVERY = timedelta(minutes=10)


def count_listed(
    owner: OwnerName, listed: Iterable[RobotSeen], ours: Collection[str], now: datetime
) -> OwnerCount:
    """Return how things stand with the robots of *owner*; *ours* are full names."""
    robots = list(listed)
    others = sorted(each.full_name for each in robots if each.full_name not in ours)
    return OwnerCount(
        name=owner.name,
        kind=owner.kind,
        unmanaged=len(others),
        unused=sum(_unused(each, now) for each in robots),
        sample=tuple(others[:NAMED]),
    )


def total(
    managed: Mapping[OwnerName, int],
    listed: Mapping[OwnerName, OwnerCount],
    before: RobotCounts | None,
) -> RobotCounts:
    """
    Return what to say of all owners.

    An owner that was not listed since the start stands as it was said last.
    """
    last = {(each.kind, each.name): each for each in (before.owners if before else ())}
    counts = [
        (listed.get(owner) or last.get((owner.kind, owner.name)) or _bare(owner)).model_copy(
            update={"managed": number}
        )
        for owner, number in managed.items()
    ]
    counts.sort(key=lambda each: (-each.unmanaged, -each.unused, each.name, each.kind))
    unmanaged = sum(each.unmanaged for each in counts)
    unused = sum(each.unused for each in counts)
    known = managed.keys() <= listed.keys() or len(managed) <= SHOWN
    if before is not None and not known:
        unmanaged, unused = before.unmanaged, before.unused
    return RobotCounts(
        managed=sum(managed.values()),
        unmanaged=unmanaged,
        unused=unused,
        organizations=len(counts),
        owners=tuple(counts[:SHOWN]),
    )


def is_news(
    before: ConnectionStatus,
    after: ConnectionStatus,
    now: datetime,
    told_at: datetime | None = None,
    counted_at: datetime | None = None,
) -> bool:
    """
    Tell whether *after* is worth a write over *before*.

    A robot more or less of ours is told by its own resource, and here with
    other news or some minutes later; leftovers alone at most once a minute; the time of
    the last list once a day. *told_at* is when this process wrote last, or began: no time
    in the status moves with the counts alone. *counted_at* is when it last told of
    leftovers.
    """
    if _apart_from_counts(before) != _apart_from_counts(after):
        return True
    if leftovers(before) != leftovers(after):
        return counted_at is None or now - counted_at >= LEFTOVERS_TOLD_EVERY
    told = [each.last_transition_time for each in before.conditions]
    last = max(filter(None, (before.last_list_at, *told)), default=None)
    moments = [datetime.fromisoformat(last)] if last is not None else []
    moments += [told_at] if told_at is not None else []
    age = now - max(moments) if moments else LIST_TOLD_EVERY
    if before.robots != after.robots:
        return age >= COUNTS_TOLD_EVERY
    return before.last_list_at != after.last_list_at and age >= LIST_TOLD_EVERY


def leftovers(status: ConnectionStatus) -> RobotCounts:
    """Return what *status* says of robots that nobody declares or uses."""
    if status.robots is None:
        return RobotCounts()
    owners = tuple(
        each.model_copy(update={"managed": 0})
        for each in status.robots.owners
        if each.unmanaged or each.unused
    )
    told = {"managed": 0, "organizations": 0, "owners": owners}
    return status.robots.model_copy(update=told)


def _apart_from_counts(status: ConnectionStatus) -> ConnectionStatus:
    return status.model_copy(update={"last_list_at": None, "robots": None})


def _bare(owner: OwnerName) -> OwnerCount:
    return OwnerCount(name=owner.name, kind=owner.kind)


def _unused(robot: RobotSeen, now: datetime) -> bool:
    try:
        created = datetime.fromisoformat(robot.created)
    except ValueError:
        return False
    young = now - created < UNUSED
    return not young and (
        robot.last_used_on is None or robot.last_used_on < f"{now - UNUSED:%Y-%m-%d}"
    )
