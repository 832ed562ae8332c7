"""What does a ClusterQuayRobot do in the namespaces that it picks, one robot for each?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.processes import wait_for


@pytest.fixture
def cluster_robot(house: Installation) -> Iterator[ClusterRobot]:
    made = ClusterRobot(house)
    yield made
    made.close()


DOCUMENT = Path(__file__).parents[2] / "docs" / "namespaces.md"


def examples() -> list[Any]:
    """Return the manifests of docs/namespaces.md."""
    found = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return [yaml.safe_load(each) for each in found]


def for_cluster_robot(example: Any, cluster_robot: ClusterRobot) -> Any:
    """Return an example for the organization and label of *cluster_robot*, else as it stands."""
    text = json.dumps(example).replace(
        '"example.com/pull": "acme"', f'"served-by": "{cluster_robot.name}"'
    )
    body = json.loads(text.replace('"acme"', f'"{cluster_robot.name}"'))
    body["metadata"]["name"] = cluster_robot.name
    return body


def test_each_chosen_namespace_has_a_robot_of_its_own_for_as_long_as_it_is_chosen(
    cluster_robot: ClusterRobot,
):
    one, two = cluster_robot.namespaces(2)
    (other,) = cluster_robot.namespaces(1, chosen=False)
    cluster_robot.apply(metadata={"labels": {"team": "a"}}, template={"description": "first"})
    cluster_robot.wait_ready(2)

    assert cluster_robot.members() == {one.name, two.name}
    for tenant in (one, two):
        tenant.wait_login(cluster_robot.name)
        member = tenant.get(cluster_robot.name)
        assert member is not None
        (owner,) = member["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["controller"]) == ("ClusterQuayRobot", True)
        assert "blockOwnerDeletion" not in owner
        assert member["metadata"]["labels"]["team"] == "a"
    assert cluster_robot.robots() == sorted(
        f"{cluster_robot.name}+{t.name}-{cluster_robot.name}" for t in (one, two)
    )

    cluster_robot.label(cluster_robot.name, other)
    other.wait_login(cluster_robot.name)
    cluster_robot.wait_ready(3)

    cluster_robot.label(None, one)
    one.wait_gone(cluster_robot.name)
    cluster_robot.wait_ready(2)
    assert len(cluster_robot.robots()) == 2

    cluster_robot.apply(template={"description": "first", "suspend": True})
    cluster_robot.wait_reason("Suspended")
    cluster_robot.wait_ready(2)
    for tenant in (two, other):
        member = tenant.get(cluster_robot.name)
        assert member is not None
        assert member["spec"]["suspend"] is True
        assert "team" not in member["metadata"]["labels"]

    before, _ = cluster_robot.house.rest(cluster_robot.name)
    cluster_robot.house.operator.restart()
    # Robots of earlier tests may still be on their way out.
    settle(
        lambda: (
            not [e for e in cluster_robot.house.operator_writes(before) if cluster_robot.name in e]
        ),
        3,
    )

    cluster_robot.delete()
    cluster_robot.wait_gone()
    wait_for(
        lambda: cluster_robot.robots() == [] and cluster_robot.members() == set(), "all of it gone"
    )


def test_one_namespace_that_fails_holds_up_no_other_and_what_is_not_ours_is_left_alone(
    cluster_robot: ClusterRobot,
):
    """By the first example of docs/namespaces.md."""
    example = for_cluster_robot(examples()[0], cluster_robot)
    cluster_robot.apply_body(example)
    odd = cluster_robot.namespace("x--y")
    taken, good = cluster_robot.namespaces(2, chosen=False)
    taken.robot(cluster_robot.name, organization=cluster_robot.name, description="theirs")
    taken.wait_ready(cluster_robot.name)
    theirs = taken.get(cluster_robot.name)
    cluster_robot.label(cluster_robot.name, taken, good)

    wait_for(lambda: good.get("acme-pull", "secret"), "the Secret of the example")
    cluster_robot.wait_reason("NamespacesFailed")
    wait_for(lambda: cluster_robot.counts().get("ready") == 1, "the one that works")
    failed = {each["namespace"]: each["reason"] for each in cluster_robot.status()["failed"]}
    assert failed == {odd.name: "InvalidSpec", taken.name: "QuayRobotNotOwned"}
    assert cluster_robot.condition("Stalled")["status"] == "True"
    assert taken.get(cluster_robot.name) == theirs
    pulls = good.get("default", "serviceaccount")
    assert pulls is not None
    assert pulls["imagePullSecrets"] == [{"name": "acme-pull"}]

    # What cannot be changed stays as it is where it is; the other namespaces are told apart.
    cluster_robot.label(None, odd)
    taken.delete(cluster_robot.name)
    cluster_robot.wait_ready(2)
    members = {t.name: t.get(cluster_robot.name) for t in (taken, good)}
    cluster_robot.house.quay.admin("organization", name=f"{cluster_robot.name}x")
    example["spec"]["template"]["spec"]["organization"] = f"{cluster_robot.name}x"
    cluster_robot.apply_body(example)
    wait_for(lambda: len(cluster_robot.status().get("failed", ())) == 2, "both refused")
    assert {each["reason"] for each in cluster_robot.status()["failed"]} == {"ImmutableField"}
    assert {t.name: t.get(cluster_robot.name) for t in (taken, good)} == members
    example["spec"]["template"]["spec"]["organization"] = cluster_robot.name
    cluster_robot.apply_body(example)
    cluster_robot.wait_ready(2)

    # Drift: edited and deleted by hand.
    change = '{"spec":{"description":"by hand"},"metadata":{"annotations":{"mine":"x"}}}'
    good.kubectl("patch", "quayrobot", cluster_robot.name, "--type=merge", "-p", change)
    wait_for(
        lambda: (good.get(cluster_robot.name) or {})["spec"]["description"] == "", "set right"
    )
    again = good.get(cluster_robot.name)
    assert again is not None
    assert again["metadata"]["annotations"]["mine"] == "x"
    good.delete(cluster_robot.name)
    old = again["metadata"]["uid"]
    new = lambda: (good.get(cluster_robot.name) or again)["metadata"]["uid"] != old  # noqa: E731
    wait_for(new, "a new one")
    cluster_robot.wait_ready(2)

    # A namespace that goes gets nothing any more; one of its name is served again.
    good.kubectl("delete", "namespace", good.name)
    wait_for(lambda: len(cluster_robot.robots()) == 1, "its robot gone")
    cluster_robot.wait_ready(1)
    cluster_robot.recreate(good)
    cluster_robot.wait_ready(2)
    good.wait_login("acme-pull")


def test_a_mistyped_label_removes_no_robots(cluster_robot: ClusterRobot):
    tenants = cluster_robot.namespaces(13)
    (stays,) = cluster_robot.namespaces(1)
    cluster_robot.apply(template={"noSecret": True})
    cluster_robot.wait_ready(14)
    members = cluster_robot.members()

    cluster_robot.label(None, *tenants)
    cluster_robot.wait_reason("RemovalNotConfirmed")

    assert "13 of 14" in cluster_robot.condition()["message"]
    assert cluster_robot.condition("Stalled")["reason"] == "RemovalNotConfirmed"
    assert cluster_robot.members() == members
    cluster_robot.annotate("quayrobot.io/confirm-removal=12")
    cluster_robot.label(cluster_robot.name, tenants[0])
    wait_for(lambda: cluster_robot.members() == {tenants[0].name, stays.name}, "the twelve left")
    cluster_robot.wait_ready(2)
    used = {"confirmed": "12", "left": 0}
    wait_for(lambda: cluster_robot.status()["removal"] == used, "the confirmation used up")

    # The same number again is no confirmation.
    cluster_robot.label(cluster_robot.name, *tenants[1:])
    cluster_robot.wait_ready(14, timeout_s=60)
    cluster_robot.label(None, *tenants[:12])
    cluster_robot.wait_reason("RemovalNotConfirmed")
    assert "take it away" in cluster_robot.condition()["message"]
    cluster_robot.label(cluster_robot.name, *tenants[:12])
    cluster_robot.wait_ready(14)
    assert cluster_robot.members() == members


@pytest.mark.parametrize("number", range(len(examples())))
def test_an_example_of_the_document_is_accepted(cluster_robot: ClusterRobot, number: int):
    body = json.dumps(examples()[number])
    strict = ("--dry-run=server", "--validate=strict")

    said = cluster_robot.house.plane.kubectl("apply", "-f", "-", *strict, stdin=body)

    assert "clusterquayrobot.quayrobot.io/" in said


# One robot for all ---------------------------------------------------------------


def refreshes(cluster_robot: ClusterRobot) -> float:
    """Return how many new credentials of shared robots have reached their last copy."""
    found = re.search(
        r"^quayrobot_shared_refresh_seconds_count (\S+)$",
        cluster_robot.house.operator.metrics(),
        re.MULTILINE,
    )
    return float(found[1]) if found else 0.0


@pytest.mark.rotates
def test_one_robot_serves_all_chosen_namespaces_and_a_rotation_reaches_each(
    cluster_robot: ClusterRobot,
):
    one, two = cluster_robot.namespaces(2)
    for tenant in (one, two):
        tenant.kubectl("create", "serviceaccount", "builder")
    secret = {"name": "pull", "serviceAccounts": [{"name": "builder"}]}
    cluster_robot.apply(mode="Shared", template={"secrets": [secret]})
    cluster_robot.wait_ready(2)

    (robot,) = cluster_robot.robots()
    assert robot == f"{cluster_robot.name}+{cluster_robot.name}"
    marker = cluster_robot.house.quay.admin("robot/show", name=robot)["metadata"]["quayrobot.io"]
    assert (marker["kind"], marker["namespace"]) == ("ClusterQuayRobot", "")
    for tenant in (one, two):
        assert tenant.logs_in("pull")
        body = tenant.get("pull", "secret")
        assert body is not None
        (owner,) = body["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["controller"]) == ("ClusterQuayRobot", True)
        noted = body["metadata"]["annotations"]
        assert noted["quayrobot.io/owner"] == f"ClusterQuayRobot//{cluster_robot.name}"
        assert (
            noted["quayrobot.io/credential-digest"]
            == cluster_robot.status()["credential"]["digest"]
        )
        assert named(tenant, "builder") == ["pull"]

    # Drift: repaired from what is known, without a call to Quay.
    called = cluster_robot.house.quay.mark()
    one.kubectl("delete", "secret", "pull")
    emptied = '{"data":{".dockerconfigjson":"e30="}}'
    two.kubectl("patch", "secret", "pull", "--type=merge", "-p", emptied)
    two.kubectl("patch", "serviceaccount", "builder", "-p", '{"imagePullSecrets":null}')
    for tenant in (one, two):
        tenant.wait_login("pull")
    wait_for(lambda: named(two, "builder") == ["pull"], "the link again")
    assert "robot.get" not in cluster_robot.operations(called)

    # A rotation: one call, and every copy has the new credential.
    before, counted = one.credential("pull"), refreshes(cluster_robot)
    called = cluster_robot.house.quay.mark()
    cluster_robot.annotate("quayrobot.io/rotate=now")
    wait_for(lambda: one.credential("pull") != before, "a new credential")
    for tenant in (one, two):
        tenant.wait_login("pull")
    cluster_robot.wait_ready(2)
    assert cluster_robot.operations(called).count("robot.regenerate") == 1
    assert cluster_robot.counts()["stale"] == 0
    # It is counted when the pass that told of it ends, which is after its status.
    wait_for(lambda: refreshes(cluster_robot) == counted + 1, "the refresh to be counted")


def test_the_copies_follow_namespaces_accounts_and_the_template_and_go_with_the_resource(
    cluster_robot: ClusterRobot,
):
    one, two = cluster_robot.namespaces(2)
    (other,) = cluster_robot.namespaces(1, chosen=False)
    for tenant in (one, two):
        tenant.kubectl("create", "serviceaccount", "builder")
    secret = {"name": "pull", "serviceAccounts": [{"name": "builder"}]}
    cluster_robot.apply(mode="Shared", template={"secrets": [secret]})
    cluster_robot.wait_ready(2)

    # A ServiceAccount that comes late.
    cluster_robot.label(cluster_robot.name, other)
    other.wait_login("pull")
    cluster_robot.wait_reason("NamespacesFailed")
    assert cluster_robot.status()["failed"][0]["reason"] == "ServiceAccountNotFound"
    other.kubectl("create", "serviceaccount", "builder")
    wait_for(lambda: named(other, "builder") == ["pull"], "the late link")
    cluster_robot.wait_ready(3)
    cluster_robot.label(None, one)
    one.wait_gone("pull", "secret")
    assert named(one, "builder") == []

    # Another name for the Secret rolls out; what was named before is not.
    cluster_robot.apply(mode="Shared", template={"secrets": [{**secret, "name": "pull-2"}]})
    cluster_robot.wait_ready(2)
    for tenant in (two, other):
        tenant.wait_login("pull-2")
        tenant.wait_gone("pull", "secret")
        assert named(tenant, "builder") == ["pull-2"]

    before_restart, _ = cluster_robot.house.rest(cluster_robot.name)
    cluster_robot.house.operator.restart()
    settle(
        lambda: (
            not [
                e
                for e in cluster_robot.house.operator_writes(before_restart)
                if cluster_robot.name in e
            ]
        ),
        3,
    )

    cluster_robot.delete()
    cluster_robot.wait_gone()
    assert cluster_robot.robots() == []
    for tenant in (two, other):
        tenant.wait_gone("pull-2", "secret")
        assert named(tenant, "builder") == []


def named(tenant: Tenant, account: str) -> list[str]:
    """Return the Secrets that a ServiceAccount of *tenant* names for pulling."""
    body = tenant.get(account, "serviceaccount")
    assert body is not None
    return [each["name"] for each in body.get("imagePullSecrets") or []]


def test_while_it_is_suspended_no_namespace_loses_its_copy(cluster_robot: ClusterRobot):
    one, two = cluster_robot.namespaces(2)
    cluster_robot.apply(mode="Shared")
    cluster_robot.wait_ready(2)
    cluster_robot.apply(mode="Shared", template={"suspend": True})
    cluster_robot.wait_reason("Suspended")

    cluster_robot.label(None, one)
    wait_for(lambda: cluster_robot.counts()["leaving"] == 1, "it to be counted")
    # Removals that belong together are waited for; then they are made.
    settle(lambda: one.logs_in(cluster_robot.name), seconds=4)
    assert cluster_robot.condition()["reason"] == "Suspended"

    cluster_robot.apply(mode="Shared")
    cluster_robot.wait_ready(1)
    wait_for(lambda: cluster_robot.secret_places() == {two.name}, "the copy to go")


def test_the_rules_decide_for_each_namespace_who_has_a_shared_credential(
    cluster_robot: ClusterRobot,
):
    may, may_not = cluster_robot.namespaces(2)
    house = cluster_robot.house
    house.plane.kubectl("label", "namespace", may.name, "side=in")
    allowing = {"namespaces": {"matchLabels": {"side": "in"}}, "organizations": ["*"]}
    house.cluster_connection(cluster_robot.name, access=[allowing])
    through = {"connectionRef": {"name": cluster_robot.name}, "secrets": [{"name": "pull"}]}
    cluster_robot.apply(mode="Shared", template=through)
    may.wait_login("pull")
    cluster_robot.wait_reason("NamespacesFailed")

    (refused,) = cluster_robot.status()["failed"]
    assert (refused["namespace"], refused["reason"]) == (may_not.name, "ConnectionNotFound")
    assert may_not.get("pull", "secret") is None
    assert cluster_robot.condition("RobotReady")["status"] == "True"
    assert cluster_robot.condition("SecretsReady")["status"] == "False"

    # Forbidden looks like absent.
    absent = ClusterRobot(house)
    away = absent.body(mode="Shared", template={"connectionRef": {"name": "no-such"}})
    away["spec"]["namespaceSelectors"] = [{"matchLabels": {"served-by": cluster_robot.name}}]
    absent.apply_body(away)
    absent.wait_reason("ConnectionNotFound")
    told = {each["namespace"]: each["message"] for each in absent.status()["failed"]}
    assert told[may_not.name].replace("no-such", cluster_robot.name) == refused["message"]
    assert absent.robots() == []
    absent.close()

    # The rules change, and with them who is served; what is there already is left as it is.
    house.plane.kubectl("label", "namespace", may_not.name, "side=in")
    may_not.wait_login("pull")
    cluster_robot.wait_ready(2)
    house.cluster_connection(cluster_robot.name, access=[])
    wait_for(lambda: cluster_robot.counts()["failed"] == 2, "all refused")
    may.kubectl("delete", "secret", "pull")
    settle(lambda: may.get("pull", "secret") is None, 2)
    assert may_not.logs_in("pull")

    # A deletion needs no rule, and waits for Quay.
    house.quay.down()
    cluster_robot.delete()
    cluster_robot.wait_reason("DeletionBlocked")
    may_not.wait_gone("pull", "secret")
    house.quay.up()
    cluster_robot.wait_gone()
    assert cluster_robot.robots() == []
    house.plane.kubectl("delete", "clusterquayconnection", cluster_robot.name, "--wait=false")
