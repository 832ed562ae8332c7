"""Does what README, quickstart, uninstall and the examples tell users work to the letter?"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from quayrobot.model.crd import DEFINITIONS
from tests.kit.canary import CanaryWatch, oauth_token, robot_token
from tests.kit.controlplane import ControlPlane
from tests.kit.controlplane.fixture import missing_part
from tests.kit.document_reader import (
    EXAMPLES,
    ROBOT,
    ROOT,
    Reader,
    blocks,
    for_double,
    typed,
    uninstall,
)
from tests.kit.fakequay import FakeQuay
from tests.kit.operating import NAMESPACE
from tests.kit.processes import wait_for


@pytest.fixture
def reader(
    own_control_plane: ControlPlane, tmp_path: Path, canary_watch: CanaryWatch
) -> Iterator[Reader]:
    with FakeQuay() as quay:
        quay.double.state.make_robot_token = robot_token
        quay.admin("organization", name="acme")
        quay.admin("settings", oidc_ca=str(own_control_plane.issuer_ca))
        made = Reader(own_control_plane, quay, tmp_path)
        yield made
        if made.operator is not None:
            made.operator.stop()
            said = made.operator.said()
            canary_watch.add("operator log", lambda: said)


@pytest.fixture
def installed(reader: Reader) -> Reader:
    reader.install()
    return reader


@pytest.fixture
def removable(installed: Reader) -> Reader:
    """Return an installation on a cluster that empties namespaces and collects garbage."""
    if not installed.plane.has_controllers:
        missing_part("the control plane has no controllers, so that no namespace ever goes")
    numbers = itertools.count()
    # A kind that is new is known to the garbage collector after up to 30 s; an owner that goes
    # before, together with its definition, leaves its Secret behind for good.
    wait_for(lambda: collects(installed.plane, next(numbers)), "garbage collected", timeout_s=90)
    return installed


def collects(plane: ControlPlane, number: int) -> bool:
    """Return whether what a QuayRobot owns goes with it within a second."""
    meta = {"name": f"owner-{number}", "namespace": "default"}
    name, kind = meta["name"], {"apiVersion": "quayrobot.io/v1alpha1", "kind": "QuayRobot"}
    owner = {**kind, "metadata": meta, "spec": {"organization": "acme", "suspend": True}}
    plane.kubectl("create", "-f", "-", stdin=json.dumps(owner))
    uid = plane.kubectl("get", "quayrobot", name, "-o", "jsonpath={.metadata.uid}")
    owned_by = {"ownerReferences": [{**kind, "name": name, "uid": uid}]}
    owned = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta | owned_by}
    plane.kubectl("create", "-f", "-", stdin=json.dumps(owned))
    plane.kubectl("delete", "quayrobot", name)
    time.sleep(1)
    gone = not plane.kubectl("get", "configmap", name, "--ignore-not-found", "-o", "name")
    plane.kubectl("delete", "configmap", name, "--ignore-not-found")
    return gone


# README.md --------------------------------------------------------------------


def test_the_quickstart_ends_with_a_robot_that_logs_in_and_its_last_command_deletes_it(
    reader: Reader,
):
    said = reader.install()

    assert "quayrobot.quayrobot.io/default-puller condition met" in said
    assert reader.quay.admin("robots") == [ROBOT]
    user, password = reader.credential()
    assert user == ROBOT
    assert reader.quay.login(user, password)

    (command,) = re.findall(
        r"`(kubectl .* delete quayrobot .*)` deletes", (ROOT / "README.md").read_text()
    )
    reader.run(command)

    assert reader.quay.admin("robots") == []
    if reader.plane.has_controllers:
        gone = lambda: reader.plane.get("secret", "default-puller", "default") is None  # noqa: E731
        wait_for(gone, "the Secret gone")


# docs/quickstart.md -----------------------------------------------------------


def test_the_steps_of_the_quickstart_end_with_a_robot_that_pods_can_use(reader: Reader):
    if not reader.plane.has_controllers:
        missing_part("the control plane has no controllers, so that no ServiceAccount is made")
    reader.quay.admin("repository", namespace="acme", name="app")
    token = reader.quay.admin("token", value=oauth_token())

    said = reader.install_by(typed("quickstart.md"), token)

    assert "quayrobot.quayrobot.io/shop-puller condition met" in said
    # What the page shows for a robot that is not Ready, of one that is.
    assert "Ready=True Reconciled: the robot and its Secrets are up to date" in said
    account = reader.plane.get("serviceaccount", "default", "shop") or {}
    assert {"name": "acme-pull"} in account["imagePullSecrets"]
    assert reader.quay.admin("grants", name="acme+shop-puller")["repositories"] == {"app": "read"}


# docs/uninstall.md --------------------------------------------------------------


def test_an_uninstallation_takes_the_robots_the_definitions_and_the_operator(removable: Reader):
    removable.run(uninstall("uninstall"))

    assert removable.quay.admin("robots") == []
    removable.assert_nothing_is_left()
    wait_for(lambda: "No resources found" in removable.run(uninstall("left")), "no Secret left")


def test_an_uninstallation_can_leave_the_robots_in_quay(removable: Reader):
    user, password = removable.credential()

    removable.run(uninstall("orphan"))
    removable.run(uninstall("uninstall"))

    assert removable.quay.admin("robots") == [ROBOT]
    assert removable.quay.login(user, password)
    removable.assert_nothing_is_left()
    wait_for(lambda: "No resources found" in removable.run(uninstall("left")), "no Secret left")


def test_a_blocked_deletion_ends_when_the_robot_is_given_up(installed: Reader):
    installed.quay.down()
    installed.plane.kubectl("delete", "quayrobot", "default-puller", "--wait=false")
    blocked = "False/DeletionBlocked"
    wait_for(lambda: installed.ready("default-puller") == blocked, "a blocked deletion")

    installed.run(uninstall("giveup"), NAMESPACE="default", NAME="default-puller")

    wait_for(lambda: installed.names("quayrobots", "-A") == [], "the resource gone")
    installed.quay.up()
    assert installed.quay.admin("robots") == [ROBOT]


def test_without_an_operator_the_finalizers_are_taken_off_by_hand(
    removable: Reader, tmp_path: Path
):
    plane, quay = removable.plane, removable.quay
    text = for_double((ROOT / EXAMPLES / "namespaced-connection.yaml").read_text(), quay)
    plane.kubectl("create", *removable.token_secret())
    plane.kubectl("apply", "-f", "-", stdin=text.replace("team-a", "default"))
    wait_for(lambda: removable.ready("builder") == "True/Reconciled", "the second robot")
    assert removable.operator is not None
    removable.operator.kill()
    # What somebody does who did not read first: waited for, it would last for ever.
    plane.kubectl("delete", "-k", str(ROOT / "deploy" / "manifests"), "--wait=false")
    plane.kubectl("delete", "secret", "quay-token", "--wait=false")
    assert len(removable.names("quayrobots", "-A")) == 2

    removable.run(uninstall("release"))
    removable.run(uninstall("secret"), NAMESPACE="default", SECRET="quay-token")

    wait_for(lambda: plane.get("namespace", NAMESPACE) is None, "the namespace gone")
    wait_for(lambda: removable.names("crd") == [], "the definitions gone")
    removable.assert_nothing_is_left()
    assert plane.get("secret", "quay-token", "default") is None
    assert quay.admin("robots") == ["acme+builder", ROBOT]


# deploy/ ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def definitions(control_plane: ControlPlane) -> ControlPlane:
    """Return a control plane that knows our kinds, and the namespace of the examples."""
    control_plane.kubectl("apply", "--validate=strict", "-k", str(ROOT / "deploy" / "manifests"))
    control_plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    control_plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}})
    return control_plane


STRICT = ("--dry-run=server", "--validate=strict")


def test_the_manifests_are_accepted_by_the_letter(definitions: ControlPlane):
    manifests = ROOT / "deploy" / "manifests"

    said = definitions.kubectl("apply", "-k", str(manifests), *STRICT)

    kinds = {line.split("/")[0] for line in said.splitlines()}
    assert {"namespace", "deployment.apps", "serviceaccount"} <= kinds
    assert said.count("customresourcedefinition") == len(DEFINITIONS)
    assert "serverside-applied" in definitions.kubectl(
        "apply", "--server-side", "--force-conflicts", "-k", str(manifests), *STRICT
    )


@pytest.mark.parametrize("name", sorted(each.name for each in (ROOT / EXAMPLES).glob("*.yaml")))
def test_an_example_is_accepted_by_the_letter(definitions: ControlPlane, name: str):
    text = (ROOT / EXAMPLES / name).read_text()
    wrong = text.replace("\nspec:\n", "\nspec:\n  isNoField: true\n", 1)

    said = definitions.kubectl("apply", "-f", "-", *STRICT, stdin=text)
    refusal = definitions.kubectl_refused("apply", "-f", "-", *STRICT, stdin=wrong)

    assert len(said.splitlines()) == text.count("\nkind: ")
    assert 'unknown field "spec.isNoField"' in refusal


def shown() -> list[tuple[str, dict[str, Any]]]:
    """Return every manifest of ours that a document shows, with the document's name."""
    yaml_block = re.compile(r"^ *```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    return [
        (page.name, body)
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for block in yaml_block.findall(page.read_text())
        for body in yaml.safe_load_all(textwrap.dedent(block))
        if isinstance(body, dict) and str(body.get("apiVersion")).startswith("quayrobot.io/")
    ]


