"""What may people do whom a namespace's administrator made viewer, editor or admin?"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).parents[2] / "deploy" / "manifests" / "user-roles.yaml"
AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
READS = {"get", "list", "watch"}
WRITES = {"create", "update", "patch", "delete", "deletecollection"}


def allowed(who: str) -> dict[str, set[str]]:
    """Return the verbs that the built-in ClusterRole *who* gains, by resource."""
    found: dict[str, set[str]] = {}
    for role in yaml.safe_load_all(ROLES.read_text()):
        if role["metadata"]["labels"].get(f"{AGGREGATE}{who}") != "true":
            continue
        for rule in role["rules"]:
            assert rule["apiGroups"] == ["quayrobot.io"]
            for resource in rule["resources"]:
                found.setdefault(resource, set()).update(rule["verbs"])
    return found


@pytest.mark.parametrize(
    ("who", "robots", "connections"),
    [("view", READS, READS), ("edit", READS | WRITES, READS), ("admin", *2 * [READS | WRITES])],
)
def test_a_role_gains_what_its_name_promises(who, robots, connections):
    # A connection names a host that the operator calls: no editor chooses that.
    assert allowed(who) == {"quayrobots": robots, "quayconnections": connections}
