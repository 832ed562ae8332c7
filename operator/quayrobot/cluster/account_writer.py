"""
How do many robots change one ServiceAccount without conflicts?

One writer per ServiceAccount: what is asked for while a write is under way,
or in the moment before it, goes into one write together.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from ..model.actions import LinkAccount
from ..model.errors import QuayRobotError, Reason, TryLater
from ..model.world import Absent, AccountSeen, Present, Seen
from .serviceaccounts import ServiceAccounts

__all__ = ["AccountWriter"]

GATHER_S = 0.1
Waiting = tuple[LinkAccount, "asyncio.Future[Seen[AccountSeen]]"]


class AccountWriter:
    """Changes ServiceAccounts; *keep* is told what each became."""

    def __init__(self, accounts: ServiceAccounts, *, keep: Callable[[AccountSeen], None]) -> None:
        self._accounts, self._keep = accounts, keep
        self._waiting: dict[tuple[str, str], list[Waiting]] = defaultdict(list)
        self._writers: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def change(self, action: LinkAccount) -> Seen[AccountSeen]:
        """
        Carry out *action*, together with others for the same ServiceAccount.

        Raises:
            QuayRobotError: It could not be done.
        """
        place = (action.namespace, action.name)
        done: asyncio.Future[Seen[AccountSeen]] = asyncio.get_running_loop().create_future()
        self._waiting[place].append((action, done))
        if place not in self._writers:
            self._writers[place] = asyncio.create_task(self._write(place))
        return await done

    async def _write(self, place: tuple[str, str]) -> None:
        batch: list[Waiting] = []
        try:
            while self._waiting[place]:
                await asyncio.sleep(GATHER_S)
                batch = self._waiting.pop(place)
                await self._write_batch(place, batch)
        finally:
            # Whatever ended it: nobody waits for what will not come.
            del self._writers[place]
            cut = TryLater(Reason.CLUSTER_UNAVAILABLE, "the ServiceAccount was not written")
            _fail([*batch, *self._waiting.pop(place, [])], cut)

    async def _write_batch(self, place: tuple[str, str], batch: list[Waiting]) -> None:
        add = {entry for action, _ in batch for entry in action.add}
        drop = {entry for action, _ in batch for entry in action.drop} - add
        try:
            seen = await self._accounts.change(*place, add=add, drop=drop)
        except QuayRobotError as error:
            _fail(batch, error)
            return
        if isinstance(seen, Present):
            self._keep(seen.value)
        for _, done in batch:
            if not done.done():
                done.set_result(seen if isinstance(seen, Present) else Absent())


def _fail(batch: list[Waiting], error: QuayRobotError) -> None:
    for _, done in batch:
        if not done.done():
            done.set_exception(error)
