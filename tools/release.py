"""
What does a release consist of?

Everything that users fetch, written into one folder from this clone alone, the
same bytes each time: times are those of the last commit, owners are nobody, the
order is by name. `release.py --help` says what can be asked for.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from image import NoImage, write_image
from krew import LAUNCHER, PLUGIN, krew_files, krew_manifest
from oci import debian_packages, image_digest
from olm import olm_files
from olm_csv import About
from sbom import sbom

ROOT = Path(__file__).parents[1]
NAME = "quay-robot-operator"
CHART = ROOT / "deploy" / "charts" / NAME
VERSION = re.compile(r"\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?")
Body = dict[str, Any]


def commit_time() -> int:
    """Return when the last commit was made: the time of everything in a release."""
    command = ("git", "-C", str(ROOT), "log", "-1", "--format=%ct")
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def make_release(version: str, folder: Path, downloads: str) -> None:
    """Write all files of release *version* but the image and the checksums into *folder*."""
    when = commit_time()
    write_wheel(version, folder, when)
    write_plugin(version, folder, when, downloads)
    pack_chart(version, folder / f"{NAME}-{version}.tgz", when)
    crds = list(kustomized(ROOT / "deploy" / "crds", version))
    write_yaml(folder / "crds.yaml", crds)
    manifests = list(kustomized(ROOT / "deploy" / "manifests", version))
    write_yaml(folder / "install.yaml", manifests)
    about = About(
        version, when, f"{NAME}:{version}", f"{NAME}-bundle:v{version}",
        homepage=downloads.partition("/releases/")[0],
    )  # fmt: skip
    pack(folder / f"olm-{version}.tar.gz", olm_files(about, manifests), when)
    pack(folder / f"schemas-{version}.tar.gz", dict(schemas(crds)), when)
    (folder / "sbom.cdx.json").write_text(sbom(version, when))
    (folder / "CHANGELOG.md").write_text(changelog(version))
    shutil.copy(ROOT / "deploy" / "monitoring" / "rules.yaml", folder / "rules.yaml")
    shutil.copy(ROOT / "deploy" / "monitoring" / "dashboard.json", folder / "dashboard.json")


def add_image(version: str, folder: Path, platforms: Sequence[str], base: str) -> None:
    """
    Write the archive of the image into *folder*, and what it is made of.

    Raises:
        NoImage: It cannot be built here.
    """
    archive, when = folder / f"{NAME}-{version}.oci.tar", commit_time()
    write_image(archive, f"{NAME}:{version}", when, platforms, base)
    listed = sbom(version, when, debian_packages(archive), image_digest(archive))
    (folder / "image.cdx.json").write_text(listed)


def write_checksums(folder: Path) -> None:
    """Write SHA256SUMS of everything in *folder*."""
    sums = [f"{sha256(each)}  {each.name}\n" for each in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(sums))


def python_version(version: str) -> str:
    """Return *version* as Python packages write it."""
    short = {"alpha": "a", "beta": "b", "rc": "rc"}
    return re.sub(r"-(\w+)\.(\d+)", lambda found: short[found[1]] + found[2], version)


def write_wheel(version: str, folder: Path, when: int) -> None:
    """Build the wheel from a copy that says *version*."""
    with tempfile.TemporaryDirectory() as made:
        source = Path(made)
        for name in ("README.md", "LICENSE"):
            shutil.copy(ROOT / name, source)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "operator", source / "operator", ignore=ignored)
        text = (ROOT / "pyproject.toml").read_text()
        said = f'version = "{python_version(version)}"'
        text = re.sub(r'^version = ".*"$', said, text, count=1, flags=re.MULTILINE)
        (source / "pyproject.toml").write_text(text)
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, "."],
            cwd=source, check=True, capture_output=True,
            env=os.environ | {"SOURCE_DATE_EPOCH": str(when)},
        )  # fmt: skip


def write_plugin(version: str, folder: Path, when: int, downloads: str) -> None:
    """Write what krew installs and, where it is known from where, the manifest of that."""
    (wheel,) = folder.glob("*.whl")
    archive = folder / f"{LAUNCHER}-{version}.tar.gz"
    pack(archive, krew_files(wheel), when, programs={LAUNCHER})
    if downloads:
        write_yaml(folder / f"{PLUGIN}.yaml", [krew_manifest(version, archive, downloads)])


def pack_chart(version: str, target: Path, when: int) -> None:
    """Pack the chart; what its links lead to goes in as files."""
    files: dict[str, bytes] = {}
    for place, _, names in os.walk(CHART, followlinks=True):
        for name in names:
            path = Path(place) / name
            files[f"{NAME}/{path.relative_to(CHART).as_posix()}"] = path.read_bytes()
    about = yaml.safe_load((CHART / "Chart.yaml").read_text())
    about |= {"version": version, "appVersion": version}
    files[f"{NAME}/Chart.yaml"] = yaml.safe_dump(about, sort_keys=False).encode()
    pack(target, files, when)


def pack(target: Path, files: dict[str, bytes], when: int, programs: Collection[str] = ()) -> None:
    """Write a tar.gz of *files* that has the same bytes each time."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(data), when, 0o644
            if name in programs:
                entry.mode = 0o755
            tar.addfile(entry, io.BytesIO(data))
    target.write_bytes(gzip.compress(held.getvalue(), mtime=when))


