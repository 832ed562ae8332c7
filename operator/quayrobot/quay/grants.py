"""
What do we remember of the robots' rights?

One look serves all robots of an organization: a list with repositories and
teams, a list of the default permissions, and the roles, which are asked for by
repository or by robot, whichever is fewer calls. Where that list cannot be had,
robots are read one by one. Our own changes go in as well, and outlive a list that
began before them. A role that was not read is None.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..model.errors import QuayRobotError, Reason, Refused
from ..model.names import OwnerName, RobotName
from ..model.world import DefaultSeen, GrantsSeen, GrantsView, Present, Unknown, Unlooked
from .rights import Rights
from .unlisted import is_of_list, members_of_teams, refused_too, teams_of

__all__ = ["Asked", "GrantsCache"]

# What was tried when the list failed, and is not tried again until there is another token.
_NOT_LISTED = Refused(
    Reason.INSUFFICIENT_SCOPE, "Quay does not show the rights of robots to this connection"
)
Listed = dict[str, tuple[frozenset[str], frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Which roles of a robot are asked for: those on *repositories* (None: on all it has).

    *beyond* and *creators* are as in LookAtGrants.
    """

    repositories: frozenset[str] | None
    beyond: bool = False
    creators: bool = False

    def roles(self, held: frozenset[str]) -> frozenset[str]:
        """Return on which of the repositories *held* the role is to be read."""
        declared = self.repositories
        return held if declared is None or self.beyond else held & declared

    def teams(self, roles: Mapping[str, str | None]) -> bool:
        """Return whether it is to be read which teams may create: it tells whose an admin is."""
        if not self.creators or self.repositories is None:
            return False
        return any(
            role in {"admin", None}
            for name, role in roles.items()
            if name not in self.repositories
        )


