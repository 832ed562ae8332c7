"""Does a first install by Helm with connections work where pods really run?"""

from __future__ import annotations

import os
from pathlib import Path

from tests.delivery.helm import AWAITING, Helm, later_chart
from tests.kit.operating import NAMESPACE

from .pulling import READ
from .site import ROOT, Body, Site
from .undisturbed import Undisturbed

RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


def remove_everything(site: Site) -> None:
    """Take the operator away, and its kinds; nothing of this run needs them any more."""
    site.plane.kubectl("wait", "--for=delete", "quayrobots", "--all", "-A", "--timeout=60s",
                       check=False)  # fmt: skip
    site.plane.kubectl("delete", "-k", str(ROOT / "deploy" / "manifests"), "--timeout=110s")


def values(site: Site, connection: Body, **more: object) -> Body:
    repository, _, tag = site.image.rpartition(":")
    image = {"repository": repository, "tag": tag}
    # No list comes but those of who takes over.
    quiet = {**connection, "resyncInterval": "1h"}
    return {"image": image, "connections": {"default": quiet}, **more}


def test_helm_makes_the_connection_once_its_kind_is_served(site: Site, tmp_path: Path):
    connection = site.plane.get("clusterquayconnection", "default")
    assert connection is not None
    remove_everything(site)
    site.plane.kubectl("create", "namespace", NAMESPACE)
    site.plane.kubectl("label", "namespace", NAMESPACE, RESTRICTED)
    since = len(site.plane.audit())

    Helm(Path(os.environ["NODE_HELM"]), tmp_path, site.plane).install(
        values(site, connection["spec"])
    )

    pods = {each.name for each in site.plane.audit()[since:] if each.resource == "pods"}
    assert AWAITING in pods
    assert site.plane.get("pod", AWAITING, NAMESPACE) is None
    site.house.secret(NAMESPACE, "token-default", site.house.token)
    site.wait_operator(timeout_s=120)
    tenant = site.house.tenant()
    tenant.robot()
    tenant.wait_ready(timeout_s=60)


def test_upgrade_and_rollback_leave_robots_alone(site: Site, tmp_path: Path):
    """Over pods that run: no rotation, no deletion, no call but one list, no failed login."""
    connection = site.plane.get("clusterquayconnection", "default")
    assert connection is not None
    helm = Helm(Path(os.environ["NODE_HELM"]), tmp_path, site.plane)
    # The first upgrade takes the connection over from the hook that made it.
    helm.upgrade(values(site, connection["spec"], workers=8), "--wait", "--timeout=120s")
    tenant = site.house.tenant()
    tenant.repository("app")
    tenant.robots({"plain": {}, "reader": {"permissions": READ}})
    for name in ("plain", "reader"):
        tenant.wait_ready(name, timeout_s=60)
    later = Helm(helm.binary, helm.home, site.plane, later_chart(tmp_path))

    with Undisturbed(site, tenant, "plain", "reader"):
        later.upgrade(values(site, connection["spec"], workers=9), "--wait", "--timeout=120s")
    with Undisturbed(site, tenant, "plain", "reader"):
        helm.on_release("rollback", "2", "--wait", "--timeout=120s")
