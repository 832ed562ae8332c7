"""
Where does an upgrade take place? One cluster, one Quay, operators of several versions.

Quay always has the same address, whatever the machine: a name that only the operator's
resolver knows, and one port on a loopback address of this process alone. So what is stored
about it (origins, keys in Secrets, digests over them) is true again in another run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.kit.canary import CORE
from tests.kit.controlplane import ControlPlane
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Body
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.processes import wait_for
from tests.kit.surroundings import NAMES, Surroundings

__all__ = ["ORG", "SPACES", "TEAM", "TOKEN", "URL", "Site", "sited", "stored"]

PORT = 8088
URL = f"http://quay.test:{PORT}"
ORG, TEAM, SPACES = "up", "up-team", ("up-one", "up-two")
OURS = ("clusterquayconnections", "quayconnections", "clusterquayrobots", "quayrobots")
TOKEN = f"{CORE}UPGRADEOAUTH".ljust(40, "0")


@dataclass
class Site:
    """A cluster and a Quay; *operator* is whoever works there now."""

    plane: ControlPlane
    quay: FakeQuay
    around: Surroundings
    operator: OperatorProcess | None = None
    logs: list[OperatorProcess] = field(default_factory=list)

    def define(self, code: Path) -> None:
        """Apply the manifests, definitions included, of the version in *code*."""
        folder = str(code / "deploy" / "manifests")
        # Once more where a kind was not served yet.
        wait_for(lambda: self.plane.kubectl_answer("apply", "-k", folder) is None, "definitions")
        self.plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=120s")

    def run(self, code: Path) -> None:
        """Let the operator of the version in *code* take over from the one before."""
        if self.operator is not None:
            self.operator.stop()
        folder = self.plane.folder / f"operator-{len(self.logs)}"
        folder.mkdir()
        kubeconfig = self.plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)
        self.operator = OperatorProcess(kubeconfig, folder, *self.around.flags)
        paths = f"{NAMES}:{code / 'operator'}"
        self.operator.environment |= self.around.environment | {"PYTHONPATH": paths}
        self.logs.append(self.operator)
        self.operator.start()

    def crash(self) -> None:
        """Kill the operator in the middle of whatever it does, and start it again."""
        assert self.operator is not None
        self.operator.kill()
        self.operator.start()

    def said(self) -> str:
        """Return what all operators logged."""
        return "".join(each.said() for each in self.logs)


@contextmanager
def sited(plane: ControlPlane) -> Iterator[Site]:
    """Yield a site on *plane*, without any definitions."""
    number = os.getpid()
    host = f"127.{100 + (number >> 16) % 100}.{(number >> 8) % 256}.{number % 254 + 1}"
    with FakeQuay(host=host, port=PORT) as quay, Surroundings(plane.folder) as around:
        around.name(quay=[host])
        tokens = (f"{CORE}UPGRADE{made:04}".ljust(64, "0") for made in range(10_000))
        quay.double.state.make_robot_token = lambda: next(tokens)
        quay.admin("settings", oidc_ca=str(plane.ca_file))
        quay.admin("token", value=TOKEN)
        quay.admin("organization", name=ORG)
        quay.admin("repository", namespace=ORG, name="app")
        quay.admin("team", org=ORG, name="devs")
        site = Site(plane, quay, around)
        try:
            yield site
        finally:
            if site.operator is not None:
                site.operator.stop()


def stored(plane: ControlPlane) -> list[Body]:
    """Return all objects that a snapshot holds, owners first, as kubectl shows them."""
    spaces = ("kube-system", NAMESPACE, TEAM, *SPACES)
    found = _listed(plane, "get", "namespaces", *spaces)
    for kind in OURS:
        found += _listed(plane, "get", kind, "--all-namespaces")
    for where in (NAMESPACE, TEAM, *SPACES):
        found += _listed(plane, "-n", where, "get", "serviceaccounts,secrets")
    return [e for e in found if not _made_by_others(e)]


def _made_by_others(body: Body) -> bool:
    """Tell whether it is the operator's own account, or what Kubernetes makes everywhere."""
    return body["kind"] == "ServiceAccount" and body["metadata"]["namespace"] == NAMESPACE


def _listed(plane: ControlPlane, *args: str) -> list[Body]:
    found: list[Body] = json.loads(plane.kubectl(*args, "-o", "json"))["items"]
    return found
