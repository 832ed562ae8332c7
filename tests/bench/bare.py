"""
The bare script: the operator's calls for a new robot, and nothing else.

The same client libraries, event loop, concurrency and calls to Quay and to the
API server, in the same order, with no looking, deciding or waiting of its own.
`python -m tests.bench.bare` reads its task from standard input as JSON, and
prints how many seconds it took, and how many of CPU.
"""

from __future__ import annotations

import asyncio
import base64
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

FINALIZER = "quayrobot.io/finalizer"
TOKEN_CHARACTERS = 64
STATUS = {
    "conditions": [
        {"type": kind, "status": "True", "reason": "Reconciled", "message": "as asked",
         "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}
        for kind in ("Ready", "RobotReady", "SecretsReady")
    ]
}  # fmt: skip


@dataclass
class Bare:
    """Makes the calls for one robot after another."""

    api: ClusterApi
    quay: httpx.AsyncClient
    organization: str

    async def create(self, body: dict[str, Any]) -> None:
        """Make what one QuayRobot asks for."""
        meta = body["metadata"]
        namespace, name = meta["namespace"], meta["name"]
        path = QUAY_ROBOT.path(namespace, name)
        secrets = SECRET.path(namespace)
        tried = secret_of(namespace, name, "x" * TOKEN_CHARACTERS)
        await self.api.write("POST", secrets, tried, dryRun="All")
        body = await self._noted(path, body)
        body = await self.api.write("PATCH", path, _patch(body))
        token = await self._robot(name, meta["uid"])
        await self.api.write("POST", secrets, secret_of(namespace, name, token))
        for each in (body["spec"].get("permissions") or {}).get("repositories", ()):
            await self._give(name, each)
        body = await self._status(path, body, STATUS)
        await self.api.write("POST", EVENT.path(namespace), event_of(body))

    async def _noted(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Say which rights are about to be given; where there are none, nothing is said."""
        repositories = (body["spec"].get("permissions") or {}).get("repositories")
        if not repositories:
            return body
        said = {"conditions": [], "grants": {"repositories": repositories}}
        return await self._status(path, body, said)

    async def _give(self, robot: str, grant: dict[str, Any]) -> None:
        place = f"{self.organization}/{grant['name']}"
        answer = await self.quay.put(
            f"/api/v1/repository/{place}/permissions/user/{self.organization}+{robot}",
            json={"role": grant["role"]},
        )
        assert answer.status_code == 200, answer.status_code

    async def _status(self, path: str, body: dict[str, Any], status: object) -> dict[str, Any]:
        identity = {
            "apiVersion": QUAY_ROBOT.api_version,
            "kind": QUAY_ROBOT.kind,
            "metadata": body["metadata"],
            "status": status,
        }
        return await self.api.write("PUT", f"{path}/status", identity)

    async def _robot(self, name: str, uid: str) -> str:
        answer = await self.quay.put(
            f"{self._robots()}/{name}",
            json={"description": "", "unstructured_metadata": {"quayrobot.io": {"uid": uid}}},
        )
        assert answer.status_code == 201, answer.status_code
        token: str = answer.json()["token"]
        return token

    def _robots(self) -> str:
        return f"/api/v1/organization/{self.organization}/robots"


def _patch(body: dict[str, Any]) -> dict[str, Any]:
    meta = body["metadata"]
    kept = {key: meta[key] for key in ("uid", "resourceVersion")}
    noted = {"quayrobot.io/made-at": f"{meta['uid']} https://quay.example.com:443"}
    return {"metadata": {**kept, "finalizers": [FINALIZER], "annotations": noted}}


def secret_of(namespace: str, name: str, token: str) -> dict[str, Any]:
    """Return the Secret that carries *token*."""
    config = json.dumps({"auths": {"quay": {"auth": base64.b64encode(token.encode()).decode()}}})
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"namespace": namespace, "name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(config.encode()).decode()},
    }


def event_of(body: dict[str, Any], topic: str = "made") -> dict[str, Any]:
    """Return an Event about *body*."""
    meta = body["metadata"]
    name = f"{meta['name']}.{topic}.{meta['uid'][:8]}"
    return {
        "apiVersion": EVENT.api_version,
        "kind": "Event",
        "metadata": {"name": name, "namespace": meta["namespace"]},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "bench",
        "reportingInstance": "bench",
        "action": "Create",
        "type": "Normal",
        "reason": "Reconciled",
        "regarding": {
            "kind": QUAY_ROBOT.kind,
            "namespace": meta["namespace"],
            "name": meta["name"],
        },
    }


async def run(task: dict[str, Any]) -> dict[str, float]:
    """Do the task with as many at once as the operator; return what it took."""
    api = await ClusterApi.connect(Path(task["kubeconfig"]), None)
    headers = {"Authorization": f"Bearer {task['token']}"}
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=task["url"], headers=headers, limits=limits, timeout=120
    ) as quay:
        bare = Bare(api, quay, task["organization"])
        listed = await api.get(QUAY_ROBOT.path(task["namespace"]))
        assert listed is not None
        waiting = list(listed["items"])
        begun, cpu = time.monotonic(), time.process_time()

        async def work() -> None:
            while waiting:
                await bare.create(waiting.pop())

        await asyncio.gather(*(work() for _ in range(task["workers"])))
        took = {"seconds": time.monotonic() - begun, "cpu_s": time.process_time() - cpu}
    await api.aclose()
    return took


def main() -> None:
    """Read the task, do it, print what it took."""
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
