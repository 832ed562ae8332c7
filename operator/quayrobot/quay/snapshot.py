"""
What do we remember of an organization's robots?

One list serves all robots of an organization until the next resync; our own
answers go in as well. A list that began before our last write to a robot says
nothing about that robot, and nobody who wrote may join such a list. What a
GET proved (the metadata) is kept for as long as creation time and token stay.

Of a robot whose deletion Quay answered, a later list tells whether it is gone:
one that shows another robot of the same owner which was known before, or whose
owner was then seen by name. An empty list alone proves nothing: Quay gives one
to a superuser for an organization that is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ..model.errors import QuayRobotError, Reason
from ..model.names import OwnerName, RobotName
from ..model.world import (
    Absent,
    Missing,
    Present,
    RobotSeen,
    RobotView,
    Unknown,
    Unlooked,
)

__all__ = ["Deletion", "Fate", "Snapshots"]

Lister = Callable[[OwnerName], Awaitable[dict[str, RobotSeen]]]


class Fate(StrEnum):
    """What is known of a robot since Quay answered its deletion."""

    AWAITED = "Awaited"
    GONE = "Gone"
    THERE = "There"
    UNPROVEN = "Unproven"


@dataclass(frozen=True, slots=True)
class Deletion:
    """
    A deletion that Quay answered at *answered*, and what became of the robot.

    *error* is why the list that was to tell could not be had.
    """

    answered: float
    fate: Fate = Fate.AWAITED
    error: QuayRobotError | None = None


@dataclass(slots=True)
class _Owner:
    """One organization's (or user's) robots; *begun* is when its last list began."""

    robots: dict[str, RobotSeen] = field(default_factory=dict)
    begun: float | None = None
    written: dict[str, float] = field(default_factory=dict)
    unlooked: set[str] = field(default_factory=set)
    overdue: dict[str, float] = field(default_factory=dict)
    deleted: dict[str, Deletion] = field(default_factory=dict)
    running: asyncio.Task[None] | None = None
    running_since: float = 0.0
    gone: QuayRobotError | None = None
    gone_until: float = 0.0


class Snapshots:
    """The memory of one connection; *clock* is monotonic, in seconds."""

    def __init__(self, lister: Lister, *, clock: Callable[[], float]) -> None:
        self._list, self._clock = lister, clock
        self._owners: dict[OwnerName, _Owner] = {}

    def list_with(self, lister: Lister) -> None:
        """Make later lists through *lister*: the same Quay through another client."""
        self._list = lister

    def view(self, name: RobotName) -> RobotView:
        """Return what is remembered of *name*."""
        owner = self._owners.get(name.owner)
        if owner is None:
            return Unlooked()
        if owner.gone is not None:
            return Unknown(owner.gone) if self._clock() < owner.gone_until else Unlooked()
        if name.full in owner.unlooked:
            return Unlooked()
        if name.full in owner.robots:
            return Present(owner.robots[name.full])
        return Missing() if owner.begun is not None else Unlooked()

    def age_s(self, owner: OwnerName) -> float | None:
        """Return how long ago the last list of *owner* began; None for never."""
        begun = self._at(owner).begun
        return None if begun is None else self._clock() - begun

    def known_s(self, name: RobotName) -> float | None:
        """Return how long ago Quay told what is remembered of *name*; None for never."""
        here = self._at(name.owner)
        told = [each for each in (here.begun, here.written.get(name.full)) if each is not None]
        return self._clock() - max(told) if told else None

    def robots(self, owner: OwnerName) -> Iterator[RobotSeen]:
        """Iterate over what is remembered of *owner*."""
        return iter(tuple(self._at(owner).robots.values()))

    def owners(self) -> tuple[OwnerName, ...]:
        """Return the owners that were ever asked for."""
        return tuple(self._owners)

    async def refresh(
        self, owner: OwnerName, *, max_age_s: float, about: RobotName | None = None
    ) -> None:
        """
        Make sure that the list of *owner* is at most *max_age_s* old; one call serves all.

        Who asks *about* a robot does not join a list that began before our last write to it.

        Raises:
            QuayRobotError: It could not be had; what was known stays.
        """
        age = self.age_s(owner)
        if age is not None and age <= max_age_s:
            return

        here = self._at(owner)
        written = here.written.get(about.full, 0.0) if about is not None else 0.0
        await self._refresh_after(owner, written)

    async def _refresh_after(self, owner: OwnerName, written: float) -> None:
        here = self._at(owner)
        if here.running is None or here.running_since < written:
            here.running_since = self._clock()
            here.running = asyncio.create_task(self._fetch(owner, here.running_since))
        # Shielded: one impatient waiter must not cancel the list for the others.
        await asyncio.shield(here.running)

    def begin_write(self, name: RobotName) -> None:
        """Note that *name* is about to be written; nothing is known of it until the answer."""
        here = self._at(name.owner)
        here.written[name.full] = self._clock()
        here.unlooked.add(name.full)
        here.deleted.pop(name.full, None)

    def wrote_nothing(self, name: RobotName) -> None:
        """Note that the write to *name* that was begun did nothing: it is as it was seen."""
        here = self._at(name.owner)
        if name.full in here.robots:
            here.unlooked.discard(name.full)

    def gave_up(self, name: RobotName) -> None:
        """Note that nobody waits any more for the end of a write to *name*."""
        self._at(name.owner).overdue[name.full] = self._clock()

    def gave_up_s(self, name: RobotName) -> float | None:
        """Return how long ago the last write to *name* was given up; None for none."""
        since = self._at(name.owner).overdue.get(name.full)
        return None if since is None else self._clock() - since

    def doubt(self, name: RobotName, error: QuayRobotError) -> None:
        """Note that a call about *name* failed: a look tells if Quay knows no such robot."""
        if error.reason is Reason.ROBOT_NOT_FOUND:
            self.begin_write(name)

    def saw(self, name: RobotName, seen: Present[RobotSeen] | Absent) -> None:
        """Remember what Quay answered about *name* itself."""
        here = self._at(name.owner)
        here.gone = None
        here.written[name.full] = self._clock()
        here.deleted.pop(name.full, None)
        if isinstance(seen, Present):
            here.robots[name.full] = seen.value
            here.unlooked.discard(name.full)
        else:
            here.robots.pop(name.full, None)
            here.unlooked.add(name.full)

    def deleted(self, name: RobotName) -> None:
        """Note that Quay answered a deletion of *name*, which a later list is to prove."""
        here, now = self._at(name.owner), self._clock()
        here.written[name.full] = now
        here.unlooked.add(name.full)
        here.deleted[name.full] = Deletion(now)

    def deletion(self, name: RobotName) -> Deletion | None:
        """Return what became of the deletion of *name*; None where none is remembered."""
        owner = self._owners.get(name.owner)
        return owner.deleted.get(name.full) if owner is not None else None

    def forget_deletion(self, name: RobotName) -> None:
        """Forget that *name* was deleted: somebody has acted on it."""
        self._at(name.owner).deleted.pop(name.full, None)

    def awaited_s(self, owner: OwnerName) -> list[float]:
        """Return how long each deletion waits that no list has told of yet, newest first."""
        now, marks = self._clock(), self._at(owner).deleted.values()
        return sorted(now - each.answered for each in marks if each.fate is Fate.AWAITED)

    async def prove_deletions(
        self, owner: OwnerName, exists: Callable[[OwnerName], Awaitable[bool]]
    ) -> None:
        """
        Find out by one list what became of each deletion that waits.

        Where nobody else is left who could vouch for it, *exists* asks for *owner* by name.

        Raises:
            QuayRobotError: It could not be had; who waits can tell why, and goes on to wait.
        """
        try:
            newest = min(self.awaited_s(owner), default=0.0)
            if self.awaited_s(owner):
                await self._refresh_after(owner, self._clock() - newest)
            here = self._at(owner)
            unproven = [name for name, e in here.deleted.items() if e.fate is Fate.UNPROVEN]
            if unproven and await exists(owner):
                for name in here.deleted.keys() & set(unproven):
                    here.deleted[name] = replace(here.deleted[name], fate=Fate.GONE)
        except QuayRobotError as error:
            for name, each in self._at(owner).deleted.items():
                if each.fate is not Fate.GONE:
                    self._at(owner).deleted[name] = replace(each, fate=Fate.AWAITED, error=error)
            raise

    def take_error(self, name: RobotName) -> QuayRobotError | None:
        """Return, once, why the deletion of *name* could not be proven."""
        here = self._at(name.owner)
        known = here.deleted.get(name.full)
        if known is None or known.error is None:
            return None
        here.deleted[name.full] = replace(known, error=None)
        return known.error

    def drop_token(self, name: RobotName) -> None:
        """Forget the token of *name*; what can be compared with it stays known."""
        here = self._at(name.owner)
        seen = here.robots.get(name.full)
        if seen is not None:
            here.robots[name.full] = seen.without_token()

    def lose(self, owner: OwnerName, error: QuayRobotError, *, for_s: float) -> None:
        """Note that *owner* itself is gone from Quay, and believe that for *for_s* seconds."""
        self._owners[owner] = _Owner(gone=error, gone_until=self._clock() + for_s)

    async def _fetch(self, owner: OwnerName, begun: float) -> None:
        here = self._at(owner)
        try:
            self._take(here, await self._list(owner), begun)
        finally:
            if here.running_since == begun:
                here.running = None

    def _take(self, here: _Owner, listed: dict[str, RobotSeen], begun: float) -> None:
        if here.begun is not None and begun < here.begun:
            # A newer list was quicker.
            return
        later = {name for name, when in here.written.items() if when >= begun}
        kept = {name: here.robots[name] for name in later if name in here.robots}
        fresh = {
            name: _keep_proof(here.robots.get(name), seen)
            for name, seen in listed.items()
            if name not in later
        }
        here.deleted = _fates(here, listed, begun)
        here.robots = {**fresh, **kept}
        here.unlooked &= later
        here.written = {name: here.written[name] for name in later}
        here.begun, here.gone = begun, None

    def _at(self, owner: OwnerName) -> _Owner:
        return self._owners.setdefault(owner, _Owner())


def _fates(here: _Owner, listed: Mapping[str, RobotSeen], begun: float) -> dict[str, Deletion]:
    """What a list that began at *begun* says of the deletions that were answered before."""
    witnesses = (here.robots.keys() & listed.keys()) - here.deleted.keys()
    vouched = any(here.robots[each].created == listed[each].created for each in witnesses)
    missing = Fate.GONE if vouched else Fate.UNPROVEN
    fates = {}
    for name, each in here.deleted.items():
        if each.answered >= begun or (each.fate is Fate.GONE and name not in listed):
            fates[name] = each
        elif each.fate is not Fate.GONE:
            fate = Fate.THERE if name in listed else missing
            fates[name] = replace(each, fate=fate, error=None)
    return fates


def _keep_proof(old: RobotSeen | None, new: RobotSeen) -> RobotSeen:
    if old is None or not old.same_as(new):
        return new
    return replace(new, metadata=old.metadata)
