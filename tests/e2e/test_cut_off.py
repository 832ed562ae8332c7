"""Does a robot whose deletion was cut off in Quay block nothing, and is it told?"""

from __future__ import annotations

from tests.kit.installation import Tenant

OWN = {"kind": "QuayConnection", "name": "own"}


def test_what_a_cut_off_deletion_left_is_told_and_goes_with_its_resource(tenant: Tenant):
    quay = tenant.house.quay
    tenant.connection()
    for name in ("ci", "other"):
        tenant.robot(name, connectionRef=OWN)
        tenant.wait_ready(name)

    # Quay deletes a robot's token before the robot itself.
    quay.admin("robot/change", name=tenant.full(), halved=True)
    tenant.wait_reason("QuayUnreachable")

    assert "Quay failed at this request" in tenant.condition()["message"]
    assert tenant.reason("other") == "Reconciled"
    tenant.delete()
    tenant.wait_gone(timeout_s=40)
    assert tenant.in_quay() is None
    assert tenant.in_quay("other") is not None
