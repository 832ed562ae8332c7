"""Is a connection held while its first robot is made?"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.kit.canary_fixture import CanaryWatch
from tests.kit.controlplane.certificates import Authority
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.processes import wait_for
from tests.kit.proxy import Asked, When
from tests.kit.replicas import replicas

OWN = {"kind": "QuayConnection", "name": "own"}


def test_no_pass_over_the_connection_lets_it_go_in_between(
    house: Installation, canary_watch: CanaryWatch
):
    house.operator.stop()
    with replicas(house) as (one, _):
        canary_watch.add("log", one.operator.said)
        one.operator.start()
        tenant = house.tenant()
        tenant.connection()
        held: list[list[str]] = []

        def look(asked: Asked, when: When) -> bool:
            mine = asked.path.endswith(f"/namespaces/{tenant.name}/quayrobots/ci")
            if when == "before" and asked.method == "PATCH" and mine and not held:
                # Time for a pass over the connection, which the robot's finalizer does not hold.
                tenant.kubectl("annotate", "secret", "token-own", "look=now")
                time.sleep(2)
                body = tenant.get("own", "quayconnection") or {}
                held.append(body["metadata"].get("finalizers", []))
            return False

        one.spoil = look
        tenant.robot(connectionRef=OWN)
        tenant.wait_ready(timeout_s=40)

        assert held == [["quayrobot.io/finalizer"]]
        tenant.delete()
        tenant.wait_gone()
        tenant.leave()


@pytest.fixture
def trusting(tenant: Tenant, tmp_path: Path) -> Tenant:
    """Return a tenant whose connection keeps its authorities in the namespace, with a robot."""
    tenant.house.plane.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "ca", "namespace": tenant.name},
            "data": {"ca.crt": Authority(tmp_path).file.read_text()},
        }
    )
    tenant.connection(caBundleRef={"name": "ca"})
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    return tenant


def gone(tenant: Tenant) -> bool:
    return tenant.house.plane.get("namespace", tenant.name) is None


def test_authorities_that_go_before_their_connection_keep_no_robot(trusting: Tenant):
    """A namespace that is deleted takes them in any order."""
    trusting.kubectl("delete", "configmap", "ca")
    trusting.kubectl("delete", "quayconnection", "own", "--wait=false")
    trusting.kubectl("wait", "quayconnection", "own", "--timeout=20s",
                     "--for=jsonpath={.status.observedGeneration}=2")  # fmt: skip

    trusting.delete()

    trusting.wait_gone()
    assert trusting.in_quay() is None
    trusting.wait_gone("own", "quayconnection")


def test_a_token_is_kept_while_a_new_process_cannot_use_its_connection(
    trusting: Tenant, tmp_path: Path
):
    trusting.house.operator.stop()
    trusting.house.plane.kubectl("delete", "namespace", trusting.name, "--wait=false")
    wait_for(lambda: trusting.get("ca", "configmap") is None, "the authorities to go")
    trusting.house.operator.start()
    trusting.wait_reason("DeletionBlocked", timeout_s=40)
    assert "ConfigMap ca does not exist" in trusting.condition()["message"]
    settle(lambda: trusting.get("token-own", "secret") is not None)

    # Nothing can be created in the namespace any more, and what is there can be edited.
    change = {"caBundleRef": None, "caBundle": Authority(tmp_path).file.read_text()}
    patch = json.dumps({"spec": change})
    trusting.kubectl("patch", "quayconnection", "own", "--type=merge", "-p", patch)

    wait_for(lambda: gone(trusting), f"the end; {trusting.get()}", timeout_s=60)
    assert trusting.in_quay() is None


def test_a_token_that_two_connections_share_stays_until_both_are_done(tenant: Tenant):
    second = {"kind": "QuayConnection", "name": "second"}
    tenant.connection()
    tenant.connections({"second": {}})
    tenant.robot("first", connectionRef=OWN)
    tenant.robot(connectionRef=second)
    tenant.wait_ready("first")
    tenant.wait_ready()
    tenant.house.quay.admin("repository", namespace=tenant.name, name="app")
    tenant.house.quay.admin("mirror", repository=f"{tenant.name}/app", robot=tenant.full())

    tenant.house.plane.kubectl("delete", "namespace", tenant.name, "--wait=false")

    tenant.wait_gone("own", "quayconnection")
    tenant.wait_reason("DeletionBlocked")
    settle(lambda: tenant.get("token-own", "secret") is not None)
    tenant.house.quay.admin("mirror", repository=f"{tenant.name}/app", robot=None)
    wait_for(lambda: gone(tenant), f"the end; {tenant.get()}", timeout_s=60)
    assert tenant.in_quay() is None


def test_a_namespace_with_many_connections_that_share_a_token_goes(tenant: Tenant):
    names = [f"c{each}" for each in range(4)]
    tenant.connection()
    tenant.connections({name: {} for name in names})
    refs = {name: {"kind": "QuayConnection", "name": name} for name in names}
    tenant.robots({name: {"connectionRef": ref} for name, ref in refs.items()})
    for name in names:
        tenant.wait_ready(name)

    tenant.house.plane.kubectl("delete", "namespace", tenant.name, "--wait=false")

    wait_for(lambda: gone(tenant), "the end", timeout_s=60)
    assert [name for name in names if tenant.in_quay(name)] == []
