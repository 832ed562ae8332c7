"""Does the operator live with rights in named namespaces only, and say what it cannot do there?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from quayrobot.model.names import GROUP
from tests.kit.canary_fixture import CanaryWatch
from tests.kit.controlplane import ControlPlane
from tests.kit.controlplane.fixture import missing_part
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import ROOT, Installation, Tenant
from tests.kit.operating import ACCOUNT, NAMESPACE, USER
from tests.kit.processes import wait_for
from tests.kit.shell import Shell

OWN = {"kind": "QuayConnection", "name": "own"}
# The third has no Role: the others are served all the same.
FLAGS = ("--namespaces=team-a,team-b,team-c", "--cluster-id=my-cluster")
MANIFESTS = ROOT / "deploy" / "manifests-namespaced"


@pytest.fixture
def bounded(own_control_plane: ControlPlane, canary_watch: CanaryWatch) -> Iterator[Installation]:
    """Yield an operator under the Roles of `deploy/manifests-namespaced`, and nothing else."""
    if not own_control_plane.has_controllers:
        missing_part("a namespace is deleted, which takes controllers")
    for name in ("team-a", "team-b", "elsewhere"):
        own_control_plane.kubectl("create", "namespace", name)
    with FakeQuay() as quay:
        house = Installation.make(
            own_control_plane, quay, *FLAGS, manifests="manifests-namespaced"
        )
        house.operator.start()
        canary_watch.add("operator log", house.operator.said)
        yield house
        house.close()


def _said(house: Installation, event: str) -> str:
    return "\n".join(line for line in house.operator.said().splitlines() if event in line)


def _tenant(house: Installation, name: str) -> Tenant:
    house.quay.admin("organization", name=name)
    tenant = Tenant(house, name)
    tenant.connection()
    return tenant


def test_a_whole_life_under_roles_in_named_namespaces(bounded: Installation):
    plane = bounded.plane
    ours, other = _tenant(bounded, "team-a"), _tenant(bounded, "team-b")
    stranger = _tenant(bounded, "elsewhere")
    plane.kubectl("create", "serviceaccount", "builder", "-n", "team-a")
    accounts = [{"name": "ci", "serviceAccounts": [{"name": "builder"}]}]

    ours.robot(connectionRef=OWN, secrets=accounts)
    other.robot(connectionRef=OWN)
    stranger.robot(connectionRef=OWN)
    ours.robot("shared")

    ours.wait_ready()
    other.wait_ready()
    assert ours.logs_in()
    assert ours.in_quay()["metadata"]["quayrobot.io"]["cluster"] == "my-cluster"

    # A ClusterQuayConnection is out of reach, which is said and not asked for again and again.
    ours.wait_reason("NotSupported", "shared")
    assert "QuayConnection of this namespace" in ours.condition("shared")["message"]

    # Repairs, and a token's Secret that is created again, work as in a whole cluster.
    ours.kubectl("delete", "secret", "ci")
    ours.wait_login()
    bounded.operator.restart()
    ours.delete("shared")
    ours.wait_gone("shared")

    # What is not served was not touched, and nothing was asked that its Roles do not allow.
    assert stranger.condition() == {}
    assert stranger.in_quay() is None
    asked = [each for each in plane.audit() if each.user == USER]
    assert {each.namespace for each in asked if each.code == 403} == {"team-c"}
    assert {each.namespace for each in asked} == {"", "team-a", "team-b", "team-c"}
    assert "ClusterQuayConnection" in _said(bounded, "watch.bounded")
    assert "/namespaces/team-c/" in _said(bounded, "watch.forbidden")

    _check_finds_the_roles_sufficient(bounded)

    # A namespace takes its Role along: somebody has to lend the rights for its last minute.
    plane.kubectl("delete", "namespace", "team-a", "--wait=false")
    plane.kubectl("apply", "-f", str(ROOT / "deploy" / "manifests" / "rbac.yaml"))
    wait_for(lambda: plane.get("namespace", "team-a") is None, "team-a gone", timeout_s=60)
    plane.kubectl("delete", "-f", str(ROOT / "deploy" / "manifests" / "rbac.yaml"))
    assert ours.in_quay() is None
    assert other.logs_in()


def _check_finds_the_roles_sufficient(house: Installation) -> None:
    """What the Deployment serves is asked about, namespace by namespace, as its looker may."""
    plane, who = house.plane, "rights of ServiceAccount quay-robot-operator/quay-robot-operator"
    plane.kubectl("create", "serviceaccount", "looker", "-n", "team-a")
    for name in ("team-a", "team-b", "quay-robot-operator"):
        account = ("--clusterrole=cluster-admin", "--serviceaccount=team-a:looker", "-n", name)
        plane.kubectl("create", "rolebinding", "looker", *account)
    tenant = Shell(plane, plane.service_account_kubeconfig("team-a", "looker"))
    itself = Shell(plane, plane.service_account_kubeconfig(NAMESPACE, ACCOUNT))
    seen = len(plane.audit())

    code, found = _check(Shell(plane))
    _, by_tenant = _check(tenant)
    _, by_itself = _check(itself, "--namespaces=team-a,team-b")
    bad, more = _check(Shell(plane), "--namespaces=team-b,team-c")

    rights = {each: found[each][0] for each in found if each.startswith("rights")}
    assert rights == {f"{who} in team-a": "ok", f"{who} in team-b": "ok"}
    assert "ClusterQuayRobot" in found["served namespaces"][1]
    assert {name for name, (state, _) in found.items() if state == "wrong"} == {"operators"}
    assert code == 1
    # An administrator of the namespaces, and of nothing beyond, is told the same.
    assert {each: by_tenant[each][0] for each in rights} == rights
    # So is the operator's own account, which may ask about nobody else.
    assert {each: by_itself[each][0] for each in rights} == rights
    assert by_tenant["served namespaces"] == found["served namespaces"]
    assert bad == 1
    assert more[f"{who} in team-b"][0] == "ok"
    assert more[f"{who} in team-c"][0] == "wrong"
    assert "clusterquay" not in more[f"{who} in team-c"][1]
    assert more["namespace team-c"] == ("wrong", "It is served but does not exist.")
    asked = {each.resource for each in plane.audit()[seen:] if each.write and each.user != USER}
    assert "localsubjectaccessreviews" in asked
    assert not asked & {"subjectaccessreviews", "quayrobots", "secrets"}


def _check(shell: Shell, *words: str) -> tuple[int, dict[str, tuple[str, str]]]:
    said = shell.quayrobot("check", "-o", "json", *words)
    items = json.loads(said.out)["items"]
    return said.code, {each["about"]: (each["state"], each["words"]) for each in items}


def test_the_roles_are_the_shipped_rights_without_what_is_of_the_whole_cluster():
    whole = _rules(ROOT / "deploy" / "manifests" / "rbac.yaml")
    named = _rules(MANIFESTS / "role" / "role.yaml")

    of_the_cluster = {each for each in whole if each[1].split("/")[0] in CLUSTER_SCOPED}
    for_cluster_robots = {(GROUP, "quayrobots", verb) for verb in ("create", "update", "delete")}
    own_namespace = {("", "namespaces", "get")}
    assert named == (whole - of_the_cluster - for_cluster_robots) | own_namespace


CLUSTER_SCOPED = {"clusterquayconnections", "clusterquayrobots", "namespaces"}


def _rules(path: Path) -> set[tuple[str, str, str]]:
    role = next(iter(yaml.safe_load_all(path.read_text())))
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_without_a_name_of_the_cluster_the_start_is_refused_with_words():
    command = (str(Path(sys.executable).with_name("quayrobot")), "run", "--namespaces=team-a")
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]}
    )

    assert done.returncode == 2
    assert "--namespaces needs --cluster-id" in done.stderr
