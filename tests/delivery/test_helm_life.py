"""
Does a release of the real Helm live a whole life over robots that exist?

No kubelet runs here, so that the Deployment's pods never start: the operator is
a process beside it, under the ServiceAccount that the chart made.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.canary import oauth_token, robot_token
from tests.kit.controlplane import ControlPlane
from tests.kit.controlplane.fixture import missing_part
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation, Recorder
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.processes import wait_for
from tests.kit.watchlog import WatchLog

from .helm import AWAITING, CHART, RELEASE, Helm, later_chart
from .kubelet import Kubelet
from .test_chart import EVERYTHING

CREDENTIALS = {"secretRef": {"name": "token-default", "namespace": NAMESPACE}}
ACCESS = [{"namespaces": {}, "organizations": ["*"], "robotNames": ["*"]}]


@pytest.fixture
def released(own_control_plane: ControlPlane, helm: Helm) -> Iterator[Installation]:
    """Yield an operator under a release with one connection."""
    if not own_control_plane.has_controllers:
        missing_part("robots are deleted with their Secrets, which takes controllers")
    plane = own_control_plane
    helm.plane = plane
    with FakeQuay() as quay:
        quay.double.state.make_robot_token = robot_token
        with Kubelet(plane, AWAITING):
            helm.install(values(quay), "--wait=false")
        token = quay.admin("token", value=oauth_token())
        kubeconfig = plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)
        operator = OperatorProcess(kubeconfig, plane.folder)
        house = Installation(
            plane, quay, operator, token, Recorder(plane), WatchLog(plane, "events")
        )
        house.secret(NAMESPACE, "token-default", token)
        operator.start()
        yield house
        house.close()


def values(quay: FakeQuay, **more: Any) -> dict[str, Any]:
    connection = {
        "url": quay.url, "allowPlaintext": True, "resyncInterval": "10s",
        "credentials": CREDENTIALS, "access": ACCESS,
    }  # fmt: skip
    return {"connections": {"default": connection}, **more}


def columns(plane: ControlPlane) -> set[str]:
    found = plane.get("crd", "quayrobots.quayrobot.io")
    assert found is not None
    return {each["name"] for each in found["spec"]["versions"][0]["additionalPrinterColumns"]}


def owned(plane: ControlPlane) -> str:
    """Return what bears the release's name, in the whole cluster."""
    kinds = (
        "deployments,services,serviceaccounts,networkpolicies,poddisruptionbudgets,roles,"
        "rolebindings,clusterroles,clusterrolebindings,configmaps,secrets"
    )
    label = f"app.kubernetes.io/instance={RELEASE}"
    return plane.kubectl("get", kinds, "-A", "-l", label, "-o", "name")


def test_a_release_over_robots_that_exist(
    released: Installation, helm: Helm, tmp_path: Path, record_property
):
    plane, quay = released.plane, released.quay
    tenant = released.tenant()
    tenant.robot()
    tenant.wait_ready(timeout_s=40)
    before = tenant.get()

    # The first upgrade takes the connection over, a later one brings new definitions.
    took: dict[str, float] = {}
    _timed(took, "upgrade", helm.upgrade, values(quay, workers=8), "--wait=false")
    assert "kind: ClusterQuayConnection" in helm("get", "manifest", RELEASE, "-n", NAMESPACE)
    plain = columns(plane)
    later = Helm(helm.binary, helm.home, plane, later_chart(tmp_path))
    changed = values(quay, workers=9)
    changed["connections"]["default"]["resyncInterval"] = "20s"
    later.upgrade(changed, "--wait=false")
    assert columns(plane) == plain | {"Later"}
    assert "--workers=9" in _args(plane)
    assert _resync(plane) == "20s"

    _timed(took, "rollback", helm.on_release, "rollback", "2", "--wait=false")
    assert "--workers=8" in _args(plane)
    assert _resync(plane) == "10s"
    assert columns(plane) == plain

    # A connection that values no longer name stays: robots that go need it.
    helm.upgrade({}, "--wait=false")
    assert plane.get("clusterquayconnection", "default") is not None
    unchanged(before, tenant.get())
    assert tenant.logs_in()

    _timed(took, "uninstall", helm.on_release, "uninstall", "--wait")
    assert owned(plane) == ""
    unchanged(before, tenant.get())
    assert tenant.logs_in()

    # The same release again, over what was kept; the robots then go as ever.
    released.operator.stop()
    _timed(took, "install", helm.install, values(quay), "--wait=false")
    # Into the same file: the account is a new one, and the old one's tokens ended with it.
    plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)
    released.operator.start()
    tenant.wait_ready()
    unchanged(before, tenant.get())
    tenant.delete()
    tenant.wait_gone()
    assert tenant.in_quay() is None
    record_property(f"{helm.binary.name.partition('-')[0]}, seconds", took)
    assert released.recorder is not None
    assert released.recorder.problems() == []


def _timed(took: dict[str, float], what: str, call: Any, *words: Any) -> None:
    begun = time.monotonic()
    call(*words)
    took[what] = round(time.monotonic() - begun, 1)


def unchanged(before: dict[str, Any], now: dict[str, Any] | None) -> None:
    """Hold that a robot is the same object, of the same credential, and not on its way out."""
    assert now is not None
    assert now["metadata"]["uid"] == before["metadata"]["uid"]
    assert "deletionTimestamp" not in now["metadata"]
    assert now["status"]["credential"]["digest"] == before["status"]["credential"]["digest"]


def _args(plane: ControlPlane) -> list[str]:
    found = plane.get("deployment", "quay-robot-operator", NAMESPACE)
    assert found is not None
    args: list[str] = found["spec"]["template"]["spec"]["containers"][0]["args"]
    return args


def _resync(plane: ControlPlane) -> str:
    found = plane.get("clusterquayconnection", "default")
    assert found is not None
    interval: str = found["spec"]["resyncInterval"]
    return interval


def test_the_api_server_takes_everything_strictly(control_plane: ControlPlane, helm: Helm):
    # The Prometheus operator's kinds are not known here.
    metrics = {"service": {"enabled": True}, "dashboard": {"enabled": True}}
    everything = {**EVERYTHING, "metrics": metrics}
    for name in ("namespace", "serviceaccount"):  # A pod is refused without its account.
        control_plane.kubectl("apply", "-f", str(CHART / f"files/manifests/{name}.yaml"))
    objects = [
        each for each in helm.rendered(everything) if each["kind"] != "ClusterQuayConnection"
    ]

    said = control_plane.kubectl(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-",
        stdin=yaml.safe_dump_all(objects),
    )  # fmt: skip

    assert len(said.splitlines()) == len(objects)


def test_namespaces_only_takes_no_right_in_the_whole_cluster(
    own_control_plane: ControlPlane, helm: Helm
):
    helm.plane = own_control_plane
    for name in ("team-a", "team-b"):
        own_control_plane.kubectl("create", "namespace", name)
    helm.install({"namespaces": ["team-a", "team-b"], "clusterId": "east"}, "--wait=false")
    who = f"--as=system:serviceaccount:{NAMESPACE}:{ACCOUNT}"

    def may(*words: str) -> str:
        return own_control_plane.kubectl("auth", "can-i", *words, who, check=False).strip()

    wait_for(lambda: may("list", "quayrobots", "-n", "team-a") == "yes", "rights")
    assert may("patch", "quayrobots", "-n", "team-b") == "yes"
    assert may("list", "quayrobots", "-n", "default") == "no"
    assert may("list", "namespaces") == "no"

    helm.on_release("uninstall", "--wait")
    assert owned(own_control_plane) == ""
