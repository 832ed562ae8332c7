"""What is declared in one run of the bench, and what may it cost?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from quayrobot.cluster.kinds import CLUSTER_QUAY_CONNECTION, QUAY_ROBOT
from tests.kit.operating import NAMESPACE

__all__ = ["Load", "connection_body", "credential_body"]

Body = dict[str, Any]
Strategy = Literal["InPlace", "Overlap"]
SHELVES = 10
OVERLAP = "1h"


@dataclass(frozen=True, slots=True)
class Load:
    """
    *size* robots, each with a right on *grants* of the organization's repositories.

    *strategy* is how they are rotated; by turns, the robot before stays for *OVERLAP*.
    Of keyless robots, *account* is the ServiceAccount whose token is exchanged.
    """

    size: int
    grants: int = 0
    strategy: Strategy | None = None
    account: str | None = None

    @property
    def repositories(self) -> tuple[str, ...]:
        """The repositories in use: a handful that robots share, as in a company."""
        used = min(SHELVES, self.size * self.grants) if self.grants else 0
        return tuple(f"repository-{number}" for number in range(max(used, self.grants)))

    @property
    def calls_per_robot(self) -> int:
        """What a robot made from nothing may cost Quay: one call, and one per right."""
        return 1 + self.grants

    @property
    def calls_per_rotation(self) -> int:
        """What a rotation may cost Quay: one call, by turns all that makes a robot."""
        return self.calls_per_robot if self.strategy == "Overlap" else 1

    @property
    def calls_per_beat(self) -> dict[str, int]:
        """What a beat may cost Quay, whatever the number of robots."""
        if not self.grants:
            return {}
        roles = len(self.repositories)
        return {"robot.list-grants": 1, "repository.list-roles": roles, "prototype.list": 1}

    def robots(self, place: str) -> list[Body]:
        """Return the QuayRobots of a run in namespace and organization *place*."""
        return [self._robot(number, place) for number in range(self.size)]

    def _robot(self, number: int, place: str) -> Body:
        spec: Body = {
            "organization": place,
            "connectionRef": {"kind": CLUSTER_QUAY_CONNECTION.kind, "name": place},
        }
        if self.grants:
            shelf = self.repositories
            names = [shelf[(number + each) % len(shelf)] for each in range(self.grants)]
            given = [{"name": name, "role": "read"} for name in names]
            spec["permissions"] = {"repositories": given}
        if self.strategy is not None:
            spec.setdefault("permissions", {})
            rotation = {"strategy": self.strategy, "overlap": OVERLAP, "trigger": "one"}
            spec["rotation"] = rotation
        if self.account is not None:
            spec["credentials"] = {"type": "Federated", "serviceAccount": self.account}
        meta = {"name": f"robot-{number}", "namespace": place}
        return {
            "apiVersion": QUAY_ROBOT.api_version,
            "kind": QUAY_ROBOT.kind,
            "metadata": meta,
            "spec": spec,
        }


def connection_body(place: str, url: str) -> Body:
    """Return the connection of a run, with the intervals that users get by default."""
    return {
        "apiVersion": CLUSTER_QUAY_CONNECTION.api_version,
        "kind": CLUSTER_QUAY_CONNECTION.kind,
        "metadata": {"name": place},
        "spec": {
            "url": url,
            "allowPlaintext": True,
            "credentials": {"secretRef": {"name": place, "namespace": NAMESPACE}},
            "access": [{"namespaces": {}, "organizations": [place], "federation": True}],
        },
    }


def credential_body(place: str, token: str) -> Body:
    """Return the Secret with the token of a run's connection."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": place, "namespace": NAMESPACE},
        "stringData": {"token": token},
    }
