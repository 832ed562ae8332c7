"""
What does memory hold of one converged robot?

    PYTHONPATH=operator:. .venv/bin/python -m tests.bench.remembered [robots] [--json]

Takes in what the API server and Quay show of as many robots, and prints how many bytes
each adds: to the records (as read by a pass), to the Secrets, to the list from Quay,
to the queue (each waits for its next look). kopf sees nothing of it. No server is needed.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from quayrobot.engine.cache.store import Store
from quayrobot.engine.workqueue.keys import Lane
from quayrobot.engine.workqueue.queue import Queue
from quayrobot.model.names import OwnerName
from quayrobot.model.world import RobotSeen
from quayrobot.quay.snapshot import Snapshots
from quayrobot.quay.transport import Reply
from quayrobot.quay.wire import parse_list

ACME = OwnerName("organization", "acme")
WORDS = {
    "Ready": "the robot and its Secrets are up to date",
    "RobotReady": "the robot exists and belongs to this resource",
    "SecretsReady": "every Secret holds the robot's credential",
}
AT = "2026-11-28T07:00:00Z"
DIGEST = "sha256:" + "0" * 64


def robot(number: int) -> dict[str, Any]:
    """Return one converged QuayRobot, managed fields and all."""
    name = f"robot-{number:05}"
    conditions = [
        {"type": kind, "status": "True", "reason": "Reconciled", "message": words,
         "observedGeneration": 1, "lastTransitionTime": AT}
        for kind, words in WORDS.items()
    ]  # fmt: skip
    connection = {"kind": "ClusterQuayConnection", "name": "default",
                  "origin": "https://quay.example:443", "cluster": "6c1f8a1e"}  # fmt: skip
    return {
        "metadata": {
            "name": name, "namespace": f"team-{number % 100}", "uid": f"uid-{number:032}",
            "resourceVersion": str(1000 + number), "generation": 1, "creationTimestamp": AT,
            "finalizers": ["quayrobot.io/finalizer"],
            "managedFields": [{"manager": "kubectl", "time": AT, "fieldsV1": {"f:spec": {}}}],
        },
        "spec": {"connectionRef": {"kind": "ClusterQuayConnection", "name": "default"},
                 "organization": "acme", "creationPolicy": "Create", "deletionPolicy": "Delete",
                 "suspend": False, "secrets": [{"name": name, "format": "DockerConfigJson"}]},
        "status": {
            "observedGeneration": 1, "conditions": conditions, "connection": connection,
            "robot": {"fullName": f"acme+{name}", "createdAt": "Sat, 28 Nov 2026 07:00:00 -0000"},
            "credential": {"digest": f"{number:071}", "issuedAt": AT},
            "secrets": [{"name": name, "digest": DIGEST}],
        },
    }  # fmt: skip


def secret(number: int) -> dict[str, Any]:
    """Return its Secret."""
    name, uid = f"robot-{number:05}", f"uid-{number:032}"
    labels = {"app.kubernetes.io/managed-by": "quay-robot-operator"}
    annotations = {
        "quayrobot.io/owner": f"QuayRobot/team-{number % 100}/{name}",
        "quayrobot.io/owner-uid": uid, "quayrobot.io/robot": f"acme+{name}",
        "quayrobot.io/credential-digest": f"{number:071}", "quayrobot.io/issued-at": AT,
    }  # fmt: skip
    ours = {"f:labels": {f"f:{each}": {} for each in labels},
            "f:annotations": {f"f:{each}": {} for each in annotations}}  # fmt: skip
    return {
        "metadata": {
            "name": name, "namespace": f"team-{number % 100}", "uid": f"secret-{number:029}",
            "resourceVersion": str(5000 + number), "labels": labels, "annotations": annotations,
            "ownerReferences": [{"kind": "QuayRobot", "uid": uid, "controller": True}],
            "managedFields": [{"manager": "quay-robot-operator", "time": AT,
                               "fieldsV1": {"f:metadata": ours}}],
        },
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(f"{number:0300}".encode()).decode()},
    }  # fmt: skip


def listed(number: int) -> dict[str, Any]:
    """Return its line in Quay's list."""
    return {"name": f"acme+robot-{number:05}", "created": "Sat, 28 Nov 2026 07:00:00 -0000",
            "last_accessed": None, "description": "", "token": f"{number:064}"}  # fmt: skip


def _as_json(one: Callable[[int], dict[str, Any]], count: int) -> list[str]:
    return [json.dumps(one(number)) for number in range(count)]


def _records(store: Store, bodies: list[str]) -> None:
    for body in bodies:
        store.observe("QuayRobot", None, json.loads(body))
    for record in store.robots.values():
        _ = record.spec, record.status, record.robot_names, record.lenient_spec


def _secrets(store: Store, bodies: list[str]) -> None:
    for body in bodies:
        store.observe("Secret", None, json.loads(body))


def _robots_in_quay(snapshots: Snapshots) -> None:
    asyncio.run(snapshots.refresh(ACME, max_age_s=0))


def _queue(store: Store, queue: Queue) -> None:
    for key in store.robots:
        queue.add(key, Lane.RESYNC, delay_s=600)


def measure(count: int) -> dict[str, int]:
    """Return how many bytes one of *count* robots adds to each."""
    robots, secrets = _as_json(robot, count), _as_json(secret, count)
    page = json.dumps({"robots": [listed(number) for number in range(count)]}).encode()

    async def listing(owner: OwnerName) -> dict[str, RobotSeen]:
        return parse_list(Reply(200, "application/json", page), owner)

    store, snapshots = Store(), Snapshots(listing, clock=time.monotonic)
    queue = Queue(clock=time.monotonic, jitter=lambda: 0.5)
    takes: dict[str, Callable[[], None]] = {
        "record": lambda: _records(store, robots),
        "Secret": lambda: _secrets(store, secrets),
        "list": lambda: _robots_in_quay(snapshots),
        "queue": lambda: _queue(store, queue),
    }
    return {what: _added(take) // count for what, take in takes.items()}


def _added(take: Callable[[], None]) -> int:
    gc.collect()
    tracemalloc.start()
    take()
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size


def main(words: list[str]) -> None:
    """Print the sizes with as many robots as *words* say; with `--json`, for programs."""
    numbers = [int(word) for word in words if word != "--json"]
    robots = numbers[0] if numbers else 2000
    sizes = measure(robots)
    if "--json" in words:
        sys.stdout.write(json.dumps(sizes) + "\n")
        return
    for what, size in (sizes | {"together": sum(sizes.values())}).items():
        sys.stdout.write(f"{what:8} {size:6} bytes per robot, of {robots}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
