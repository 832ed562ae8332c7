"""Are robots that are there taken over, and given back, without a write to Quay?"""

from __future__ import annotations

import json
from collections import Counter

import pytest
import yaml

from tests.kit.canary import scan
from tests.kit.installation import Tenant
from tests.kit.processes import wait_for
from tests.kit.shell import Shell

MANY = 200
OWN = {"kind": "QuayConnection", "name": "own"}
LET_GO = '[{"op": "remove", "path": "/metadata/finalizers"}]'
FOREIGN = {
    "quayrobot.io": {
        "cluster": "another", "kind": "QuayRobot", "namespace": "n\nkind: Evil", "name": "x",
        "uid": "1", "slot": "main",
    }
}  # fmt: skip


def furnish(tenant: Tenant) -> list[str]:
    """Make an organization by hand as one grows over the years; return its robots."""
    quay, org = tenant.house.quay, tenant.name
    repositories = [f"group/app-{number}" for number in range(20)]
    tenant.repository(*repositories)
    quay.admin("user", name="bob")
    robots = [f"bot-{number}" for number in range(MANY - 4)] + ["a_b", "a-b", "12", "dotted.name"]
    for number, robot in enumerate(robots):
        # One is older than Quay's note of when a robot was made.
        age = {"created": None} if robot == "12" else {}
        quay.admin("robot", name=tenant.full(robot), description=f"robot {number}", **age)
        for step, role in ((0, "read"), (7, "write"), (13, "admin"))[: number % 4]:
            place = repositories[(number + step) % len(repositories)]
            quay.admin("grant", repository=f"{org}/{place}", user=tenant.full(robot), role=role)
    for team in range(4):
        members = [tenant.full(each) for each in robots[team::9]]
        quay.admin("team", org=org, name=f"team-{team}", members=members)
    for robot in robots[::10]:
        quay.admin("prototype", org=org, delegate=tenant.full(robot), role="read")
    # Of what one robot makes, and of what a robot of another organization makes.
    quay.admin("robot", name="elsewhere+maker")
    for robot, creator in (("bot-20", tenant.full("bot-30")), ("bot-40", "elsewhere+maker")):
        quay.admin(
            "prototype", org=org, delegate=tenant.full(robot), role="write", creator=creator
        )
    for robot in robots[::25]:
        entries = [{"issuer": "https://ci.example.com", "subject": f"job:{robot}"}]
        quay.admin("federation/set", name=tenant.full(robot), entries=entries)
    # Twice the same: a manifest cannot say it, and Exact would take one away.
    quay.admin("prototype", org=org, delegate=tenant.full("bot-10"), role="write")
    quay.admin("robot", name=tenant.full("foreign"), metadata=FOREIGN)
    return robots


@pytest.mark.timeout(400)
def test_hundreds_of_robots_are_taken_over_and_given_back_without_a_write_to_quay(tenant: Tenant):
    quay, plane, shell = tenant.house.quay, tenant.house.plane, Shell(tenant.house.plane)
    robots = furnish(tenant)
    tenant.connection()
    tenant.robot("held", connectionRef=OWN)
    tenant.wait_ready("held")
    before = {each: tenant.grants(each) for each in robots}
    called = quay.mark()

    said = shell.quayrobot(
        "import", "--connection", "QuayConnection/own", "--organization", tenant.name,
        "-n", tenant.name,
    )  # fmt: skip

    assert said.code == 0, said.err
    manifests = [each for each in yaml.safe_load_all(said.out) if each]
    assert sorted(each["spec"]["robotName"] for each in manifests) == sorted(robots)
    assert f"# {tenant.full('held')}: QuayRobot {tenant.name}/held of this cluster" in said.out
    assert f"# {tenant.full('foreign')}: made by QuayRobot (not a name)/x of another" in said.out
    assert f"of {MANY + 2} robots read" in said.err
    assert scan(said.all, "import") == []
    # One list per repository, one of defaults; per robot its marker and its federation.
    reads = Counter(e.operation for e in quay.calls(called) if f"/{tenant.name}" in e.path)
    del reads["robot.list"]
    assert reads == {
        "permission.list": 20, "prototype.list": 1,
        "robot.get": MANY + 2, "federation.get": MANY + 2,
    }  # fmt: skip

    plane.kubectl("apply", "--server-side", "-f", "-", stdin=said.out)
    wait_for(lambda: not _not_ready(tenant), "all Ready", timeout_s=150, every_s=1)
    assert tenant.effects(called) == []

    plane.kubectl("delete", "-f", "-", "--wait=false", stdin=said.out)
    wait_for(lambda: len(_listed(tenant)) == 1, "all gone", timeout_s=120, every_s=1)
    assert tenant.effects(called) == []
    assert {each: tenant.grants(each) for each in robots} == before


