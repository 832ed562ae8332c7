"""
Where do the real Helm and the other Go programs of these tests come from?

Each folder in `go/` is a module with a go.sum: its program is built once, into the cache
beside the control plane's. It is the one that its `tool` line names, as published, or
its own around a published library.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from tests.kit.controlplane.build import PartMissing, find_go

MODULES = Path(__file__).with_name("go")
_TOOL = re.compile(r"^tool (\S+)$", re.MULTILINE)
_HELM3 = "helm.sh/helm/v3"
_MORE_FLAGS = {
    # Helm 3 knows by flags only which Kubernetes it is built with.
    "helm3": f"-X {_HELM3}/internal/version.version=v3.22.0"
    f" -X {_HELM3}/pkg/chartutil.k8sVersionMajor=1 -X {_HELM3}/pkg/chartutil.k8sVersionMinor=37"
    f" -X {_HELM3}/pkg/lint/rules.k8sVersionMajor=1 -X {_HELM3}/pkg/lint/rules.k8sVersionMinor=37",
    "helm4": "-X helm.sh/helm/v4/internal/version.version=v4.3.1",
}
# What opm could do with images on this machine needs libraries of C.
_TAGS = {"opm": "containers_image_openpgp,exclude_graphdriver_btrfs,json1"}


def program(name: str) -> Path:
    """Return the program of module *name*, built if it has to be; skip by name without Go."""
    try:
        return built(name)
    except PartMissing as error:
        missing(f"no {name}: {error}")


def missing(what: str) -> NoReturn:
    """Skip by name, or fail where every real part is required."""
    if os.environ.get("REQUIRE_DELIVERY_TOOLS"):
        pytest.fail(f"REQUIRE_DELIVERY_TOOLS is set: {what}", pytrace=False)
    pytest.skip(what)


def built(name: str) -> Path:
    """
    Return the program of module *name*, built if it has to be.

    Raises:
        PartMissing: It cannot be built here.
    """
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256((_MORE_FLAGS.get(name, "") + _TAGS.get(name, "")).encode())
    for file in sorted((MODULES / name).iterdir()):
        digest.update(file.read_bytes())
    folder = root / "quay-robot-operator" / "programs"
    binary = folder / f"{name}-{digest.hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not binary.exists():
            _build(name, binary)
    return binary


def _build(name: str, binary: Path) -> None:
    module = MODULES / name
    found = _TOOL.search((module / "go.mod").read_text())
    assert found or (module / "main.go").exists(), f"{module} has no program"
    fresh = binary.with_suffix(".fresh")
    flags = f"-s -w {_MORE_FLAGS.get(name, '')}"
    env = os.environ | {
        "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOGC": "off",
    }  # fmt: skip
    done = subprocess.run(
        [find_go(), "build", "-C", str(module), "-trimpath", "-ldflags", flags,
         "-tags", _TAGS.get(name, ""), "-o", str(fresh), found[1] if found else "."],
        env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise PartMissing(f"{name} could not be built: {done.stderr[-2000:]}")
    fresh.rename(binary)


def build_all() -> None:
    """Build every program, as a run of all tests does beforehand: builds outlast a test."""
    for module in sorted(MODULES.iterdir()):
        print(f"{module.name}: {built(module.name)}", flush=True)


if __name__ == "__main__":
    build_all()
