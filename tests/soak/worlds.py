"""What is there now: objects in the cluster and robots in Quay, read once for one judgement."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.kit.installation import Body

from .book import Declared
from .scene import Scene

__all__ = ["LIVE", "Seen", "seen"]

LIVE = "Reconciled"
LISTS = ("imagePullSecrets", "secrets")


@dataclass
class Seen:
    """
    One look. Robots, Secrets and ServiceAccounts of the tenant are by name.

    *pulls* are the Secrets of ClusterQuayRobots by namespace and name, *in_quay* the
    organization's robots by full name.
    """

    robots: dict[str, Body]
    cluster_robots: dict[str, Body]
    secrets: dict[str, Body]
    accounts: dict[str, list[str]]
    pulls: dict[tuple[str, str], Body]
    in_quay: dict[str, Body]

    def slots(self, scene: Scene, one: Declared) -> dict[str, Body]:
        """Return the robots that are there of the two that *one* may have."""
        names = (scene.tenant.full(one.short), scene.tenant.full(f"{one.short}.alt"))
        return {each: self.in_quay[each] for each in names if each in self.in_quay}

    def holds(self, scene: Scene, one: Declared) -> bool:
        """Tell whether a robot's marker names the resource."""
        uid = self.robots.get(one.name, {}).get("metadata", {}).get("uid")
        return any(self.marker(e).get("uid") == uid for e in self.slots(scene, one).values())

    @staticmethod
    def marker(robot: Body) -> dict[str, Any]:
        """Return the marker that a robot carries."""
        found: dict[str, Any] = robot["metadata"].get("quayrobot.io") or {}
        return found


def seen(scene: Scene) -> Seen:
    """Look once."""
    objects = [each for where in (scene.name, *scene.spaces) for each in _objects(scene, where)]
    mine = [each for each in objects if each["metadata"]["namespace"] == scene.name]
    names = [e for e in scene.house.quay.admin("robots") if e.startswith(f"{scene.name}+")]
    cluster_robots = {f"{scene.name}-{e}": f"{scene.name}-{e}" for e in scene.cluster_robots}
    found = {e: scene.house.plane.get("clusterquayrobot", e) for e in cluster_robots}
    return Seen(
        robots=_by_name(mine, "QuayRobot"),
        cluster_robots={name: body for name, body in found.items() if body is not None},
        secrets=_by_name(mine, "Secret"),
        accounts={
            name: [e["name"] for field in LISTS for e in body.get(field) or []]
            for name, body in _by_name(mine, "ServiceAccount").items()
        },
        pulls={
            (e["metadata"]["namespace"], e["metadata"]["name"]): e
            for e in objects
            if e["kind"] == "Secret" and e not in mine
        },
        in_quay={each: scene.house.quay.admin("robot/show", name=each) for each in names},
    )


def _objects(scene: Scene, namespace: str) -> list[Body]:
    kinds = "quayrobots,secrets,serviceaccounts"
    listed = scene.house.plane.kubectl("-n", namespace, "get", kinds, "-o", "json")
    items: list[Body] = json.loads(listed)["items"]
    return items


def _by_name(bodies: list[Body], kind: str) -> dict[str, Body]:
    return {each["metadata"]["name"]: each for each in bodies if each["kind"] == kind}
