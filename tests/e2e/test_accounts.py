"""Do ServiceAccounts name our Secrets, and keep everything else?"""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.installation import Tenant, settle
from tests.kit.operating import USER
from tests.kit.processes import wait_for

# How long the operator waits for more links to the same ServiceAccount before it writes.
GATHERED = timedelta(seconds=0.1)
SOON_S = 10


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


def account(tenant: Tenant, name: str = "builder", **lists: list[str]) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": tenant.name},
        **{link: [{"name": each} for each in names] for link, names in lists.items()},
    }
    tenant.house.plane.apply(body)


def named(tenant: Tenant, link: str = "imagePullSecrets", name: str = "builder") -> list[str]:
    body = tenant.get(name, "serviceaccount") or {}
    return [each["name"] for each in body.get(link) or []]


def linked(*links: str, name: str = "builder") -> list[dict[str, object]]:
    entry: dict[str, object] = {"name": name} | ({"links": list(links)} if links else {})
    return [{"name": "ci", "serviceAccounts": [entry]}]


def test_a_service_account_names_the_secret_and_keeps_what_others_put_there(tenant: Tenant):
    account(tenant, imagePullSecrets=["theirs"])

    tenant.robot(secrets=linked("imagePullSecrets", "secrets"))
    tenant.wait_ready()

    assert named(tenant) == ["theirs", "ci"]
    assert named(tenant, "secrets") == ["ci"]


def test_a_late_service_account_is_picked_up(tenant: Tenant):
    tenant.robot(secrets=linked())
    tenant.wait_reason("ServiceAccountNotFound")
    assert tenant.logs_in()

    account(tenant)

    wait_for(lambda: named(tenant) == ["ci"], "the link", timeout_s=10)
    tenant.wait_ready()


def test_a_link_that_leaves_the_spec_is_taken_away_alone(tenant: Tenant):
    account(tenant, imagePullSecrets=["theirs"])
    tenant.robot(secrets=linked())
    tenant.wait_ready()

    tenant.robot(secrets=[{"name": "ci"}])
    wait_for(lambda: named(tenant) == ["theirs"], "the unlink", timeout_s=10)

    settle(tenant.logs_in)


def test_a_deleted_resource_leaves_no_link(tenant: Tenant):
    account(tenant, imagePullSecrets=["theirs"])
    tenant.robot(secrets=linked())
    tenant.wait_ready()

    tenant.delete()
    tenant.wait_gone()

    assert named(tenant) == ["theirs"]


def test_a_link_removed_by_hand_comes_back_within_seconds(tenant: Tenant):
    account(tenant)
    tenant.robot(secrets=linked())
    tenant.wait_ready()

    tenant.kubectl("patch", "sa", "builder", "--type=merge", "-p", '{"imagePullSecrets":null}')

    wait_for(lambda: named(tenant) == ["ci"], "the link")


def test_one_that_is_created_again_and_again_is_linked_each_time(tenant: Tenant):
    account(tenant)
    tenant.robot(secrets=linked())
    tenant.wait_ready()

    for _ in range(5):
        tenant.delete("builder", "serviceaccount")
        tenant.wait_gone("builder", "serviceaccount")
        account(tenant)
        wait_for(lambda: named(tenant) == ["ci"], "the link", timeout_s=SOON_S)
    tenant.wait_ready()
    assert tenant.condition(kind="SecretsReady")["status"] == "True"


def test_a_foreign_secret_of_that_name_is_never_linked(tenant: Tenant):
    account(tenant)
    tenant.kubectl("create", "secret", "generic", "ci")

    tenant.robot(secrets=linked())
    tenant.wait_reason("SecretNotOwned")

    assert named(tenant) == []


def test_many_robots_on_one_service_account_are_few_writes(tenant: Tenant):
    account(tenant)
    names = [f"robot-{number}" for number in range(40)]
    written = len(tenant.house.plane.audit())
    bodies = [
        {
            "apiVersion": "quayrobot.io/v1alpha1",
            "kind": "QuayRobot",
            "metadata": {"name": name, "namespace": tenant.name},
            "spec": {
                "organization": tenant.name,
                "secrets": [{"name": name, "serviceAccounts": [{"name": "builder"}]}],
            },
        }
        for name in names
    ]
    tenant.house.plane.apply(*bodies)

    wait_for(lambda: sorted(named(tenant)) == sorted(names), "all links", timeout_s=60)

    patches = [
        each.answered
        for each in tenant.house.plane.audit()[written:]
        if each.user == USER and each.write and each.resource == "serviceaccounts"
    ]
    print(f"\n{len(names)} robots, {len(patches)} writes to their ServiceAccount")
    assert len(patches) < len(names)
    # How many share a write depends on how fast they come; that a write waits for others does not.
    assert all(after - before >= GATHERED for before, after in pairwise(patches))
    # Our own edits fight with nobody's.
    text = tenant.kubectl("get", "sa", "builder", "-o", "json")
    assert json.loads(text)["metadata"]["name"] == "builder"