def test_an_import_goes_robot_by_robot_where_the_list_with_rights_is_too_slow(tenant: Tenant):
    quay, shell = tenant.house.quay, Shell(tenant.house.plane)
    tenant.connection()
    tenant.repository("app")
    for robot in ("one", "two"):
        quay.admin("robot", name=tenant.full(robot))
        quay.admin("grant", repository=f"{tenant.name}/app", user=tenant.full(robot), role="write")
    quay.admin("team", org=tenant.name, name="devs", members=[tenant.full("two")])
    words = (
        "import", "--connection", "QuayConnection/own", "--organization", tenant.name,
        "-n", tenant.name, "--robot", "two",
    )  # fmt: skip
    usual = shell.quayrobot(*words)

    quay.admin("fault", operation="robot.list", path=tenant.name, kind="page", status=504, count=1)
    said = shell.quayrobot(*words)

    assert said.code == 0, said.err
    assert "reading robots one by one" in said.err
    assert said.out == usual.out
    [manifest] = [each for each in yaml.safe_load_all(said.out) if each]
    assert manifest["spec"]["permissions"]["teams"] == ["devs"]


def test_an_import_of_a_mistyped_robot_fails(tenant: Tenant):
    shell = Shell(tenant.house.plane)
    tenant.connection()
    tenant.house.quay.admin("robot", name=tenant.full("one"))

    said = shell.quayrobot(
        "import", "--connection", "QuayConnection/own", "--organization", tenant.name,
        "-n", tenant.name, "--robot", "o*", "--robot", "tow",
    )  # fmt: skip

    assert (said.code, said.out) == (1, "")
    assert said.err.endswith(f"error: no robot of {tenant.name} matches --robot tow\n")

    for connection, words in (
        ("nosuch", "no ClusterQuayConnection nosuch (a QuayConnection of the namespace is"),
        ("QuayConnection/nosuch", f"no QuayConnection nosuch in the namespace {tenant.name}"),
    ):
        said = shell.quayrobot(
            "import", "--connection", connection, "--organization", tenant.name, "-n", tenant.name
        )
        assert (said.code, said.out) == (1, "")
        assert words in said.err


def test_a_robot_that_goes_while_it_is_read_is_left_out_of_an_import(tenant: Tenant):
    quay, shell = tenant.house.quay, Shell(tenant.house.plane)
    tenant.connection()
    for robot in ("goes", "stays"):
        quay.admin("robot", name=tenant.full(robot))
    gone = {"message": "Could not find robot with specified username"}
    quay.admin(
        "fault", operation="federation.get", path=f"{tenant.name}/robots/goes/", count=-1,
        status=400, body=json.dumps(gone), headers={"Content-Type": "application/json"},
    )  # fmt: skip

    said = shell.quayrobot(
        "import", "--connection", "QuayConnection/own", "--organization", tenant.name,
        "-n", tenant.name,
    )  # fmt: skip

    assert said.code == 0, said.err
    [manifest] = [each for each in yaml.safe_load_all(said.out) if each]
    assert manifest["spec"]["robotName"] == "stays"


def _listed(tenant: Tenant) -> list[dict]:
    return json.loads(tenant.kubectl("get", "quayrobots", "-o", "json"))["items"]


def _not_ready(tenant: Tenant) -> list[str]:
    return [
        each["metadata"]["name"]
        for each in _listed(tenant)
        if not any(
            one["type"] == "Ready" and one["status"] == "True"
            for one in (each.get("status") or {}).get("conditions") or ()
        )
    ]


