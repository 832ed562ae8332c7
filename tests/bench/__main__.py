"""
`make bench`: how much slower is the operator than a bare script?

Both begin when N QuayRobots are there and end when each has its robot and its
Secret: the script when it has made its last call, the operator when all are
Ready. It begins with the connection, which is the last thing to appear. Runs
alternate (bare, operator, bare, operator) on one API server, against a double
of Quay that answers at once, in a process of its own. Prints JSON and a table.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from tests.kit.controlplane import ControlPlane, PartMissing

from .stage import Measured, Stage

AIM_RATIO, AIM_RSS_MB = 1.5, 150


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1, 100, 1000])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--output", type=Path, help="also write the JSON there")
    options = parser.parse_args()
    try:
        with ControlPlane() as plane, Stage(plane) as stage:
            rows = [_measure(stage, size, options.rounds) for size in options.sizes]
    except PartMissing as error:
        print(f"bench: SKIPPED: {error}")
        return 1
    text = json.dumps(rows, indent=2)
    print(text)
    if options.output:
        options.output.write_text(text)
    _table(rows)
    return 0


def _measure(stage: Stage, size: int, rounds: int) -> dict[str, object]:
    bare: list[float] = []
    ours: list[Measured] = []
    for _ in range(rounds):
        bare.append(stage.bare(size))
        ours.append(stage.operator(size))
        print(f"  {size}: bare {bare[-1]:.2f} s, operator {ours[-1].seconds:.2f} s", flush=True)
    last = ours[-1]
    bare_s = statistics.median(bare)
    ours_s = statistics.median(each.seconds for each in ours)
    return {
        "robots": size,
        "bare_s": round(bare_s, 3),
        "bare_per_s": round(size / bare_s, 1),
        "operator_s": round(ours_s, 3),
        "ratio": round(ours_s / bare_s, 2),
        "quay_calls_per_robot": last.quay_calls / size,
        "cluster_writes_per_robot": last.cluster_writes / size,
        "cpu_s": round(last.cpu_s, 2),
        "rss_mb": round(last.rss_mb, 1),
        "restart_writes": last.restart_writes,
        "restart_calls": last.restart_calls,
        "restart_s": round(last.restart_s, 2),
    }


def _table(rows: list[dict[str, object]]) -> None:
    columns = list(rows[0])
    widths = [max(len(name), *(len(str(row[name])) for row in rows)) for name in columns]
    lines = [columns, *([str(row[name]) for name in columns] for row in rows)]
    print()
    for line in lines:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    print(f"\naims: ratio <= {AIM_RATIO}, rss_mb < {AIM_RSS_MB}, restart_writes 0")


if __name__ == "__main__":
    sys.exit(main())
