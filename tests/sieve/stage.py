"""
What do all plans share? A control plane, a Quay, one operator, and a view of both.

Each tenant has a connection of its own, so that whose calls are held keeps nobody else waiting.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.crd.conftest import Api
from tests.kit.controlplane import ControlPlane
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import API, ROOT, Body, Installation, Tenant
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.surroundings import NAMES

from .gate import Gate
from .lens import Lens
from .view import GatedView

__all__ = ["Site", "Stage", "staged"]

# What no watch brings, a list does; production waits 10 min for it. Who is held keeps a worker.
FLAGS = ("--relist-interval-s=10", "--workers=128", "--no-leader-election")
OFTEN = {"resyncInterval": "10s", "driftInterval": "10s"}
ROBOTS = "/apis/quayrobot.io/v1alpha1"
OWN = {"kind": "QuayConnection", "name": "own"}


@dataclass
class Stage:
    """All parts together; *cluster* and *front* are the ways to the API server and to Quay."""

    house: Installation
    api: Api
    gate: Gate
    lens: Lens
    cluster: GatedView
    front: GatedView

    def site(self) -> Site:
        """Return a tenant with all that lives need; there is no robot yet."""
        tenant = self.house.tenant()
        quay, plane = self.house.quay, self.house.plane
        tenant.repository("app", "lib", "tool")
        for team in ("devs", "ops"):
            quay.admin("team", org=tenant.name, name=team)
        for name in ("one", "two"):
            meta = {"name": name, "namespace": tenant.name}
            plane.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
        tenant.connection(url=self.front.url, **OFTEN)
        return Site(self, tenant)


@dataclass
class Site:
    """One tenant, and what its user does."""

    stage: Stage
    tenant: Tenant

    @property
    def name(self) -> str:
        """What its namespace and its organization are called."""
        return self.tenant.name

    def declare(self, name: str = "ci", **spec: Any) -> None:
        """Make a QuayRobot, or give it *spec* as a whole."""
        whole = {"organization": self.name, "connectionRef": OWN, **spec}
        body: Body = {
            "apiVersion": API, "kind": "QuayRobot", "spec": whole,
            "metadata": {"name": name, "namespace": self.name},
        }  # fmt: skip
        collection = f"{ROBOTS}/namespaces/{self.name}/quayrobots"
        for _ in range(20):
            live = self.stage.api.call("GET", f"{collection}/{name}")
            if live.status_code == 404:
                answer = self.stage.api.create(collection, body)
            else:
                changed = live.json() | {"spec": whole}
                answer = self.stage.api.call("PUT", f"{collection}/{name}", changed)
            if answer.status_code != 409:
                break
        assert answer.status_code in {200, 201}, answer.text

    def select(self, mode: str, **template: Any) -> None:
        """Make a ClusterQuayRobot that selects the tenant's namespace, or change it."""
        kind = "ClusterQuayConnection" if mode == "Shared" else "QuayConnection"
        robot = {
            "organization": self.name, "secrets": [{"name": "ci"}],
            "connectionRef": {"kind": kind, "name": "sieve" if mode == "Shared" else "own"},
            **template,
        }  # fmt: skip
        spec = {
            "mode": mode, "namespaceSelectors": [{"matchLabels": {f"of-{self.name}": "yes"}}],
            "template": {"spec": robot},
        }  # fmt: skip
        meta = {"name": self.name}
        body = {"apiVersion": API, "kind": "ClusterQuayRobot", "metadata": meta, "spec": spec}
        self.stage.house.plane.apply(body)

    def label(self, value: str | None) -> None:
        """Give the namespace the label that it is selected by, or take it."""
        patch = {"metadata": {"labels": {f"of-{self.name}": value}}}
        answer = self.stage.api.call("PATCH", f"/api/v1/namespaces/{self.name}", patch)
        assert answer.status_code == 200, answer.text

    def cluster_robot(self) -> Body | None:
        """Return the tenant's ClusterQuayRobot, if it has one."""
        return self.stage.house.plane.get("clusterquayrobot", self.name)

    def serves(self) -> bool:
        """Tell whether the namespace has what it is selected for."""
        status = (self.cluster_robot() or {}).get("status") or {}
        return status.get("namespaces", {}).get("ready") == 1

    def is_ready(self) -> bool:
        """Tell whether the robot is Ready."""
        return self.tenant.condition().get("status") == "True"

    def leave(self) -> None:
        """Ask for the end of everything that the tenant has."""
        if self.cluster_robot() is not None:
            self.stage.house.plane.delete("clusterquayrobot", self.name)
        self.tenant.leave()

    def merge(self, path: str, patch: Body) -> None:
        """Patch the object at *path* in the namespace."""
        root, _, rest = path.partition(":")
        where = f"{root}/namespaces/{self.name}/{rest}"
        answer = self.stage.api.call("PATCH", where, patch)
        assert answer.status_code in {200, 404}, answer.text


@contextmanager
def staged(plane: ControlPlane, zoo: str = "") -> Iterator[Stage]:
    """Yield the stage with the operator at work; *zoo* names a bug to switch on in it."""
    gate, lens = Gate(), Lens()
    with FakeQuay() as quay, ExitStack() as stack:
        house = Installation.make(plane, quay)
        stack.callback(house.close)
        api = Api(plane)
        stack.callback(api.close)
        quay.admin("settings", oidc_ca=str(plane.ca_file))
        pair = plane.server_pair("sieve")
        secured = {"certificate": (pair.certificate, pair.key), "target_ca": plane.ca_file}
        cluster = stack.enter_context(GatedView(gate, lens, "cluster", plane.url, **secured))
        front = stack.enter_context(GatedView(gate, lens, "quay", quay.url))
        rule = {"namespaces": {}, "organizations": ["t-*"], "teams": ["*"], "defaults": True}
        house.cluster_connection("sieve", url=front.url, access=[rule], **OFTEN)
        kubeconfig = plane.service_account_kubeconfig(NAMESPACE, ACCOUNT, server=cluster.url)
        operator = OperatorProcess(kubeconfig, plane.folder, *FLAGS)
        if zoo:
            operator.environment |= {"TEST_ZOO": zoo, "PYTHONPATH": f"{NAMES}:{ROOT}"}
        stack.enter_context(operator)
        yield Stage(replace(house, operator=operator), api, gate, lens, cluster, front)