READER = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "importer"},
    "rules": [
        {"apiGroups": ["quayrobot.io"], "resources": ["*"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["secrets", "namespaces"], "verbs": ["get"]},
    ],
}


def test_an_import_tells_what_is_in_the_way_in_the_cluster(tenant: Tenant):
    quay, plane, org = tenant.house.quay, tenant.house.plane, tenant.name
    for name in ("app", "lib", "shared"):
        quay.admin("robot", name=tenant.full(name))
    tenant.connection()
    tenant.kubectl("create", "secret", "generic", "app", "--from-literal=a=b")
    cluster_robot = f"shared-{org}"
    _share(tenant, cluster_robot)
    wait_for(lambda: _holds(tenant, cluster_robot), "the shared robot")
    tenant.kubectl("create", "serviceaccount", "importer")
    plane.apply(READER)
    account = f"--serviceaccount={org}:importer"
    plane.kubectl("create", "clusterrolebinding", org, "--clusterrole=importer", account)
    lesser = Shell(plane, plane.service_account_kubeconfig(org, "importer"))
    asked = ("import", "--connection", "QuayConnection/own", "--organization", org, "-n", org)

    said = Shell(plane).quayrobot(*asked)
    less = lesser.quayrobot(*asked)

    app, lib = (each for each in said.out.split("---\n") if "kind: QuayRobot" in each)
    assert "# refused for now: SecretNotOwned: Secret app exists" in app
    assert "refused" not in lib
    assert (
        f"# {tenant.full('shared')}: ClusterQuayRobot {cluster_robot} of this cluster has it"
        in said.out
    )
    assert "1 manifests name a Secret that somebody else owns" in said.err
    # Whoever may not list Secrets gets the manifests, and is told what was not looked at.
    assert less.code == 0, less.err
    assert "refused" not in less.out
    assert f"# Not looked at: Secrets in {org} may not be listed" in less.out
    assert f"note: Secrets in {org} may not be listed" in less.err


def test_an_import_of_an_organization_that_is_not_there_says_so(tenant: Tenant):
    tenant.connection()

    asked = ("import", "--connection", "QuayConnection/own", "-n", tenant.name)
    said = Shell(tenant.house.plane).quayrobot(*asked, "--organization", "mistyped")

    assert said.code == 1
    assert said.err == "error: the organization mistyped does not exist in Quay\n"


def test_a_manifest_for_a_namespace_that_goes_is_refused_beforehand(tenant: Tenant):
    plane, going = tenant.house.plane, f"{tenant.name}-going"
    tenant.house.quay.admin("robot", name=tenant.full("old"))
    plane.make_namespace(going)
    held = {"name": "held", "namespace": going, "finalizers": ["example.com/held"]}
    plane.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held})
    plane.delete("namespace", going)
    shell, words = Shell(plane), "NamespaceTerminating: the namespace is being deleted"

    said = shell.quayrobot("import", "--organization", tenant.name, "-n", going)
    planned = shell.plugin("plan", "-f", "-", stdin=said.out)

    plane.kubectl("-n", going, "patch", "configmap", "held", "--type=json", "-p", LET_GO)
    assert f"# refused for now: {words}" in said.out
    assert (planned.code, words in planned.out) == (1, True)


def _share(tenant: Tenant, name: str) -> None:
    """Adopt a robot for all, so that no marker in Quay says whose it is."""
    template = {
        "organization": tenant.name, "creationPolicy": "Adopt", "deletionPolicy": "Orphan",
        "permissions": {},
    }  # fmt: skip
    spec = {
        "mode": "Shared", "template": {"spec": template}, "robotNameTemplate": "shared",
        "namespaceSelectors": [{"matchLabels": {"kubernetes.io/metadata.name": tenant.name}}],
    }  # fmt: skip
    body = {"apiVersion": "quayrobot.io/v1alpha1", "kind": "ClusterQuayRobot", "spec": spec}
    tenant.house.plane.apply({**body, "metadata": {"name": name}})


def _holds(tenant: Tenant, name: str) -> bool:
    status = tenant.house.plane.get("clusterquayrobot", name).get("status") or {}
    return bool((status.get("robot") or {}).get("adopted"))
