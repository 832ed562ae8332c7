"""
Where do the hosts lead that somebody wants Quay to call?

As the name service shows them here. One that does not answer for a host is
waited for, but not for ever: a name that only Quay can resolve is then taken
like one that is not known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ..model.errors import Reason, TryLater
from ..model.world import Absent, HostSeen, Unknown

__all__ = ["Hosts"]

DEADLINE_S = 5.0
PATIENCE_S = 10.0
MOST_FAILING = 1000
HTTPS = 443


class Hosts:
    """
    Looks at hosts; *clock* is monotonic in seconds.

    *resolve* returns the addresses of a host and port.
    """

    def __init__(
        self,
        resolve: Callable[[str, int], Awaitable[HostSeen]],
        *,
        clock: Callable[[], float],
    ) -> None:
        self._resolve, self._clock = resolve, clock
        # Since when the name service fails for a host.
        self._failing: dict[str, float] = {}

    async def look(self, host: str) -> HostSeen:
        """Return the addresses of *host*; Unknown is worth another look soon."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                seen = await self._resolve(host, HTTPS)
        except TimeoutError:
            seen = Unknown(_later(host))
        if not isinstance(seen, Unknown):
            self._failing.pop(host, None)
            return seen
        return Absent() if self._given_up(host) else Unknown(_later(host))

    def _given_up(self, host: str) -> bool:
        now = self._clock()
        since = self._failing.pop(host, now)
        # The one that failed the longest ago goes first where there are too many.
        self._failing[host] = since
        if len(self._failing) > MOST_FAILING:
            del self._failing[next(iter(self._failing))]
        return now - since >= PATIENCE_S


def _later(host: str) -> TryLater:
    msg = f"where the issuer's host {host} leads cannot be looked up now"
    return TryLater(Reason.ISSUER_REFUSED, msg)
