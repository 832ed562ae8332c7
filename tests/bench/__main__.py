"""
`make bench`: how much slower is the operator than a bare script, and what does it ask?

Both begin when N QuayRobots are there and end when each has its robot, its
rights and its Secret: the script when it has made its last call, the operator
when all are Ready. It begins with the connection, which is the last thing to
appear. Runs alternate (bare, operator, bare, operator) on one API server,
against a double of Quay that answers at once, in a process of its own. Then
the operator is restarted, and watched while nothing changes. Then all
robots of a run are rotated, in place and by turns, and passwords of keyless
robots are replaced. At last the double lets each call cost what it costs a real
Quay, with either kind of credential. Prints each row when it is there, then JSON
and tables; fails where a count of calls or writes is not as designed, never for a
time. A floor is the time of nothing but the calls at that Quay.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.kit.controlplane import ControlPlane, PartMissing

from .load import Load, Strategy
from .measuring import Bare, Created, measure_bare, measure_life, measure_made
from .progress import Found
from .refreshing import REFRESHED, measure_refresh
from .report import Row, row_of, table, tables
from .rotating import ROTATED, measure_rotation
from .slow_quay import DELETED, SLOW, measure_deletion, measure_slow
from .stage import Stage

GRANTS = 2
TABLES = {
    "rotations": ROTATED,
    "refreshes": REFRESHED,
    "slow": SLOW,
    "deletions": DELETED,
}
STRATEGIES: tuple[Strategy, ...] = ("InPlace", "Overlap")


def main() -> int:
    """Run and report."""
    options = _options()
    loads = [Load(size) for size in options.sizes]
    loads += [Load(size, GRANTS) for size in options.granted]
    turns = [Load(size, strategy=each) for size in options.rotated for each in STRATEGIES]
    found = Found(options.output)
    try:
        with ControlPlane() as plane, Stage(plane) as stage:
            reads = round(stage.double.reads_per_core_s())
            print(f"the double answers {reads} robot reads per second and core", flush=True)
            found.figures["double_reads_per_core_s"] = reads
            for load in loads:
                found.add("rows", _measure(stage, load, options.rounds, options.beats, reads))
            for load in turns:
                found.add("rotations", measure_rotation(stage, load))
            for size in options.refreshed:
                found.add("refreshes", measure_refresh(stage, Load(size, account="bench")))
            for size in options.slow:
                found.add("slow", *measure_slow(stage, size))
            for size in options.deleted:
                found.add("deletions", measure_deletion(stage, size))
    except PartMissing as error:
        print(f"bench: SKIPPED: {error}")
        return 1
    finally:
        # What ends early has told what it found until then.
        _tell(found)
    return 1 if any(row["faults"] for row in found.rows()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sizes", type=int, nargs="*", help="robots per row (1 100 1000)")
    parser.add_argument(
        "--granted", type=int, nargs="*",
        help=f"robots per row of robots with {GRANTS} repository grants each (the largest size)",
    )  # fmt: skip
    parser.add_argument(
        "--rotated", type=int, nargs="*", help="robots per rotation (the largest size)"
    )
    parser.add_argument(
        "--refreshed", type=int, nargs="*", help="keyless robots per refresh (the largest size)"
    )
    parser.add_argument(
        "--slow", type=int, nargs="*",
        help="robots made with either credential where calls cost what Quay's do (20 200)",
    )  # fmt: skip
    parser.add_argument(
        "--deleted", type=int, nargs="*", help="robots deleted at once, at such a Quay (200)"
    )
    parser.add_argument("--rounds", type=int, help="how often each row is run (2)")
    parser.add_argument("--beats", type=int, help="resyncs or beats to watch (3)")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round, one beat")
    parser.add_argument("--output", type=Path, help="also write the JSON there")
    options = parser.parse_args()
    defaults = ([1, 20], 1, 1) if options.quick else ([1, 100, 1000], 2, 3)
    slow, deleted = ([20], [20]) if options.quick else ([20, 200], [200])
    options.slow = slow if options.slow is None else options.slow
    options.deleted = deleted if options.deleted is None else options.deleted
    if options.sizes is None:
        options.sizes = defaults[0]
    if options.granted is None:
        options.granted = [max(options.sizes)] if options.sizes else []
    if options.rotated is None:
        options.rotated = [max(options.sizes)] if options.sizes else []
    if options.refreshed is None:
        options.refreshed = [max(options.sizes)] if options.sizes else []
    options.rounds = options.rounds or defaults[1]
    options.beats = options.beats or defaults[2]
    return options


def _measure(stage: Stage, load: Load, rounds: int, beats: int, per_s: float) -> Row:
    bare: list[Bare] = []
    created: list[Created] = []
    for _ in range(rounds - 1):
        bare.append(measure_bare(stage, load))
        created.append(measure_made(stage, load))
        _say(load, bare[-1], created[-1])
    bare.append(measure_bare(stage, load))
    last, restarted, converged = measure_life(stage, load, rounds=beats)
    _say(load, bare[-1], last)
    made = [*created, last]
    return row_of(load, bare, made, restarted, converged, per_s=per_s)


def _say(load: Load, bare: Bare, created: Created) -> None:
    print(
        f"  {load.size} robots, {load.grants} grants each: bare {bare.seconds:.2f} s, "
        f"operator {created.seconds:.2f} s",
        flush=True,
    )


def _tell(found: Found) -> None:
    print(found.text())
    found.write()
    figures = found.figures
    if "rows" in figures:
        print(f"\n{tables(figures['rows'])}")
    for kind, columns in TABLES.items():
        if kind in figures:
            print("\n" + "\n".join(table(figures[kind], columns)))
    for row in found.rows():
        for fault in row["faults"]:
            print(f"NOT AS DESIGNED ({row['robots']} robots): {fault}")


if __name__ == "__main__":
    sys.exit(main())
