"""Do tools that apply, compare, prune and restore manifests get along with the operator?"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import API, Installation, Tenant, settle
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.processes import wait_for

APPLY = {
    "client-side": ("apply", "-f", "-"),
    "server-side": ("apply", "--server-side", "--field-manager=git", "-f", "-"),
}
DIFF = {
    "client-side": ("diff", "-f", "-"),
    "server-side": ("diff", "--server-side", "--field-manager=git", "-f", "-"),
}
Body = dict[str, Any]


def body(kind: str, name: str, namespace: str, **spec: Any) -> Body:
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": API, "kind": kind, "metadata": meta, "spec": spec}


def secrets_of_all_formats() -> list[Body]:
    return [
        {"name": "pull", "scope": "Organization", "serviceAccounts": [{"name": "default"}]},
        {"name": "basic", "format": "BasicAuth"},
        {"name": "env", "format": "Opaque", "keys": {"password": "TOKEN"},
         "labels": {"a": "1"}, "annotations": {"b": "2"}},
    ]  # fmt: skip


def everything(tenant: Tenant) -> str:
    """Return manifests: robots with as little and with as much as can be said, a connection."""
    tenant.repository("app")
    tenant.house.quay.admin("team", org=tenant.name, name="devs")
    tenant.house.secret(tenant.name, "token", tenant.house.token)
    own = {"kind": "QuayConnection", "name": "own"}
    full: Body = {
        "connectionRef": own,
        "organization": tenant.name,
        "robotName": "full-robot",
        "description": "as much as can be said",
        "metadata": {"team": "a"},
        "permissions": {
            "repositories": [{"name": "app", "role": "read"}],
            "teams": ["devs"],
            "defaults": [{"role": "read"}],
        },
        "federation": {
            "identities": [{"issuer": "https://ci.example.com", "subject": "repo:a:ref:b"}]
        },
        "rotation": {"trigger": "1", "interval": "720h",
                     "window": {"schedule": "0 3 * * 1", "duration": "2h"}},
        "secrets": secrets_of_all_formats(),
    }  # fmt: skip
    items = [
        body("QuayRobot", "little", tenant.name, organization=tenant.name),
        body("QuayRobot", "full", tenant.name, **full),
        body("QuayConnection", "own", tenant.name, url=tenant.house.quay.url,
             allowPlaintext=True, credentials={"secretRef": {"name": "token"}}),
    ]  # fmt: skip
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def versions(tenant: Tenant) -> dict[str, str]:
    listed = json.loads(tenant.kubectl("get", "quayrobots,quayconnections,secrets", "-o", "json"))
    return {
        f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"]
        for each in listed["items"]
    }


def of_operator(tenant: Tenant, kind: str, name: str) -> list[Body]:
    shown = tenant.kubectl("get", kind, name, "-o", "json", "--show-managed-fields")
    entries = json.loads(shown)["metadata"]["managedFields"]
    return [each for each in entries if not each["manager"].startswith(("kubectl", "git"))]


@pytest.mark.parametrize("how", APPLY)
def test_what_is_applied_again_is_no_change_and_the_operator_owns_nothing_but_its_finalizer(
    tenant: Tenant, how: str
):
    plane, manifests = tenant.house.plane, everything(tenant)
    plane.kubectl(*APPLY[how], stdin=manifests)
    for name in ("little", "full"):
        tenant.wait_ready(name)
    tenant.kubectl("wait", "--for=condition=Authorized", "quayconnection/own", "--timeout=20s")
    before, called = versions(tenant), tenant.house.quay.mark()

    plane.kubectl(*APPLY[how], stdin=manifests)

    assert plane.kubectl(*DIFF[how], stdin=manifests) == ""
    settle(lambda: versions(tenant) == before, seconds=1.5)
    assert tenant.effects(called) == []
    for kind, name in (("quayrobot", "full"), ("quayconnection", "own")):
        entries = of_operator(tenant, kind, name)
        assert {each.get("subresource") for each in entries} == {None, "status"}
        for entry in entries:
            if entry.get("subresource") is None:
                (part,) = entry["fieldsV1"].values()
                assert set(entry["fieldsV1"]) == {"f:metadata"}
                assert set(part) == {"f:finalizers"}
            else:
                assert set(entry["fieldsV1"]) == {"f:status"}


@pytest.mark.rotates
def test_a_request_by_annotation_is_no_quarrel_with_what_is_in_git(tenant: Tenant):
    manifest = json.dumps(body("QuayRobot", "ci", tenant.name, organization=tenant.name))
    tenant.house.plane.kubectl(*APPLY["client-side"], stdin=manifest)
    tenant.house.plane.kubectl(*APPLY["server-side"], "--force-conflicts", stdin=manifest)
    tenant.wait_ready()
    before, called = tenant.credential(), tenant.house.quay.mark()

    tenant.kubectl("annotate", "quayrobot", "ci", "quayrobot.io/rotate=now")
    wait_for(lambda: tenant.credential() not in {None, before}, "a new credential")
    tenant.wait_ready()
    for how, apply in APPLY.items():
        tenant.house.plane.kubectl(*apply, stdin=manifest)
        assert tenant.house.plane.kubectl(*DIFF[how], stdin=manifest) == ""

    settle(lambda: tenant.operations(called).count("robot.regenerate") == 1, seconds=2)
    assert tenant.get()["metadata"]["annotations"]["quayrobot.io/rotate"] == "now"


@pytest.mark.parametrize("cascade", ["background", "foreground"])
def test_pruning_takes_everything_along_in_whatever_order(tenant: Tenant, cascade: str):
    plane, manifests = tenant.house.plane, everything(tenant)
    plane.kubectl("apply", "-f", "-", stdin=manifests)
    for name in ("little", "full"):
        tenant.wait_ready(name)

    plane.kubectl("delete", "-f", "-", f"--cascade={cascade}", "--timeout=30s", stdin=manifests)
    tenant.kubectl("delete", "secret", "token", "--timeout=20s")

    assert [e for e in tenant.house.quay.admin("robots") if e.startswith(f"{tenant.name}+")] == []
    wait_for(lambda: versions(tenant) == {}, f"nothing left but {versions(tenant)}")
    account = tenant.get("default", "serviceaccount")
    assert "imagePullSecrets" not in account or account["imagePullSecrets"] == []


def test_a_resource_renamed_in_git_hands_its_robot_over(tenant: Tenant):
    same = {"robotName": "ci", "secrets": [{"name": "pull"}]}
    tenant.robot("old", **same)
    tenant.wait_ready("old")

    # What is new is applied first, what is gone is pruned afterwards.
    tenant.robot("new", **same)
    tenant.wait_reason("AlreadyClaimed", "new")
    assert tenant.logs_in("pull")
    tenant.kubectl("delete", "quayrobot", "old", "--cascade=foreground", "--timeout=20s")

    tenant.wait_ready("new", timeout_s=40)
    assert tenant.in_quay()["metadata"]["quayrobot.io"]["name"] == "new"
    tenant.wait_login("pull")
    assert sorted(versions(tenant)) == ["QuayRobot/new", "Secret/pull"]


# Backup and restore ----------------------------------------------------------------


def backup(tenant: Tenant) -> list[Body]:
    """Return what a backup tool keeps: no status, no uid, no owner references."""
    listed = json.loads(tenant.kubectl("get", "quayrobots,secrets", "-o", "json"))["items"]
    for each in listed:
        each.pop("status", None)
        for key in ("uid", "resourceVersion", "creationTimestamp", "generation",
                    "ownerReferences", "managedFields"):  # fmt: skip
            each["metadata"].pop(key, None)
    return listed


def owner_of(tenant: Tenant, name: str) -> str | None:
    owners = tenant.get(name)["metadata"].get("ownerReferences") or [{}]
    return owners[0].get("uid")


def lose_the_cluster(tenant: Tenant) -> None:
    """Delete the resources while nobody is there to delete their robots."""
    tenant.house.operator.stop()
    tenant.kubectl("delete", "quayrobots", "--all", "--wait=false")
    for each in json.loads(tenant.kubectl("get", "quayrobots", "-o", "json"))["items"]:
        patch = ("--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        tenant.kubectl("patch", "quayrobot", each["metadata"]["name"], *patch)
    tenant.kubectl("delete", "secrets", "--all", "--ignore-not-found")
    wait_for(lambda: versions(tenant) == {}, "everything gone")


@pytest.fixture
def saved(tenant: Tenant) -> list[Body]:
    """Return the backup of a namespace with robots of every origin, which is then lost."""
    tenant.house.quay.admin("robot", name=tenant.full("legacy"))
    tenant.robot("ci", secrets=secrets_of_all_formats(), rotation={"trigger": "1"})
    tenant.robot("kept", secrets=[{"name": "kept", "deletionPolicy": "Retain"}])
    tenant.robot("legacy", creationPolicy="CreateOrAdopt")
    for name in ("ci", "kept", "legacy"):
        tenant.wait_ready(name)
    kept = backup(tenant)
    lose_the_cluster(tenant)
    return kept


def robots(tenant: Tenant) -> dict[str, str]:
    return {name: tenant.in_quay(name)["token"] for name in ("ci", "kept", "legacy")}


@pytest.mark.parametrize("finalizers", [True, False], ids=["as saved", "as in git"])
def test_what_is_restored_finds_its_robots_and_makes_none(
    tenant: Tenant, saved: list[Body], finalizers: bool
):
    before, called = robots(tenant), tenant.house.quay.mark()
    for each in saved:
        if not finalizers:
            each["metadata"].pop("finalizers", None)
    restored = json.dumps({"apiVersion": "v1", "kind": "List", "items": saved})
    tenant.house.plane.kubectl("create", "-f", "-", stdin=restored)

    tenant.house.operator.start()

    for name in ("ci", "kept", "legacy"):
        tenant.wait_ready(name)
    assert robots(tenant) == before
    assert tenant.effects(called) == []
    assert tenant.logs_in("pull")
    assert tenant.get("legacy")["status"]["robot"]["adopted"] is True
    owner = tenant.get("pull", "secret")["metadata"]["ownerReferences"][0]
    assert owner["uid"] == tenant.get("ci")["metadata"]["uid"]


def test_what_was_rotated_since_the_backup_is_taken_up_and_written_anew(
    tenant: Tenant, saved: list[Body]
):
    pull = next(each for each in saved if each["metadata"]["name"] == "pull")
    pull["data"] = {".dockerconfigjson": base64.b64encode(b'{"auths": {}}').decode()}
    rotated = {name: tenant.house.quay.admin("robot/regenerate", name=tenant.full(name))
               for name in ("ci", "kept", "legacy")}  # fmt: skip
    called = tenant.house.quay.mark()
    restored = json.dumps({"apiVersion": "v1", "kind": "List", "items": saved})
    tenant.house.plane.kubectl("create", "-f", "-", stdin=restored)

    tenant.house.operator.start()

    for name in ("ci", "kept"):
        tenant.wait_ready(name)
    # Nothing but its status says that an adopted robot was ever ours, and that is lost.
    tenant.wait_reason("SecretNotOwned", "legacy")
    assert tenant.credential("pull") == (tenant.full("ci"), rotated["ci"])
    assert tenant.logs_in("kept")
    assert robots(tenant) == rotated
    assert tenant.effects(called) == []


def test_a_member_that_is_restored_without_its_owner_is_taken_back_with_its_robot(
    house: Installation,
):
    made = ClusterRobot(house)
    (tenant,) = made.namespaces(1)
    made.apply(template={"secrets": [{"name": "pull"}]})
    made.wait_ready(1)
    uid, called = tenant.get(made.name)["metadata"]["uid"], house.quay.mark()

    orphan = ("--type=merge", "-p", '{"metadata":{"ownerReferences":null}}')
    tenant.kubectl("patch", "quayrobot", made.name, *orphan)

    wait_for(lambda: owner_of(tenant, made.name) == made.get()["metadata"]["uid"], "its owner")
    made.wait_ready(1)
    assert tenant.get(made.name)["metadata"]["uid"] == uid
    assert tenant.logs_in("pull")
    assert [
        each for each in house.quay.calls(called) if each.effect and made.name in each.path
    ] == []
    made.close()


@pytest.mark.parametrize("status", [True, False], ids=["with the status", "without a status"])
def test_a_drill_under_another_cluster_id_touches_no_robot(
    tenant: Tenant, status: bool, tmp_path: Path
):
    tenant.robot("ci")
    tenant.wait_ready("ci")
    token, called = tenant.in_quay()["token"], tenant.house.quay.mark()
    house = tenant.house
    house.operator.stop()
    if not status:
        patch = ("--subresource=status", "--type=merge", "-p", '{"status":null}')
        tenant.kubectl("patch", "quayrobot", "ci", *patch)
    config = house.plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)

    with OperatorProcess(config, tmp_path, "--cluster-id=drill"):
        tenant.robot("ci", metadata={"edited": "in the drill"})
        tenant.wait_reason("ForeignOwner")
        tenant.delete()
        tenant.wait_gone()

    assert tenant.in_quay()["token"] == token
    assert tenant.effects(called) == []
    house.operator.start()


# What the documents show ---------------------------------------------------------

PAGES = {"grants.md": ("team-a", 3), "quickstart.md": ("shop", 1)}
DOCS = Path(__file__).parents[2] / "docs"


def shown(page: str, url: str) -> list[Body]:
    """Return the manifests of our kinds that *page* shows, as they stand save for the registry."""
    text = (DOCS / page).read_text().replace("https://quay.example.com", url)
    blocks = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    found = [each for block in blocks for each in yaml.safe_load_all(block)]
    for each in found:
        if each["kind"] == "ClusterQuayConnection":
            each["spec"]["allowPlaintext"] = True
    return [each for each in found if each["apiVersion"] == API]


@pytest.fixture
def acme(house: Installation) -> Iterator[Installation]:
    """Return an installation with what the pages take for granted."""
    quay = house.quay
    quay.admin("organization", name="acme")
    for name in ("app", "base/python"):
        quay.admin("repository", namespace="acme", name=name)
    quay.admin("team", org="acme", name="builders")
    house.secret(NAMESPACE, "quay-token", house.token)
    yield house
    house.cluster_connection()


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_works_as_it_stands(acme: Installation, page: str):
    namespace, count = PAGES[page]
    acme.plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    manifests = shown(page, acme.quay.url)
    acme.plane.apply(*manifests)

    names = [e["metadata"]["name"] for e in manifests if e["kind"] == "QuayRobot"]
    assert len(names) == count
    tenant = Tenant(acme, namespace)
    for each in names:
        tenant.wait_ready(each, timeout_s=40)
    for each in manifests:
        if each["kind"] != "QuayRobot":
            continue
        wanted = each["spec"]["permissions"]
        rights = acme.quay.admin("grants", name=f"acme+{each['metadata']['name']}")
        assert rights["repositories"] == {g["name"]: g["role"] for g in wanted["repositories"]}
        assert rights["teams"] == wanted.get("teams", [])
        assert len(rights["prototypes"]) == len(wanted.get("defaults", []))
    account = tenant.get("default", "serviceaccount")
    assert {"name": "acme-pull"} in account["imagePullSecrets"]
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=30s")
