"""What if Quay, the connection or the credential is not as it should be?"""

from __future__ import annotations

import json

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.canary import oauth_token
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


def _cluster(name: str) -> dict[str, str]:
    return {"kind": "ClusterQuayConnection", "name": name}


def _connection_reason(tenant: Tenant, kind: str, name: str) -> str:
    body = tenant.house.plane.get(kind, name, tenant.name if kind == "quayconnection" else None)
    conditions = ((body or {}).get("status") or {}).get("conditions") or [{}]
    return conditions[0].get("reason", "")


def test_a_deletion_waits_for_quay_and_ends_when_it_is_back(tenant: AskingTenant):
    with FakeQuay() as quay, tenant.at(quay):
        token = quay.admin("token", value=oauth_token())
        quay.admin("organization", name=tenant.name)
        tenant.connection(url=quay.url, token=token)
        tenant.robot(connectionRef=OWN)
        tenant.wait_ready()

        quay.down()
        tenant.delete()
        tenant.wait_reason("DeletionBlocked", timeout_s=30)
        settle(lambda: tenant.get() is not None)
        quay.up()

        tenant.wait_gone(timeout_s=60)
        assert quay.admin("robot/show", name=tenant.full()) is None


def test_a_blocked_deletion_ends_with_orphan(tenant: AskingTenant):
    with FakeQuay() as quay, tenant.at(quay):
        token = quay.admin("token", value=oauth_token())
        quay.admin("organization", name=tenant.name)
        tenant.connection(url=quay.url, token=token)
        tenant.robot(connectionRef=OWN)
        tenant.wait_ready()
        quay.down()
        tenant.delete()
        tenant.wait_reason("DeletionBlocked", timeout_s=30)

        tenant.kubectl(
            "patch",
            "quayrobot",
            "ci",
            "--type=merge",
            "-p",
            '{"spec":{"deletionPolicy":"Orphan"}}',
        )

        tenant.wait_gone(timeout_s=30)
        assert quay.admin("robot/show", name=tenant.full()) is not None


def test_a_converged_robot_stays_ready_through_an_outage_and_secrets_stay(tenant: AskingTenant):
    with FakeQuay() as quay, tenant.at(quay):
        token = quay.admin("token", value=oauth_token())
        quay.admin("organization", name=tenant.name)
        tenant.connection(url=quay.url, token=token)
        tenant.robot(connectionRef=OWN)
        tenant.wait_ready()
        before = tenant.get("ci", "secret")

        quay.down()
        wait_for(
            lambda: _connection_reason(tenant, "quayconnection", "own") == "QuayUnreachable",
            "the connection to say so",
            timeout_s=60,
        )

        assert tenant.condition()["status"] == "True"
        assert tenant.get("ci", "secret") == before
        quay.up()
        wait_for(
            lambda: _connection_reason(tenant, "quayconnection", "own") == "Reconciled",
            "the connection to be back",
            timeout_s=60,
        )


def test_a_missing_connection_is_waited_for(tenant: Tenant):
    tenant.robot(connectionRef=OWN)
    tenant.wait_reason("ConnectionNotFound")

    tenant.connection()

    tenant.wait_ready()


def test_a_wrong_token_is_told_and_a_good_one_wakes_what_waits(tenant: Tenant):
    tenant.connection(token=oauth_token())
    tenant.robot(connectionRef=OWN)
    tenant.wait_reason("CredentialRefused")
    assert tenant.in_quay() is None

    tenant.house.secret(tenant.name, "token-own", tenant.house.token)

    tenant.wait_ready(timeout_s=12)


def test_a_token_revoked_under_converged_robots_breaks_none_of_them(tenant: Tenant):
    token = tenant.house.quay.admin("token", value=oauth_token())
    tenant.connection(token=token)
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()

    tenant.house.quay.admin("token/revoke", token=token)
    wait_for(
        lambda: _connection_reason(tenant, "quayconnection", "own") == "CredentialRefused",
        "the connection to say so",
        timeout_s=40,
    )

    assert tenant.condition()["status"] == "True"
    assert tenant.logs_in()
    tenant.house.secret(tenant.name, "token-own", tenant.house.token)
    wait_for(
        lambda: _connection_reason(tenant, "quayconnection", "own") == "Reconciled",
        "the connection to be good again",
        timeout_s=30,
    )


def test_a_token_without_the_scope_is_told_by_name(tenant: Tenant):
    token = tenant.house.quay.admin("token", value=oauth_token(), scopes=["repo:read"])
    tenant.connection(token=token)

    tenant.robot(connectionRef=OWN)

    tenant.wait_reason("InsufficientScope")
    assert "org:admin" in tenant.condition()["message"]
    # Nothing was made, so nothing holds it.
    assert "finalizers" not in (tenant.get() or {})["metadata"]
    tenant.house.secret(tenant.name, "token-own", tenant.house.token)
    tenant.wait_ready(timeout_s=40)
    tenant.delete()
    tenant.wait_gone()


def test_an_organization_that_no_rule_names_is_denied_before_any_call(tenant: Tenant):
    name = f"narrow-{tenant.name}"
    tenant.house.cluster_connection(name, access=[{"namespaces": {}, "organizations": ["other"]}])

    tenant.robot(connectionRef=_cluster(name))
    tenant.wait_reason("AccessDenied")

    assert tenant.operations() == []
    tenant.house.plane.kubectl("delete", "clusterquayconnection", name)


