"""
`make picture`: docs/board.png, from what a real Prometheus saw of a real operator.

Windows of minutes are seconds here, as in the tests of the rules.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.delivery.prometheus import JOB, Prometheus, hurried
from tests.kit.beside import install_beside
from tests.kit.controlplane import ControlPlane, PartMissing
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation
from tests.kit.processes import free_port, wait_for

from .life import live

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
REQUIREMENTS = ROOT / "requirements" / "picture.txt"
PROGRAM = ROOT / "build" / "picture"
Panel = dict[str, Any]


def series(prometheus: Prometheus, panel: Panel, begun: float) -> list[dict[str, Any]]:
    """Return the lines of one *panel*, in seconds since *begun*."""
    found = []
    for target in panel["targets"]:
        expression = hurried(target["expr"]).replace("$job", JOB)
        for line in prometheus.range(expression, begun, time.time()):
            name = re.sub(r"{{(\w+)}}", lambda m, of=line: of["metric"].get(m[1], ""),
                          target["legendFormat"])  # fmt: skip
            points = [[at - begun, float(value)] for at, value in line["values"]]
            finite = [each for each in points if math.isfinite(each[1])]
            if finite:
                found.append({"name": name, "points": finite})
    return found


def panels(prometheus: Prometheus, begun: float) -> list[Panel]:
    """Return every panel of the board with its lines."""
    board = json.loads((MONITORING / "dashboard.json").read_text())
    return [
        {
            "title": each["title"],
            "type": each["type"],
            "unit": each["fieldConfig"]["defaults"]["unit"],
            "series": series(prometheus, each, begun),
        }
        for each in board["panels"]
    ]


def watched(binary: str) -> list[Panel]:
    """Return the panels after a life of its own."""
    port = free_port()
    with ControlPlane() as plane, FakeQuay() as quay, tempfile.TemporaryDirectory() as folder:
        house = Installation.make(plane, quay, f"--metrics-port={port}")
        house.cluster_connection(resyncInterval="20s", driftInterval="20s")
        house.operator.start()
        rules = MONITORING / "rules.yaml"
        with Prometheus(binary, Path(folder), f"127.0.0.1:{port}", rules) as prometheus:
            wait_for(lambda: prometheus.query("quayrobot_leader"), "a scrape")
            begun = time.time()
            live(house)
            found = panels(prometheus, begun)
        house.close()
    return found


def draw(found: list[Panel], target: Path) -> None:
    """Draw *found* with a matplotlib beside the development environment."""
    install_beside(REQUIREMENTS, PROGRAM)
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(PROGRAM)])}
    command = (sys.executable, "-m", "tests.picture.drawing", str(target))
    subprocess.run(command, input=json.dumps(found), text=True, check=True, env=env)


def main() -> int:
    """Take the picture."""
    binary = shutil.which("prometheus")
    if binary is None:
        print(
            "picture: SKIPPED: prometheus is not installed; it is in Debian's package prometheus"
        )
        return 1
    try:
        found = watched(binary)
    except PartMissing as error:
        print(f"picture: SKIPPED: {error}")
        return 1
    empty = [each["title"] for each in found if not each["series"]]
    if empty:
        print(f"picture: panels without data: {', '.join(empty)}")
        return 1
    draw(found, ROOT / "docs" / "board.png")
    print("docs/board.png is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
