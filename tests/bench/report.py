"""What did the bench find: rows of figures, two tables, and what is not as designed?"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from .load import Load
from .measuring import Bare, Converged, Created, Restarted

__all__ = ["Row", "faults", "row_of", "table", "tables"]

AIM_RATIO, AIM_RSS_MB = 1.3, 150
Row = dict[str, Any]
CREATED = {
    "robots": "robots",
    "grants": "grants each",
    "floor_s": "floor s",
    "bare_s": "bare s",
    "operator_s": "operator s",
    "ratio": "ratio",
    "calls_per_robot": "calls per robot",
    "writes_per_robot": "cluster writes per robot",
    "bare_writes_per_robot": "of the script",
    "cpu_s": "CPU s",
    "bare_cpu_s": "of the script",
    "rss_mb": "RSS MB",
}
CONVERGED = {
    "robots": "robots",
    "grants": "grants each",
    "restart_calls": "calls at restart",
    "restart_writes": "writes at restart",
    "round": "a round is",
    "lists": "robot lists",
    "grants_lists": "grants lists",
    "role_lists": "role lists",
    "prototype_lists": "prototype lists",
    "round_cpu_s": "CPU s",
    "converged_writes": "writes",
    "converged_rss_mb": "RSS MB",
}


def row_of(
    load: Load,
    bare: list[Bare],
    created: list[Created],
    restarted: Restarted,
    converged: Converged,
    *,
    per_s: float = math.inf,
) -> Row:
    """
    Return one row of figures; times are medians, the rest is of the last run.

    The floor is what the calls alone take at a Quay that answers *per_s* a second.
    """
    last = created[-1]
    bare_s = statistics.median(each.seconds for each in bare)
    operator_s = statistics.median(each.seconds for each in created)
    return {
        "robots": load.size,
        "grants": load.grants,
        "repositories": len(load.repositories),
        "floor_s": round(last.calls / per_s, 2),
        "bare_s": round(bare_s, 2),
        "operator_s": round(operator_s, 2),
        "ratio": round(operator_s / bare_s, 2),
        "calls_per_robot": round(last.calls / load.size, 3),
        "bare_calls_per_robot": round(bare[-1].calls / load.size, 3),
        "writes_per_robot": round(last.writes / load.size, 3),
        "bare_writes_per_robot": round(bare[-1].writes / load.size, 3),
        "cpu_s": round(last.cpu_s, 2),
        "bare_cpu_s": round(bare[-1].cpu_s, 2),
        "rss_mb": round(last.rss_mb, 1),
        "restart_s": round(restarted.seconds, 2),
        "restart_calls": len(restarted.calls),
        "restart_writes": restarted.writes,
        **_rounds(load, converged),
        "faults": list(faults(load, last, restarted, converged)),
        "converged": asdict(converged),
    }


def _rounds(load: Load, seen: Converged) -> Row:
    def each(operation: str) -> float:
        return round(seen.calls.get(operation, 0) / seen.rounds, 2)

    return {
        "round": "a beat" if load.grants else "a resync",
        # Between two beats there may be a resync: its list is not theirs.
        "lists": each("robot.list"),
        "grants_lists": each("robot.list-grants"),
        "role_lists": each("repository.list-roles"),
        "prototype_lists": each("prototype.list"),
        "round_cpu_s": round(seen.cpu_s / seen.rounds, 2),
        "converged_writes": seen.writes,
        "converged_rss_mb": round(seen.rss_mb, 1),
    }


def faults(
    load: Load, created: Created, restarted: Restarted, converged: Converged
) -> Iterator[str]:
    """Yield what costs another number of calls or writes than it may."""
    if created.calls != load.size * load.calls_per_robot:
        yield f"{created.calls} calls for {load.size} robots of {load.calls_per_robot}"
    # The connection is read once, and an organization listed at most each five minutes, jittered.
    if created.looks > 2 + created.seconds // 200:
        yield f"{created.looks} looks in {created.seconds:.0f} s"
    if restarted.calls != ["robot.list"] or restarted.writes:
        yield f"a restart asked {restarted.calls} and made {restarted.writes} writes"
    expected = {each: n * converged.rounds for each, n in load.calls_per_beat.items()}
    seen = {each: n for each, n in converged.calls.items() if n and each != "robot.list"}
    if seen != expected:
        yield f"{converged.rounds} beats asked {seen}, not {expected}"
    if converged.writes:
        yield f"{converged.writes} writes while nothing changed"
    if converged.unexplained:
        yield f"Quay saw {converged.unexplained} calls more than the operator counted"


def tables(rows: list[Row]) -> str:
    """Return the figures as two tables of Markdown."""
    aims = (
        f"Aims: ratio at most {AIM_RATIO}, RSS under {AIM_RSS_MB} MB, 1 call per robot and 1 per "
        "grant, 1 list and no write at a restart, no write while nothing changes."
    )
    return "\n".join([*table(rows, CREATED), "", *table(rows, CONVERGED), "", aims])


def table(rows: list[Row], columns: dict[str, str]) -> Iterator[str]:
    """Yield *rows* as a table of Markdown: *columns* maps keys to heads."""
    cells = [[str(row[name]) for name in columns] for row in rows]
    widths = [
        max(len(head), *(len(line[at]) for line in cells))
        for at, head in enumerate(columns.values())
    ]
    yield _line(columns.values(), widths)
    yield _line(("-" * (width - 1) + ":" for width in widths), widths)
    for line in cells:
        yield _line(line, widths)


def _line(cells: Any, widths: list[int]) -> str:
    padded = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"
