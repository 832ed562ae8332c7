"""`python -m tests.node`: build what a node needs, then run this folder's tests on one."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.delivery.programs import built
from tests.kit.processes import run_folder

from .images import base_image, operator_image, pause_program
from .namespaces import run_inside
from .parts import node_binary, status_without_node
from .shown import STEPS

HERE = Path(__file__).parent


def on_a_node(command: Callable[[Path], Sequence[str]]) -> int:
    """Build what a node needs, run there what *command* returns for a folder, and its status."""
    if (status := status_without_node()) is not None:
        return status
    folder = run_folder()
    try:
        return _run(folder, command(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tests(folder: Path) -> Sequence[str]:
    """Return what runs the tests of this folder."""
    return (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
            "--basetemp", str(folder / "tests"), str(HERE), *sys.argv[1:])  # fmt: skip


def _run(folder: Path, command: Sequence[str]) -> int:
    steps: dict[str, float] = {}
    with _step(steps, "kubelet, scheduler, controller-manager"):
        binary = node_binary()
    with _step(steps, "Helm"):
        helm = built("helm4")
    with _step(steps, "base image"):
        base_image()
    with _step(steps, "the operator's image"):
        image = operator_image(folder)
    with _step(steps, "the sandboxes' program"):
        pause = pause_program()
    node = {
        "NODE_BINARY": str(binary),
        "NODE_HELM": str(helm),
        "NODE_IMAGE": str(image),
        "NODE_PAUSE": str(pause),
        "REQUIRE_CONTROL_PLANE": "1",
        STEPS: json.dumps(steps),
    }
    return run_inside(command, folder, {**os.environ, **node})


@contextmanager
def _step(steps: dict[str, float], name: str) -> Iterator[None]:
    print(f"{name} ...", file=sys.stderr, flush=True)
    begun = time.monotonic()
    yield
    steps[name] = round(time.monotonic() - begun, 1)


if __name__ == "__main__":
    sys.exit(on_a_node(tests))
