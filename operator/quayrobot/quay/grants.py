"""
What do we remember of the robots' rights?

One look serves all robots of an organization: a list with repositories and
teams, a list of roles per repository asked for, a list of the default
permissions. Our own changes go in as well, and outlive a list that began
before them. A role that was not read is None.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..model.errors import QuayRobotError, Refused
from ..model.names import OwnerName, RobotName
from ..model.world import DefaultSeen, GrantsSeen, GrantsView, Present, Unknown, Unlooked
from .rights import Rights

__all__ = ["GrantsCache"]

Listed = dict[str, tuple[frozenset[str], frozenset[str]]]


@dataclass(slots=True)
class _Owner:
    """One organization's (or user's) rights; times are when a read began."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: float = float("-inf")
    listed: Listed = field(default_factory=dict)
    roles: dict[str, tuple[float, dict[str, str]]] = field(default_factory=dict)
    defaults: dict[str, tuple[DefaultSeen, ...]] = field(default_factory=dict)
    own: dict[str, tuple[float, GrantsSeen]] = field(default_factory=dict)
    refused: QuayRobotError | None = None


class GrantsCache:
    """The rights seen through one connection; *rights* makes the calls, *clock* is monotonic."""

    def __init__(self, rights: Callable[[], Rights], *, clock: Callable[[], float]) -> None:
        self._rights, self._clock = rights, clock
        self._owners: dict[OwnerName, _Owner] = defaultdict(_Owner)

    def read_with(self, rights: Callable[[], Rights]) -> None:
        """Make later reads through *rights*: the same Quay through another client."""
        self._rights = rights

    def view(self, name: RobotName) -> GrantsView:
        """Return what is remembered of the rights of *name*."""
        here = self._owners[name.owner]
        if here.refused is not None:
            return Unknown(here.refused)
        if name.full in here.own:
            return Present(here.own[name.full][1])
        if name.full not in here.listed:
            return Unlooked()
        repositories, teams = here.listed[name.full]
        roles = {each: _role(here, each, name.full) for each in repositories}
        return Present(GrantsSeen(roles, teams, here.defaults.get(name.full, ())))

    def wrote(self, name: RobotName, now: GrantsSeen) -> None:
        """Remember the rights of *name* as our own change left them."""
        self._owners[name.owner].own[name.full] = (self._clock(), now)

    def forget_refusals(self) -> None:
        """Forget that reads were refused, because there is a new credential."""
        for here in self._owners.values():
            here.refused = None

    def forget(self, name: RobotName) -> None:
        """Remember nothing of *name*: the outcome of a change is not known, or it is gone."""
        here = self._owners[name.owner]
        here.own.pop(name.full, None)
        here.listed.pop(name.full, None)

    async def look(self, name: RobotName, repositories: Iterable[str] | None) -> None:
        """
        Read the rights of *name*, with its roles on *repositories* (None: on all).

        Raises:
            QuayRobotError: They could not be read; what was known stays.
        """
        asked = self._clock()
        here = self._owners[name.owner]
        async with here.lock:
            if here.begun < asked:
                await self._list(name.owner, here, defaults=name.owner.kind == "organization")
            held = here.listed.get(name.full, (frozenset[str](), frozenset[str]()))[0]
            # It may be new: then there is nothing, and that is known.
            here.listed.setdefault(name.full, (frozenset(), frozenset()))
            wanted = held if repositories is None else held & set(repositories)
            await self._read_roles(name.owner, here, wanted, since=asked)

    async def refresh_all(
        self, owner: OwnerName, repositories: Iterable[str], *, defaults: bool
    ) -> None:
        """
        Read the rights of all robots of *owner*, with the roles on *repositories*.

        Raises:
            QuayRobotError: They could not be read; what was known stays.
        """
        asked = self._clock()
        here = self._owners[owner]
        async with here.lock:
            try:
                await self._list(owner, here, defaults=defaults)
                await self._read_roles(owner, here, set(repositories), since=asked)
            except Refused as error:
                here.refused = error
                raise

    async def _list(self, owner: OwnerName, here: _Owner, *, defaults: bool) -> None:
        begun = self._clock()
        listed = await self._rights().list_grants(owner)
        found = await self._rights().defaults(owner) if defaults else here.defaults
        here.begun, here.listed, here.defaults, here.refused = begun, listed, found, None
        here.own = {name: each for name, each in here.own.items() if each[0] >= begun}
        here.roles = {}

    async def _read_roles(
        self, owner: OwnerName, here: _Owner, repositories: Iterable[str], *, since: float
    ) -> None:
        for each in sorted(repositories):
            if here.roles.get(each, (float("-inf"), {}))[0] < since:
                begun = self._clock()
                here.roles[each] = (begun, await self._rights().roles(owner, each))


def _role(here: _Owner, repository: str, robot: str) -> str | None:
    return here.roles.get(repository, (0.0, {}))[1].get(robot)
