"""Does the operator come with rights, and run with powers, that an attacker would like to have?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.installation import ROOT, Body, Installation
from tests.kit.operating import ACCOUNT, NAMESPACE

MANIFESTS = ROOT / "deploy" / "manifests"
ROLES = [MANIFESTS / "rbac.yaml", ROOT / "deploy" / "manifests-namespaced" / "role" / "role.yaml"]
NEVER = {"escalate", "bind", "impersonate", "deletecollection", "approve", "sign", "proxy", "*"}
GROUPS = {"", "quayrobot.io", "events.k8s.io"}
# The one Lease that says which replica works; a right to create cannot name its object.
LEASE = [
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": ["quay-robot-operator"],
        "verbs": ["get", "update"],
    },
]
RESOURCES = {"secrets", "configmaps", "serviceaccounts", "namespaces", "events"}


def _rules(file: Path) -> list[Body]:
    bodies = list(yaml.safe_load_all(file.read_text()))
    return [rule for body in bodies for rule in body.get("rules", ())]


@pytest.mark.parametrize("file", ROLES, ids=lambda file: file.parent.name)
def test_n17_the_shipped_rights_hold_nothing_that_leads_to_more(file: Path, record_property: Any):
    rules = _rules(file)
    assert rules
    for rule in rules:
        if rule["apiGroups"] == ["coordination.k8s.io"]:
            assert rule in LEASE
            continue
        assert set(rule) == {"apiGroups", "resources", "verbs"}, "no names, no paths"
        assert not NEVER & {*rule["verbs"], *rule["resources"], *rule["apiGroups"]}
        assert set(rule["apiGroups"]) <= GROUPS
        if "quayrobot.io" not in rule["apiGroups"]:
            assert {each.partition("/")[0] for each in rule["resources"]} <= RESOURCES
        for each in rule["resources"]:
            if each == "serviceaccounts/token":
                assert rule["verbs"] == ["create"]
    record_property("attacks", f"N17 rights of {file.parent.name}: {len(rules)} variants")


def test_n17_the_lease_is_one_of_the_operators_own_namespace():
    bodies = yaml.safe_load_all(ROLES[0].read_text())
    holders = [each for each in bodies if any(rule in LEASE for rule in each.get("rules", ()))]

    assert [(each["kind"], each["metadata"]["namespace"]) for each in holders] == [
        ("Role", NAMESPACE)
    ]


def test_n17_the_rights_for_named_namespaces_are_of_no_cluster_wide_kind():
    kinds = {each["kind"] for each in yaml.safe_load_all(ROLES[1].read_text())}

    assert kinds == {"Role", "RoleBinding"}


def test_the_shipped_pod_is_let_in_where_the_restricted_profile_is_enforced(house: Installation):
    plane = house.plane
    labels = plane.get("namespace", NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    template = plane.get("deployment", ACCOUNT, NAMESPACE)["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "as-shipped", "namespace": NAMESPACE, **template["metadata"]},
        "spec": template["spec"],
    }
    create = ("create", "-f", "-", "--dry-run=server")
    assert "as-shipped" in plane.kubectl(*create, stdin=json.dumps(pod))

    # The profile is enforced: less than what is shipped is not let in.
    container = pod["spec"]["containers"][0]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    for lesser in (
        {**pod["spec"], "hostNetwork": True},
        {**pod["spec"], "securityContext": {}},
        {**pod["spec"], "containers": [{**container, "securityContext": {}}]},
    ):
        said = plane.kubectl_refused(*create, stdin=json.dumps({**pod, "spec": lesser}))
        assert 'violates PodSecurity "restricted' in said


def test_the_shipped_network_policy_is_about_the_shipped_pod_and_lets_scrapes_in_only(
    house: Installation,
):
    policy = house.plane.get("networkpolicy", ACCOUNT, NAMESPACE)["spec"]
    template = house.plane.get("deployment", ACCOUNT, NAMESPACE)["spec"]["template"]
    selected = policy["podSelector"]["matchLabels"].items()
    ports = template["spec"]["containers"][0]["ports"]

    assert selected <= template["metadata"]["labels"].items()
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    [rule] = policy["ingress"]
    assert [each["port"] for each in rule["ports"]] == ["metrics"]
    assert "metrics" in {each["name"] for each in ports}
