"""Does the bundle for OLM install what is shipped, in words that the console shows?"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kit.controlplane import ControlPlane

from .helm import ROOT
from .programs import program

NAME = "quay-robot-operator"
VERSION = "0.9.0-rc.1"
IMAGE = f"registry.example.com/infra/{NAME}:{VERSION}"
BUNDLE_IMAGE = f"registry.example.com/infra/{NAME}-bundle:v{VERSION}"
OLDER = {"--replaces": f"{NAME}.v0.8.0", "--skip-range": ">=0.5.0 <0.9.0-rc.1"}
# OLM makes the first two itself; older versions of it refuse a bundle with the third.
LEFT_OUT = {"Namespace", "ServiceAccount", "NetworkPolicy"}
RIGHTS = {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
Body = dict[str, Any]


def make(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    asked = {"--image": IMAGE, "--bundle-image": BUNDLE_IMAGE, **OLDER} | more
    words = [word for pair in asked.items() for word in pair]
    tool = str(ROOT / "tools" / "bundle.py")
    command = [sys.executable, tool, VERSION, str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("olm") / "made"
    done = make(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def bundled(made: Path) -> dict[tuple[str, str], Body]:
    paths = sorted((made / "bundle" / "manifests").iterdir())
    bodies = [yaml.safe_load(each.read_text()) for each in paths]
    return {(each["kind"], each["metadata"]["name"]): each for each in bodies}


@pytest.fixture(scope="module")
def version(bundled: dict[tuple[str, str], Body]) -> Body:
    return bundled["ClusterServiceVersion", f"{NAME}.v{VERSION}"]


def shipped() -> dict[tuple[str, str], Body]:
    """Return what `kubectl apply -k deploy/manifests` would create."""
    paths = [
        each
        for folder in ("crds", "manifests")
        for each in (ROOT / "deploy" / folder).glob("*.yaml")
        if each.name != "kustomization.yaml"
    ]
    bodies = [each for path in paths for each in yaml.safe_load_all(path.read_text()) if each]
    return {(each["kind"], each["metadata"]["name"]): each for each in bodies}


def test_the_deployment_and_the_rights_are_the_shipped_ones(version: Body):
    ours, install = shipped(), version["spec"]["install"]["spec"]
    deployment = ours["Deployment", NAME]
    template = deployment["spec"]["template"]["spec"]
    template["containers"][0]["image"] = IMAGE
    account = template["serviceAccountName"]

    assert install == {
        "deployments": [
            {
                "name": NAME,
                "label": deployment["metadata"]["labels"],
                "spec": deployment["spec"],
            }
        ],
        "clusterPermissions": [
            {"serviceAccountName": account, "rules": ours["ClusterRole", NAME]["rules"]}
        ],
        "permissions": [
            {
                "serviceAccountName": account,
                "rules": ours["Role", f"{NAME}-leader-election"]["rules"],
            }
        ],
    }


def test_nothing_else_that_is_shipped_is_lost(bundled: dict[tuple[str, str], Body]):
    ours = shipped()
    installed = {key for key in ours if key[0] in {"Deployment", *LEFT_OUT}}
    installed |= {key for key in ours if key[0] in RIGHTS and key[1].startswith(NAME)}
    installed -= {("ClusterRole", f"{NAME}-{each}") for each in ("view", "edit", "admin")}

    assert {key for key in bundled if key[0] != "ClusterServiceVersion"} == set(ours) - installed
    for key in set(ours) - installed:
        ours[key]["metadata"].pop("namespace", None)
        assert bundled[key] == ours[key]


def test_each_definition_is_owned_and_nothing_else(
    version: Body, bundled: dict[tuple[str, str], Body]
):
    owned = version["spec"]["customresourcedefinitions"]["owned"]
    there = {
        (name, body["spec"]["names"]["kind"], body["spec"]["versions"][0]["name"])
        for (kind, name), body in bundled.items()
        if kind == "CustomResourceDefinition"
    }

    assert len(owned) == len(there) == 4
    assert {(each["name"], each["kind"], each["version"]) for each in owned} == there
    assert all(each["displayName"] and each["description"] for each in owned)


def schema_at(schema: Body, path: str) -> Body:
    for step in path.split("."):
        schema = schema["properties"][step.removesuffix("[0]")]
        schema = schema["items"] if step.endswith("[0]") else schema
    return schema


@pytest.mark.parametrize("part", ["spec", "status"])
def test_each_field_is_shown_in_words_as_its_schema_has_them(
    version: Body, bundled: dict[tuple[str, str], Body], part: str
):
    for each in version["spec"]["customresourcedefinitions"]["owned"]:
        crd = bundled["CustomResourceDefinition", each["name"]]
        schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"][part]
        told = each[f"{part}Descriptors"]
        titles = [one["displayName"] for one in told]

        for one in told:
            assert one["description"] == schema_at(schema, one["path"])["description"]
        tops = {one["path"].split(".")[0].removesuffix("[0]") for one in told}
        assert tops == set(schema["properties"]) - {"observedGeneration"}
        assert len(set(titles)) == len(titles)
        assert all(one[0].isupper() and not set(one) & set(".[]_") for one in titles)


def hints(version: Body, kind: str, part: str) -> dict[str, list[str]]:
    owned = version["spec"]["customresourcedefinitions"]["owned"]
    (one,) = (each for each in owned if each["kind"] == kind)
    return {each["path"]: each.get("x-descriptors", []) for each in one[f"{part}Descriptors"]}


def test_the_console_knows_conditions_switches_choices_and_secrets(version: Body):
    robot = hints(version, "QuayRobot", "spec")

    for kind in ("QuayRobot", "ClusterQuayRobot", "QuayConnection", "ClusterQuayConnection"):
        shown = hints(version, kind, "status")
        assert shown["conditions"] == ["urn:alm:descriptor:io.kubernetes.conditions"]
    assert robot["suspend"] == ["urn:alm:descriptor:com.tectonic.ui:booleanSwitch"]
    assert [each.rpartition(":")[2] for each in robot["deletionPolicy"]] == ["Delete", "Orphan"]
    secret = ["urn:alm:descriptor:io.kubernetes:Secret"]
    assert hints(version, "QuayRobot", "status")["secrets[0].name"] == secret
    assert hints(version, "QuayConnection", "spec")["credentials.secretRef.name"] == secret
    # A Secret to be made is no choice among those that are there, and a link leads only into
    # the namespace of the object itself.
    assert robot["secrets[0].name"] != secret
    far = hints(version, "ClusterQuayConnection", "spec")["credentials.secretRef.name"]
    assert far != secret


def test_the_service_version_says_what_the_field_requires(version: Body):
    spec, annotations = version["spec"], version["metadata"]["annotations"]
    modes = {each["type"]: each["supported"] for each in spec["installModes"]}
    (icon,) = spec["icon"]

    assert modes == {
        "OwnNamespace": False,
        "SingleNamespace": False,
        "MultiNamespace": False,
        "AllNamespaces": True,
    }
    assert (spec["version"], spec["minKubeVersion"]) == (VERSION, "1.30.0")
    assert spec["replaces"] == OLDER["--replaces"]
    assert annotations["olm.skipRange"] == OLDER["--skip-range"]
    assert annotations["containerImage"] == IMAGE
    assert spec["relatedImages"] == [{"name": "operator", "image": IMAGE}]
    assert all(spec[each] for each in ("displayName", "description", "keywords", "provider"))
    assert icon["mediatype"] == "image/svg+xml"
    assert ET.fromstring(base64.b64decode(icon["base64data"])).tag.endswith("}svg")


def test_the_api_server_takes_every_example_of_the_form(
    version: Body, control_plane: ControlPlane
):
    plane = control_plane
    plane.kubectl("apply", "-k", str(ROOT / "deploy" / "crds"))
    plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}})
    examples = json.loads(version["metadata"]["annotations"]["alm-examples"])
    owned = version["spec"]["customresourcedefinitions"]["owned"]

    assert sorted(each["kind"] for each in examples) == sorted(each["kind"] for each in owned)
    for each in examples:
        words = ("create", "--dry-run=server", "--validate=strict", "-f", "-")
        assert "created" in plane.kubectl(*words, stdin=yaml.safe_dump(each))


def test_the_labels_of_the_image_are_its_annotations(made: Path):
    text = (made / "bundle" / "metadata" / "annotations.yaml").read_text()
    said = yaml.safe_load(text)["annotations"]
    lines = (made / "bundle" / "bundle.Dockerfile").read_text().splitlines()
    labels = [each.removeprefix("LABEL ") for each in lines if each.startswith("LABEL ")]

    assert dict(each.split("=", 1) for each in labels) == said
    prefix = "operators.operatorframework.io.bundle"
    assert said[f"{prefix}.mediatype.v1"] == "registry+v1"
    assert said[f"{prefix}.package.v1"] == NAME
    for part in ("manifests", "metadata"):
        folder = said[f"{prefix}.{part}.v1"]
        assert (made / "bundle" / folder).is_dir()
        assert f"COPY {part} /{folder}" in lines


def test_the_catalog_leads_to_the_bundle(made: Path, version: Body):
    text = (made / "catalog" / NAME / "catalog.yaml").read_text()
    package, channel, bundle = yaml.safe_load_all(text)
    values = {each["type"]: each["value"] for each in bundle["properties"]}
    kinds = [each["value"] for each in bundle["properties"] if each["type"] == "olm.gvk"]

    assert [each["schema"] for each in (package, channel, bundle)] == [
        "olm.package", "olm.channel", "olm.bundle",
    ]  # fmt: skip
    assert package["name"] == channel["package"] == bundle["package"] == NAME
    assert package["defaultChannel"] == channel["name"] == "preview"
    assert channel["entries"] == [
        {
            "name": version["metadata"]["name"],
            "replaces": OLDER["--replaces"],
            "skipRange": OLDER["--skip-range"],
        }
    ]
    assert (bundle["name"], bundle["image"]) == (version["metadata"]["name"], BUNDLE_IMAGE)
    assert values["olm.package"] == {"packageName": NAME, "version": VERSION}
    owned = version["spec"]["customresourcedefinitions"]["owned"]
    assert [(each["kind"], each["version"]) for each in kinds] == [
        (each["kind"], each["version"]) for each in owned
    ]
    told = values["olm.csv.metadata"]
    assert told["annotations"] == version["metadata"]["annotations"]
    assert told["installModes"] == version["spec"]["installModes"]
    assert {each["image"] for each in bundle["relatedImages"]} == {IMAGE, BUNDLE_IMAGE}


def test_without_an_older_version_there_is_no_edge(tmp_path: Path):
    done = make(tmp_path / "first", **{"--replaces": "", "--skip-range": ""})

    assert done.returncode == 0, done.stderr
    assert "replaces" not in (tmp_path / "first" / "catalog" / NAME / "catalog.yaml").read_text()


def complaints(bundle: Path) -> list[str]:
    """Return what operator-framework's own validators say of a bundle."""
    command = [program("operator-verify"), "manifests", "--operatorhub_validate",
               "--object_validate", str(bundle)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 0 or lines
    return lines


def test_the_validators_of_the_operator_framework_find_nothing(made: Path):
    assert complaints(made / "bundle") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  minKubeVersion: 1.30.0\n", "  minKubeVersion: never\n", "MinKubeVersion"),
        ("  provider:\n    name: quay-robot-operator\n", "", "Provider.Name"),
        ("kind: QuayRobot\n", "kind: QuayRobots\n", "QuayRobots"),
        ("mediatype: image/svg+xml\n", "mediatype: image/drawn\n", "image/drawn"),
    ],
)
def test_they_would_find_a_fault(made: Path, tmp_path: Path, old: str, new: str, said: str):
    for each in (made / "bundle").rglob("*.yaml"):
        target = tmp_path / each.relative_to(made / "bundle")
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(each.read_bytes())
    path = tmp_path / "manifests" / f"{NAME}.clusterserviceversion.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))

    assert any(said in each for each in complaints(tmp_path))
