"""
Does `helm test` tell whether an installation works?

No kubelet runs here; `kubelet.py` says what does instead.
"""

from __future__ import annotations

import json

import pytest

from tests.kit.installation import Installation
from tests.kit.operating import ACCOUNT, NAMESPACE

from .helm import CHART, RELEASE, Helm, HelmFailed
from .kubelet import Kubelet
from .test_helm_life import released as released  # noqa: PLC0414 - a fixture

POD = "quay-robot-operator-test"
RBAC = ("clusterrole", "clusterrolebinding", "role", "rolebinding")


def has_ready_pods(house: Installation, count: int) -> None:
    """Say of the Deployment what its controller would."""
    patch = json.dumps({"status": {"replicas": 2, "readyReplicas": count}})
    house.plane.kubectl("patch", "deployment", ACCOUNT, "-n", NAMESPACE, "--subresource=status",
                        "--type=merge", "-p", patch)  # fmt: skip


def test_what_works_passes_and_what_does_not_is_told(released: Installation, helm: Helm):
    plane = released.plane
    tenant = released.tenant()
    tenant.robot()
    tenant.wait_ready(timeout_s=40)
    has_ready_pods(released, 2)

    with Kubelet(plane, POD, "-o", "json") as kubelet:
        said = helm.on_release("test", "--timeout=100s")
    assert "Succeeded" in said, kubelet.said
    assert kubelet.spec["serviceAccountName"] == ACCOUNT
    assert plane.get("pod", POD, NAMESPACE) is None

    has_ready_pods(released, 0)
    with Kubelet(plane, POD, "-o", "json") as kubelet, pytest.raises(HelmFailed):
        helm.on_release("test", "--timeout=100s")
    assert kubelet.said is not None
    assert kubelet.said.code == 1
    assert "has no ready pod" in kubelet.said.out
    # The pod stays for its log; the rights do not.
    assert plane.get("pod", POD, NAMESPACE) is not None
    for kind in RBAC:
        assert plane.get(kind, POD, NAMESPACE) is None


def test_with_rights_in_some_namespaces_only_there_is_none(helm: Helm):
    values = {"namespaces": ["team-a"], "clusterId": "east"}

    with_test = helm("template", RELEASE, str(CHART), values=values)

    assert "helm.sh/hook: test" not in with_test
    assert "helm.sh/hook: test" in helm("template", RELEASE, str(CHART))
