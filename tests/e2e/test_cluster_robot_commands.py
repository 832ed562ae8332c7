"""Do the commands of the day after tell the truth of a ClusterQuayRobot?"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.kit.cluster_robots import ClusterRobot
from tests.kit.installation import Body, Installation, Tenant
from tests.kit.processes import wait_for
from tests.kit.shell import Shell, check_recording, normalized

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
READER = "cluster-robot-reader"


class Shop:
    """Namespaces team-a, team-b and so on, and the ClusterQuayRobot `puller` of docs."""

    def __init__(self, house: Installation) -> None:
        self.house, self.cluster_robot = house, ClusterRobot(house)
        self.org = f"o-{uuid.uuid4().hex[:8]}"
        house.quay.admin("organization", name=self.org)
        house.plane.kubectl("create", "serviceaccount", READER, "-n", "default", check=False)
        house.plane.kubectl(
            "create", "clusterrolebinding", READER, "--clusterrole=cluster-admin",
            f"--serviceaccount=default:{READER}", check=False,
        )  # fmt: skip
        # A user of its own, so that the audit log tells what it did.
        kubeconfig = house.plane.service_account_kubeconfig("default", READER)
        self.shell = Shell(house.plane, kubeconfig)
        self.written = len(house.plane.audit())

    def teams(self, letters: str) -> list[Tenant]:
        """Make chosen namespaces."""
        return [self.cluster_robot.namespace(each) for each in letters]

    def told(self, text: str) -> str:
        """Return *text* as the docs write it."""
        names = {f"{self.cluster_robot.name}-{each}": f"team-{each}" for each in "abcde"}
        names |= {self.cluster_robot.name: "puller", self.org: "acme"}
        return normalized(text, self.house.quay, names)

    def manifests(self, *bodies: Body) -> str:
        """Write manifests to a file and return its path."""
        path = self.house.plane.folder / f"{self.cluster_robot.name}.yaml"
        path.write_text(yaml.safe_dump_all(bodies))
        return str(path)

    def space(self, suffix: str, label: str) -> Body:
        """Return the manifest of a namespace."""
        meta = {"name": f"{self.cluster_robot.name}-{suffix}", "labels": {"served-by": label}}
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}

    def narrow_connection(self, suffix: str) -> Body:
        """Return the manifest of a connection that one namespace may use."""
        live = self.house.plane.get("clusterquayconnection", "default")
        assert live is not None
        label = {"kubernetes.io/metadata.name": f"{self.cluster_robot.name}-{suffix}"}
        rule = {"namespaces": {"matchLabels": label}, "organizations": ["*"]}
        meta = {"name": f"narrow-{self.cluster_robot.name}"}
        kind = {"apiVersion": live["apiVersion"], "kind": "ClusterQuayConnection"}
        return {**kind, "metadata": meta, "spec": {**live["spec"], "access": [rule]}}

    def effects_since(self, called: int) -> list[str]:
        """Return what was written to Quay for the organization since *called*."""
        calls = self.house.quay.calls(called)
        return [each.operation for each in calls if each.effect and self.org in each.path]

    def wrote_nothing(self) -> None:
        """Hold the looker's requests and its calls to Quay against its promise."""
        user = f"system:serviceaccount:default:{READER}"
        asked = [e for e in self.house.plane.audit()[self.written :] if e.user == user]
        assert asked
        assert [each for each in asked if each.write] == []


def shell_of(tenant: Tenant) -> Shell:
    """Return the shell of somebody who administers one namespace."""
    plane = tenant.house.plane
    tenant.kubectl("create", "serviceaccount", "admin")
    account = ("--clusterrole=cluster-admin", f"--serviceaccount={tenant.name}:admin")
    tenant.kubectl("create", "rolebinding", "admin", *account)
    return Shell(plane, plane.service_account_kubeconfig(tenant.name, "admin"))


@pytest.fixture
def shop(house: Installation) -> Iterator[Shop]:
    made = Shop(house)
    yield made
    made.cluster_robot.close()


def test_status_tells_how_the_namespaces_of_a_cluster_quay_robot_stand(shop: Shop):
    cluster_robot, shell = shop.cluster_robot, shop.shell
    *_, taken = shop.teams("abc")
    # Somebody has a QuayRobot of that name there already.
    taken.robot(cluster_robot.name, organization=shop.org, robotName="mine")
    cluster_robot.apply(template={"organization": shop.org})
    wait_for(lambda: cluster_robot.counts().get("ready") == 2, "two of them ready")
    cluster_robot.wait_reason("NamespacesFailed")

    said = shell.plugin("status", f"cqr/{cluster_robot.name}")
    as_json = shell.plugin("status", f"clusterquayrobot/{cluster_robot.name}", "-o", "json")
    everything = shell.plugin("status", "-A")
    nobody = shell.plugin("status", "cqr/nobody")

    words = f"$ kubectl quayrobot status cqr/puller\n{shop.told(said.out)}"
    check_recording(PAGE, "status of a ClusterQuayRobot", words)
    (item,) = json.loads(as_json.out)["items"]
    assert (item["kind"], item["name"], item["mode"]) == (
        "ClusterQuayRobot", cluster_robot.name, "PerNamespace",
    )  # fmt: skip
    assert (item["namespaces"]["ready"], item["namespaces"]["failed"]) == (2, 1)
    assert [each["reason"] for each in item["failed"]] == ["QuayRobotNotOwned"]
    assert f"clusterquayrobot/{cluster_robot.name}  not Ready" in everything.out
    assert f"quayrobot/{cluster_robot.name} in {taken.name}" in everything.out
    assert (nobody.code, nobody.err) == (2, "error: there is no clusterquayrobot nobody\n")
    shop.wrote_nothing()


