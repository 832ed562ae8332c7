"""What happens in the life of a robot, from its declaration to its end?"""

from __future__ import annotations

import base64
import json

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.installation import Tenant, settle
from tests.kit.processes import wait_for


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


def asked(tenant: Tenant, since: int) -> list[str]:
    """Return what Quay was asked for a robot's sake: the list of a resync comes at any time."""
    return [each for each in tenant.operations(since) if each != "robot.list"]


def test_a_declared_robot_exists_and_its_secret_logs_in(tenant: Tenant):
    tenant.robot(description="made by a test", metadata={"team": "blue"})

    tenant.wait_ready()

    robot = tenant.in_quay()
    assert robot is not None
    assert robot["description"] == "made by a test"
    assert robot["metadata"]["team"] == "blue"
    assert robot["metadata"]["quayrobot.io"]["name"] == "ci"
    assert tenant.logs_in()
    assert asked(tenant, 0) == ["robot.create"]
    tenant.kubectl("wait", "--for=condition=Ready", "quayrobot/ci", "--timeout=5s")


def test_a_user_made_secret_format_carries_the_credential(tenant: Tenant):
    opaque = {"name": "opaque", "format": "Opaque", "keys": {"password": "token"},
              "labels": {"app": "x"}, "annotations": {"note": "y"}}  # fmt: skip
    tenant.robot(
        secrets=[
            {"name": "org", "scope": "Organization"},
            {"name": "basic", "format": "BasicAuth"},
            opaque,
        ]
    )

    tenant.wait_ready()

    robot = tenant.in_quay()
    assert robot is not None
    org = tenant.get("org", "secret")
    config = json.loads(base64.b64decode(org["data"][".dockerconfigjson"]))
    host = tenant.house.quay.url.removeprefix("http://")
    assert list(config["auths"]) == [f"{host}/{tenant.name}"]
    basic = tenant.get("basic", "secret")
    assert basic["type"] == "kubernetes.io/basic-auth"
    assert base64.b64decode(basic["data"]["password"]).decode() == robot["token"]
    seen = tenant.get("opaque", "secret")
    assert sorted(seen["data"]) == ["registry", "token", "username"]
    assert seen["metadata"]["labels"]["app"] == "x"
    assert seen["metadata"]["annotations"]["note"] == "y"


def test_a_deleted_resource_takes_its_robot_along(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    called = tenant.house.quay.mark()

    tenant.delete()
    tenant.wait_gone()

    assert tenant.in_quay() is None
    assert asked(tenant, called) == ["robot.delete", "robot.get"]
    tenant.wait_gone("ci", "secret")


def test_an_orphaned_robot_stays_in_quay(tenant: Tenant):
    tenant.robot(deletionPolicy="Orphan")
    tenant.wait_ready()
    called = tenant.house.quay.mark()

    tenant.delete()
    tenant.wait_gone()

    assert tenant.in_quay() is not None
    assert asked(tenant, called) == []


def test_an_orphaned_robot_is_taken_up_by_another_resource(tenant: Tenant):
    tenant.robot(deletionPolicy="Orphan")
    tenant.wait_ready()
    before = tenant.in_quay()
    tenant.delete()
    tenant.wait_gone()

    tenant.robot("heir", robotName="ci", creationPolicy="Adopt")
    tenant.wait_ready("heir")

    assert tenant.in_quay() == before
    assert tenant.get("heir")["status"]["robot"]["adopted"] is True
    assert tenant.logs_in("heir")


def test_a_retained_secret_outlives_its_resource(tenant: Tenant):
    tenant.robot(secrets=[{"name": "kept", "deletionPolicy": "Retain"}])
    tenant.wait_ready()

    tenant.delete()
    tenant.wait_gone()

    settle(lambda: tenant.get("kept", "secret") is not None)


def test_a_secret_renamed_in_the_spec_leaves_no_old_one(tenant: Tenant):
    tenant.robot(secrets=[{"name": "old"}])
    tenant.wait_ready()
    called = tenant.house.quay.mark()

    tenant.robot(secrets=[{"name": "new"}])
    tenant.wait_ready()

    assert tenant.logs_in("new")
    tenant.wait_gone("old", "secret")
    assert asked(tenant, called) == []


def test_labels_that_leave_the_spec_leave_the_secret_and_foreign_ones_stay(tenant: Tenant):
    tenant.robot(secrets=[{"name": "ci", "labels": {"a": "1", "b": "2"}}])
    tenant.wait_ready()
    tenant.kubectl("label", "secret", "ci", "foreign=yes")

    tenant.robot(secrets=[{"name": "ci", "labels": {"b": "3"}}])
    tenant.wait_ready()

    labels = tenant.get("ci", "secret")["metadata"]["labels"]
    labels.pop("app.kubernetes.io/managed-by")
    assert labels == {"b": "3", "foreign": "yes"}


def test_a_changed_description_waits_for_the_next_creation(tenant: Tenant):
    tenant.robot(description="one", metadata={"a": "1"})
    tenant.wait_ready()
    called = tenant.house.quay.mark()

    tenant.robot(description="two", metadata={"a": "2"})
    tenant.wait_ready()

    assert tenant.get()["status"]["pending"] == ["description", "metadata"]
    assert asked(tenant, called) == []
    tenant.house.quay.admin("robot/delete", name=tenant.full())
    wait_for(lambda: (tenant.in_quay() or {}).get("description") == "two", "the new robot",
             timeout_s=30)  # fmt: skip
    tenant.wait_ready()
    wait_for(lambda: "pending" not in tenant.get()["status"], "nothing pending")


def test_a_suspended_resource_is_left_alone_until_it_goes_on(tenant: Tenant):
    tenant.robot(suspend=True)
    tenant.wait_reason("Suspended")

    assert tenant.in_quay() is None
    assert asked(tenant, 0) == []
    tenant.robot(suspend=False)
    tenant.wait_ready()


def test_a_converged_robot_costs_no_write_and_one_list_per_resync(tenant: Tenant):
    tenant.robot("one")
    tenant.robot("two")
    tenant.wait_ready("one")
    tenant.wait_ready("two")
    written, called = tenant.rest()

    wait_for(lambda: tenant.operations(called).count("robot.list") >= 2, "two lists", timeout_s=40)

    assert tenant.logs_in("one")
    assert set(tenant.operations(called)) == {"robot.list"}
    mine = [e for e in tenant.house.operator_writes(written) if tenant.name in e]
    assert mine == []


def test_a_robot_in_use_is_no_reason_to_write(tenant: Tenant):
    tenant.robot()
    tenant.wait_ready()
    written, called = tenant.rest()

    assert tenant.logs_in()
    wait_for(lambda: "robot.list" in tenant.operations(called), "a list", timeout_s=20)

    settle(lambda: not [e for e in tenant.house.operator_writes(written) if tenant.name in e])


def test_a_restart_with_converged_robots_writes_nothing(tenant: Tenant):
    for name in ("one", "two", "three"):
        tenant.robot(name)
    for name in ("one", "two", "three"):
        tenant.wait_ready(name)
    tenant.house.operator.stop()
    written, called = len(tenant.house.plane.audit()), tenant.house.quay.mark()

    tenant.house.operator.start()
    wait_for(lambda: tenant.operations(called), "the list")

    # Robots of earlier tests may still be on their way out.
    mine = f" {tenant.name}/"
    settle(lambda: not any(mine in each for each in tenant.house.operator_writes(written)))
    assert tenant.operations(called) == ["robot.list"]
