"""
The bare script of refreshes: the operator's calls for a new password, and nothing else.

It has a token of the ServiceAccount made, exchanges it, and writes Secret and
status, as often and in the order in which the operator does.
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
from quayrobot.cluster.kinds import QUAY_ROBOT, SECRET, SERVICE_ACCOUNT

from .bare import Bare, secret_of

Body = dict[str, Any]
EXCHANGE = "/oauth2/federation/robot/token"
REQUEST = {
    "apiVersion": "authentication.k8s.io/v1",
    "kind": "TokenRequest",
    "spec": {"audiences": ["bench"], "expirationSeconds": 600},
}


@dataclass
class Refreshing(Bare):
    """Makes the calls for one refresh after another."""

    account: str = ""

    async def refresh(self, body: Body) -> None:
        """Get a new password for one robot and store it."""
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        path, secret = QUAY_ROBOT.path(namespace, name), SECRET.path(namespace, name)
        where = SERVICE_ACCOUNT.path(namespace, self.account, "token")
        made = await self.api.write("POST", where, REQUEST)
        pair = (f"{self.organization}+{name}", made["status"]["token"])
        answer = await self.quay.get(EXCHANGE, auth=pair)
        assert answer.status_code == 200, answer.text
        wanted = secret_of(namespace, name, answer.json()["token"])
        held = await self.api.get(secret)
        assert held is not None
        kept = ("uid", "resourceVersion", "labels", "annotations", "ownerReferences")
        wanted["metadata"] |= {key: held["metadata"][key] for key in kept}
        await self.api.write("PUT", secret, wanted)
        await self._status(path, body, {**body["status"], "secrets": []})


async def run(task: Body) -> dict[str, float]:
    """Do the task with as many at once as the operator; return what it took."""
    api = await ClusterApi.connect(Path(task["kubeconfig"]), None)
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=task["url"], limits=limits, timeout=30) as quay:
        bare = Refreshing(api, quay, task["organization"], task["account"])
        listed = await api.get(QUAY_ROBOT.path(task["namespace"]))
        assert listed is not None
        waiting = list(listed["items"])
        begun, cpu = time.monotonic(), time.process_time()

        async def work() -> None:
            while waiting:
                await bare.refresh(waiting.pop())

        await asyncio.gather(*(work() for _ in range(task["workers"])))
        took = {"seconds": time.monotonic() - begun, "cpu_s": time.process_time() - cpu}
    await api.aclose()
    return took


def main() -> None:
    """Read the task, do it, print what it took."""
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
