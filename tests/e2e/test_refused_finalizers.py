"""What becomes of a connection whose robot may not have our finalizer?"""

from __future__ import annotations

from tests.kit.installation import USER, Tenant
from tests.kit.policies import denied
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}
ROBOTS = {"group": "quayrobot.io", "version": "v1alpha1", "resource": "quayrobots"}


def patches(tenant: Tenant, resource: str, since: int, *, done: bool) -> int:
    return sum(
        (each.user, each.verb, each.resource, each.namespace, each.code == 200)
        == (USER, "patch", resource, tenant.name, done)
        for each in tenant.house.plane.audit()[since:]
    )


def test_it_is_held_once_and_goes_when_it_is_deleted(tenant: Tenant):
    since = len(tenant.house.plane.audit())
    tenant.connection()
    with denied(tenant, "UPDATE", **ROBOTS):
        tenant.robot(connectionRef=OWN)
        tenant.wait_reason("AdmissionDenied", timeout_s=40)
        wait_for(
            lambda: patches(tenant, "quayrobots", since, done=False) >= 3, "tries", timeout_s=90
        )

        # Held at the first try, and not let go in between.
        assert patches(tenant, "quayconnections", since, done=True) == 1
        assert patches(tenant, "secrets", since, done=True) == 1
        tenant.delete("own", "quayconnection")
        tenant.wait_gone("own", "quayconnection")
        assert "finalizers" not in tenant.get("token-own", "secret")["metadata"]
        tenant.connection()

    tenant.wait_ready(timeout_s=60)
    tenant.delete()
    tenant.wait_gone()
    tenant.delete("own", "quayconnection")
    tenant.wait_gone("own", "quayconnection")
