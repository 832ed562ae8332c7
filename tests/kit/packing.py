"""How does a program become a container image without any tool for it?"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["packed"]


def packed(target: Path, name: str, program: Path, words: Sequence[str] = ("/program",)) -> Path:
    """Write an image *name* that has nothing but *program* as an archive, and return that."""
    layer = _tar({"program": program.read_bytes()})
    digest = hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": list(words), "User": "65532:65532"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    raw = json.dumps(config).encode()
    label = f"{hashlib.sha256(raw).hexdigest()}.json"
    manifest = [{"Config": label, "RepoTags": [name], "Layers": [f"{digest}.tar"]}]
    parts = {label: raw, f"{digest}.tar": layer, "manifest.json": json.dumps(manifest).encode()}
    target.write_bytes(_tar(parts))
    return target


def _tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()
