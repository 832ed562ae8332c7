"""
Of the keys that are due, which runs next?

The namespaces take turns: next is the one that was served the longest ago. The
more urgent lane goes first, but no lane is overtaken forever. Where a
namespace or a connection holds as many workers as it may, all that waits for
it is set aside as one, so that the search walks over nothing that cannot run.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import NamedTuple

from .keys import Key, Lane
from .worker_shares import Group, Tenant, WorkerShares

__all__ = ["FairOrder"]

# After so many keys of more urgent lanes one of this lane runs.
_PATIENCE = {Lane.EDIT: 0, Lane.DRIFT: 4, Lane.RESYNC: 16}


class _Flow(NamedTuple):
    """Those who wait for the same: none of them may run, or each."""

    lane: Lane
    tenant: Tenant


# When it was served last, and since when it waits.
_Place = tuple[int, int, _Flow]


class FairOrder:
    """Keys that are due; *current* tells whether a key's ticket still counts."""

    def __init__(self, shares: WorkerShares, *, current: Callable[[Key, int], bool]) -> None:
        self._shares, self._current = shares, current
        self._flows: dict[_Flow, deque[tuple[int, Key]]] = {}
        self._pool: dict[Lane, list[_Place]] = {lane: [] for lane in Lane}
        self._aside: defaultdict[tuple[Group, Lane], list[_Place]] = defaultdict(list)
        self._served: dict[tuple[Lane, str], int] = {}
        self._members: Counter[tuple[Lane, str]] = Counter()
        self._overtaken: Counter[Lane] = Counter()
        self._moments = itertools.count(1)

    def push(self, key: Key, lane: Lane, ticket: int) -> None:
        """Add *key* to the keys that are due."""
        flow = _Flow(lane, self._shares.tenant(key))
        if flow not in self._flows:
            self._flows[flow] = deque()
            self._members[_whose(flow)] += 1
            now = next(self._moments)
            heapq.heappush(self._pool[lane], (now, now, flow))
        self._flows[flow].append((ticket, key))

    def pop(self, most: Lane) -> tuple[Key, Lane] | None:
        """Return the next key of lane *most* or before, which runs now; None if none may."""
        while True:
            self._take_back()
            firsts = {lane: self._first(lane) for lane in Lane if lane <= most}
            able = [lane for lane, flow in firsts.items() if flow is not None]
            if able:
                lane = self._choose(able)
                flow = firsts[lane]
                assert flow is not None
                return self._serve(flow), lane
            if not any(self._shares.room(group) > 0 for group, _ in self._aside):
                return None

    def done(self, key: Key) -> bool:
        """Note that *key* ran; return whether another key waited for its worker."""
        self._shares.leave(key)
        return bool(self._aside)

    def _first(self, lane: Lane) -> _Flow | None:
        """Return who is next in *lane*; those who cannot run now are set aside."""
        live = self._pool[lane]
        while live:
            served, since, flow = live[0]
            if not self._has_key(flow):
                heapq.heappop(live)
            elif (latest := self._served.get(_whose(flow), 0)) > served:
                heapq.heapreplace(live, (latest, since, flow))
            elif (group := self._shares.full(flow.tenant)) is not None:
                heapq.heappush(self._aside[group, lane], heapq.heappop(live))
            else:
                return flow
        return None

    def _choose(self, able: list[Lane]) -> Lane:
        late = [lane for lane in able[1:] if self._overtaken[lane] >= _PATIENCE[lane]]
        chosen = late[0] if late else able[0]
        self._overtaken[chosen] = 0
        self._overtaken.update(lane for lane in able if lane > chosen)
        return chosen

    def _serve(self, flow: _Flow) -> Key:
        """Take the first key of *flow*, which is the first of its lane."""
        _, key = self._flows[flow].popleft()
        now = next(self._moments)
        live = self._pool[flow.lane]
        heapq.heapreplace(live, (now, now, flow))
        self._served[_whose(flow)] = now
        self._shares.take(key, flow.tenant)
        return key

    def _take_back(self) -> None:
        """Put those aside back in line, as many as there is room for by now."""
        for group, lane in list(self._aside):
            aside = self._aside[group, lane]
            for _ in range(min(self._shares.room(group), len(aside))):
                heapq.heappush(self._pool[lane], heapq.heappop(aside))
            if not aside:
                del self._aside[group, lane]

    def _has_key(self, flow: _Flow) -> bool:
        """Return whether somebody waits in *flow*; one without anybody is forgotten."""
        keys = self._flows[flow]
        while keys:
            ticket, key = keys[0]
            if self._current(key, ticket):
                if self._shares.tenant(key) == flow.tenant:
                    return True
                # Its resource names another connection since.
                self.push(key, flow.lane, ticket)
            keys.popleft()
        del self._flows[flow]
        self._members[_whose(flow)] -= 1
        if not self._members[_whose(flow)]:
            del self._members[_whose(flow)]
            self._served.pop(_whose(flow), None)
        return False


def _whose(flow: _Flow) -> tuple[Lane, str]:
    return flow.lane, flow.tenant.namespace
