"""
What does the real kstatus say, the Go library that tools wait with?

Built once from the Go module in tests/kstatus, for its content, and kept beside
the control plane; half a minute of one core. Where there is no Go, there is none.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .controlplane.build import GO_WANTED, cache_root, go_version

MODULE = Path(__file__).parents[1] / "kstatus"
BUILD_S = 600


class NoGo(Exception):
    """The library cannot be had here."""


def real_kstatus(bodies: Iterable[dict[str, Any]]) -> list[str]:
    """
    Return what kstatus computes for each of *bodies*.

    Raises:
        NoGo: It cannot be built here.
    """
    lines = "".join(json.dumps(each) + "\n" for each in bodies)
    done = subprocess.run(
        [program()], input=lines, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


def program() -> Path:
    """
    Return the program, built if it has to be.

    Raises:
        NoGo: It cannot be built here.
    """
    target = cache_root() / "kstatus" / _content()
    if target.exists():
        return target
    go = shutil.which("go")
    if go is None or go_version(go) < GO_WANTED:
        raise NoGo(f"the real kstatus needs Go {'.'.join(map(str, GO_WANTED))} on PATH")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.{os.getpid()}")
    env = os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    build = [go, "build", "-C", str(MODULE), "-trimpath", "-ldflags", "-s -w", "-o", str(fresh)]
    done = subprocess.run(
        [*build, "."], env=env, capture_output=True, text=True, check=False, timeout=BUILD_S
    )
    if done.returncode:
        raise NoGo(f"the real kstatus could not be built: {done.stderr[-1000:]}")
    # Two runs at once build it twice, and either is whole.
    fresh.rename(target)
    return target


def _content() -> str:
    digest = hashlib.sha256()
    for path in sorted([*MODULE.glob("*.go"), MODULE / "go.mod", MODULE / "go.sum"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:24]
