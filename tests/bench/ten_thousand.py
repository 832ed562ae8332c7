"""
`make bench-10k`: what do ten thousand robots cost one pod, and does one more wait for them?

The bare script makes as many first, on the same control plane. In the middle of the
operator's work one more QuayRobot is declared; what it waits is told beside the bare
calls of one. Then the operator is restarted, and watched while nothing changes.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from quayrobot.cluster.kinds import QUAY_ROBOT
from tests.kit.controlplane import ControlPlane, PartMissing

from .load import Load
from .measuring import measure_bare, measure_life
from .progress import Found
from .report import row_of, table, tables
from .stage import Place, Stage

__all__ = ["main"]

SIZE = 10_000
ONE = "one-more"
ONE_MORE = {
    "robots": "robots",
    "restart_s": "restart s",
    "one_more_s": "one more meanwhile s",
    "one_bare_s": "its calls alone s",
    "cpu_ratio": "CPU against the script",
}
POLL_S = 0.05


class OneMore:
    """Declares one more robot when half of the others are made, and waits for it."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._thread: threading.Thread | None = None

    def at(self, place: Place, count: int) -> None:
        """*count* robots are made; once half are, begin."""
        if self._thread is None and 2 * count >= place.load.size:
            self._thread = threading.Thread(target=self._live, args=(place,), daemon=True)
            self._thread.start()

    def wait(self) -> float | None:
        """Return how long it took; None where it did not come to that."""
        if self._thread is not None:
            self._thread.join(120)
        return self.seconds

    def _live(self, place: Place) -> None:
        (body,) = Load(1).robots(place.name)
        body["metadata"]["name"] = ONE
        begun = time.monotonic()
        place.stage.each([("POST", QUAY_ROBOT.path(place.name), body)])
        while not self._is_ready(place):
            time.sleep(POLL_S)
        self.seconds = time.monotonic() - begun

    @staticmethod
    def _is_ready(place: Place) -> bool:
        body = place.stage.plane.get("quayrobot", ONE, place.name) or {}
        conditions = (body.get("status") or {}).get("conditions") or []
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def measure(stage: Stage, size: int, per_s: float) -> dict[str, Any]:
    """Return the row of *size* robots."""
    one_bare, load, more = measure_bare(stage, Load(1)), Load(size), OneMore()
    bare = measure_bare(stage, load)
    print(f"  bare: {bare.seconds:.1f} s, {bare.cpu_s:.1f} s of CPU", flush=True)
    created, restarted, converged = measure_life(stage, load, rounds=1, meanwhile=more.at)
    one_more_s = more.wait()
    if one_more_s is not None:
        # Its call is no other robot's.
        created = replace(created, calls=created.calls - 1)
    row = row_of(load, [bare], [created], restarted, converged, per_s=per_s)
    return row | {
        "one_more_s": None if one_more_s is None else round(one_more_s, 2),
        "one_bare_s": round(one_bare.seconds, 2),
        "cpu_ratio": round(created.cpu_s / bare.cpu_s, 2),
    }


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.ten_thousand")
    parser.add_argument("--robots", type=int, default=SIZE)
    parser.add_argument("--output", type=Path, help="also write the JSON there")
    options = parser.parse_args()
    found = Found(options.output)
    try:
        with ControlPlane() as plane, Stage(plane) as stage:
            reads = round(stage.double.reads_per_core_s())
            found.figures["double_reads_per_core_s"] = reads
            found.add("rows", measure(stage, options.robots, reads))
    except PartMissing as error:
        print(f"bench: SKIPPED: {error}")
        return 1
    rows = found.rows()
    print(f"{found.text()}\n\n{tables(rows)}\n\n" + "\n".join(table(rows, ONE_MORE)))
    for fault in rows[0]["faults"]:
        print(f"NOT AS DESIGNED: {fault}")
    return 1 if rows[0]["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
