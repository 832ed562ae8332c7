"""
`make bench-10k`: what do ten thousand robots cost one pod, and does one more wait for them?

The bare script makes as many first, on the same control plane. In the middle of the
operator's work one more QuayRobot is declared, and its calls alone are made beside it. Then
the operator is restarted, and watched while nothing changes.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.kit.controlplane import ControlPlane, PartMissing

from .load import Load
from .measuring import measure_bare, measure_life
from .one_more import OneMore
from .progress import Found
from .report import row_of, table, tables
from .stage import Stage

__all__ = ["main"]

SIZE = 10_000
ONE_MORE = {
    "robots": "robots",
    "restart_s": "restart s",
    "one_more_s": "one more meanwhile s",
    "one_bare_s": "its calls alone, at the same time s",
    "cpu_ratio": "CPU against the script",
}


def measure(stage: Stage, size: int, per_s: float) -> dict[str, Any]:
    """Return the row of *size* robots."""
    load, more = Load(size), OneMore()
    bare = measure_bare(stage, load)
    print(f"  bare: {bare.seconds:.1f} s, {bare.cpu_s:.1f} s of CPU", flush=True)
    created, restarted, converged = measure_life(stage, load, rounds=1, meanwhile=more.at)
    more.wait()
    # Its calls are no other robot's.
    created = replace(created, calls=created.calls - more.made)
    row = row_of(load, [bare], [created], restarted, converged, per_s=per_s)
    return row | {
        "one_more_s": more.seconds and round(more.seconds, 2),
        "one_bare_s": more.bare_s and round(more.bare_s, 2),
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