def test_absent_and_forbidden_connections_look_alike(tenant: Tenant):
    name = f"hidden-{tenant.name}"
    rule = {"namespaces": {"matchLabels": {"never": "there"}}, "organizations": ["*"]}
    tenant.house.cluster_connection(name, access=[rule])
    tenant.robot("forbidden", connectionRef=_cluster(name))
    tenant.robot("absent", connectionRef=_cluster(f"absent-{tenant.name}"))
    tenant.wait_reason("ConnectionNotFound", "forbidden")
    tenant.wait_reason("ConnectionNotFound", "absent")

    seen = tenant.condition("forbidden")["message"].replace("hidden", "absent")

    assert seen == tenant.condition("absent")["message"]
    tenant.house.plane.kubectl("delete", "clusterquayconnection", name)


def test_a_rule_tightened_later_stalls_and_deletes_nothing(tenant: Tenant):
    name = f"tight-{tenant.name}"
    tenant.house.cluster_connection(name)
    tenant.robot(connectionRef=_cluster(name))
    tenant.wait_ready()

    tenant.house.cluster_connection(name, access=[{"namespaces": {}, "organizations": ["other"]}])
    tenant.wait_reason("AccessDenied")

    assert tenant.in_quay() is not None
    assert tenant.logs_in()
    # Deleting a robot proven ours needs no rule.
    tenant.delete()
    tenant.wait_gone()
    assert tenant.in_quay() is None
    tenant.house.plane.kubectl("delete", "clusterquayconnection", name)


def test_plain_http_needs_permission(house: Installation):
    spec = {
        "url": "http://quay.example.com",
        "credentials": {"secretRef": {"name": "x", "namespace": NAMESPACE}},
        "access": [],
    }
    body = (
        '{"apiVersion":"quayrobot.io/v1alpha1","kind":"ClusterQuayConnection",'
        f'"metadata":{{"name":"plain"}},"spec":{json.dumps(spec)}}}'
    )

    refused = house.plane.kubectl_refused("apply", "-f", "-", stdin=body)

    assert "allowPlaintext: true" in refused


def test_an_organization_deleted_in_quay_stalls_and_lets_the_resource_go(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()

    tenant.house.quay.admin("organization/delete", name=tenant.name)
    tenant.wait_reason("OrganizationNotFound", timeout_s=40)

    tenant.delete()
    tenant.wait_gone(timeout_s=40)


def test_a_robot_never_moves_to_another_quay(tenant: Tenant):
    with FakeQuay() as other:
        token = other.admin("token", value=oauth_token())
        other.admin("organization", name=tenant.name)
        tenant.connection()
        tenant.robot(connectionRef=OWN)
        tenant.wait_ready()
        before = tenant.credential()

        tenant.connection(url=other.url, token=token)
        tenant.wait_reason("ConnectionMoved")

        assert other.admin("robots") == []
        assert tenant.credential() == before
        tenant.connection()
        tenant.wait_ready()


def test_the_same_quay_under_a_new_name_is_followed(tenant: Tenant):
    tenant.connection()
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    called = tenant.house.quay.mark()

    tenant.connection(url=tenant.house.quay.url.replace("127.0.0.1", "localhost"))

    wait_for(
        lambda: tenant.get()["status"]["connection"]["origin"].startswith("http://localhost"),
        "the new origin",
        timeout_s=20,
    )
    tenant.wait_ready()
    assert not [each for each in tenant.house.quay.calls(called) if each.effect]
    assert tenant.logs_in()


def test_a_namespace_takes_its_robots_along_with_their_own_connection(tenant: Tenant):
    tenant.connection()
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    wait_for(
        lambda: (
            "finalizers" in (tenant.get("own", "quayconnection") or {"metadata": {}})["metadata"]
        ),
        "the connection to be held",
    )

    tenant.house.plane.kubectl("delete", "namespace", tenant.name, "--wait=false")

    wait_for(
        lambda: tenant.house.plane.get("namespace", tenant.name) is None,
        "the namespace to be gone",
        timeout_s=60,
    )
    assert tenant.in_quay() is None


def test_a_connection_deleted_first_waits_for_its_robots(tenant: Tenant):
    tenant.connection()
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()

    tenant.delete("own", "quayconnection")
    settle(lambda: tenant.get("own", "quayconnection") is not None)
    assert tenant.logs_in()
    tenant.delete()

    tenant.wait_gone()
    tenant.wait_gone("own", "quayconnection")
    assert tenant.in_quay() is None
    assert "finalizers" not in tenant.get("token-own", "secret")["metadata"]


def test_a_lost_answer_to_the_creation_makes_no_second_robot(tenant: Tenant):
    tenant.house.quay.admin("fault", operation="robot.create", kind="cut", when="after")

    tenant.robot()
    tenant.wait_ready(timeout_s=30)

    assert tenant.operations().count("robot.create") == 1
    assert tenant.logs_in()


def test_a_failure_that_was_none_is_read_back(tenant: Tenant):
    tenant.house.quay.admin(
        "fault", operation="robot.create", kind="answer", when="after", status=500
    )

    tenant.robot()
    tenant.wait_ready(timeout_s=30)

    assert tenant.operations().count("robot.create") == 1


def test_a_quay_that_only_reads_is_waited_for(tenant: Tenant):
    tenant.house.quay.admin("settings", readonly=True)
    try:
        tenant.robot()
        tenant.wait_reason("QuayReadOnly")
    finally:
        tenant.house.quay.admin("settings", readonly=False)

    tenant.wait_ready(timeout_s=40)


def test_an_answer_about_another_robot_is_not_believed(tenant: Tenant):
    tenant.house.quay.admin("fault", operation="robot.create", kind="rename", body="evil+robot")

    tenant.robot()
    tenant.wait_ready(timeout_s=40)

    assert tenant.credential()[0] == tenant.full()


def test_a_control_plane_away_for_a_while_is_survived(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()

    tenant.house.plane.stop_apiserver()
    tenant.house.plane.start_apiserver()

    tenant.robot("after")
    tenant.wait_ready("after", timeout_s=60)
    assert tenant.house.operator.running()
