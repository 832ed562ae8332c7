"""Is a process whose clock is stepped wrong about the time everywhere?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .installation import ROOT
from .names import sitecustomize
from .surroundings import Surroundings

PACKAGE = ROOT / "operator" / "quayrobot"
# Commands are processes of their own, which people start.
COMMANDS = {"app/plugin.py", "app/commands/access/readers.py", "app/commands/status.py"}
ASK = "from quayrobot.app.wiring import _now; print(_now().isoformat())"


def test_all_of_the_operator_that_reads_the_clock_is_stepped():
    reads = re.compile(r"datetime\.now\(|time\.time\(|utcnow")
    readers = {
        str(each.relative_to(PACKAGE))
        for each in PACKAGE.rglob("*.py")
        if reads.search(each.read_text())
    }

    assert readers - COMMANDS == {f"{each}.py" for each in sitecustomize.READ_THE_CLOCK}


def test_the_clock_is_ahead_as_the_file_says(tmp_path: Path):
    around = Surroundings(tmp_path)
    around.clock_ahead_by(7200)
    known = {"PATH": os.environ["PATH"]} | around.environment | around.clock

    answer = subprocess.run(
        [sys.executable, "-c", ASK], env=known, capture_output=True, text=True, check=True
    )

    ahead = datetime.fromisoformat(answer.stdout.strip()) - datetime.now(UTC)
    assert timedelta(hours=1) < ahead < timedelta(hours=3)
