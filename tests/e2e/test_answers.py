"""Does a command answer a mistake with what is wrong, and where?"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml

from tests.kit.installation import API, Tenant
from tests.kit.shell import Said, Shell


def planned(tenant: Tenant, spec: dict[str, Any], *, namespace: str | None = None) -> Said:
    body = {
        "apiVersion": API,
        "kind": "QuayRobot",
        "metadata": {"name": "ci", "namespace": namespace or tenant.name},
        "spec": {"organization": tenant.name, **spec},
    }
    shell = Shell(tenant.house.plane)
    return shell.plugin("plan", "-f", "-", "-o", "json", stdin=yaml.safe_dump(body))


def findings(said: Said) -> dict[str, str]:
    """What is in the way, by reason."""
    (item,) = json.loads(said.out)["items"]
    return {each["reason"]: each["message"] for each in item["findings"]}


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"permisions": {}}, "there is no field permisions here; did you mean permissions?"),
        (
            {"permissions": {"repositories": [{"name": "app", "role": "owner"}]}},
            "role: it must be 'read', 'write' or 'admin'",
        ),
        ({"secrets": [{"format": "Opaque"}]}, "spec.secrets[0].name: it is required"),
        ({"suspend": "perhaps"}, "spec.suspend: it must be true or false"),
    ],
    ids=["field", "value", "missing", "type"],
)
def test_a_mistake_in_a_manifest_is_named(tenant: Tenant, spec: dict[str, Any], words: str):
    said = planned(tenant, spec)

    assert said.code == 1
    assert words in findings(said)["InvalidSpec"]


@pytest.mark.parametrize(
    ("kind", "spec", "words"),
    [
        (
            "ClusterQuayRobot",
            {
                "namespaceSelectors": [{}],
                "template": {"spec": {"organization": "acme", "suspnd": True}},
            },
            "there is no field suspnd here; did you mean suspend?",
        ),
        (
            "ClusterQuayConnection",
            {"url": "https://quay.example.com", "registryHst": "quay.example.com"},
            "there is no field registryHst here; did you mean registryHost?",
        ),
    ],
    ids=["template", "connection"],
)
def test_a_mistake_in_a_manifest_of_the_cluster_is_named(
    tenant: Tenant, kind: str, spec: dict[str, Any], words: str
):
    body = {"apiVersion": API, "kind": kind, "metadata": {"name": tenant.name}, "spec": spec}
    shell = Shell(tenant.house.plane)
    said = shell.plugin("plan", "-f", "-", "-o", "json", stdin=yaml.safe_dump(body))

    assert said.code == 1
    assert words in said.out + said.err


def test_a_missing_namespace_is_named(tenant: Tenant):
    said = planned(tenant, {}, namespace="nowhere")

    assert said.code == 1
    assert findings(said) == {"InvalidSpec": "the namespace nowhere does not exist: create it"}


def test_a_right_on_what_is_missing_is_not_foretold_as_one_that_is_given(tenant: Tenant):
    tenant.repository("app")
    rights = {
        "repositories": [{"name": "app", "role": "read"}, {"name": "gone", "role": "read"}],
        "teams": ["nobody"],
    }

    own = {"kind": "QuayConnection", "name": "own"}
    tenant.connection()
    said = planned(tenant, {"permissions": rights, "connectionRef": own})

    assert said.code == 1
    found = findings(said)
    assert f"there is no repository {tenant.name}/gone in Quay" in str(found)
    assert "there is no team nobody" in str(found)
    steps = [each["what"] for each in json.loads(said.out)["items"][0]["steps"]]
    assert any("repository app" in each for each in steps)
    assert not any("gone" in each or "nobody" in each for each in steps)


def test_the_account_and_the_identity_of_a_keyless_robot_are_seen(tenant: Tenant):
    tenant.house.quay.admin("settings", oidc_ca=str(tenant.house.plane.issuer_ca))
    tenant.kubectl("create", "serviceaccount", "builder")
    tenant.connection()
    keyless = {
        "connectionRef": {"kind": "QuayConnection", "name": "own"},
        "credentials": {"type": "Federated", "serviceAccount": "builder"},
    }

    said = planned(tenant, keyless)
    tenant.robot(**keyless)
    tenant.wait_ready()
    status = Shell(tenant.house.plane).plugin("status", "ci", "-n", tenant.name)

    assert (said.code, findings(said)) == (2, {})
    assert "no longer declared" not in status.out
    assert "federation" in status.out
    tenant.delete()
    tenant.wait_gone()
    tenant.house.quay.admin("settings", oidc_ca=None)


def test_waiting_for_what_cannot_come_ends_at_once_with_the_reason(tenant: Tenant):
    tenant.kubectl("create", "secret", "generic", "refused")
    tenant.robot("refused")
    tenant.wait_reason("SecretNotOwned", "refused")
    tenant.robot("asleep", suspend=True)
    tenant.wait_reason("Suspended", "asleep")
    shell, begun = Shell(tenant.house.plane), time.monotonic()

    refused = shell.plugin("rotate", "refused", "--wait", "-n", tenant.name)
    asleep = shell.plugin("rotate", "asleep", "--wait", "-n", tenant.name)

    # It waits for two minutes for what may come.
    assert time.monotonic() - begun < 120
    assert refused.code == asleep.code == 1
    assert "SecretNotOwned" in refused.err
    assert "suspended" in asleep.err


def test_a_turn_that_waits_for_the_previous_robot_says_until_when(tenant: Tenant):
    rotation = {"strategy": "Overlap", "overlap": "2h"}
    tenant.robot(permissions={"mode": "Exact"}, rotation=rotation)
    tenant.wait_ready()
    shell = Shell(tenant.house.plane)
    ask = ("rotate", "ci", "-n", tenant.name)
    assert shell.plugin(*ask, "--wait").code == 0
    status = (tenant.get() or {})["status"]
    words = (
        f"{tenant.full('ci')} is gone, which stays until {status['rotation']['retiring']['until']}"
    )

    told, refused = shell.plugin(*ask), shell.plugin(*ask, "--wait")

    assert (told.code, refused.code) == (0, 1)
    assert words in told.out
    assert words in refused.err


@pytest.mark.rotates
def test_waiting_in_vain_ends_with_what_is_waited_for(tenant: Tenant):
    tenant.connection()
    tenant.robot(connectionRef={"kind": "QuayConnection", "name": "own"})
    tenant.wait_ready()
    tenant.house.quay.admin(
        "fault", operation="robot.regenerate", kind="answer", status=503, count=99
    )

    said = Shell(tenant.house.plane).plugin(
        "rotate", "ci", "--wait", "--timeout=8", "-n", tenant.name
    )

    assert said.code == 1
    assert "no new credential within 8 s (" in said.err
    tenant.house.quay.admin("faults/clear")


def test_a_plan_is_said_to_a_program_too(tenant: Tenant):
    body = {
        "apiVersion": API,
        "kind": "QuayRobot",
        "metadata": {"name": "ci", "namespace": tenant.name},
        "spec": {"organization": tenant.name},
    }

    shell = Shell(tenant.house.plane)
    said = shell.plugin("plan", "-f", "-", "-o", "json", stdin=yaml.safe_dump(body))

    (item,) = json.loads(said.out)["items"]
    assert (item["kind"], item["name"], item["findings"]) == ("QuayRobot", "ci", [])
    assert "CreateRobot" in [each["action"] for each in item["steps"]]


def test_a_field_that_does_nothing_is_noted_and_refused_by_nobody(tenant: Tenant):
    said = planned(tenant, {"rotation": {"interval": "24h", "overlap": "2h"}})

    assert "note: QuayRobot ci: spec.rotation.overlap does nothing" in said.err
    assert findings(said) == {}