def test_a_plan_tells_which_namespaces_gain_change_lose_or_are_refused(shop: Shop):
    cluster_robot, shell = shop.cluster_robot, shop.shell
    one, two, taken = shop.teams("abc")
    taken.robot(cluster_robot.name, organization=shop.org, robotName="mine")
    template = {"organization": shop.org}
    cluster_robot.apply(template=template)
    wait_for(lambda: cluster_robot.counts().get("ready") == 2, "two of them ready")
    after = {
        "excludeNamespaces": [two.name],
        "template": {**template, "rotation": {"interval": "720h"}},
    }
    changed = shop.manifests(shop.space("d", cluster_robot.name), cluster_robot.body(**after))
    called = shop.house.quay.mark()

    rests = shell.plugin("plan", f"cqr/{cluster_robot.name}")
    told = shell.plugin("plan", "-f", changed)

    assert rests.code == 1
    assert "plan: nothing can be done, 1 refused" in rests.out
    assert told.code == 2, told.all
    words = f"$ kubectl quayrobot plan -f puller.yaml\n{shop.told(told.out)}"
    check_recording(PAGE, "plan of a ClusterQuayRobot", words)
    assert shop.effects_since(called) == []
    shop.wrote_nothing()

    # What the rules of the connection refuse is told before it is applied.
    rights = {"repositories": [{"name": "app", "role": "admin"}]}
    more = cluster_robot.body(template={**template, "permissions": rights})
    refused = shell.plugin("plan", "-f", shop.manifests(more))
    assert refused.code == 2
    assert refused.out.count("in the way: AccessDenied") == 2
    named = {**more, "spec": {**more["spec"], "robotNameTemplate": "{cluster}-{namespace}"}}
    nameless = shell.plugin("plan", "-f", shop.manifests(named))
    by_name = shell.plugin("plan", "-f", shop.manifests(named), "--cluster-name=east")
    assert nameless.out.count("in the way: InvalidSpec: robotNameTemplate holds {cluster}") == 3
    assert by_name.out.count("in the way: ImmutableField") == 2
    moved = cluster_robot.body(mode="Shared", template=template)
    shared = shell.plugin("plan", "-f", shop.manifests(moved))
    assert (shared.code, "mode cannot be changed" in shared.out) == (1, True)

    shop.house.plane.apply(shop.space("d", cluster_robot.name))
    cluster_robot.apply(**after)
    wait_for(
        lambda: cluster_robot.members() == {one.name, f"{cluster_robot.name}-d", taken.name},
        "as was told",
    )
    wait_for(lambda: "rotation" in one.get(cluster_robot.name)["spec"], "the change")
    wait_for(lambda: not cluster_robot.moving(), "an end")
    again = shell.plugin("plan", f"clusterquayrobot/{cluster_robot.name}")
    assert again.out.splitlines()[-1].endswith("plan: nothing can be done, 1 refused")
    shop.wrote_nothing()


