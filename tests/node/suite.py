"""
`python -m tests.node.suite TESTS`: does the suite run on a node's cluster as the current one?

The control plane of `make node`, with kubelet, scheduler and the whole controller-manager, is
the cluster of the current kubeconfig context; the tests know no more of it than that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.kit.packing import packed
from tests.kit.processes import run_folder

from .images import pause_program
from .machine import PAUSE, Machine, NodePlane
from .namespaces import run_inside
from .parts import node_binary, status_without_node

INSIDE = "NODE_SUITE"
ALL = ("tests/e2e",)


def main() -> int:
    """Return the exit status of pytest, or 0 with the reason where there can be no node."""
    if INSIDE in os.environ:
        return _inside(Path(os.environ["NODE_FOLDER"]))
    if (status := status_without_node()) is not None:
        return status
    folder = run_folder()
    try:
        node = {
            "NODE_BINARY": str(node_binary()),
            "NODE_PAUSE": str(pause_program()),
            "REQUIRE_CONTROL_PLANE": "1",
            INSIDE: "1",
        }
        command = (sys.executable, "-m", "tests.node.suite", *sys.argv[1:])
        return run_inside(command, folder, {**os.environ, **node})
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _inside(folder: Path) -> int:
    place = folder / "machine"
    place.mkdir()
    pause = packed(folder / "pause.tar", PAUSE, Path(os.environ["NODE_PAUSE"]))
    plane = NodePlane(Path(os.environ["NODE_BINARY"]))
    machine = Machine(plane, place)
    try:
        plane.start()
        machine.start(pause)
        return _run(plane)
    finally:
        machine.stop()
        plane.stop()


def _run(plane: NodePlane) -> int:
    env = {key: value for key, value in os.environ.items() if key not in {INSIDE, "NODE_BINARY"}}
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0",
               "--cluster=current", "--cluster-context=local", *(sys.argv[1:] or ALL))  # fmt: skip
    env |= {"KUBECONFIG": str(plane.kubeconfig)}
    return subprocess.run(command, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
