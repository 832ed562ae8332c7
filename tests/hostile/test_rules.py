"""Does a tenant get what the rules of a connection do not give, before Quay is asked at all?"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.kit.installation import ROOT, Tenant
from tests.kit.processes import wait_for

from .conftest import Begin

IDENTITY = {"issuer": "https://ci.example.com", "subject": "s"}
DENIED, REFUSED = "AccessDenied", "IssuerRefused"


def _federated(*issuers: str) -> dict[str, Any]:
    identities = [{"issuer": each, "subject": "s"} for each in issuers]
    return {"federation": {"identities": identities}}


def _roles(name: str, role: str) -> dict[str, Any]:
    return {"permissions": {"repositories": [{"name": name, "role": role}]}}


# What is asked beside a name that the rule gives, and the refusal.
BEYOND: dict[str, tuple[dict[str, Any], str]] = {
    "admin": (_roles("app", "admin"), DENIED),
    "owners": ({"permissions": {"teams": ["owners"]}}, DENIED),
    "team": ({"permissions": {"teams": ["secret"]}}, DENIED),
    "default": ({"permissions": {"defaults": [{"role": "read"}]}}, DENIED),
    "adopts": ({"creationPolicy": "Adopt"}, DENIED),
    "loopback": (_federated("https://127.0.0.1"), REFUSED),
    "metadata": (_federated("https://169.254.169.254/latest"), REFUSED),
    "mapped": (_federated("https://[::ffff:10.0.0.1]"), REFUSED),
    "number": (_federated("https://0x7f.1"), REFUSED),
    "service": (_federated("https://vault.shop.svc"), REFUSED),
    "one-of-two": (_federated("https://ci.example.com", "https://10.0.0.1"), REFUSED),
}


def test_n9_n14_what_no_rule_gives_is_refused_before_any_call(
    attack: Begin, victim: Tenant, tenant: Tenant
):
    name = f"bounded-{tenant.name}"
    rule = {
        "namespaces": {"matchLabels": {"kubernetes.io/metadata.name": tenant.name}},
        "organizations": [tenant.name],
        "robotNames": ["{namespace}-*"],
        "teams": ["*-readers", "own*"],
        "federation": True,
    }
    tenant.house.cluster_connection(name, access=[rule])
    through = {"connectionRef": {"kind": "ClusterQuayConnection", "name": name}}
    tried = attack("N9 and N14")
    called = tenant.house.quay.mark()

    asking: dict[str, tuple[dict[str, Any], str]] = {
        "organization": ({"organization": victim.name}, DENIED),
        "name": ({"robotName": f"{victim.name}-a"}, DENIED),
        "user": ({"user": "admin"}, DENIED),
        **BEYOND,
    }
    expected = {short: reason for short, (_, reason) in asking.items()}
    tenant.robots(
        {
            short: {"robotName": f"{tenant.name}-{short}", **through, **fields}
            for short, (fields, _) in asking.items()
        }
    )
    for short in asking:
        tried.variant(short)

    wait_for(
        lambda: {short: tenant.reason(short) for short in expected} == expected,
        f"{expected}, not { {short: tenant.reason(short) for short in expected} }",
        timeout_s=30,
    )
    asked = [each.path for each in tenant.house.quay.calls(called)]
    assert [path for path in asked if f"/robots/{tenant.name}-" in path] == []
    assert [path for path in asked if f"/organization/{tenant.name}" in path] == []
    tenant.house.plane.kubectl("delete", "clusterquayconnection", name, "--wait=false")


REFERENCES = {"namespace"}


@pytest.mark.parametrize(
    "file", sorted((ROOT / "deploy" / "crds").glob("quay*.yaml")), ids=lambda file: file.stem
)
def test_n4_no_field_of_a_tenants_kind_names_a_namespace(file, record_property):
    definition = yaml.safe_load(file.read_text())
    assert definition["spec"]["scope"] == "Namespaced"
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    fields = list(_fields(schema["properties"]["spec"], "spec"))

    assert [each for each in fields if each.rpartition(".")[2] in REFERENCES] == []
    record_property("attacks", f"N4 fields of {file.stem}: {len(fields)} variants")


def _fields(schema: dict[str, Any], at: str) -> Any:
    for name, part in schema.get("properties", {}).items():
        yield f"{at}.{name}"
        yield from _fields(part, f"{at}.{name}")
    if isinstance(schema.get("items"), dict):
        yield from _fields(schema["items"], f"{at}[]")
