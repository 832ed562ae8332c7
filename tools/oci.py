"""
What is in an archive of images, and how do several become one?

The layout is that of the OCI's image specification: blobs named by their digests,
and an index that leads to them.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
REFERENCE = "org.opencontainers.image.ref.name"
_STATUS = ("var/lib/dpkg/status", "./var/lib/dpkg/status")
Body = dict[str, Any]


def join_layouts(layouts: Sequence[Path], target: Path, name: str, when: int) -> None:
    """Write *target*, an archive of the one image in each of *layouts*, named *name*."""
    blobs: dict[str, bytes] = {}
    manifests = []
    for layout in layouts:
        (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
        blobs |= {each.name: each.read_bytes() for each in (layout / "blobs" / "sha256").iterdir()}
        manifests.append(_described(entry, blobs))
    index = _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
    digest = hashlib.sha256(index).hexdigest()
    blobs[digest] = index
    first = {"mediaType": INDEX, "digest": f"sha256:{digest}", "size": len(index),
             "annotations": {REFERENCE: name}}  # fmt: skip
    files = {f"blobs/sha256/{each}": data for each, data in blobs.items()}
    files["index.json"] = _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [first]})
    files["oci-layout"] = _json({"imageLayoutVersion": "1.0.0"})
    _pack(target, files, when)


def _described(entry: Body, blobs: dict[str, bytes]) -> Body:
    """Return the descriptor of a manifest, with the platform that its configuration names."""
    manifest = json.loads(blobs[_hex(entry)])
    config = json.loads(blobs[_hex(manifest["config"])])
    known = {key: config[key] for key in ("architecture", "os", "variant") if key in config}
    kept = {key: entry[key] for key in ("mediaType", "digest", "size")}
    return kept | {"platform": known}


def _pack(target: Path, files: dict[str, bytes], when: int) -> None:
    with tarfile.open(target, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(data), when, 0o644
            tar.addfile(entry, io.BytesIO(data))


def image_digest(archive: Path) -> str:
    """Return the digest by which the image can be pulled once it is pushed as it is."""
    with tarfile.open(archive) as tar:
        (entry,) = json.loads(_read(tar, "index.json"))["manifests"]
    digest: str = entry["digest"]
    return digest


def debian_packages(archive: Path) -> Iterator[tuple[str, str, str]]:
    """Iterate over name, version and architecture of each Debian package in the images."""
    with tarfile.open(archive) as tar:
        for manifest in _manifests(tar):
            # The last layer that has the list has the one that counts.
            found = [text for layer in manifest["layers"] if (text := _status(tar, layer))]
            yield from _installed(found[-1] if found else "")


def _manifests(tar: tarfile.TarFile) -> Iterator[Body]:
    (entry,) = json.loads(_read(tar, "index.json"))["manifests"]
    for each in json.loads(_blob(tar, entry))["manifests"]:
        yield json.loads(_blob(tar, each))


def _status(tar: tarfile.TarFile, layer: Body) -> str:
    data = _blob(tar, layer)
    data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    with tarfile.open(fileobj=io.BytesIO(data)) as inner:
        found = (_read(inner, each.name) for each in inner if each.name in _STATUS)
        return next(found, b"").decode()


def _installed(status: str) -> Iterator[tuple[str, str, str]]:
    for paragraph in status.split("\n\n"):
        lines = (line.partition(": ") for line in paragraph.splitlines() if line[:1].isalpha())
        found = {name: value for name, _, value in lines}
        if found.get("Status") == "install ok installed":
            yield found["Package"], found["Version"], found["Architecture"]


def _blob(tar: tarfile.TarFile, entry: Body) -> bytes:
    return _read(tar, f"blobs/sha256/{_hex(entry)}")


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    opened = tar.extractfile(name)
    assert opened is not None, f"{name} is no file"
    return opened.read()


def _hex(entry: Body) -> str:
    digest: str = entry["digest"]
    return digest.removeprefix("sha256:")


def _json(body: Body) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
