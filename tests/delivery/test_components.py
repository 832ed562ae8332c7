"""Do the kustomize components change what they say, and nothing else?"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.controlplane import ControlPlane

from .helm import ROOT

NAME = "quay-robot-operator"
Bodies = dict[tuple[str, str], dict[str, Any]]
COMPONENTS = ("components/one-replica", "components/narrow-egress", "monitoring")


@pytest.fixture
def built(control_plane: ControlPlane, tmp_path: Path) -> Callable[..., Bodies]:
    """Return what builds the manifests with components, by the kustomize of kubectl."""

    def build(*components: str, base: str = "manifests") -> Bodies:
        here = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [_path(base, tmp_path)],
            "components": [_path(each, tmp_path) for each in components],
        }
        (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(here))
        text = control_plane.kubectl("kustomize", str(tmp_path))
        bodies = [each for each in yaml.safe_load_all(text) if each]
        return {(each["kind"], each["metadata"]["name"]): each for each in bodies}

    return build


def _path(folder: str, start: Path) -> str:
    return os.path.relpath(ROOT / "deploy" / folder, start.resolve())


def others(bodies: Bodies, *changed: str) -> Bodies:
    return {key: each for key, each in bodies.items() if key[0] not in changed}


def test_one_replica_needs_no_lease_and_no_budget(built: Callable[..., Bodies]):
    plain, one = built(), built("components/one-replica")

    spec = one["Deployment", NAME]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    before = plain["Deployment", NAME]["spec"]["template"]["spec"]["containers"][0]["args"]
    args = spec["template"]["spec"]["containers"][0]["args"]
    assert args == [*before, "--no-leader-election"]
    changed = ("Deployment", "PodDisruptionBudget")
    assert others(one) == others(one) | others(plain, *changed)
    assert set(plain) - set(one) == {("PodDisruptionBudget", NAME)}


def test_a_narrow_egress_leaves_names_the_api_server_and_registries(built: Callable[..., Bodies]):
    plain, narrow = built(), built("components/narrow-egress")

    [rule] = narrow["NetworkPolicy", NAME]["spec"]["egress"]
    assert {(each["port"], each["protocol"]) for each in rule["ports"]} == {
        (53, "UDP"), (53, "TCP"), (5353, "UDP"), (5353, "TCP"), (443, "TCP"), (6443, "TCP"),
    }  # fmt: skip
    ingress = plain["NetworkPolicy", NAME]["spec"]["ingress"]
    assert narrow["NetworkPolicy", NAME]["spec"]["ingress"] == ingress
    assert others(narrow, "NetworkPolicy") == others(plain, "NetworkPolicy")


def test_monitoring_adds_a_service_the_board_and_the_rules(built: Callable[..., Bodies]):
    plain, watched = built(), built("monitoring")

    added = {key: watched[key] for key in set(watched) - set(plain)}
    assert set(added) == {
        ("Service", f"{NAME}-metrics"),
        ("ConfigMap", f"{NAME}-dashboard"),
        ("ConfigMap", f"{NAME}-rules"),
    }
    assert {key: watched[key] for key in plain} == plain
    board = added["ConfigMap", f"{NAME}-dashboard"]["data"][f"{NAME}.json"]
    folder = ROOT / "deploy" / "monitoring"
    assert json.loads(board) == json.loads((folder / "dashboard.json").read_text())
    rules = added["ConfigMap", f"{NAME}-rules"]["data"][f"{NAME}.yaml"]
    assert rules == (folder / "rules.yaml").read_text()
    service = added["Service", f"{NAME}-metrics"]["spec"]
    pod = plain["Deployment", NAME]["spec"]["template"]
    assert service["selector"].items() <= pod["metadata"]["labels"].items()
    ports = {each["name"] for each in pod["spec"]["containers"][0]["ports"]}
    assert {each["targetPort"] for each in service["ports"]} <= ports


def test_they_go_with_rights_in_some_namespaces_only(built: Callable[..., Bodies]):
    bodies = built(*COMPONENTS, base="manifests-namespaced")

    spec = bodies["Deployment", NAME]["spec"]
    [container] = spec["template"]["spec"]["containers"]
    assert {"--namespaces=team-a,team-b", "--no-leader-election"} <= set(container["args"])
    assert spec["replicas"] == 1
    assert ("ClusterRole", NAME) not in bodies


def test_the_api_server_takes_all_of_them_together(
    control_plane: ControlPlane, built: Callable[..., Bodies]
):
    kinds = {"Deployment", "NetworkPolicy", "Service", "ConfigMap"}
    found = [each for key, each in built(*COMPONENTS).items() if key[0] in kinds]
    for each in found:
        each["metadata"]["namespace"] = "default"

    said = control_plane.kubectl(
        "create", "--dry-run=server", "--validate=strict", "-f", "-",
        stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": found}),
    )  # fmt: skip

    assert len(said.splitlines()) == len(found) == 5
