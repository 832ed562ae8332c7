"""Does a first install by Helm with connections work where pods really run?"""

from __future__ import annotations

import os
from pathlib import Path

from tests.delivery.helm import AWAITING, Helm
from tests.kit.operating import NAMESPACE

from .site import ROOT, Site

RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


def remove_everything(site: Site) -> None:
    """Take the operator away, and its kinds; nothing of this run needs them any more."""
    site.plane.kubectl("wait", "--for=delete", "quayrobots", "--all", "-A", "--timeout=60s",
                       check=False)  # fmt: skip
    site.plane.kubectl("delete", "-k", str(ROOT / "deploy" / "manifests"), "--timeout=110s")


def test_helm_makes_the_connection_once_its_kind_is_served(site: Site, tmp_path: Path):
    connection = site.plane.get("clusterquayconnection", "default")
    assert connection is not None
    remove_everything(site)
    site.plane.kubectl("create", "namespace", NAMESPACE)
    site.plane.kubectl("label", "namespace", NAMESPACE, RESTRICTED)
    repository, _, tag = site.image.rpartition(":")
    image = {"repository": repository, "tag": tag}
    since = len(site.plane.audit())

    Helm(Path(os.environ["NODE_HELM"]), tmp_path, site.plane).install(
        {"image": image, "connections": {"default": connection["spec"]}}
    )

    pods = {each.name for each in site.plane.audit()[since:] if each.resource == "pods"}
    assert AWAITING in pods
    assert site.plane.get("pod", AWAITING, NAMESPACE) is None
    site.house.secret(NAMESPACE, "token-default", site.house.token)
    site.wait_operator(timeout_s=120)
    tenant = site.house.tenant()
    tenant.robot()
    tenant.wait_ready(timeout_s=60)
