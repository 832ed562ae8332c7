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
    "decimal": (_federated("https://2852039166"), REFUSED),
    "host-agent": (_federated("https://168.63.129.16"), REFUSED),
    "translated": (_federated("https://[64:ff9b::a9fe:a9fe]"), REFUSED),
    "unique-local": (_federated("https://[fd00::1]/a"), REFUSED),
    "trailing-dot": (_federated("https://10.0.0.1."), REFUSED),
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


# What a name that looks public leads to, and how the issuer is written.
LEADS: dict[str, tuple[list[str], str]] = {
    "private": (["10.0.0.1"], "https://private.test"),
    "metadata": (["169.254.169.254"], "https://metadata.test/latest"),
    "host-agent": (["168.63.129.16"], "https://host-agent.test"),
    "loopback": (["127.0.0.4"], "https://loopback.test:8443"),
    "loopback-6": (["::1"], "https://loopback-6.test"),
    "unique-local": (["fd00::1"], "https://unique-local.test"),
    "mapped": (["::ffff:10.0.0.1"], "https://mapped.test"),
    "translated": (["64:ff9b::a00:1"], "https://translated.test"),
    "one-of-two": (["8.8.8.8", "10.0.0.1"], "https://one-of-two.test"),
    "capitals": (["10.0.0.1"], "https://CAPITALS.test"),
    "trailing-dot": (["10.0.0.1"], "https://trailing-dot.test."),
    "moves": (["10.0.0.1"], "https://moves.test"),
}


def test_n14_a_public_name_that_leads_to_a_private_place_is_not_put_into_quay(
    attack: Begin, tenant: Tenant
):
    house, around = tenant.house, tenant.house.surroundings
    assert around is not None
    around.name(**{name: addresses for name, (addresses, _) in LEADS.items()})
    name = f"looked-up-{tenant.name}"
    rule = {
        "namespaces": {"matchLabels": {"kubernetes.io/metadata.name": tenant.name}},
        "organizations": [tenant.name],
        "federation": True,
    }
    named = rule | {"robotNames": ["named"], "issuers": ["https://private.test"]}
    house.cluster_connection(name, access=[rule, named])
    through = {"connectionRef": {"kind": "ClusterQuayConnection", "name": name}}
    tried = attack("N14 names", *LEADS)

    tenant.robots({short: through | _federated(issuer) for short, (_, issuer) in LEADS.items()})
    # The administrator named this one, and nobody here knows where the other leads.
    tenant.robots({
        "named": through | _federated("https://private.test"),
        "unknown": through | _federated("https://nowhere.invalid"),
    })  # fmt: skip
    for short in ("named", "unknown"):
        tenant.wait_ready(short, timeout_s=40)
    wait_for(lambda: {tenant.reason(short) for short in LEADS} == {REFUSED}, "all refused")
    assert {each for each in LEADS if _identities(tenant, each)} == set()
    for short, (addresses, _) in LEADS.items():
        words = tenant.condition(short, "FederationReady")["message"]
        assert not any(each in words for each in addresses), words

    around.name(moves=["8.8.8.8"])
    tried.variant("a name that moves")
    tenant.robots({"moves": through | _federated(LEADS["moves"][1], "https://8.8.4.4")})
    tenant.wait_ready("moves")
    assert len(_identities(tenant, "moves")) == 2
    # What is there is not looked at again, and nothing is added beside it.
    around.name(moves=["10.0.0.1"])
    again = {"issuer": LEADS["moves"][1], "subject": "another"}
    tenant.robots({"moves": through | {"federation": {"mode": "Additive", "identities": [again]}}})
    tenant.wait_reason(REFUSED, "moves")
    assert len(_identities(tenant, "moves")) == 2


def _identities(tenant: Tenant, short: str) -> list[Any]:
    found: list[Any] = tenant.house.quay.admin("federation", name=tenant.full(short))
    return found


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
