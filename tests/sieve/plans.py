"""
What can be kept from the operator, or taken from it, in a life that was lived?

Plans are drawn from the record of undisturbed lives: the writes that were answered, the
events that were shown, the versions that objects had. Nothing is listed by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.kit.crashing import CrashPoint

from .lens import Event, Key, Version
from .referee import End

__all__ = ["PATTERNS", "Plan", "Record", "plans"]

LONGEST = 4
PATTERNS = ("intermediate", "unobserved", "stale")
# Killed after it, nothing in the world is different.
SILENT = ("/events", "/leases")


@dataclass(frozen=True, slots=True)
class Plan:
    """
    One disturbance of the life *life*.

    *after*: the process is killed after this write. *withheld*: these events are not
    shown (kind, name and number). *at*: for each object (kind and name), at which of its
    versions it is shown across a restart; -1: as not there.
    """

    life: str
    pattern: str
    after: CrashPoint | None = None
    withheld: tuple[tuple[str, str, int], ...] = ()
    at: tuple[tuple[str, str, int], ...] = ()

    def __str__(self) -> str:
        return f"{self.life}: {self.pattern}: {self.what}"

    @property
    def what(self) -> str:
        """What is disturbed, in words."""
        if self.after is not None:
            return f"killed after {self.after}"
        which = ", ".join(f"{kind}/{name} {nth}" for kind, name, nth in self.withheld or self.at)
        return f"{'without events' if self.withheld else 'shown'} {which}"


@dataclass
class Record:
    """What undisturbed lives were like: writes and events in order, and all versions."""

    life: str
    writes: list[CrashPoint] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    versions: dict[Key, list[Version]] = field(default_factory=dict)
    # How many versions of each object there were before the first act.
    old: dict[Key, int] = field(default_factory=dict)
    ends: list[End] = field(default_factory=list)


def plans(record: Record, tenant: str) -> list[Plan]:
    """Return all plans for the life of *record*, which was *tenant*'s."""
    return [*_killed(record), *_withheld(record), *_stale(record, tenant)]


def _killed(record: Record) -> Iterator[Plan]:
    for write in record.writes:
        if not write.path.endswith(SILENT):
            yield Plan(record.life, "intermediate", after=write)


def _withheld(record: Record) -> Iterator[Plan]:
    """Every run of up to four events about one object."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for each in record.events:
        counts[each.kind, each.name] = max(counts[each.kind, each.name], each.nth)
    for (kind, name), count in counts.items():
        for length in range(1, min(LONGEST, count) + 1):
            for first in range(1, count - length + 2):
                run = tuple((kind, name, nth) for nth in range(first, first + length))
                yield Plan(record.life, "unobserved", withheld=run)


def _stale(record: Record, tenant: str) -> Iterator[Plan]:
    """
    Each object alone at each earlier version, and all together as they were at a time.

    A version counts from the last one before the acts on: what came before is no news.
    """
    recent = {
        key: list(enumerate(known))[max(record.old.get(key, 0) - 1, 0) :]
        for key, known in record.versions.items()
    }
    for key, known in recent.items():
        earlier = [index for index, each in known[:-1] if each.type != "DELETED"]
        if not record.old.get(key):
            earlier.append(-1)
        if len(known) > 1 or -1 in earlier:
            for index in earlier:
                yield Plan(record.life, "stale", at=(_named(key, tenant, index),))
    moments = sorted(
        {each.number for key, known in recent.items() for index, each in known
         if index >= record.old.get(key, 0)}
    )  # fmt: skip
    for moment in moments[:-1]:
        whole = tuple(
            _named(key, tenant, _at(record.versions[key], moment)) for key in record.versions
        )
        yield Plan(record.life, "stale", at=whole)


def _named(key: Key, tenant: str, index: int) -> tuple[str, str, int]:
    return key.kind, key.name.replace(tenant, "<tenant>"), index


def _at(known: list[Version], moment: int) -> int:
    """Return which version there was at *moment*; -1: none."""
    index = max((i for i, each in enumerate(known) if each.number <= moment), default=-1)
    return -1 if index >= 0 and known[index].type == "DELETED" else index
