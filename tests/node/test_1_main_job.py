"""Does a pod pull its image with what the operator makes, whatever happens to the robot?"""

from __future__ import annotations

import json

import pytest

from tests.kit.installation import API
from tests.kit.packing import packed
from tests.kit.processes import wait_for

from .pulling import READ, Team, pod_of
from .site import Site


@pytest.fixture
def team(site: Site, tenant) -> Team:
    return Team(site, tenant)


def applied(site: Site, *bodies: dict) -> None:
    """Apply everything with one `kubectl apply -f`, in this order."""
    site.plane.apply(*bodies)


def test_a_pod_pulls_by_the_service_account(site: Site, team: Team):
    applied(site, team.robot())
    team.wait_linked()

    applied(site, team.deployment())

    team.wait_running("app")


@pytest.mark.parametrize("order", [1, -1], ids=["robot first", "robot last"])
def test_one_apply_of_everything_in_any_order(site: Site, team: Team, order: int):
    """Its pods name the Secret: what a ServiceAccount names is only given to later pods."""
    applied(site, *[team.robot(), team.deployment(secret="ci-pull")][::order])

    team.wait_running("app", timeout_s=60)


def test_without_a_robot_the_pull_is_refused(team: Team):
    team.run("early")

    assert "401" in team.wait_refused("early") or "unauthorized" in team.wait_refused("early")


@pytest.mark.rotates
def test_after_a_rotation_in_place_a_new_pod_pulls(site: Site, team: Team):
    applied(site, team.robot())
    team.wait_linked()
    team.runs("before")
    old = team.tenant.credential("ci-pull")

    applied(site, team.robot(rotation={"trigger": "now"}))
    wait_for(lambda: team.tenant.credential("ci-pull") != old, "a new credential")

    team.runs("after")
    assert not site.quay.login(*old)


@pytest.mark.rotates
def test_after_a_rotation_with_overlap_a_new_pod_pulls(site: Site, team: Team):
    overlap = {"strategy": "Overlap", "overlap": "1h"}
    applied(site, team.robot(rotation=overlap))
    team.wait_linked()
    old = team.tenant.credential("ci-pull")

    applied(site, team.robot(rotation={**overlap, "trigger": "now"}))
    wait_for(lambda: team.tenant.credential("ci-pull") != old, "a new credential", timeout_s=60)

    team.runs("after")
    assert site.quay.login(*old)


def test_a_pod_pulls_with_a_password_of_an_hour(site: Site, team: Team):
    keyless = {"type": "Federated", "serviceAccount": "default"}
    applied(site, team.robot(credentials=keyless))
    team.wait_linked()
    _, password = team.tenant.credential("ci-pull")

    team.runs("keyless")

    assert password.count(".") == 2, "it is no JSON web token"


def test_when_the_robot_is_deleted_the_next_pull_is_refused(site: Site, team: Team):
    retained = [{"name": "ci-pull", "deletionPolicy": "Retain",
                 "serviceAccounts": [{"name": "default"}]}]  # fmt: skip
    applied(site, team.robot(secrets=retained))
    team.wait_linked()
    team.runs("before")
    left = team.tenant.get("ci-pull", "secret")

    team.tenant.delete()
    team.tenant.wait_gone(timeout_s=40)
    # The Secret as somebody may have kept it: its robot is gone.
    if team.tenant.get("ci-pull", "secret") is None:
        site.plane.apply({"apiVersion": "v1", "kind": "Secret", "type": left["type"],
                          "metadata": {"name": "ci-pull", "namespace": team.name},
                          "data": left["data"]})  # fmt: skip
    site.plane.apply({"apiVersion": "v1", "kind": "Pod",
                      "metadata": {"name": "after", "namespace": team.name},
                      "spec": pod_of(team.image, "ci-pull")})  # fmt: skip

    assert "401" in team.wait_refused("after")


def test_a_pod_in_each_of_ten_namespaces(site: Site):
    names = [f"crowd-{number}" for number in range(10)]
    site.quay.admin("organization", name="crowd")
    site.quay.admin("repository", namespace="crowd", name="app")
    archive = packed(site.plane.folder / "crowd.tar", "localhost/app:1", site.program)
    site.push(archive, "crowd/app:1")
    secret = {"name": "pull", "serviceAccounts": [{"name": "default"}]}
    spec = {"organization": "crowd", "permissions": READ, "secrets": [secret]}
    cluster_robot = {
        "apiVersion": API, "kind": "ClusterQuayRobot", "metadata": {"name": "crowd"},
        "spec": {"namespaceSelectors": [{"matchLabels": {"served-by": "crowd"}}],
                 "template": {"spec": spec}},
    }  # fmt: skip
    labels = {"served-by": "crowd"}
    spaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each, "labels": labels}}
        for each in names
    ]

    site.plane.apply(*spaces, cluster_robot)
    wait_for(lambda: all(linked(site, each) for each in names), "ten Secrets", timeout_s=90)
    image = f"{site.registry}/crowd/app:1"
    site.plane.apply(*({"apiVersion": "v1", "kind": "Pod",
                        "metadata": {"name": "app", "namespace": each},
                        "spec": pod_of(image, None)} for each in names))  # fmt: skip

    wait_for(lambda: all(runs(site, each) for each in names), "ten pods", timeout_s=90)
    site.plane.kubectl("delete", "clusterquayrobot", "crowd", "--wait=false")
    site.plane.kubectl("delete", "namespace", *names, "--wait=false")


def test_no_call_was_refused(site: Site):
    assert site.failed_calls(site.since) == []


def linked(site: Site, namespace: str) -> bool:
    account = site.plane.get("serviceaccount", "default", namespace) or {}
    return "pull" in json.dumps(account.get("imagePullSecrets", []))


def runs(site: Site, namespace: str) -> bool:
    return any(each["status"]["phase"] == "Running" for each in site.pods(namespace))
