"""Does the operator go on where a snapshot of etcd is restored under it, or its kinds go?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.canary_fixture import CanaryWatch
from tests.kit.controlplane import ControlPlane
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import ROOT, Installation
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.processes import wait_for


@pytest.fixture
def own_house(
    own_control_plane: ControlPlane, canary_watch: CanaryWatch
) -> Iterator[Installation]:
    with FakeQuay() as quay:
        made = Installation.make(own_control_plane, quay, f"--lease-namespace={NAMESPACE}")
        canary_watch.add("log", made.operator.said)
        made.cluster_connection()
        made.operator.start()
        yield made
        made.close()


def restarted(operator: OperatorProcess) -> None:
    """Wait until it ends by itself, and start it as a kubelet does."""
    wait_for(lambda: not operator.running(), "the operator to end", timeout_s=60)
    operator.start()


def renewed(plane: ControlPlane) -> str:
    """Return when the Lease was renewed last."""
    return plane.kubectl(
        "get", "lease", ACCOUNT, "-n", NAMESPACE, "-o", "jsonpath={.spec.renewTime}"
    )


def test_a_restored_snapshot_is_no_blindness(own_house: Installation):
    tenant, plane = own_house.tenant(), own_house.plane
    tenant.robot("old")
    tenant.wait_ready("old")
    plane.snapshot("backup")
    # What comes now is known to the operator alone afterwards.
    for number in range(20):
        tenant.kubectl("annotate", "quayrobot", "old", f"n={number}", "--overwrite")
    tenant.robot("lost")
    tenant.wait_ready("lost", timeout_s=60)
    # The Lease tells of it, which is renewed every five seconds.
    held = renewed(plane)
    wait_for(lambda: renewed(plane) != held, "the Lease to be renewed")

    plane.restore("backup")
    restarted(own_house.operator)

    tenant.robot("old", secrets=[{"name": "another"}])
    wait_for(lambda: tenant.logs_in("another"), "the edit to be served", timeout_s=40)
    tenant.wait_ready("old")
    assert own_house.operator.said().count("cluster.went_back") == 1


def test_kinds_that_were_deleted_and_applied_again_are_served(own_house: Installation):
    tenant, plane = own_house.tenant(), own_house.plane

    plane.kubectl("delete", "crd", "quayrobots.quayrobot.io")
    wait_for(lambda: not own_house.operator.running(), "the operator to end", timeout_s=60)
    plane.kubectl("apply", "-k", str(ROOT / "deploy" / "crds"))
    own_house.operator.start()

    tenant.robot("again")
    tenant.wait_ready("again", timeout_s=40)
    assert tenant.logs_in("again")
