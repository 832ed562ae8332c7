"""Who may have a robot that is already there, or that another wants too?"""

from __future__ import annotations

import json

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.installation import Tenant, settle
from tests.kit.processes import wait_for


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


def _stays(tenant: Tenant, before: object) -> None:
    settle(lambda: tenant.in_quay() == before)


def test_a_robot_made_by_hand_is_not_taken_silently(tenant: Tenant):
    tenant.house.quay.admin("robot", name=tenant.full())
    before = tenant.in_quay()

    tenant.robot()
    tenant.wait_reason("RobotExists")

    _stays(tenant, before)
    assert tenant.get("ci", "secret") is None
    assert tenant.condition("ci", "Stalled")["status"] == "True"


@pytest.mark.parametrize("policy", ["Adopt", "CreateOrAdopt"])
def test_a_robot_made_by_hand_is_adopted_when_asked_for(tenant: Tenant, policy: str):
    tenant.house.quay.admin("robot", name=tenant.full(), description="by hand")
    before = tenant.in_quay()

    tenant.robot(creationPolicy=policy)
    tenant.wait_ready()

    assert tenant.logs_in()
    _stays(tenant, before | {"last_accessed": tenant.in_quay()["last_accessed"]})
    assert tenant.get()["status"]["robot"]["adopted"] is True
    assert not [
        each for each in tenant.operations() if each in {"robot.delete", "robot.regenerate"}
    ]


def test_an_adopted_robot_is_deleted_with_its_resource(tenant: Tenant):
    tenant.house.quay.admin("robot", name=tenant.full())
    tenant.robot(creationPolicy="Adopt")
    tenant.wait_ready()

    tenant.delete()
    tenant.wait_gone()

    assert tenant.in_quay() is None


def test_create_or_adopt_creates_what_is_not_there(tenant: Tenant):
    tenant.robot(creationPolicy="CreateOrAdopt")

    tenant.wait_ready()

    assert tenant.operations() == ["robot.create"]


def test_adopt_waits_for_a_robot_that_is_not_there(tenant: Tenant):
    tenant.robot(creationPolicy="Adopt")
    tenant.wait_reason("RobotNotFound")
    assert "robot.create" not in tenant.operations()

    tenant.house.quay.admin("robot", name=tenant.full())

    tenant.wait_ready(timeout_s=40)


def test_adoption_needs_a_rule_that_allows_it(tenant: Tenant):
    tenant.house.cluster_connection(
        f"strict-{tenant.name}", access=[{"namespaces": {}, "organizations": ["*"]}]
    )
    tenant.house.quay.admin("robot", name=tenant.full())

    tenant.robot(
        creationPolicy="Adopt",
        connectionRef={"kind": "ClusterQuayConnection", "name": f"strict-{tenant.name}"},
    )
    tenant.wait_reason("AccessDenied")

    assert tenant.operations() == []
    tenant.delete()
    tenant.wait_gone()
    assert tenant.in_quay() is not None
    tenant.house.plane.kubectl("delete", "clusterquayconnection", f"strict-{tenant.name}")


def test_the_older_of_two_claimants_wins_and_the_other_takes_nothing_along(tenant: Tenant):
    tenant.robot("first", robotName="shared")
    tenant.wait_ready("first")
    before = tenant.in_quay("shared")

    tenant.robot("second", robotName="shared")
    tenant.wait_reason("AlreadyClaimed", "second")

    assert tenant.get("second", "secret") is None
    assert "finalizers" not in tenant.get("second")["metadata"]
    tenant.delete("second")
    tenant.wait_gone("second")
    assert tenant.in_quay("shared") == before


def test_a_claimant_that_holds_the_robot_keeps_it_against_an_older_one(tenant: Tenant):
    late = {"kind": "QuayConnection", "name": "late"}
    tenant.robot("older", robotName="shared", connectionRef=late)
    tenant.wait_reason("ConnectionNotFound", "older")
    tenant.robot("holder", robotName="shared")
    tenant.wait_ready("holder")

    tenant.connection("late")
    tenant.wait_reason("AlreadyClaimed", "older")

    settle(lambda: tenant.reason("holder") == "Reconciled")
    assert tenant.operations().count("robot.create") == 1


@pytest.mark.parametrize(("policy", "creates"), [("Create", 1), ("CreateOrAdopt", 0)])
def test_two_claimants_agree_across_a_restart(tenant: Tenant, policy: str, creates: int):
    if policy == "CreateOrAdopt":
        tenant.house.quay.admin("robot", name=tenant.full("shared"))
    tenant.house.operator.stop()
    tenant.robot("first", robotName="shared", creationPolicy=policy)
    wait_for(lambda: tenant.get("first"), "first")
    tenant.robot("second", robotName="shared", creationPolicy=policy)
    tenant.house.operator.start()
    wait_for(
        lambda: (
            {tenant.reason("first"), tenant.reason("second")} == {"Reconciled", "AlreadyClaimed"}
        ),
        "one winner",
        timeout_s=20,
    )
    winner = "first" if tenant.reason("first") == "Reconciled" else "second"

    tenant.house.operator.restart()

    settle(lambda: tenant.reason(winner) == "Reconciled", seconds=3)
    assert tenant.effects().count("robot.create") == creates


