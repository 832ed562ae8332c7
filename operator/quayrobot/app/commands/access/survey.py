"""
What robots does an organization have, and whose are they?

One list with rights, the roles by repository or by robot, whichever is fewer
calls (all of it robot by robot where that list cannot be had), one list of default
permissions, and one look at each robot for its marker, which no list shows.
Everything is read through a connection, and no token is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from ....engine.connection.pool import LiveConnection
from ....model.errors import (
    Ambiguous,
    Denied,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
    Unfinished,
)
from ....model.names import OwnerName, RobotName
from ....model.resources.federation import IdentityState
from ....model.world import GrantsSeen, Present, RobotSeen
from ....quay.unlisted import is_of_list, members_of_teams, refused_too, teams_of

__all__ = ["Found", "survey", "told_by_name"]

TRIES = 5
PAUSE_CAP_S = 60.0
ResultT = TypeVar("ResultT")
Listed = dict[str, tuple[frozenset[str], frozenset[str]]]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """One robot as Quay shows it; *rights* is None where they were not asked for."""

    name: RobotName
    seen: RobotSeen
    rights: GrantsSeen | None
    identities: tuple[IdentityState, ...]


async def survey(
    live: LiveConnection,
    owner: OwnerName,
    wanted: Callable[[str], bool],
    say: Progress,
    *,
    rights: bool,
    federation: bool,
) -> list[Found]:
    """
    Return the robots of *owner* whose short names are *wanted*, by name.

    Raises:
        QuayRobotError: Something of it cannot be read.
    """
    try:
        listed = await _patiently(lambda: live.client.rights.list_grants(owner), but=Unfinished)
        names = _wanted(owner, listed, wanted, say)
    except QuayRobotError as error:
        told = await told_by_name(live, owner, error)
        if told is not error or not is_of_list(error):
            raise told from None
        say("the list of robots with their rights cannot be read; reading robots one by one")
        robots = await _patiently(lambda: live.client.list_robots(owner))
        names = _wanted(owner, robots, wanted, say)
        listed = await _one_by_one(live, owner, names, error) if rights else {}
    held = await _rights(live, owner, names, listed, say) if rights else {}
    done = _Counter(len(names), say)
    looks = (_look(live, each, held.get(each.full), done, federation=federation) for each in names)
    return [each for each in await asyncio.gather(*looks) if each is not None]


async def told_by_name(
    live: LiveConnection, owner: OwnerName, error: QuayRobotError
) -> QuayRobotError:
    """Return *error*, or that *owner* is not there, which Quay answers like a missing right."""
    if isinstance(error, Denied) or error.reason is not Reason.INSUFFICIENT_SCOPE:
        return error
    try:
        if await live.client.organization_exists(owner):
            return error
    except QuayRobotError:
        return error
    msg = f"the organization {owner.name} does not exist in Quay"
    return Refused(Reason.ORGANIZATION_NOT_FOUND, msg)


def _wanted(
    owner: OwnerName, full_names: Collection[str], wanted: Callable[[str], bool], say: Progress
) -> list[RobotName]:
    found = [RobotName(owner, each.removeprefix(f"{owner.name}+")) for each in full_names]
    names = sorted(each for each in found if wanted(each.short))
    say(f"{len(full_names)} robots, {len(names)} of them selected")
    return names


async def _one_by_one(
    live: LiveConnection, owner: OwnerName, names: list[RobotName], cause: QuayRobotError
) -> Listed:
    """What the list that failed with *cause* would say of *names*."""
    try:
        tables = await asyncio.gather(*(_roles_of(live, each) for each in names))
    except Refused as error:
        if error.reason is not Reason.INSUFFICIENT_SCOPE:
            raise
        raise refused_too(cause) from None
    members = await _patiently(lambda: members_of_teams(live.client.rights, owner))
    return {
        name.full: (frozenset(table), teams_of(name.full, members))
        for name, table in zip(names, tables, strict=True)
    }


class _Counter:
    """Reports the progress, at most twenty times."""

    def __init__(self, total: int, say: Progress) -> None:
        self._total, self._say, self._done = total, say, 0
        self._step = max(total // 20, 25)

    def count(self) -> None:
        """Take note of one more."""
        self._done += 1
        if self._done % self._step == 0 and self._done < self._total:
            self._say(f"{self._done} of {self._total} robots read")


async def _rights(
    live: LiveConnection,
    owner: OwnerName,
    names: Iterable[RobotName],
    listed: Listed,
    say: Progress,
) -> dict[str, GrantsSeen]:
    held = {each: listed[each.full][0] for each in names}
    used = sorted(frozenset[str]().union(*held.values()))
    say(f"{len(used)} repositories in use")
    some = [each for each, repositories in held.items() if repositories]
    roles = await _by_robot(live, some, say) if len(some) < len(used) else None
    if roles is None:
        roles = await _by_repository(live, owner, used, held)
    defaults = await _patiently(lambda: live.client.rights.defaults(owner))
    return {
        each.full: GrantsSeen(
            roles.get(each, {}), listed[each.full][1], defaults.get(each.full, ())
        )
        for each in held
    }


async def _by_robot(
    live: LiveConnection, names: list[RobotName], say: Progress
) -> dict[RobotName, dict[str, str | None]] | None:
    """None where the token may not: the repositories tell the same, by more calls."""
    try:
        tables = await asyncio.gather(*(_roles_of(live, each) for each in names))
    except Refused as error:
        if error.reason is not Reason.INSUFFICIENT_SCOPE:
            raise
        say("the token lacks user:admin, so roles are read repository by repository")
        return None
    return {name: dict(table) for name, table in zip(names, tables, strict=True)}


async def _roles_of(live: LiveConnection, name: RobotName) -> dict[str, str]:
    return await _patiently(lambda: live.client.rights.roles_of(name))


async def _by_repository(
    live: LiveConnection,
    owner: OwnerName,
    used: list[str],
    held: dict[RobotName, frozenset[str]],
) -> dict[RobotName, dict[str, str | None]]:
    tables = await asyncio.gather(*(_roles(live, owner, each) for each in used))
    roles = dict(zip(used, tables, strict=True))
    return {
        robot: {name: roles[name].get(robot.full) for name in repositories}
        for robot, repositories in held.items()
    }


async def _roles(live: LiveConnection, owner: OwnerName, repository: str) -> dict[str, str]:
    return await _patiently(lambda: live.client.rights.roles(owner, repository))


async def _look(
    live: LiveConnection,
    name: RobotName,
    rights: GrantsSeen | None,
    done: _Counter,
    *,
    federation: bool,
) -> Found | None:
    """None for one that went meanwhile."""
    seen = await _patiently(lambda: live.client.get_robot(name))
    identities: tuple[IdentityState, ...] | None = ()
    if federation and isinstance(seen, Present):
        identities = await _identities(live, name)
    done.count()
    if identities is None or not isinstance(seen, Present):
        return None
    return Found(name, seen.value, rights, identities)


async def _identities(live: LiveConnection, name: RobotName) -> tuple[IdentityState, ...] | None:
    try:
        return await _patiently(lambda: live.client.federation(name), but=Ambiguous)
    except Ambiguous:
        # The one thing that a read leaves open: the robot is there no more.
        return None


async def _patiently(
    call: Callable[[], Awaitable[ResultT]], *, but: type[TryLater] | tuple[()] = ()
) -> ResultT:
    """One lost answer of a thousand must not cost the others; reads may be repeated, *but* one."""
    pause_s = 1.0
    for left in reversed(range(TRIES)):
        try:
            return await call()
        except TryLater as error:
            if not left or isinstance(error, but):
                raise
            await asyncio.sleep(min(error.retry_after or pause_s, PAUSE_CAP_S))
            pause_s *= 2
    raise AssertionError
