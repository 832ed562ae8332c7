"""
What does a node need beside the control plane, and is it here?

Debian's packages for containers, and the kubelet, the scheduler and the
controller-manager, built once from the Go module in `programs`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.kit.controlplane.build import (
    PartMissing,
    Program,
    cache_root,
    cached_binary,
    find_binary,
)

__all__ = [
    "CACHE",
    "NODE_PROGRAM",
    "cached",
    "check_parts",
    "node_binary",
    "run",
    "status_without_node",
]

CACHE = cache_root() / "node"
NODE_PROGRAM = Program(
    Path(__file__).parent / "programs",
    "node",
    "Building kubelet, scheduler and controller-manager for tests, once; this takes a minute "
    "where the control plane was just built, else as long as that.",
)
# What each comes from, in Debian's words.
PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "buildah": "buildah",
    "runc": "runc",
    "containerd": "containerd",
    "ctr": "containerd",
    "skopeo": "skopeo",
    "gcc": "gcc",
    "ip": "iproute2",
    "unshare": "util-linux",
}
PLUGINS = Path("/usr/lib/cni/bridge")


def check_parts() -> None:
    """
    Look whether a node can be run here.

    Raises:
        PartMissing: It cannot; the message says why.
    """
    if os.geteuid() != 0:
        raise PartMissing("a node needs root")
    if not Path("/sys/fs/cgroup/memory/cgroup.procs").exists():
        raise PartMissing("only control groups of version 1 are known to work here")
    missing = {package for tool, package in PACKAGES.items() if shutil.which(tool) is None}
    if not PLUGINS.exists():
        missing.add("containernetworking-plugins")
    if missing:
        raise PartMissing(f"these packages are missing: {' '.join(sorted(missing))}")


def status_without_node() -> int | None:
    """Return the exit status where there can be no node, and say why; None where there can."""
    try:
        check_parts()
        find_binary()
    except PartMissing as error:
        required = bool(os.environ.get("REQUIRE_NODE"))
        print(f"{'FAILED' if required else 'SKIPPED'}: {error}", file=sys.stderr)
        return 1 if required else 0
    return None


def node_binary() -> Path:
    """Return the program that holds kubelet, scheduler and controller-manager."""
    return cached_binary(NODE_PROGRAM)


def cached(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, filled by *make* when it is not there yet."""
    folder = CACHE / name
    if not folder.exists():
        fresh = folder.with_name(f"{name}.{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        make(fresh)
        fresh.rename(folder)
    return folder


def run(command: Sequence[str], *, cwd: Path | None = None, timeout_s: float = 600) -> str:
    """
    Run *command* and return what it printed.

    Raises:
        AssertionError: It failed; the message ends with its last words.
    """
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=timeout_s,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(
            f"{' '.join(command[:6])}: {done.stdout[-1500:]}{done.stderr[-3000:]}"
        )
    return done.stdout
