"""Is the image of a release one archive for all architectures, the same each time?"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from .helm import ROOT

sys.path.append(str(ROOT / "tools"))

from oci import debian_packages, image_digest, join_layouts
from sbom import sbom

NAME = "quay-robot-operator:0.9.0"
WHEN = 1_700_000_000
STATUS = """\
Package: libc6
Status: install ok installed
Version: 2.36-9
Architecture: {0}

Package: gone
Status: deinstall ok config-files
Version: 1
Architecture: {0}
"""
Body = dict[str, Any]


def layer(**files: str) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(held.getvalue(), mtime=0)


def layout(folder: Path, architecture: str) -> Path:
    """Write the layout of one image, as the tools for images write it."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(kind: str, data: bytes) -> Body:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

    layers = [
        blob("layer", layer(var__lib__dpkg__status=STATUS.format(architecture))),
        blob("layer", layer(opt__quayrobot__x="x")),
    ]
    config = blob("config", json.dumps({"architecture": architecture, "os": "linux"}).encode())
    manifest = blob("manifest", json.dumps({"config": config, "layers": layers}).encode())
    # The name by which the tool was asked to write it is its own business.
    index = {"manifests": [manifest | {"annotations": {"by": "the tool"}}]}
    (folder / "index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    layouts = [layout(tmp_path / each, each) for each in ("amd64", "arm64")]
    join_layouts(layouts, tmp_path / "image.tar", NAME, WHEN)
    return tmp_path / "image.tar"


def test_a_registrys_client_finds_both_architectures(archive: Path):
    with tarfile.open(archive) as tar:
        files = {each.name: tar.extractfile(each).read() for each in tar}
    (first,) = json.loads(files["index.json"])["manifests"]
    index = json.loads(files[f"blobs/{first['digest'].replace(':', '/')}"])

    assert first["annotations"] == {"org.opencontainers.image.ref.name": NAME}
    assert first["digest"] == image_digest(archive)
    assert [each["platform"] for each in index["manifests"]] == [
        {"architecture": "amd64", "os": "linux"},
        {"architecture": "arm64", "os": "linux"},
    ]
    for name, data in files.items():
        if name.startswith("blobs/"):
            assert name == f"blobs/sha256/{hashlib.sha256(data).hexdigest()}"


def test_made_again_it_has_the_same_bytes(archive: Path, tmp_path: Path):
    layouts = [layout(tmp_path / "again" / each, each) for each in ("amd64", "arm64")]
    join_layouts(layouts, tmp_path / "again.tar", NAME, WHEN)

    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()


def test_the_list_of_parts_has_what_the_base_brings(archive: Path):
    found = list(debian_packages(archive))
    said = json.loads(sbom("0.9.0", WHEN, found, image_digest(archive)))

    assert found == [("libc6", "2.36-9", "amd64"), ("libc6", "2.36-9", "arm64")]
    urls = {each["purl"] for each in said["components"]}
    assert {
        "pkg:deb/debian/libc6@2.36-9?arch=amd64",
        "pkg:deb/debian/libc6@2.36-9?arch=arm64",
    } < urls
    own = said["metadata"]["component"]
    assert own["properties"] == [{"name": "oci:digest", "value": image_digest(archive)}]


def test_without_a_tool_for_images_it_has_to_be_left_out_by_name(tmp_path: Path):
    command = [sys.executable, str(ROOT / "tools" / "release.py"), "0.9.0", str(tmp_path / "made")]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(shutil.which("git") or "/nowhere")
    env = {**os.environ, "PATH": str(tmp_path / "bin")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "none of docker with buildx, podman and buildah runs here" in done.stderr
    assert "NO_IMAGE=1" in done.stderr
    assert not (tmp_path / "made").exists()
