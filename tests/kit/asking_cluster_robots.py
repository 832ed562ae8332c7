"""
Does `plan` foretell what becomes of the QuayRobots of a ClusterQuayRobot?

It is asked before each manifest, and what it said is compared, when the operator is done,
with the writes of QuayRobots in the audit log.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import yaml

from .cluster_robots import ClusterRobot
from .installation import Body
from .operating import USER
from .shell import Shell

__all__ = ["AskingClusterRobot"]

VERBS = {"CreateMember": "create", "ReplaceMember": "update", "DeleteMember": "delete"}
Members = Counter[tuple[str, str]]


@dataclass
class AskingClusterRobot(ClusterRobot):
    """A ClusterQuayRobot of which `plan` is asked before it is applied."""

    told: Members = field(default_factory=Counter)
    since: int = 0
    compared: int = 0
    agreed: int = 0

    def apply(self, **spec: Any) -> None:
        """Ask what would come of it, then apply it."""
        body = self.body(**spec)
        item = self._plan(body)
        assert item["findings"] == []
        self.told = Counter(
            (each["namespace"], VERBS[each["member"]])
            for each in item["namespaces"]
            if each["member"] is not None
        )
        self.since = len(self.house.plane.audit())
        self.apply_body(body)

    def _plan(self, body: Body) -> Body:
        """Ask, and ask again where the operator's own turn came meanwhile."""
        while True:
            self.since = len(self.house.plane.audit())
            said = Shell(self.house.plane).plugin(
                "plan", "-f", "-", "-o", "json", stdin=yaml.safe_dump(body)
            )
            if not self._written():
                break
        (item,) = json.loads(said.out)["items"]
        return dict(item)

    def compare(self, *, again: bool = False) -> None:
        """Compare what was foretold with what was done; *again*: what is set back is repeated."""
        done = self._written()
        self.compared += 1
        assert set(done) == set(self.told)
        assert again or done == self.told, f"{self.told} foretold, {done} done"
        self.agreed += 1

    def _written(self) -> Members:
        """Return what the operator wrote since it was applied; finalizers are patches."""
        return Counter(
            (each.namespace, each.verb)
            for each in self.house.plane.audit()[self.since :]
            if each.user == USER
            and each.stored
            and each.resource == "quayrobots"
            and each.verb in VERBS.values()
            and not each.subresource
            and each.namespace in self.spaces
        )
