"""Does the log of a watch hold the objects, and nothing that is said about the watch itself?"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from .processes import wait_for
from .watchlog import WatchLog

ROBOT = {"kind": "QuayRobot", "metadata": {"name": "ci"}}
ENDED = {"kind": "Status", "status": "Failure", "code": 410}


def test_the_end_of_a_watch_is_no_object_and_is_told_once(tmp_path: Path):
    shown = "\n".join(json.dumps(each, indent=1) for each in (ROBOT, ENDED, ROBOT))
    command = ["sh", "-c", f"echo '{shown}'; exec sleep 60"]
    log = WatchLog(
        cast("Any", SimpleNamespace(folder=tmp_path, kubectl_command=command)), "robots"
    )
    try:
        seen: list[Any] = []
        wait_for(lambda: seen.extend(log.bodies()) or len(seen) == 2, "both objects")

        assert seen == [ROBOT, ROBOT]
        assert [log.began_anew(), log.began_anew()] == [True, False]
    finally:
        log.stop()
