"""What if somebody else sets back what we write, each time?"""

from __future__ import annotations

import base64
import json
import time

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.installation import Tenant, settle
from tests.kit.policies import labelled
from tests.kit.processes import wait_for
from tests.kit.writers import each_time

MOST_WRITES = 8
WATCHED_S = 60.0
MANAGED_BY = "app.kubernetes.io/managed-by"


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


def writes(tenant: Tenant, since: int) -> list[str]:
    return [each for each in tenant.house.operator_writes(since) if tenant.name in each]


def told(tenant: Tenant, kind: str = "SecretsReady") -> tuple[str, str]:
    found = tenant.condition(kind=kind)
    return found.get("status", ""), found.get("reason", "")


def events(tenant: Tenant) -> int:
    listed = json.loads(tenant.kubectl("get", "events.events.k8s.io", "-o", "json"))["items"]
    return sum(each["reason"] == "Contested" for each in listed)


def end_of_contest(tenant: AskingTenant) -> None:
    """Wait until an edit had its turn, which was foretold."""
    wait_for(lambda: told(tenant)[0] == "True", "the end of the contest", timeout_s=20)
    tenant.compare()


def test_a_service_account_that_somebody_sets_back_each_time(tenant: AskingTenant):
    # With a label: of an object that is made without any field, no managers are ever noted.
    meta = {"name": "builder", "namespace": tenant.name, "labels": {"made": "by-a-release"}}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
    tenant.house.plane.apply(account)
    tenant.robot(secrets=[{"name": "ci", "serviceAccounts": [{"name": "builder"}]}])
    tenant.wait_ready()
    manager = "--field-manager=release-tool"

    def take_out() -> None:
        patch = ("-p", '{"imagePullSecrets": [{"name": "theirs"}]}')
        tenant.kubectl("patch", "serviceaccount", "builder", "--type=merge", manager, *patch)

    written, begun = len(tenant.house.plane.audit()), time.monotonic()
    with each_time(take_out):
        wait_for(lambda: told(tenant) == ("False", "Contested"), "the contest", timeout_s=40)
        said = tenant.condition(kind="SecretsReady")["message"]
        assert "imagePullSecrets[ci]" in said
        assert "release-tool" in said
        settle(lambda: tenant.condition()["status"] == "True", seconds=2)
        time.sleep(max(0.0, WATCHED_S - (time.monotonic() - begun)))
        assert len(writes(tenant, written)) <= MOST_WRITES, writes(tenant, written)
    assert events(tenant) == 1

    # An edit has its turn at once, and nobody sets it back any more.
    tenant.robot(
        description="edited", secrets=[{"name": "ci", "serviceAccounts": [{"name": "builder"}]}]
    )
    end_of_contest(tenant)


def test_a_policy_that_relabels_our_secret(tenant: AskingTenant):
    with labelled(tenant, **{MANAGED_BY: "platform"}) as policy:
        written, begun = len(tenant.house.plane.audit()), time.monotonic()
        tenant.robot()
        tenant.again()
        tenant.wait_ready()

        wait_for(lambda: told(tenant) == ("False", "Contested"), "the contest")
        assert MANAGED_BY in tenant.condition(kind="SecretsReady")["message"]
        assert tenant.logs_in()
        time.sleep(max(0.0, WATCHED_S - (time.monotonic() - begun)))
        assert len(writes(tenant, written)) <= MOST_WRITES, writes(tenant, written)
        assert tenant.get("ci", "secret")["metadata"]["labels"][MANAGED_BY] == "platform"
        assert tenant.condition()["status"] == "True"
        assert policy not in json.dumps(tenant.get())
    assert events(tenant) == 1

    tenant.robot(description="edited")
    end_of_contest(tenant)


def test_a_key_of_the_credential_that_somebody_sets_back_each_time(tenant: AskingTenant):
    tenant.robot()
    tenant.wait_ready()
    broken = base64.b64encode(b"{}").decode()
    patch = json.dumps({"data": {".dockerconfigjson": broken}})

    written = len(tenant.house.plane.audit())
    manager = "--field-manager=release-tool"
    with each_time(
        lambda: tenant.kubectl("patch", "secret", "ci", "--type=merge", manager, "-p", patch)
    ):
        # Nobody can use it, so that is what Ready says.
        wait_for(lambda: told(tenant, "Ready") == ("False", "Contested"), "it", timeout_s=40)
        said = tenant.condition()["message"]
        assert "data[.dockerconfigjson]" in said
        assert "release-tool" in said
        time.sleep(15)
        assert len(writes(tenant, written)) <= MOST_WRITES, writes(tenant, written)

    tenant.robot(description="edited")
    tenant.wait_ready()
    tenant.wait_login()


def test_a_label_that_somebody_sets_back_each_time(tenant: AskingTenant):
    labels = [{"name": "ci", "labels": {"team": "ours"}}]
    tenant.robot(secrets=labels)
    tenant.wait_ready()
    manager = "--field-manager=release-tool"

    def relabel() -> None:
        tenant.kubectl("label", "secret", "ci", "team=theirs", "--overwrite", manager)

    written, begun = len(tenant.house.plane.audit()), time.monotonic()
    with each_time(relabel):
        wait_for(lambda: told(tenant) == ("False", "Contested"), "the contest", timeout_s=40)
        said = tenant.condition(kind="SecretsReady")["message"]
        assert "metadata.labels[team]" in said
        assert "release-tool" in said
        settle(lambda: tenant.condition()["status"] == "True" and tenant.logs_in())
        time.sleep(max(0.0, WATCHED_S - (time.monotonic() - begun)))
        assert len(writes(tenant, written)) <= MOST_WRITES, writes(tenant, written)
    assert events(tenant) == 1

    tenant.robot(description="edited", secrets=labels)
    end_of_contest(tenant)


def test_a_few_edits_by_hand_are_no_contest(tenant: AskingTenant):
    tenant.robot()
    tenant.wait_ready()

    for _ in range(2):
        tenant.kubectl("label", "secret", "ci", f"{MANAGED_BY}-")
        wait_for(
            lambda: MANAGED_BY in (tenant.get("ci", "secret")["metadata"].get("labels") or {}),
            "the label",
        )

    settle(lambda: told(tenant)[0] == "True")
