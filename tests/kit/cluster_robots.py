"""How does a test speak of a ClusterQuayRobot and of the namespaces that it picks?"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from .installation import API, Body, Installation, Tenant
from .processes import wait_for

__all__ = ["ClusterRobot"]


@dataclass
class ClusterRobot:
    """A ClusterQuayRobot, an organization and a label, all of one name of its own."""

    house: Installation
    name: str = field(default_factory=lambda: f"f-{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.house.quay.admin("organization", name=self.name)
        self.spaces: list[str] = []

    @property
    def _kubectl(self) -> Any:
        return self.house.plane.kubectl

    def namespaces(self, count: int, *, chosen: bool = True) -> list[Tenant]:
        """Make *count* namespaces in one request of kubectl's; *chosen* ones carry the label."""
        first = len(self.spaces)
        names = [f"{self.name}-{number}" for number in range(first, first + count)]
        labels = {"served-by": self.name} if chosen else {}
        items = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n, "labels": labels}}
            for n in names
        ]
        self._kubectl(
            "create",
            "-f",
            "-",
            stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}),
        )
        self.spaces += names
        return [Tenant(self.house, name) for name in names]

    def namespace(self, suffix: str) -> Tenant:
        """Make one chosen namespace whose name ends with *suffix*."""
        tenant = Tenant(self.house, f"{self.name}-{suffix}")
        self.spaces.append(tenant.name)
        self.recreate(tenant)
        return tenant

    def recreate(self, tenant: Tenant) -> None:
        """Make a namespace that was deleted, with the label."""
        meta = {"name": tenant.name, "labels": {"served-by": self.name}}
        self.house.plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})

    def body(self, **spec: Any) -> Body:
        """Return the ClusterQuayRobot; *template* is its template's spec."""
        meta = spec.pop("metadata", {})
        template = {"organization": self.name, **spec.pop("template", {})}
        return {
            "apiVersion": API,
            "kind": "ClusterQuayRobot",
            "metadata": {"name": self.name},
            "spec": {
                "namespaceSelectors": [{"matchLabels": {"served-by": self.name}}],
                **spec,
                "template": {"metadata": meta, "spec": template},
            },
        }

    def apply(self, **spec: Any) -> None:
        """Apply it."""
        self.house.plane.apply(self.body(**spec))

    def apply_body(self, body: Body) -> None:
        """Apply it as *body* has it."""
        self.house.plane.apply(body)

    def get(self) -> Body | None:
        """Return it as it is stored."""
        return self.house.plane.get("clusterquayrobot", self.name)

    def status(self) -> Body:
        """Return its status."""
        found: Body = (self.get() or {}).get("status") or {}
        return found

    def counts(self) -> Body:
        """Return the counts in its status."""
        found: Body = self.status().get("namespaces") or {}
        return found

    def condition(self, kind: str = "Ready") -> Body:
        """Return a condition; empty where there is none."""
        conditions = self.status().get("conditions") or []
        return next((each for each in conditions if each["type"] == kind), {})

    def label(self, value: str | None, *tenants: Tenant) -> None:
        """Give namespaces the label (or take it) in one request of kubectl's."""
        change = f"served-by={value}" if value else "served-by-"
        self._kubectl("label", "namespace", "--overwrite", *(e.name for e in tenants), change)

    def annotate(self, text: str) -> None:
        """Set (or with a trailing dash take) an annotation on it."""
        self._kubectl("annotate", "clusterquayrobot", self.name, "--overwrite", text)

    def delete(self) -> None:
        """Ask for its deletion and do not wait for it."""
        self._kubectl(
            "delete", "clusterquayrobot", self.name, "--wait=false", "--ignore-not-found"
        )

    def wait_ready(self, targets: int, *, timeout_s: float = 30) -> None:
        """Wait until it is Ready, for this generation and for *targets* namespaces."""
        wait_for(
            lambda: self._ready(targets),
            f"{self.name} ready for {targets}; it says {json.dumps(self.status())}",
            timeout_s=timeout_s,
            every_s=0.2,
        )

    def _ready(self, targets: int) -> bool:
        body = self.get() or {}
        ready, counts = self.condition(), self.counts()
        done = (counts.get("targets"), counts.get("ready")) == (targets, targets)
        generation = body.get("metadata", {}).get("generation")
        current = ready.get("observedGeneration") == generation
        return bool(ready.get("status") == "True" and current and done and not self.moving())

    def moving(self) -> bool:
        """Tell whether it says that it is on its way."""
        return bool(self.condition("Reconciling"))

    def wait_reason(self, reason: str, *, timeout_s: float = 20) -> None:
        """Wait until Ready has *reason*."""
        wait_for(
            lambda: self.condition().get("reason") == reason,
            f"{self.name} {reason}; it says {json.dumps(self.status())}",
            timeout_s=timeout_s,
            every_s=0.2,
        )

    def wait_gone(self, *, timeout_s: float = 30) -> None:
        """Wait until it is gone."""
        wait_for(lambda: self.get() is None, f"{self.name} gone", timeout_s=timeout_s, every_s=0.2)

    def robots(self) -> list[str]:
        """Return the robots of its organization in Quay."""
        return [n for n in self.house.quay.admin("robots") if n.startswith(f"{self.name}+")]

    def operations(self, since: int) -> list[str]:
        """Return what Quay was asked about its organization since *since*."""
        part = f"/organization/{self.name}"
        return [each.operation for each in self.house.quay.calls(since) if part in each.path]

    def secret_places(self) -> set[str]:
        """Return the namespaces that have a Secret of its name."""
        return self._places("secrets")

    def members(self) -> set[str]:
        """Return the namespaces that have a QuayRobot of its name."""
        return self._places("quayrobots")

    def _places(self, kind: str) -> set[str]:
        chosen = f"--field-selector=metadata.name={self.name}"
        listed = json.loads(self._kubectl("get", kind, "-A", chosen, "-o", "json"))
        return {each["metadata"]["namespace"] for each in listed["items"]}

    def close(self) -> None:
        """Take all of it away and do not wait."""
        self.delete()
        for name in self.spaces:
            self._kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")