def test_a_plan_of_a_shared_robot_tells_of_the_robot_and_of_its_copies(shop: Shop):
    cluster_robot, shell, quay = shop.cluster_robot, shop.shell, shop.house.quay
    quay.admin("repository", namespace=shop.org, name="base")
    _, two = shop.teams("ab")
    rights = {"repositories": [{"name": "base", "role": "read"}]}
    accounts = [{"name": "pull", "serviceAccounts": [{"name": "default"}]}]
    template = {"organization": shop.org, "permissions": rights, "secrets": accounts}
    body = cluster_robot.body(mode="Shared", template=template)
    wait_for(lambda: shop.house.plane.get("serviceaccount", "default", two.name), "its account")
    called = quay.mark()

    told = shell.plugin("plan", "-f", shop.manifests(body))

    assert told.code == 2, told.all
    words = f"$ kubectl quayrobot plan -f base.yaml\n{shop.told(told.out)}"
    check_recording(PAGE, "plan of a shared robot", words)
    assert shop.effects_since(called) == []
    shop.wrote_nothing()

    narrow = shop.narrow_connection("a")
    named = {"kind": "ClusterQuayConnection", "name": narrow["metadata"]["name"]}
    some = cluster_robot.body(mode="Shared", template={**template, "connectionRef": named})
    refused = shell.plugin("plan", "-f", shop.manifests(narrow, some))
    assert refused.code == 2, refused.all
    assert f"{two.name}: in the way: ConnectionNotFound" in refused.out
    assert refused.out.count("create the Secret pull") == 1
    tenant = shell_of(two)
    unseen = tenant.plugin("plan", "-f", shop.manifests(body), "--cluster-id=any")
    assert (unseen.code, unseen.out) == (1, "")
    assert "may not get clusterquayrobots" in unseen.err

    cluster_robot.apply_body(body)
    cluster_robot.wait_ready(2)
    in_quay = int(told.out.split("plan: ")[1].split()[0])
    assert len([e for e in shop.effects_since(called) if not e.endswith("list")]) == in_quay
    rests = shell.plugin("plan", f"cqr/{cluster_robot.name}")
    assert (rests.code, "plan: nothing to do" in rests.out) == (0, True), rests.all

    one_less = shell.plugin("plan", "-f", shop.manifests(body, shop.space("b", "another")))
    assert one_less.code == 2
    assert "delete the Secret pull" in one_less.out
    assert "remove pull from imagePullSecrets" in one_less.out

    # Many at once wait for a word, which a plan knows of too.
    cluster_robot.namespaces(11)
    cluster_robot.wait_ready(13)
    none = {**body, "spec": {**body["spec"], "namespaceSelectors": [{"matchLabels": {"x": "y"}}]}}
    held = shell.plugin("plan", "-f", shop.manifests(none))
    meta = {**none["metadata"], "annotations": {"quayrobot.io/confirm-removal": "13"}}
    confirmed = shell.plugin("plan", "-f", shop.manifests({**none, "metadata": meta}))
    assert held.code == 1
    assert "in the way: RemovalNotConfirmed: 13 of 13 namespaces" in held.out
    assert "delete the Secret" not in held.out
    assert (confirmed.code, confirmed.out.count("delete the Secret pull")) == (2, 13)
    shop.wrote_nothing()


@pytest.mark.parametrize("mode", ["PerNamespace", "Shared"])
def test_a_secret_of_somebody_else_is_told_beforehand(shop: Shop, mode: str):
    free, taken = shop.teams("ab")
    taken.kubectl("create", "secret", "generic", "pull")
    template = {"organization": shop.org, "secrets": [{"name": "pull"}]}
    body = shop.cluster_robot.body(mode=mode, template=template)

    told = shop.shell.plugin("plan", "-f", shop.manifests(body))

    assert told.code == 2, told.all
    assert f"{taken.name}: in the way: SecretNotOwned: Secret pull exists" in told.out
    assert f"{free.name}: in the way" not in told.out
    assert "1 refused" in told.out
    shop.wrote_nothing()


@pytest.mark.rotates
def test_a_rotation_of_all_is_waited_for_until_the_last_copy_is_fresh(shop: Shop):
    cluster_robot, shell = shop.cluster_robot, Shell(shop.house.plane)
    tenants = shop.teams("ab")
    template = {"organization": shop.org, "secrets": [{"name": "pull"}]}
    cluster_robot.apply(mode="Shared", template=template)
    cluster_robot.wait_ready(2)
    before = [each.credential("pull") for each in tenants]

    rotated = shell.plugin("rotate", f"cqr/{cluster_robot.name}", "--wait")
    nobody = shell.plugin("rotate", "cqr/nobody")

    assert (
        f"clusterquayrobot/{cluster_robot.name}: the new credential is in its Secrets"
        in rotated.out
    )
    after = [each.credential("pull") for each in tenants]
    assert after[0] == after[1]
    assert after != before
    assert tenants[0].logs_in("pull")
    assert nobody.err == "error: there is no clusterquayrobot nobody\n"


def test_a_rotation_of_a_robot_for_each_namespace_is_waited_for_one_by_one(shop: Shop):
    shop.cluster_robot.apply(template={"organization": shop.org})

    waits = Shell(shop.house.plane).plugin("rotate", f"cqr/{shop.cluster_robot.name}", "--wait")

    assert waits.code == 1
    assert "wait for them one by one" in waits.err
    assert "quayrobot.io/rotate" not in json.dumps(shop.cluster_robot.get())


def test_a_rotation_of_what_is_suspended_says_which_field_it_waits_for(shop: Shop):
    shop.cluster_robot.apply(template={"organization": shop.org, "suspend": True})

    told = Shell(shop.house.plane).plugin("rotate", f"cqr/{shop.cluster_robot.name}")

    assert told.code == 0, told.all
    assert "nothing happens until spec.template.spec.suspend is false" in told.out
    shop.cluster_robot.wait_reason("Suspended")