def test_what_a_document_shows_is_accepted_by_the_letter(definitions: ControlPlane):
    refused = []
    for page, body in shown():
        namespace = body["metadata"].get("namespace")
        if namespace:
            place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
            definitions.apply(place)
        try:
            definitions.kubectl("apply", "-f", "-", *STRICT, stdin=json.dumps(body))
        except AssertionError as error:
            refused.append(f"{page}: {error}")

    assert len(shown()) > 10
    assert refused == []


@pytest.fixture
def examples(reader: Reader, tmp_path: Path) -> Path:
    """Return a folder with the examples for the double, and what they want beforehand."""
    shutil.copytree(ROOT / EXAMPLES, tmp_path / EXAMPLES)
    for file in (tmp_path / EXAMPLES).glob("*connection.yaml"):
        file.write_text(for_double(file.read_text(), reader.quay))
    reader.quay.admin("robot", name="acme+legacy-deployer")
    for name in ("app", "builds"):
        reader.quay.admin("repository", namespace="acme", name=name)
    return tmp_path


@pytest.mark.parametrize("apply", ["kubectl apply", "kubectl apply --server-side"])
def test_the_examples_become_ready_and_applied_again_they_change_nothing(
    reader: Reader, examples: Path, apply: str
):
    diff = apply.replace("apply", "diff")
    reader.run(f"{apply} -k deploy/manifests")
    reader.run("kubectl wait --for=condition=Established crd --all --timeout=20s")
    reader.start_operator()
    reader.plane.kubectl("-n", NAMESPACE, "create", *reader.token_secret())

    (walk,) = blocks((examples / EXAMPLES / "README.md").read_text())
    said = reader.run(walk.replace("kubectl apply", apply), cwd=examples)
    assert "quayrobot.quayrobot.io/team-a-puller" in said
    reader.plane.kubectl("-n", "team-a", "create", *reader.token_secret())
    reader.run(f"{apply} -f deploy/examples", cwd=examples)
    for condition, kind in (
        ("Ready", "quayrobots"),
        ("Ready", "clusterquayrobots"),
        ("Authorized", "quayconnections"),
        ("Authorized", "clusterquayconnections"),
    ):
        reader.run(f"kubectl -n team-a wait --for=condition={condition} {kind} --all")
    converged = objects(reader.plane)
    assert len(converged) == declared(examples / EXAMPLES)

    reader.run(f"{apply} -f deploy/examples", cwd=examples)

    assert reader.run(f"{diff} -f deploy/examples", cwd=examples) == ""
    assert reader.run(f"{diff} -k deploy/manifests") == ""
    assert objects(reader.plane) == converged


def declared(folder: Path) -> int:
    """Return how many objects of our kinds the manifests of *folder* declare."""
    manifests = [file.read_text() for file in folder.glob("*.yaml")]
    return sum(text.count("apiVersion: quayrobot.io/") for text in manifests)


def objects(plane: ControlPlane) -> dict[str, tuple[Any, ...]]:
    """Return what was declared and what became of it, with its version, by kind and name."""
    kinds = "quayrobots,clusterquayrobots,quayconnections,clusterquayconnections"
    everything = json.loads(plane.kubectl("get", kinds, "-A", "-o", "json"))["items"]
    listed = [each for each in everything if "ownerReferences" not in each["metadata"]]
    return {
        f"{each['kind']}/{each['metadata']['name']}": (
            each["metadata"]["resourceVersion"],
            each["spec"],
            each["status"],
        )
        for each in listed
    }
