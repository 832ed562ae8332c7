"""
What does memory hold of one converged robot?

    PYTHONPATH=operator:. .venv/bin/python -m tests.bench.remembered [robots]

Fills a store with resources as the API server shows them, each with its Secret, and
prints how many bytes a robot adds: what the watches brought, and what a pass has read
of it. No server is needed.
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from typing import Any

from quayrobot.engine.cache.store import Store

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


def measure(count: int) -> dict[str, int]:
    """Return bytes per robot, after the watch and after a pass over each."""
    bodies = [json.dumps(robot(number)) for number in range(count)]
    store = Store()
    store.observe("QuayRobot", None, json.loads(bodies[0]))
    gc.collect()
    tracemalloc.start()
    for body in bodies[1:]:
        store.observe("QuayRobot", None, json.loads(body))
    gc.collect()
    watched = tracemalloc.get_traced_memory()[0]
    for record in store.robots.values():
        _ = record.spec, record.status, record.robot_names, record.lenient_spec
    gc.collect()
    read = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"watched": watched // (count - 1), "read": read // (count - 1)}


if __name__ == "__main__":
    robots = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    for what, size in measure(robots).items():
        sys.stdout.write(f"{what:8} {size:6} bytes per robot, of {robots}\n")
