"""Are the declared outside identities in Quay, and no others?"""

from __future__ import annotations

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.installation import Tenant, settle
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}
CI = {"issuer": "https://ci.example.com", "subject": "repo:shop/app"}
CD = {"issuer": "https://cd.example.com", "subject": "deploy"}


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


@pytest.fixture
def shop(tenant: Tenant) -> Tenant:
    """Return a tenant whose own connection beats often."""
    tenant.connection(driftInterval="10s")
    return tenant


def declare(tenant: Tenant, *identities: dict[str, str], mode: str = "Exact") -> None:
    tenant.robot(connectionRef=OWN, federation={"mode": mode, "identities": list(identities)})


def stored(tenant: Tenant) -> list[dict[str, str]]:
    found = tenant.house.quay.admin("federation", name=tenant.full())
    return sorted(found, key=str)


def test_identities_are_put_there_with_one_call(shop: Tenant):
    shop.kubectl("create", "serviceaccount", "builder")

    declare(shop, CI, {"serviceAccount": "builder"})
    shop.wait_ready()

    subject = f"system:serviceaccount:{shop.name}:builder"
    own = {"issuer": shop.house.plane.issuer, "subject": subject}
    assert stored(shop) == sorted([CI, own], key=str)
    assert shop.operations() == ["robot.create", "federation.set"]
    assert shop.condition("ci", "FederationReady")["status"] == "True"


def test_exact_takes_back_what_is_not_declared_at_the_beat(shop: Tenant):
    declare(shop, CI)
    shop.wait_ready()

    shop.house.quay.admin("federation/set", name=shop.full(), entries=[CI, CD])

    wait_for(lambda: stored(shop) == [CI], "the declared identity alone", timeout_s=60)
    shop.wait_ready()


def test_additive_keeps_what_others_put_there(shop: Tenant):
    declare(shop, CI, mode="Additive")
    shop.wait_ready()
    foreign = {"issuer": "https://theirs.example.com", "subject": "x"}
    shop.house.quay.admin("federation/set", name=shop.full(), entries=[CI, foreign])

    declare(shop, CD, mode="Additive")
    shop.wait_ready()

    settle(lambda: stored(shop) == sorted([CD, foreign], key=str))


def test_a_converged_robot_costs_one_read_per_beat(shop: Tenant):
    declare(shop, CI)
    shop.wait_ready()
    written, called = shop.rest()

    wait_for(lambda: "federation.get" in shop.operations(called), "a beat", timeout_s=60)

    settle(lambda: not [e for e in shop.house.operator_writes(written) if f"{shop.name}/ci" in e])
    assert set(shop.operations(called)) <= {"robot.list", "federation.get"}


def test_a_quay_without_federation_says_so(shop: Tenant):
    shop.house.quay.admin("settings", version="3.12")
    try:
        declare(shop, CI)
        shop.wait_reason("NotSupported")
        assert shop.logs_in()
    finally:
        shop.house.quay.admin("settings", version="3.19")

    shop.wait_ready(timeout_s=60)


def test_federation_needs_a_rule_that_gives_it_and_an_issuer_that_is_allowed(tenant: Tenant):
    name = f"federates-{tenant.name}"
    ref = {"kind": "ClusterQuayConnection", "name": name}
    rule = {"namespaces": {}, "organizations": ["*"]}
    tenant.house.cluster_connection(name, access=[rule])
    tenant.robot(connectionRef=ref, federation={"identities": [CI]})
    tenant.wait_reason("AccessDenied")

    only = rule | {"federation": True, "issuers": ["https://cd.*"]}
    tenant.house.cluster_connection(name, access=[only])
    tenant.wait_reason("IssuerRefused")
    assert tenant.operations() == []

    tenant.house.cluster_connection(name, access=[rule | {"federation": True}])
    tenant.wait_ready()
    private = {"issuer": "https://10.0.0.1", "subject": "x"}
    tenant.robot(connectionRef=ref, federation={"identities": [private]})
    tenant.wait_reason("IssuerRefused")
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=30s")
    tenant.house.plane.kubectl("delete", "clusterquayconnection", name)


def test_a_robot_made_anew_gets_its_identities_again(shop: Tenant):
    declare(shop, CI)
    shop.wait_ready()

    shop.house.quay.admin("robot/delete", name=shop.full())

    wait_for(lambda: shop.in_quay() and stored(shop) == [CI], "the identity", timeout_s=60)
