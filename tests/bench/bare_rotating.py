"""
The bare script of rotations: the operator's calls for one, and nothing else.

It asks for each rotation itself, as the bench asks the operator: what is
compared has the same number of edits in it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvloop

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import EVENT, QUAY_ROBOT, SECRET

from .bare import Bare, event_of, secret_of

Body = dict[str, Any]


@dataclass
class Rotating(Bare):
    """Makes the calls for one rotation after another."""

    strategy: str = "InPlace"

    async def rotate(self, seen: Body) -> None:
        """Ask for a rotation and carry it out."""
        namespace, name = seen["metadata"]["namespace"], seen["metadata"]["name"]
        path, secret = QUAY_ROBOT.path(namespace, name), SECRET.path(namespace, name)
        body = await self.api.write("PATCH", path, {"spec": {"rotation": {"trigger": "bare"}}})
        said = body["status"]
        body = await self._status(path, body, said)
        await self.api.get(path)
        token = await self._next_token(name, body)
        held = await self.api.get(secret)
        assert held is not None
        wanted = secret_of(namespace, name, token)
        kept = ("uid", "resourceVersion", "labels", "annotations", "ownerReferences")
        wanted["metadata"] |= {key: held["metadata"][key] for key in kept}
        await self.api.write("PUT", secret, wanted)
        body = await self._status(path, body, said)
        await self.api.write("POST", EVENT.path(namespace), event_of(body, "rotated"))

    async def _next_token(self, name: str, body: Body) -> str:
        if self.strategy == "Overlap":
            # Which one is idle depends on how often it was rotated before.
            idle = name if body["status"]["robot"].get("slot") == "alt" else f"{name}.alt"
            token = await self._robot(idle, body["metadata"]["uid"])
            for each in body["spec"]["permissions"].get("repositories") or ():
                await self._give(idle, each)
            return token
        answer = await self.quay.post(f"{self._robots()}/{name}/regenerate")
        assert answer.status_code == 200, answer.status_code
        token = answer.json()["token"]
        return str(token)


async def run(task: Body) -> dict[str, float]:
    """Do the task with as many at once as the operator; return what it took."""
    api = await ClusterApi.connect(Path(task["kubeconfig"]), None)
    headers = {"Authorization": f"Bearer {task['token']}"}
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=task["url"], headers=headers, limits=limits, timeout=120
    ) as quay:
        bare = Rotating(api, quay, task["organization"], task["strategy"])
        listed = await api.get(QUAY_ROBOT.path(task["namespace"]))
        assert listed is not None
        waiting = list(listed["items"])
        begun, cpu = time.monotonic(), time.process_time()

        async def work() -> None:
            while waiting:
                await bare.rotate(waiting.pop())

        await asyncio.gather(*(work() for _ in range(task["workers"])))
        took = {"seconds": time.monotonic() - begun, "cpu_s": time.process_time() - cpu}
    await api.aclose()
    return took


def main() -> None:
    """Read the task, do it, print what it took."""
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
