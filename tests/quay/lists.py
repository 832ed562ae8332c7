"""
Who answers lists of robots, and when?

`Lists` stands for Quay: a test says when each list is answered, and with what.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.secrecy import Token
from quayrobot.model.world import RobotSeen
from quayrobot.quay.snapshot import Snapshots
from tests.kit.canary import robot_token

ACME = OwnerName("organization", "acme")
OTHER = OwnerName("organization", "other")
CI = RobotName(ACME, "ci")
CD = RobotName(ACME, "cd")
SPARE = RobotName(ACME, "spare")
TOKEN = Token(robot_token())


def robot(name: RobotName = CI, **changes) -> RobotSeen:
    return replace(RobotSeen(name.full, "then", TOKEN), **changes)


class Lists:
    """Answers each list when the test says so, with what the test says."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[dict[str, RobotSeen]]] = []

    async def __call__(self, owner: OwnerName) -> dict[str, RobotSeen]:
        future: asyncio.Future[dict[str, RobotSeen]] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        return await future

    async def asked(self, count: int) -> None:
        async with asyncio.timeout(1):
            while len(self.waiting) < count:  # noqa: ASYNC110 - a turn of the loop is enough
                await asyncio.sleep(0)

    def answer(self, number: int, *robots: RobotSeen) -> None:
        self.waiting[number].set_result({each.full_name: each for each in robots})


async def listed(snapshots: Snapshots, lists: Lists, *robots: RobotSeen) -> None:
    """Have one list answered with *robots*."""
    number = len(lists.waiting)
    task = asyncio.create_task(snapshots.refresh(ACME, max_age_s=-1))
    await lists.asked(number + 1)
    lists.answer(number, *robots)
    await task
