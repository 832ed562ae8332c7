"""
Where does a node run, so that the machine does not notice?

In namespaces of its own (processes, mounts, network, names) and, in each
hierarchy of control groups, below a group of its own. When the first process
of the namespaces ends everything in them ends; the groups are then removed.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.kit.processes import PREFIX

__all__ = ["ADDRESS", "ADDRESS_6", "NODE", "SERVICE_ADDRESS", "run_inside"]

ROOT = Path("/sys/fs/cgroup")
INSIDE = Path(__file__).with_name("inside.sh")
# A whole cluster weighs as much as this many processes.
AS_PROCESSES = 10
# Nobody outside sees these.
ADDRESS, SERVICE_ADDRESS, NODE = "10.200.0.1", "10.96.0.1", "node-1"
ADDRESS_6 = "fd00:200::1"


def run_inside(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> int:
    """Run *command* in namespaces of its own and return its exit status."""
    # Folders of other runs look abandoned from inside, where their processes cannot be seen.
    temporary = folder / "tmp"
    temporary.mkdir()
    own = {"NODE_FOLDER": str(folder), "NODE_ADDRESS": ADDRESS, "TMPDIR": str(temporary),
           "NODE_ADDRESS_6": ADDRESS_6, "NODE_SERVICE_ADDRESS": SERVICE_ADDRESS,
           "NODE_NAME": NODE}  # fmt: skip
    unshare = ("unshare", "--fork", "--kill-child", "--pid", "--mount", "--net", "--uts", "--ipc",
               "--cgroup", "--mount-proc", "--propagation", "private")  # fmt: skip
    with _own_groups() as groups:
        # A cgroup namespace begins at the groups that the process is in when it is made.
        script = 'for each in $GROUPS_OF_NODE; do echo $$ > "$each/cgroup.procs"; done; exec "$@"'
        own["GROUPS_OF_NODE"] = " ".join(map(str, groups))
        whole = ("setpriv", "--pdeathsig", "KILL", "sh", "-ec", script, "sh", *unshare,
                 str(INSIDE), *command)  # fmt: skip
        return subprocess.run(whole, env={**env, **own}, check=False).returncode


@contextmanager
def _own_groups() -> Iterator[list[Path]]:
    name = f"{PREFIX}{os.getpid()}"
    places = [each / name for each in _present_groups()]
    try:
        for place in places:
            place.mkdir()
            for limit in ("cpuset.cpus", "cpuset.mems"):
                if (place / limit).exists():
                    (place / limit).write_text((place.parent / limit).read_text())
            if (place / "cpu.shares").exists():
                # Beside processes that are in no group, each of which counts as one alone.
                (place / "cpu.shares").write_text(str(1024 * AS_PROCESSES))
        yield places
    finally:
        for place in places:
            _remove(place)


def _present_groups() -> Iterator[Path]:
    # Version 1: each line is number:controllers:path. The unified hierarchy has no controllers.
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        place = ROOT / controllers.removeprefix("name=") / path.lstrip("/")
        if controllers and place.is_dir():
            yield place


def _remove(place: Path) -> None:
    for _ in range(50):
        # Deepest first: only what is empty can go, and what died needs a moment.
        inner = [Path(folder) for folder, _, _ in os.walk(place, topdown=False)]
        try:
            for each in inner:
                each.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return