@dataclass(slots=True)
class _Owner:
    """One organization's (or user's) rights; times are when a read began."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: float = float("-inf")
    listed: Listed = field(default_factory=dict)
    roles: dict[str, tuple[float, dict[str, str]]] = field(default_factory=dict)
    defaults: dict[str, tuple[DefaultSeen, ...]] = field(default_factory=dict)
    alone: dict[str, dict[str, str]] = field(default_factory=dict)
    creators: frozenset[str] | None = None
    own: dict[str, tuple[float, GrantsSeen]] = field(default_factory=dict)
    # What a list that began before says of these is not believed.
    forgotten: dict[str, float] = field(default_factory=dict)
    # Since the list cannot be had: who is in which team, by a read that began then.
    unlisted: bool = False
    members_begun: float = float("-inf")
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    refused: QuayRobotError | None = None


class GrantsCache:
    """The rights seen through one connection; *rights* makes the calls, *clock* is monotonic."""

    def __init__(self, rights: Callable[[], Rights], *, clock: Callable[[], float]) -> None:
        self._rights, self._clock = rights, clock
        self._owners: dict[OwnerName, _Owner] = defaultdict(_Owner)
        # Whether the token may read the roles of one robot; None until that was tried.
        self.by_robot: bool | None = None

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
        teams = here.listed[name.full][1]
        defaults = here.defaults.get(name.full, ())
        return Present(GrantsSeen(_roles(here, name.full), teams, defaults, here.creators))

    def wrote(self, name: RobotName, now: GrantsSeen) -> None:
        """Remember the rights of *name* as our own change left them."""
        self._owners[name.owner].own[name.full] = (self._clock(), now)

    def forget_refusals(self) -> None:
        """Forget that reads were refused, because there is a new credential."""
        self.by_robot = None
        for here in self._owners.values():
            here.refused, here.unlisted = None, False

    def forget(self, name: RobotName) -> None:
        """Remember nothing of *name*: the outcome of a change is not known, or it is gone."""
        here = self._owners[name.owner]
        here.own.pop(name.full, None)
        here.listed.pop(name.full, None)
        here.forgotten[name.full] = self._clock()

    async def look(
        self,
        name: RobotName,
        repositories: Iterable[str] | None,
        *,
        beyond: bool = False,
        creators: bool = False,
    ) -> None:
        """
        Read the rights of *name*; what of them is asked for is as in LookAtGrants.

        Where nothing is known of it, the list of another that was waited for is as good.

        Raises:
            QuayRobotError: They could not be read; what was known stays.
        """
        since = self._clock()
        here = self._owners[name.owner]
        declared = None if repositories is None else frozenset(repositories)
        unknown = isinstance(self.view(name), Unlooked)
        async with here.lock:
            if unknown and name.full in here.listed:
                since = min(since, here.begun)
            if here.begun < since:
                defaults = name.owner.kind == "organization"
                await self._list(name.owner, here, [name], defaults=defaults, since=since)
            # It may be new: then there is nothing, and that is known.
            here.listed.setdefault(name.full, (frozenset(), frozenset()))
            robots = {name: Asked(declared, beyond=beyond, creators=creators)}
            await self._read(name.owner, here, robots, since=since)

    async def roles_of(
        self, name: RobotName, repositories: Iterable[str], *, creators: bool
    ) -> GrantsSeen:
        """
        Read the roles of *name* alone, by one call where the token may; teams are not in it.

        *creators*: where it has one beyond *repositories*, the teams that may create are.

        Raises:
            QuayRobotError: They could not be read.
        """
        declared = frozenset(repositories)
        roles = await self._alone(name)
        if roles is None:
            await self.look(name, declared, beyond=True, creators=creators)
            seen = self.view(name)
            return seen.value if isinstance(seen, Present) else GrantsSeen()
        asked = Asked(declared, beyond=True, creators=creators).teams(dict(roles))
        return GrantsSeen(
            roles, creators=await self._rights().creators(name.owner) if asked else None
        )

    async def refresh_all(
        self, owner: OwnerName, robots: Mapping[RobotName, Asked], *, defaults: bool
    ) -> None:
        """
        Read the rights of all robots of *owner*, and of *robots* the roles asked for.

        Raises:
            QuayRobotError: They could not be read; what was known stays.
        """
        asked = self._clock()
        here = self._owners[owner]
        async with here.lock:
            # What was too slow or refused may not be so any more.
            here.unlisted = False
            if here.refused is not None:
                # Perhaps it was not the scope that lacked.
                self.by_robot = None
            try:
                await self._list(owner, here, robots, defaults=defaults, since=asked)
                await self._read(owner, here, robots, since=asked)
            except Refused as error:
                here.refused = error
                raise

    async def _list(
        self,
        owner: OwnerName,
        here: _Owner,
        robots: Iterable[RobotName],
        *,
        defaults: bool,
        since: float,
    ) -> None:
        """Read who has which rights: of all where Quay lists them, else of *robots* alone."""
        begun = self._clock()
        if here.unlisted:
            await self._read_unlisted(owner, here, robots, defaults=defaults, since=since)
            return
        try:
            listed = await self._rights().list_grants(owner)
        except QuayRobotError as error:
            if not is_of_list(error):
                raise
            await self._read_unlisted(
                owner, here, robots, defaults=defaults, since=since, cause=error
            )
            here.unlisted = True
            return
        found = await self._rights().defaults(owner) if defaults else here.defaults
        here.forgotten = {name: at for name, at in here.forgotten.items() if at >= begun}
        listed = {name: each for name, each in listed.items() if name not in here.forgotten}
        here.begun, here.listed, here.defaults, here.refused = begun, listed, found, None
        here.own = {name: each for name, each in here.own.items() if each[0] >= begun}
        here.roles, here.alone, here.creators = {}, {}, None

    async def _read_unlisted(
        self,
        owner: OwnerName,
        here: _Owner,
        robots: Iterable[RobotName],
        *,
        defaults: bool,
        since: float,
        cause: QuayRobotError | None = None,
    ) -> None:
        """Read the rights of *robots* one by one; what is known of others stays as it is."""
        rights, begun = self._rights(), self._clock()
        found = {}
        for name in robots:
            roles = await self._alone(name)
            if roles is None:
                here.unlisted = False
                raise refused_too(cause or _NOT_LISTED)
            found[name.full] = roles
        if here.members_begun < since:
            here.members = await members_of_teams(rights, owner)
            here.defaults = await rights.defaults(owner) if defaults else here.defaults
            here.members_begun, here.creators = begun, None
        here.refused = None
        for full, roles in found.items():
            if here.forgotten.get(full, float("-inf")) >= begun:
                continue
            here.alone[full] = roles
            here.listed[full] = (frozenset(roles), teams_of(full, here.members))
            if here.own.get(full, (begun,))[0] < begun:
                del here.own[full]

    async def _read(
        self,
        owner: OwnerName,
        here: _Owner,
        robots: Mapping[RobotName, Asked],
        *,
        since: float,
    ) -> None:
        """Read the roles and the teams that are asked for, by as few calls as can be."""
        held = {name: here.listed.get(name.full, (frozenset[str](),))[0] for name in robots}
        wanted = {name: asked.roles(held[name]) for name, asked in robots.items()}
        few = [name for name, roles in wanted.items() if roles and name.full not in here.alone]
        repositories = frozenset[str]().union(*(wanted[name] for name in few))
        if not await self._read_robots(here, few, most=len(repositories)):
            await self._read_roles(owner, here, repositories, since=since)
        known = {name: each for name, each in robots.items() if name.full in here.listed}
        if any(asked.teams(_roles(here, name.full)) for name, asked in known.items()):
            here.creators = await self._rights().creators(owner)

    async def _read_robots(self, here: _Owner, robots: list[RobotName], *, most: int) -> bool:
        """Read the roles robot by robot where that is fewer than *most* calls; tell whether."""
        if self.by_robot is False or len(robots) >= most:
            return False
        for name in robots:
            roles = await self._alone(name)
            if roles is None:
                return False
            here.alone[name.full] = roles
        return True

    async def _alone(self, name: RobotName) -> dict[str, str] | None:
        """Return the roles of one robot by their own call; None where the token may not."""
        if self.by_robot is False:
            return None
        try:
            roles = await self._rights().roles_of(name)
        except Refused as error:
            if error.reason is not Reason.INSUFFICIENT_SCOPE:
                raise
            # Quay asks for a scope more here than anywhere else; the lists tell as well.
            self.by_robot = False
            return None
        self.by_robot = True
        return roles

    async def _read_roles(
        self, owner: OwnerName, here: _Owner, repositories: Iterable[str], *, since: float
    ) -> None:
        for each in sorted(repositories):
            if here.roles.get(each, (float("-inf"), {}))[0] < since:
                begun = self._clock()
                here.roles[each] = (begun, await self._rights().roles(owner, each))


def _roles(here: _Owner, robot: str) -> dict[str, str | None]:
    """What is known of the roles of *robot*: what a later read did not show is gone."""
    if robot in here.alone:
        return dict(here.alone[robot])
    found: dict[str, str | None] = {}
    for each in here.listed[robot][0]:
        if each not in here.roles:
            found[each] = None
        elif robot in here.roles[each][1]:
            found[each] = here.roles[each][1][robot]
    return found
