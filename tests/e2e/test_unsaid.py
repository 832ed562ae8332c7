"""What if the API server takes everything but the status?"""

from __future__ import annotations

from tests.kit.installation import USER, Tenant
from tests.kit.policies import denied
from tests.kit.processes import wait_for

STATUS = {"group": "quayrobot.io", "version": "v1alpha1", "resource": "quayrobots/status"}


def tries(tenant: Tenant, since: int) -> int:
    """Return how often a status here was sent to be stored."""
    return sum(
        (each.user, each.resource, each.subresource, each.namespace)
        == (USER, "quayrobots", "status", tenant.name)
        for each in tenant.house.plane.audit()[since:]
    )


def resyncs(tenant: Tenant, since: int) -> int:
    return tenant.operations(since).count("robot.list")


def test_a_status_that_is_refused_is_tried_at_growing_intervals(tenant: Tenant):
    begun, called = len(tenant.house.plane.audit()), tenant.house.quay.mark()

    with denied(tenant, "UPDATE", **STATUS):
        tenant.robot()
        tenant.wait_login()
        wait_for(lambda: tries(tenant, begun) >= 3, "some tries", timeout_s=40)
        tried, seen = tries(tenant, begun), resyncs(tenant, called)
        # One each ten seconds measures the time; once in five seconds would be seven and more.
        wait_for(lambda: resyncs(tenant, called) >= seen + 4, "resyncs", timeout_s=90)

        assert tries(tenant, begun) - tried <= 5
        assert set(tenant.operations(called)) == {"robot.create", "robot.list"}
        assert tenant.operations(called).count("robot.create") == 1

    tenant.wait_ready(timeout_s=60)
    assert tenant.logs_in()
