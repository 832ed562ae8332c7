"""
To which addresses do the hosts of issuers resolve?

As the name service shows them here. One that does not answer for a host is
waited for, but not forever: a name that only Quay can resolve is then taken
like one that is not known here. Few are looked up at once, so that names that
hang leave room for those of connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from ...model.errors import Reason, TryLater
from ...model.world import Absent, HostSeen, Unknown

__all__ = ["IssuerHosts"]

DEADLINE_S = 5.0
PATIENCE_S = 10.0
MOST_AT_ONCE = 8
MOST_FAILING = 1000
HTTPS = 443


class IssuerHosts:
    """
    Resolves hosts; *clock* is monotonic, in seconds.

    *resolve* returns the addresses of a host and port.
    """

    def __init__(
        self,
        resolve: Callable[[str, int], Awaitable[HostSeen]],
        *,
        clock: Callable[[], float],
    ) -> None:
        self._resolve, self._clock = resolve, clock
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._under_way: set[asyncio.Task[HostSeen]] = set()
        # Since when the name service fails for a host.
        self._failing: dict[str, float] = {}

    async def resolve(self, hosts: Iterable[str]) -> dict[str, HostSeen]:
        """Return the addresses of *hosts*; Unknown where it is worth asking again soon."""
        found: dict[str, HostSeen] = {}
        for host in hosts:
            found[host] = await self._look(host)
            if isinstance(found[host], Unknown):
                # Nothing is decided before all are known: the others can wait.
                break
        return {host: found.get(host, Unknown(_later(host))) for host in hosts}

    async def _look(self, host: str) -> HostSeen:
        begun: asyncio.Task[HostSeen] | None = None
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._turns.acquire()
                begun = asyncio.create_task(self._resolve_in_turn(host))
                self._under_way.add(begun)
                begun.add_done_callback(self._under_way.discard)
                seen = await asyncio.shield(begun)
        except TimeoutError:
            if begun is None:
                # That others are looked up says nothing of this one.
                return Unknown(_later(host))
            seen = Unknown(_later(host))
        if not isinstance(seen, Unknown):
            self._failing.pop(host, None)
            return seen
        return Absent() if self._given_up(host) else Unknown(_later(host))

    async def _resolve_in_turn(self, host: str) -> HostSeen:
        """The turn ends with the answer, also where nobody waits for it any more."""
        try:
            return await self._resolve(host, HTTPS)
        finally:
            self._turns.release()

    def _given_up(self, host: str) -> bool:
        now = self._clock()
        since = self._failing.pop(host, now)
        # The one that failed the longest ago goes first where there are too many.
        self._failing[host] = since
        if len(self._failing) > MOST_FAILING:
            del self._failing[next(iter(self._failing))]
        return now - since >= PATIENCE_S


def _later(host: str) -> TryLater:
    msg = f"the address of the issuer's host {host} cannot be looked up now"
    return TryLater(Reason.ISSUER_UNREACHABLE, msg)
