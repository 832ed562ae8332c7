"""Is what merely comes later waited for, and told as a failure when it did not come?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.installation import ACCOUNT, NAMESPACE, Tenant, settle
from tests.kit.kstatus import kstatus
from tests.kit.operating import OperatorProcess
from tests.kit.processes import wait_for
from tests.kit.real_kstatus import NoGo, real_kstatus

GRACE_S = 8.0
Body = dict[str, Any]


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


@pytest.fixture
def hurried(tenant: Tenant, tmp_path: Path) -> Iterator[OperatorProcess]:
    """An operator that waits for a few seconds only, in place of the usual one."""
    house = tenant.house
    house.operator.stop()
    config = house.plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)
    with OperatorProcess(config, tmp_path, f"--grace-s={GRACE_S:.0f}") as operator:
        yield operator
    house.operator.start()


def own(name: str) -> Body:
    return {"kind": "QuayConnection", "name": name}


def links(account: str) -> list[Body]:
    return [{"name": "ci", "serviceAccounts": [{"name": account}]}]


# What is missing, the reason that says so, and what brings it.
LATE = {
    "connection": (
        {"connectionRef": own("late")}, "ConnectionNotFound",
        lambda tenant: tenant.connection("late"),
    ),
    "the token's Secret": (
        {"connectionRef": own("bare")}, "ConnectionNotReady",
        lambda tenant: tenant.house.secret(tenant.name, "token-bare", tenant.house.token),
    ),
    "ServiceAccount": (
        {"secrets": links("late")}, "ServiceAccountNotFound",
        lambda tenant: tenant.kubectl("create", "serviceaccount", "late"),
    ),
    "repository": (
        {"permissions": {"repositories": [{"name": "late", "role": "read"}]}},
        "RepositoryNotFound", lambda tenant: tenant.repository("late"),
    ),
    "team": (
        {"permissions": {"teams": ["late"]}}, "TeamNotFound",
        lambda tenant: tenant.house.quay.admin("team", org=tenant.name, name="late"),
    ),
    "robot to adopt": (
        {"creationPolicy": "Adopt"}, "RobotNotFound",
        lambda tenant: tenant.house.quay.admin("robot", name=tenant.full()),
    ),
    "organization": (
        {"organization": "late"}, "OrganizationNotFound",
        lambda tenant: tenant.house.quay.admin("organization", name=f"late-{tenant.name}"),
    ),
}  # fmt: skip


def apply(tenant: Tenant, missing: str) -> str:
    """Apply a robot that lacks something; return the reason to expect."""
    spec, reason, _ = LATE[missing]
    if missing == "organization":
        spec = {"organization": f"late-{tenant.name}"}
    if missing == "the token's Secret":
        reference = {"secretRef": {"name": "token-bare"}}
        tenant.connections({"bare": {"credentials": reference}})
    if missing == "team":
        tenant.house.cluster_connection(access=[
            {"namespaces": {}, "organizations": ["*"], "robotNames": ["*"], "adoption": True,
             "teams": ["*"]}
        ])  # fmt: skip
    tenant.robot(**spec)
    return reason


def assert_real_kstatus(bodies: list[Body], expected: list[str]) -> None:
    """Where there is Go, the library itself is asked."""
    try:
        found = real_kstatus(bodies)
    except NoGo:
        return
    assert found == expected


def waits(tenant: Tenant, reason: str) -> bool:
    return tenant.condition(kind="Reconciling").get("reason") == reason


@pytest.mark.parametrize("missing", LATE)
def test_what_comes_later_is_in_progress_and_then_done(tenant: AskingTenant, missing: str):
    reason = apply(tenant, missing)
    wait_for(lambda: waits(tenant, reason), f"{reason}; {tenant.get()}", timeout_s=60)
    tenant.compare(reason=reason)

    settle(lambda: kstatus(tenant.get()) == "InProgress", seconds=3)
    LATE[missing][2](tenant)

    tenant.wait_ready(timeout_s=60)
    assert kstatus(tenant.get()) == "Current"


def test_what_does_not_come_is_a_failure_after_the_grace(
    tenant: AskingTenant, hurried: OperatorProcess
):
    tenant.robot(secrets=links("late"))
    wait_for(lambda: waits(tenant, "ServiceAccountNotFound"), "the reason")
    tenant.compare(reason="ServiceAccountNotFound")
    waiting = tenant.get()
    since = tenant.condition(kind="Reconciling")["lastTransitionTime"]

    hurried.restart()
    assert tenant.condition(kind="Reconciling").get("lastTransitionTime") == since
    wait_for(lambda: tenant.condition(kind="Stalled"), "the end of the grace", timeout_s=20)
    assert kstatus(tenant.get()) == "Failed"
    settle(lambda: kstatus(tenant.get()) == "Failed")
    assert_real_kstatus([waiting, tenant.get()], ["InProgress", "Failed"])

    # An edit has all of the time again.
    tenant.robot(secrets=links("later"))
    wait_for(lambda: waits(tenant, "ServiceAccountNotFound"), "a new grace")
    tenant.compare(reason="ServiceAccountNotFound")
    settle(lambda: kstatus(tenant.get()) == "InProgress", seconds=3)
    tenant.robot(secrets=links("latest"))
    settle(lambda: kstatus(tenant.get()) == "InProgress", seconds=GRACE_S - 2)
    wait_for(lambda: tenant.condition(kind="Stalled"), "the end of the grace", timeout_s=20)
    tenant.compare(reason="ServiceAccountNotFound")
    tenant.kubectl("create", "serviceaccount", "latest")
    tenant.wait_ready()


def test_a_connection_whose_token_comes_later_is_in_progress_too(
    tenant: Tenant, hurried: OperatorProcess
):
    tenant.connections({"bare": {"credentials": {"secretRef": {"name": "token-bare"}}}})

    def reads() -> str:
        return kstatus(tenant.get("bare", "quayconnection"))

    wait_for(
        lambda: (tenant.get("bare", "quayconnection").get("status") or {}).get("conditions"),
        "a word",
    )
    settle(lambda: reads() == "InProgress", seconds=3)
    wait_for(lambda: reads() == "Failed", "the end of the grace", timeout_s=20)
    tenant.house.secret(tenant.name, "token-bare", tenant.house.token)
    wait_for(lambda: reads() == "Current", "the connection", timeout_s=20)


def test_what_a_rule_refuses_is_a_failure_at_once(tenant: Tenant):
    tenant.robot(permissions={"repositories": [{"name": "app", "role": "admin"}]})

    tenant.wait_reason("AccessDenied")

    assert kstatus(tenant.get()) == "Failed"
