"""What if the operator dies between any two of its calls?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.kit.crashing import Crashing, Life
from tests.kit.installation import Installation, Tenant
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.proxy import Proxy

CONNECTION = {"kind": "ClusterQuayConnection", "name": "proxied"}


@pytest.fixture(scope="module")
def crashing(installed: Installation) -> Iterator[Crashing]:
    plane, quay = installed.plane, installed.quay
    pair = plane.server_pair("proxy")
    cluster = Proxy(
        "cluster", plane.url, certificate=(pair.certificate, pair.key), target_ca=plane.ca_file
    )
    installed.operator.stop()
    with cluster, Proxy("quay", quay.url) as front:
        installed.cluster_connection("proxied", url=front.url)
        kubeconfig = plane.service_account_kubeconfig(NAMESPACE, ACCOUNT, server=cluster.url)
        operator = OperatorProcess(kubeconfig, plane.folder)
        with operator:
            yield Crashing(replace(installed, operator=operator), (cluster, front))
    plane.kubectl("delete", "clusterquayconnection", "proxied")
    installed.operator.start()


def _nothing(_tenant: Tenant) -> None:
    return None


def _declare(tenant: Tenant) -> None:
    tenant.robot(connectionRef=CONNECTION, description="d", metadata={"a": "b"})


def _declared(tenant: Tenant) -> None:
    _declare(tenant)
    tenant.wait_ready()


def _born(tenant: Tenant) -> None:
    tenant.wait_ready(timeout_s=40)
    tenant.wait_login()


def _facts_of_birth(tenant: Tenant, since: int) -> object:
    robot, body, secret = tenant.in_quay(), tenant.get(), tenant.get("ci", "secret")
    assert robot is not None
    assert body is not None
    assert secret is not None
    effects = [e.operation for e in tenant.house.quay.calls(since) if e.effect]
    return {
        "writes": sorted(effects),
        "robots": [n for n in tenant.house.quay.admin("robots") if n.startswith(tenant.name)]
        == [tenant.full()],
        "description": robot["description"],
        "marked": robot["metadata"]["quayrobot.io"]["uid"] == body["metadata"]["uid"],
        "finalizers": body["metadata"]["finalizers"],
        "adopted": body["status"]["robot"].get("adopted", False),
        "conditions": sorted(
            (each["type"], each["status"], each["reason"]) for each in body["status"]["conditions"]
        ),
        "secrets": [each["name"] for each in body["status"]["secrets"]],
        "digest": secret["metadata"]["annotations"]["quayrobot.io/credential-digest"]
        == body["status"]["credential"]["digest"],
    }


def _facts_of_death(tenant: Tenant, since: int) -> object:
    effects = [e.operation for e in tenant.house.quay.calls(since) if e.effect]
    robots = [n for n in tenant.house.quay.admin("robots") if n.startswith(tenant.name)]
    return {"writes": effects, "robots": robots}


def _delete(tenant: Tenant) -> None:
    tenant.delete()


def _gone(tenant: Tenant) -> None:
    tenant.wait_gone(timeout_s=40)
    tenant.wait_gone("ci", "secret")


LIVES = {
    "create": Life(_nothing, _declare, _born, _facts_of_birth),
    "delete": Life(_declared, _delete, _gone, _facts_of_death),
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", LIVES)
def test_a_kill_at_any_call_changes_nothing_in_the_end(
    crashing: Crashing, name: str, canary_watch, record_property
):
    life = LIVES[name]
    points, undisturbed = crashing.points(life)
    assert points
    missed = []

    for point in points:
        for when in ("before", "after"):
            happened, facts = crashing.crashed(life, point, when)
            assert facts == undisturbed, f"killed {when} {point}"
            if not happened:
                missed.append(f"{when} {point}")

    assert len(missed) <= len(points) // 4, missed
    crashes = 2 * len(points) - len(missed)
    print(f"\ncrash points of {name}: {len(points)} requests, {crashes} kills")
    for point in points:
        print(f"  {point}")
    record_property("crash points", f"{name}: {len(points)} requests, {crashes} kills")
