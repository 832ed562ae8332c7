"""Does a release hold what it says, and is it the same when somebody makes it again?"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import yaml
from cyclonedx.model.bom import Bom

from tests.kit.controlplane import ControlPlane

from .helm import RELEASE, ROOT, Helm

VERSION = "0.9.0-rc.1"
DOWNLOADS = f"https://github.com/example/quay-robot-operator/releases/download/v{VERSION}"


def make(folder: Path, version: str = VERSION) -> subprocess.CompletedProcess[str]:
    # As `make release` names it, from here.
    place = os.path.relpath(folder)
    command = [sys.executable, str(ROOT / "tools" / "release.py"), version, place, DOWNLOADS,
               "--no-image"]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / VERSION
    done = make(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_made_again_it_has_the_same_bytes(release: Path, tmp_path: Path, record_property):
    again = tmp_path / "again"
    assert make(again).returncode == 0

    assert {each.name: each.read_bytes() for each in again.iterdir()} == {
        each.name: each.read_bytes() for each in release.iterdir()
    }
    sizes = {each.name: each.stat().st_size for each in sorted(release.iterdir())}
    record_property("files of a release, the same when made twice, in bytes", sizes)


def test_the_checksums_are_those_of_the_files(release: Path):
    lines = (release / "SHA256SUMS").read_text().splitlines()
    said = {name: digest for digest, name in (each.split("  ") for each in lines)}

    assert said == {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest()
        for each in release.iterdir()
        if each.name != "SHA256SUMS"
    }


def test_the_wheel_and_the_chart_say_the_version(release: Path, helm: Helm):
    (wheel,) = release.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (about,) = (each for each in names if each.endswith("METADATA"))
        assert "Version: 0.9.0rc1" in archive.read(about).decode()
    assert "quayrobot/app/cli.py" in names

    helm.chart = release / f"quay-robot-operator-{VERSION}.tgz"
    about = yaml.safe_load(helm("show", "chart", str(helm.chart)))
    assert (about["version"], about["appVersion"]) == (VERSION, VERSION)
    (image,) = (
        each["spec"]["template"]["spec"]["containers"][0]["image"]
        for each in helm.rendered()
        if each["kind"] == "Deployment"
    )
    assert image == f"{RELEASE}:{VERSION}"


def test_the_packed_chart_is_the_chart(release: Path, helm: Helm):
    packed = Helm(helm.binary, helm.home, chart=release / f"quay-robot-operator-{VERSION}.tgz")
    monitoring = {"metrics": {"prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}}}

    ours = yaml.safe_dump(packed.rendered(monitoring)).replace(VERSION, "0.1.0")
    assert ours == yaml.safe_dump(helm.rendered(monitoring))


def test_one_file_installs_what_the_kustomization_does(release: Path, control_plane: ControlPlane):
    said = control_plane.kubectl("kustomize", str(ROOT / "deploy" / "manifests"))
    theirs = said.replace("image: quay-robot-operator:0.1.0", f"image: {RELEASE}:{VERSION}")
    ours = list(yaml.safe_load_all((release / "install.yaml").read_text()))

    def by_name(bodies):
        return {(each["kind"], each["metadata"]["name"]): each for each in bodies}

    assert by_name(ours) == by_name(yaml.safe_load_all(theirs))


def test_editors_get_a_schema_for_each_kind(release: Path):
    with tarfile.open(release / f"schemas-{VERSION}.tar.gz") as archive:
        found = {each: json.loads(archive.extractfile(each).read()) for each in archive.getnames()}

    kinds = {each["properties"]["kind"]["const"] for each in found.values()}
    assert kinds == {"QuayRobot", "ClusterQuayRobot", "QuayConnection", "ClusterQuayConnection"}
    assert all("spec" in each["properties"] for each in found.values())


def test_the_files_for_olm_are_those_of_make_bundle(release: Path, tmp_path: Path):
    tool, homepage = ROOT / "tools" / "bundle.py", DOWNLOADS.partition("/releases/")[0]
    command = [sys.executable, str(tool), VERSION, str(tmp_path / "made"), "--homepage", homepage]
    subprocess.run(command, check=True)
    with tarfile.open(release / f"olm-{VERSION}.tar.gz") as archive:
        packed = {each: archive.extractfile(each).read() for each in archive.getnames()}

    made = [each for each in (tmp_path / "made").rglob("*") if each.is_file()]
    assert packed == {
        each.relative_to(tmp_path / "made").as_posix(): each.read_bytes() for each in made
    }
    assert len(packed) > 8


def test_the_list_of_parts_is_what_of_the_locked_ones_an_image_has(release: Path):
    text = (release / "sbom.cdx.json").read_text()
    locked = (ROOT / "requirements" / "run.txt").read_text().splitlines()

    # The library reads it as what it says it is.
    found = Bom.from_json(json.loads(text))
    assert found.metadata.component is not None
    assert (found.metadata.component.name, found.metadata.component.version) == (RELEASE, VERSION)
    assert {f"{each.name}=={each.version}" for each in found.components} == {
        line.split()[0] for line in locked if line[:1].isalnum() and "win32" not in line
    }
    assert all(each.purl and each.properties for each in found.components)


def test_no_fragment_of_the_changelog_is_lost(release: Path):
    fragments = Counter(
        each.name.split(".")[1] for each in (ROOT / "changelog.d").glob("[0-9]*.md")
    )
    parts = (release / "CHANGELOG.md").read_text().split("\n## ")

    assert parts[0].startswith("# ")
    found = {part.split("\n")[0].lower(): part.count("\n- ") for part in parts[1:]}
    assert found == fragments


@pytest.mark.parametrize("version", ["", "1", "v1.0.0", "1.0.0-nightly"])
def test_a_version_that_is_none_is_refused(tmp_path: Path, version: str):
    done = make(tmp_path / "none", version)

    assert done.returncode != 0
    assert "such as 0.2.0" in done.stderr
    assert not (tmp_path / "none").exists()