def kustomized(folder: Path, version: str) -> Iterator[Body]:
    """Return the objects of a kustomization that has resources and nothing else."""
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if listed.keys() - {"apiVersion", "kind", "resources"}:
        msg = f"{folder}/kustomization.yaml asks for more than can be done here"
        raise SystemExit(msg)
    for name in listed["resources"]:
        path = folder / name
        if path.is_dir():
            yield from kustomized(path, version)
        else:
            text = re.sub(rf"image: {NAME}:\S+", f"image: {NAME}:{version}", path.read_text())
            yield from (each for each in yaml.safe_load_all(text) if each)


def write_yaml(path: Path, bodies: list[Body]) -> None:
    """Write objects as one file that kubectl takes."""
    path.write_text(yaml.safe_dump_all(bodies, sort_keys=False, width=99))


def schemas(crds: list[Body]) -> Iterator[tuple[str, bytes]]:
    """Return a JSON schema for editors for each kind and version."""
    for crd in crds:
        kind, group = crd["spec"]["names"]["kind"], crd["spec"]["group"]
        for version in crd["spec"]["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            known = {
                "apiVersion": {"const": f"{group}/{version['name']}"},
                "kind": {"const": kind},
                "metadata": {"type": "object"},
            }
            body = schema | {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "required": ["apiVersion", "kind", "metadata", "spec"],
                "properties": schema["properties"] | known,
            }
            name = f"{group}/{kind.lower()}_{version['name']}.json"
            yield name, (json.dumps(body, indent=1) + "\n").encode()


def changelog(version: str) -> str:
    """Return the fragments of changelog.d under *version*, as towncrier sorts them."""
    command = (Path(sys.executable).with_name("towncrier"), "build", "--draft")
    made = subprocess.run(
        (*command, "--version", version, "--date", "none"),
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return made.stdout.strip().replace("](../", "](") + "\n"


def sha256(path: Path) -> str:
    """Return the checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def asked() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description="write all files of a release into a folder")
    parser.add_argument("version", help="such as 0.2.0 or 0.2.0-rc.1")
    # Parts of it are written from elsewhere.
    parser.add_argument("folder", type=lambda said: Path(said).resolve())
    below = "address below which the files will be found; adds krew's manifest, which names it"
    parser.add_argument("downloads", nargs="?", default="", help=below)
    parser.add_argument("--no-image", action="store_true", help="leave out the image")
    which = "of the image, with commas; those that this machine can build, if not said"
    parser.add_argument("--platforms", type=lambda said: said.split(","), default=(), help=which)
    parser.add_argument("--base", default="", help="the image's base, best with its digest")
    return parser.parse_args()


def main() -> None:
    """Write a release and say what it has."""
    said = asked()
    if VERSION.fullmatch(said.version) is None:
        raise SystemExit("say a version such as 0.2.0 or 0.2.0-rc.1: make release VERSION=0.2.0")
    if said.folder.exists():
        raise SystemExit(f"{said.folder} is there already; remove it to make that release again")
    said.folder.mkdir(parents=True)
    try:
        # First, since it is what can fail for want of a tool.
        if not said.no_image:
            add_image(said.version, said.folder, said.platforms, said.base)
    except NoImage as error:
        shutil.rmtree(said.folder)
        raise SystemExit(f"image: {error}\nNO_IMAGE=1 makes the release without it") from error
    make_release(said.version, said.folder, said.downloads)
    write_checksums(said.folder)
    for each in sorted(said.folder.iterdir()):
        print(f"{each.stat().st_size:>9}  {each.name}")


if __name__ == "__main__":
    main()
