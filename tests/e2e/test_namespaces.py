"""What does a ClusterQuayRobot do in the namespaces that it picks, one robot for each?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.fleets import Fleet
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.processes import wait_for


@pytest.fixture
def fleet(house: Installation) -> Iterator[Fleet]:
    made = Fleet(house)
    yield made
    made.close()


DOCUMENT = Path(__file__).parents[2] / "docs" / "namespaces.md"


def examples() -> list[Any]:
    """Return the manifests of docs/namespaces.md."""
    found = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return [yaml.safe_load(each) for each in found]


def for_fleet(example: Any, fleet: Fleet) -> Any:
    """Return an example for the organization and the label of *fleet*, else as it stands."""
    text = json.dumps(example).replace('"example.com/pull": "acme"', f'"fleet": "{fleet.name}"')
    body = json.loads(text.replace('"acme"', f'"{fleet.name}"'))
    body["metadata"]["name"] = fleet.name
    return body


def test_each_chosen_namespace_has_a_robot_of_its_own_for_as_long_as_it_is_chosen(fleet: Fleet):
    one, two = fleet.namespaces(2)
    (other,) = fleet.namespaces(1, chosen=False)
    fleet.apply(metadata={"labels": {"team": "a"}}, template={"description": "first"})
    fleet.wait_ready(2)

    assert fleet.members() == {one.name, two.name}
    for tenant in (one, two):
        tenant.wait_login(fleet.name)
        member = tenant.get(fleet.name)
        assert member is not None
        (owner,) = member["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["controller"]) == ("ClusterQuayRobot", True)
        assert "blockOwnerDeletion" not in owner
        assert member["metadata"]["labels"]["team"] == "a"
    assert fleet.robots() == sorted(f"{fleet.name}+{t.name}-{fleet.name}" for t in (one, two))

    fleet.label(fleet.name, other)
    other.wait_login(fleet.name)
    fleet.wait_ready(3)

    fleet.label(None, one)
    one.wait_gone(fleet.name)
    fleet.wait_ready(2)
    assert len(fleet.robots()) == 2

    fleet.apply(template={"description": "first", "suspend": True})
    fleet.wait_ready(2)
    for tenant in (two, other):
        member = tenant.get(fleet.name)
        assert member is not None
        assert member["spec"]["suspend"] is True
        assert "team" not in member["metadata"]["labels"]

    before = len(fleet.house.plane.audit())
    fleet.house.operator.restart()
    # Robots of earlier tests may still be on their way out.
    settle(lambda: not [e for e in fleet.house.operator_writes(before) if fleet.name in e], 3)

    fleet.delete()
    fleet.wait_gone()
    wait_for(lambda: fleet.robots() == [] and fleet.members() == set(), "all of it gone")


def test_one_namespace_that_fails_holds_up_no_other_and_what_is_not_ours_is_left_alone(
    fleet: Fleet,
):
    """By the first example of docs/namespaces.md."""
    example = for_fleet(examples()[0], fleet)
    fleet.apply_body(example)
    odd = fleet.namespace("x--y")
    taken, good = fleet.namespaces(2, chosen=False)
    taken.robot(fleet.name, organization=fleet.name, description="theirs")
    taken.wait_ready(fleet.name)
    theirs = taken.get(fleet.name)
    fleet.label(fleet.name, taken, good)

    wait_for(lambda: good.get("acme-pull", "secret"), "the Secret of the example")
    fleet.wait_reason("NamespacesFailed")
    wait_for(lambda: fleet.counts().get("ready") == 1, "the one that works")
    failed = {each["namespace"]: each["reason"] for each in fleet.status()["failed"]}
    assert failed == {odd.name: "InvalidSpec", taken.name: "QuayRobotNotOwned"}
    assert fleet.condition("Stalled")["status"] == "True"
    assert taken.get(fleet.name) == theirs
    pulls = good.get("default", "serviceaccount")
    assert pulls is not None
    assert pulls["imagePullSecrets"] == [{"name": "acme-pull"}]

    # What cannot be changed stays as it is where it is; the other namespaces are told apart.
    fleet.label(None, odd)
    taken.delete(fleet.name)
    fleet.wait_ready(2)
    members = {t.name: t.get(fleet.name) for t in (taken, good)}
    fleet.house.quay.admin("organization", name=f"{fleet.name}x")
    example["spec"]["template"]["spec"]["organization"] = f"{fleet.name}x"
    fleet.apply_body(example)
    wait_for(lambda: len(fleet.status().get("failed", ())) == 2, "both refused")
    assert {each["reason"] for each in fleet.status()["failed"]} == {"ImmutableField"}
    assert {t.name: t.get(fleet.name) for t in (taken, good)} == members
    example["spec"]["template"]["spec"]["organization"] = fleet.name
    fleet.apply_body(example)
    fleet.wait_ready(2)

    # Drift: edited and deleted by hand.
    change = '{"spec":{"description":"by hand"},"metadata":{"annotations":{"mine":"x"}}}'
    good.kubectl("patch", "quayrobot", fleet.name, "--type=merge", "-p", change)
    wait_for(lambda: (good.get(fleet.name) or {})["spec"]["description"] == "", "set right")
    again = good.get(fleet.name)
    assert again is not None
    assert again["metadata"]["annotations"]["mine"] == "x"
    good.delete(fleet.name)
    new = lambda: (good.get(fleet.name) or again)["metadata"]["uid"] != again["metadata"]["uid"]  # noqa: E731
    wait_for(new, "a new one")
    fleet.wait_ready(2)

    # A namespace that goes gets nothing any more; one of its name is served anew.
    good.kubectl("delete", "namespace", good.name)
    wait_for(lambda: len(fleet.robots()) == 1, "its robot gone")
    fleet.wait_ready(1)
    fleet.recreate(good)
    fleet.wait_ready(2)
    good.wait_login("acme-pull")


def test_a_mistyped_label_deletes_no_fleet(fleet: Fleet):
    tenants = fleet.namespaces(13)
    (stays,) = fleet.namespaces(1)
    fleet.apply(template={"secrets": []})
    fleet.wait_ready(14)
    members = fleet.members()

    fleet.label(None, *tenants)
    fleet.wait_reason("RemovalNotConfirmed")

    assert "13 of 14" in fleet.condition()["message"]
    assert fleet.condition("Stalled")["reason"] == "RemovalNotConfirmed"
    assert fleet.members() == members
    fleet.annotate("quayrobot.io/confirm-removal=12")
    fleet.label(fleet.name, tenants[0])
    wait_for(lambda: fleet.members() == {tenants[0].name, stays.name}, "the twelve left")
    fleet.wait_ready(2)
    used = {"confirmed": "12", "left": 0}
    wait_for(lambda: fleet.status()["removal"] == used, "the confirmation used up")

    # The same number again is no confirmation.
    fleet.label(fleet.name, *tenants[1:])
    fleet.wait_ready(14, timeout_s=60)
    fleet.label(None, *tenants[:12])
    fleet.wait_reason("RemovalNotConfirmed")
    assert "take it away" in fleet.condition()["message"]
    fleet.label(fleet.name, *tenants[:12])
    fleet.wait_ready(14)
    assert fleet.members() == members


@pytest.mark.parametrize("number", range(len(examples())))
def test_an_example_of_the_document_is_accepted(fleet: Fleet, number: int):
    body = json.dumps(examples()[number])
    strict = ("--dry-run=server", "--validate=strict")

    said = fleet.house.plane.kubectl("apply", "-f", "-", *strict, stdin=body)

    assert "clusterquayrobot.quayrobot.io/" in said


# One robot for all ---------------------------------------------------------------


@pytest.mark.rotates
def test_one_robot_serves_all_chosen_namespaces_and_a_rotation_reaches_each(fleet: Fleet):
    one, two = fleet.namespaces(2)
    for tenant in (one, two):
        tenant.kubectl("create", "serviceaccount", "builder")
    secret = {"name": "pull", "serviceAccounts": [{"name": "builder"}]}
    fleet.apply(mode="Shared", template={"secrets": [secret]})
    fleet.wait_ready(2)

    (robot,) = fleet.robots()
    assert robot == f"{fleet.name}+{fleet.name}"
    marker = fleet.house.quay.admin("robot/show", name=robot)["metadata"]["quayrobot.io"]
    assert (marker["kind"], marker["namespace"]) == ("ClusterQuayRobot", "")
    for tenant in (one, two):
        assert tenant.logs_in("pull")
        body = tenant.get("pull", "secret")
        assert body is not None
        (owner,) = body["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["controller"]) == ("ClusterQuayRobot", True)
        noted = body["metadata"]["annotations"]
        assert noted["quayrobot.io/owner"] == f"ClusterQuayRobot//{fleet.name}"
        assert noted["quayrobot.io/credential-digest"] == fleet.status()["credential"]["digest"]
        assert named(tenant, "builder") == ["pull"]

    # Drift: repaired from what is known, without a call to Quay.
    called = fleet.house.quay.mark()
    one.kubectl("delete", "secret", "pull")
    emptied = '{"data":{".dockerconfigjson":"e30="}}'
    two.kubectl("patch", "secret", "pull", "--type=merge", "-p", emptied)
    two.kubectl("patch", "serviceaccount", "builder", "-p", '{"imagePullSecrets":null}')
    for tenant in (one, two):
        tenant.wait_login("pull")
    wait_for(lambda: named(two, "builder") == ["pull"], "the link again")
    assert "robot.get" not in fleet.house.quay.operations(called)

    # A rotation: one call, and every copy has the new credential.
    before = one.credential("pull")
    called = fleet.house.quay.mark()
    fleet.annotate("quayrobot.io/rotate=now")
    wait_for(lambda: one.credential("pull") != before, "a new credential")
    for tenant in (one, two):
        tenant.wait_login("pull")
    fleet.wait_ready(2)
    assert fleet.house.quay.operations(called).count("robot.regenerate") == 1
    assert fleet.counts()["stale"] == 0
    assert "quayrobot_shared_refresh_seconds_count 1.0" in fleet.house.operator.metrics()


def test_the_copies_follow_namespaces_accounts_and_the_template_and_go_with_the_resource(
    fleet: Fleet,
):
    one, two = fleet.namespaces(2)
    (other,) = fleet.namespaces(1, chosen=False)
    for tenant in (one, two):
        tenant.kubectl("create", "serviceaccount", "builder")
    secret = {"name": "pull", "serviceAccounts": [{"name": "builder"}]}
    fleet.apply(mode="Shared", template={"secrets": [secret]})
    fleet.wait_ready(2)

    # A ServiceAccount that comes late.
    fleet.label(fleet.name, other)
    other.wait_login("pull")
    fleet.wait_reason("NamespacesFailed")
    assert fleet.status()["failed"][0]["reason"] == "ServiceAccountNotFound"
    other.kubectl("create", "serviceaccount", "builder")
    wait_for(lambda: named(other, "builder") == ["pull"], "the late link")
    fleet.wait_ready(3)
    fleet.label(None, one)
    one.wait_gone("pull", "secret")
    assert named(one, "builder") == []

    # Another name for the Secret rolls out; what was named before is not.
    fleet.apply(mode="Shared", template={"secrets": [{**secret, "name": "pull-2"}]})
    fleet.wait_ready(2)
    for tenant in (two, other):
        tenant.wait_login("pull-2")
        tenant.wait_gone("pull", "secret")
        assert named(tenant, "builder") == ["pull-2"]

    before_restart = len(fleet.house.plane.audit())
    fleet.house.operator.restart()
    settle(
        lambda: not [e for e in fleet.house.operator_writes(before_restart) if fleet.name in e], 3
    )

    fleet.delete()
    fleet.wait_gone()
    assert fleet.robots() == []
    for tenant in (two, other):
        tenant.wait_gone("pull-2", "secret")
        assert named(tenant, "builder") == []


def named(tenant: Tenant, account: str) -> list[str]:
    """Return the Secrets that a ServiceAccount of *tenant* names for pulling."""
    body = tenant.get(account, "serviceaccount")
    assert body is not None
    return [each["name"] for each in body.get("imagePullSecrets") or []]


def test_the_rules_decide_for_each_namespace_who_has_a_shared_credential(fleet: Fleet):
    may, may_not = fleet.namespaces(2)
    house = fleet.house
    house.plane.kubectl("label", "namespace", may.name, "side=in")
    allowing = {"namespaces": {"matchLabels": {"side": "in"}}, "organizations": ["*"]}
    house.cluster_connection(fleet.name, access=[allowing])
    through = {"connectionRef": {"name": fleet.name}, "secrets": [{"name": "pull"}]}
    fleet.apply(mode="Shared", template=through)
    may.wait_login("pull")
    fleet.wait_reason("NamespacesFailed")

    (refused,) = fleet.status()["failed"]
    assert (refused["namespace"], refused["reason"]) == (may_not.name, "ConnectionNotFound")
    assert may_not.get("pull", "secret") is None
    assert fleet.condition("RobotReady")["status"] == "True"
    assert fleet.condition("SecretsReady")["status"] == "False"

    # Forbidden looks like absent.
    absent = Fleet(house)
    away = absent.body(mode="Shared", template={"connectionRef": {"name": "no-such"}})
    away["spec"]["namespaceSelectors"] = [{"matchLabels": {"fleet": fleet.name}}]
    absent.apply_body(away)
    absent.wait_reason("ConnectionNotFound")
    told = {each["namespace"]: each["message"] for each in absent.status()["failed"]}
    assert told[may_not.name].replace("no-such", fleet.name) == refused["message"]
    assert absent.robots() == []
    absent.close()

    # The rules change, and with them who is served; what is there already is left as it is.
    house.plane.kubectl("label", "namespace", may_not.name, "side=in")
    may_not.wait_login("pull")
    fleet.wait_ready(2)
    house.cluster_connection(fleet.name, access=[])
    wait_for(lambda: fleet.counts()["failed"] == 2, "all refused")
    may.kubectl("delete", "secret", "pull")
    settle(lambda: may.get("pull", "secret") is None, 2)
    assert may_not.logs_in("pull")

    # A deletion needs no rule, and waits for Quay.
    house.quay.down()
    fleet.delete()
    fleet.wait_reason("DeletionBlocked")
    may_not.wait_gone("pull", "secret")
    house.quay.up()
    fleet.wait_gone()
    assert fleet.robots() == []
    house.plane.kubectl("delete", "clusterquayconnection", fleet.name, "--wait=false")