def test_the_loser_gets_the_robot_when_the_winner_is_gone(tenant: Tenant):
    tenant.robot("first", robotName="shared")
    tenant.wait_ready("first")
    tenant.robot("second", robotName="shared")
    tenant.wait_reason("AlreadyClaimed", "second")

    tenant.delete("first")
    tenant.wait_gone("first")

    tenant.wait_ready("second")
    robot = tenant.in_quay("shared")
    assert robot["metadata"]["quayrobot.io"]["name"] == "second"


def test_a_finalizer_of_somebody_else_keeps_no_robot_from_the_next(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    theirs = '[{"op": "add", "path": "/metadata/finalizers/-", "value": "example.com/theirs"}]'
    tenant.kubectl("patch", "quayrobot", "ci", "--type=json", "-p", theirs)
    tenant.robot("second", robotName="ci", secrets=[{"name": "second"}])
    tenant.wait_reason("AlreadyClaimed", "second")

    tenant.delete()

    tenant.wait_ready("second")
    assert tenant.logs_in("second")
    assert tenant.get() is not None
    tenant.kubectl(
        "patch", "quayrobot", "ci", "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
    )
    tenant.wait_gone()
    settle(lambda: tenant.logs_in("second"))


def test_a_claim_from_another_namespace_is_refused_without_telling_whose_it_is(tenant: Tenant):
    tenant.robot("first", robotName="shared")
    tenant.wait_ready("first")
    other = tenant.house.tenant()

    other.robot("second", organization=tenant.name, robotName="shared")
    other.wait_reason("AlreadyClaimed", "second")

    assert tenant.name not in other.condition("second")["message"].replace(
        f"{tenant.name}+shared", ""
    )
    other.kubectl("delete", "quayrobot", "second")
    assert tenant.in_quay("shared") is not None


def _foreign_marker(tenant: Tenant) -> dict[str, object]:
    return {
        "quayrobot.io": {
            "cluster": "another-cluster",
            "kind": "QuayRobot",
            "namespace": tenant.name,
            "name": "ci",
            "uid": "11111111-2222-3333-4444-555555555555",
            "slot": "main",
        }
    }


def test_a_robot_of_another_cluster_is_refused(tenant: Tenant):
    tenant.house.quay.admin("robot", name=tenant.full(), metadata=_foreign_marker(tenant))
    before = tenant.in_quay()

    tenant.robot(creationPolicy="CreateOrAdopt")
    tenant.wait_reason("ForeignOwner")

    _stays(tenant, before)
    tenant.delete()
    tenant.wait_gone()
    assert tenant.in_quay() == before


def test_a_robot_of_another_cluster_is_taken_over_where_a_rule_names_that_cluster(tenant: Tenant):
    name = f"takes-{tenant.name}"
    tenant.house.cluster_connection(
        name,
        access=[{"namespaces": {}, "organizations": ["*"], "takeover": ["another-cluster"]}],
    )
    tenant.house.quay.admin("robot", name=tenant.full(), metadata=_foreign_marker(tenant))
    before = tenant.in_quay()

    tenant.robot(connectionRef={"kind": "ClusterQuayConnection", "name": name})
    tenant.wait_ready()

    assert tenant.in_quay()["token"] == before["token"]
    assert tenant.logs_in()
    tenant.delete()
    tenant.wait_gone()
    assert tenant.in_quay() is None
    tenant.house.plane.kubectl("delete", "clusterquayconnection", name)


def test_who_made_the_robot_keeps_it_though_the_status_is_lost_and_an_older_one_was_bound(
    tenant: Tenant,
):
    nowhere = {"kind": "QuayConnection", "name": "nowhere"}
    tenant.robot("older", robotName="ci", connectionRef=nowhere)
    tenant.robot()
    tenant.wait_ready()
    before = tenant.in_quay()
    tenant.robot("older", robotName="ci")
    tenant.wait_reason("AlreadyClaimed", "older")
    # As after a race for the claim: whoever saw the other one too late has a finalizer.
    bound = json.dumps({"metadata": {"finalizers": ["quayrobot.io/finalizer"]}})
    tenant.kubectl("patch", "quayrobot", "older", "--type=merge", "-p", bound)

    lost = ("--subresource=status", "--type=json", "-p", '[{"op":"remove","path":"/status"}]')
    tenant.kubectl("patch", "quayrobot", "ci", *lost)

    tenant.wait_ready(timeout_s=60)
    settle(lambda: (tenant.reason(), tenant.reason("older")) == ("Reconciled", "AlreadyClaimed"))
    _stays(tenant, before | {"last_accessed": tenant.in_quay()["last_accessed"]})
    assert tenant.logs_in()
