"""Is told that the manifest of a linked ServiceAccount names the list that our entry is in?"""

from __future__ import annotations

import json

import pytest

from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.processes import wait_for
from tests.kit.shell import Shell

REASON = "ImagePullSecretsDeclared"
LINKED = [{"name": "ci", "serviceAccounts": [{"name": "builder"}]}]
# A ServiceAccount without any field of its own is a manifest that leaves the list out.
BARE = None
SERVER_SIDE = ("--server-side", "--field-manager=release-tool")


def apply(tenant: Tenant, pull: list[str] | None, *how: str, check: bool = True) -> str | None:
    """Apply the manifest of the ServiceAccount as a tool does; return what was said."""
    meta = {"name": "builder", "namespace": tenant.name, "labels": {"made": "by-a-release"}}
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
    if pull is not None:
        body["imagePullSecrets"] = [{"name": each} for each in pull]
    words = ("apply", *how, "-f", "-")
    return tenant.house.plane.kubectl(*words, stdin=json.dumps(body), check=check)


def named(tenant: Tenant) -> list[str]:
    body = tenant.get("builder", "serviceaccount") or {}
    return [each["name"] for each in body.get("imagePullSecrets") or []]


def notes(tenant: Tenant) -> list[str]:
    listed = json.loads(tenant.kubectl("get", "events.events.k8s.io", "-o", "json"))["items"]
    return [each["note"] for each in listed if each["reason"] == REASON]


def checked(tenant: Tenant, shell: Shell) -> dict[str, str]:
    about = f"ServiceAccount {tenant.name}/builder"
    said = json.loads(shell.quayrobot("check", "-o", "json").out)["items"]
    return {each["words"]: each["state"] for each in said if each["about"] == about}


@pytest.mark.parametrize(
    ("how", "by"),
    [
        pytest.param((), "kubectl apply", id="client-side"),
        pytest.param(SERVER_SIDE, "release-tool", id="server-side"),
    ],
)
def test_a_list_that_a_manifest_names_is_told_once(tenant: Tenant, how: tuple[str, ...], by: str):
    apply(tenant, ["theirs"], *how)

    tenant.robot(secrets=LINKED)

    tenant.wait_ready()
    wait_for(lambda: notes(tenant), "the Event")
    assert named(tenant) == ["theirs", "ci"]
    # Whoever forces it unlinks us; we put it back, and have said so already.
    forced = (*how, "--force-conflicts") if how else how
    apply(tenant, ["theirs"], *forced)
    wait_for(lambda: named(tenant) == ["theirs", "ci"], "the link again")
    settle(lambda: len(notes(tenant)) == 1, seconds=2)
    assert f"ServiceAccount builder names imagePullSecrets ({by})" in notes(tenant)[0]
    assert tenant.condition()["status"] == "True"


def test_server_side_apply_of_such_a_manifest_ends_in_a_conflict_with_us(tenant: Tenant):
    apply(tenant, ["theirs"], *SERVER_SIDE)
    tenant.robot(secrets=LINKED)
    tenant.wait_ready()

    refused = tenant.house.plane.kubectl_answer(
        "apply", *SERVER_SIDE, "-f", "-",
        stdin=json.dumps({
            "apiVersion": "v1", "kind": "ServiceAccount", "imagePullSecrets": [{"name": "theirs"}],
            "metadata": {"name": "builder", "namespace": tenant.name},
        }),
    )  # fmt: skip

    assert refused is not None
    assert 'conflict with "quay-robot-operator"' in refused
    assert ".imagePullSecrets" in refused


@pytest.mark.parametrize("how", [(), SERVER_SIDE])
def test_a_manifest_that_leaves_the_list_out_is_no_trouble(tenant: Tenant, how: tuple[str, ...]):
    apply(tenant, BARE, *how)
    tenant.robot(secrets=LINKED)
    tenant.wait_ready()

    for _ in range(2):
        apply(tenant, BARE, *how)

    settle(lambda: named(tenant) == ["ci"] and notes(tenant) == [])


def test_a_shared_robot_tells_it_of_the_account_that_it_links(house: Installation):
    cluster_robot = ClusterRobot(house)
    try:
        [space] = cluster_robot.namespaces(1)
        apply(space, ["theirs"])
        cluster_robot.apply(mode="Shared", template={"secrets": LINKED})
        cluster_robot.wait_ready(1)
        assert named(space) == ["theirs", "ci"]

        def told() -> list[str]:
            listed = json.loads(
                house.plane.kubectl("get", "events.events.k8s.io", "-n", "default", "-o", "json")
            )["items"]
            mine = [each for each in listed if each["regarding"]["name"] == cluster_robot.name]
            return [each["note"] for each in mine if each["reason"] == REASON]

        wait_for(lambda: len(told()) == 1, "the Event")
    finally:
        cluster_robot.close()


@pytest.fixture
def shell(tenant: Tenant) -> Shell:
    """Return the shell of somebody who administers the cluster."""
    plane, name = tenant.house.plane, f"{tenant.name}-looker"
    tenant.kubectl("create", "serviceaccount", "looker")
    account = f"--serviceaccount={tenant.name}:looker"
    plane.kubectl("create", "clusterrolebinding", name, "--clusterrole=cluster-admin", account)
    return Shell(plane, plane.service_account_kubeconfig(tenant.name, "looker"))


def test_check_tells_it_while_it_can_be_seen(tenant: Tenant, shell: Shell):
    apply(tenant, BARE)
    tenant.robot(secrets=LINKED)
    tenant.wait_ready()
    assert checked(tenant, shell) == {}

    apply(tenant, ["theirs"])
    wait_for(lambda: named(tenant) == ["theirs", "ci"], "the link again")

    [(words, state)] = checked(tenant, shell).items()
    assert state == "warning"
    assert words.startswith("the manifest of ServiceAccount builder names imagePullSecrets")
