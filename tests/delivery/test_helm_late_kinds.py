"""Does a first install with connections wait until their kind is served?"""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.kit.controlplane import ControlPlane
from tests.kit.operating import NAMESPACE

from .helm import AWAITING, Helm, HelmFailed
from .kubelet import Kubelet
from .test_chart import CONNECTION

VALUES = {"connections": {"default": CONNECTION}}


@pytest.fixture
def late_plane(own_control_plane: ControlPlane, helm: Helm) -> ControlPlane:
    """Yield a cluster that serves a new kind 5 s late, as one with several API servers does."""
    own_control_plane.stop_apiserver()
    own_control_plane.more_flags = ("--apiserver-count=2",)
    own_control_plane.start_apiserver()
    helm.plane = own_control_plane
    return own_control_plane


def established(plane: ControlPlane) -> datetime:
    """Return when the definition was taken for established, to the second."""
    body = plane.get("crd", "clusterquayconnections.quayrobot.io") or {}
    [when] = [
        each["lastTransitionTime"]
        for each in body["status"]["conditions"]
        if each["type"] == "Established"
    ]
    return datetime.fromisoformat(when)


def asked(plane: ControlPlane, account: str, since: int) -> datetime:
    """Return when *account* had its first answer after the entry *since* of the audit log."""
    user = f"system:serviceaccount:{NAMESPACE}:{account}"
    return next(each.answered for each in plane.audit()[since:] if each.user == user)


def test_connections_are_made_once_their_kind_is_served(late_plane: ControlPlane, helm: Helm):
    without = {**VALUES, "crds": {"install": False}}
    with (
        Kubelet(late_plane, AWAITING, "--start-timeout-s=1") as kubelet,
        pytest.raises(HelmFailed, match="post-install"),
    ):
        helm.install(without)
    assert kubelet.said is not None
    assert "kubectl apply -k deploy/crds" in kubelet.said.err
    assert late_plane.get("pod", AWAITING, NAMESPACE) is None
    helm.on_release("uninstall", "--wait")

    since = len(late_plane.audit())
    with Kubelet(late_plane, AWAITING) as kubelet:
        helm.install(VALUES, "--wait=false")

    assert kubelet.said is not None
    # Where the pod itself came late there was nothing left to await.
    account = kubelet.spec["serviceAccountName"]
    came_late = asked(late_plane, account, since) >= established(late_plane)
    assert came_late or "cluster.kinds_awaited" in kubelet.said.err
    assert late_plane.get("clusterquayconnection", "default") is not None
    assert late_plane.get("pod", AWAITING, NAMESPACE) is None
