"""
What does it cost to rotate every robot, in place and by turns?

All are asked for at once, by an edit each. The bare script makes the same edit
and the same calls over the same place afterwards. A Secret holds a dead token
from the call that ended its token, by Quay's ledger, until it was written, by
the API server's audit log; both clocks are this machine's.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil

from tests.kit.operating import USER, OperatorProcess
from tests.kit.processes import wait_for

from .double import cpu_of
from .load import Load
from .measuring import wait_quiet
from .stage import Place, Stage

__all__ = ["ROTATED", "measure_rotation"]

Row = dict[str, Any]
ROTATED = {
    "robots": "robots rotated",
    "strategy": "strategy",
    "bare_s": "bare s",
    "operator_s": "operator s",
    "ratio": "ratio",
    "calls_per_robot": "calls per robot",
    "bare_calls_per_robot": "of the script",
    "calls_after": "later, per robot",
    "writes_per_robot": "cluster writes per robot",
    "cpu_s": "CPU s",
    "bare_cpu_s": "of the script",
    "dead_s": "longest with a dead token, s",
    "logins_failed": "Secrets that do not log in",
}
ENDS = {"InPlace": "robot.regenerate", "Overlap": "robot.delete"}
PATIENCE_S = 300.0


def measure_rotation(stage: Stage, load: Load) -> Row:
    """Make the robots of *load*, have each rotated, and do the same by the bare script."""
    assert load.strategy is not None
    place, operator = stage.declare(load), stage.operator()
    operator.start()
    try:
        place.connect()
        place.wait("Reconciled")
        wait_quiet(stage, operator)
        row = _rotate(stage, place, operator)
    finally:
        operator.stop()
    ledger = stage.double.mark()
    bare = stage.bare(place.name, "bare_rotating", strategy=load.strategy)
    row |= {
        "bare_s": round(bare["seconds"], 2),
        "bare_cpu_s": round(bare["cpu_s"], 2),
        "ratio": round(row["operator_s"] / bare["seconds"], 2),
        "bare_calls_per_robot": round((stage.double.mark() - ledger) / load.size, 3),
    }
    place.clear()
    return row


def _rotate(stage: Stage, place: Place, operator: OperatorProcess) -> Row:
    load, process = place.load, psutil.Process(operator.pid)
    audit, ledger = len(stage.plane.audit()), stage.double.mark()
    cpu, begun = cpu_of(process), time.monotonic()

    place.patch_all(lambda _name: {"spec": {"rotation": {"trigger": "two"}}})
    place.wait_until(_is_rotated)

    seconds = time.monotonic() - begun
    wait_quiet(stage, operator)
    used = cpu_of(process) - cpu
    writes = stage.writes(audit, place.name)
    calls = Counter(stage.double.operations(ledger))
    failed = sum(not each for each in place.log_in())
    after = _retire(stage, place, operator) if load.strategy == "Overlap" else Counter[str]()
    dead = _longest_dead(stage, place, audit, ledger)
    row: Row = {
        "robots": load.size,
        "strategy": load.strategy,
        "grants": load.grants,
        "operator_s": round(seconds, 2),
        "calls_per_robot": round(_asked(calls) / load.size, 3),
        "calls_after": round(_asked(after) / load.size, 3),
        "writes_per_robot": round(writes / load.size, 3),
        "cpu_s": round(used, 2),
        "dead_s": round(dead.longest_s, 3),
        "untold": dead.untold,
        "logins_failed": failed,
        "calls": dict(calls + after),
    }
    return row | {"faults": list(_faults(load, row, calls, after))}


def _is_rotated(body: Row) -> bool:
    state = (body.get("status") or {}).get("rotation") or {}
    return "lastAt" in state and "intent" not in state


def _retire(stage: Stage, place: Place, operator: OperatorProcess) -> Counter[str]:
    """Have the time of all robots before be over, and wait until they are gone."""
    past = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    operator.stop()
    ledger = stage.double.mark()
    patch = {"status": {"rotation": {"retiring": {"until": past}}}}
    place.patch_all(lambda _name: patch, "/status")
    operator.start()
    wait_for(
        lambda: stage.double.operations(ledger).count("robot.get") >= place.load.size,
        "the robots before gone", timeout_s=PATIENCE_S, every_s=0.5,
    )  # fmt: skip
    wait_quiet(stage, operator)
    return Counter(stage.double.operations(ledger))


def _asked(calls: Counter[str]) -> int:
    """A resync's list is nobody's rotation."""
    return calls.total() - calls["robot.list"]


@dataclass(frozen=True, slots=True)
class Dead:
    """How long a Secret held a dead token at most, and of which robots that cannot be told."""

    longest_s: float
    untold: list[str]


def _longest_dead(stage: Stage, place: Place, audit: int, ledger: int) -> Dead:
    operation = ENDS[place.load.strategy or "InPlace"]
    ended = {
        each["path"].split("/robots/")[1].split("/")[0]: float(each["time"])
        for each in stage.double.calls(ledger)
        if each["operation"] == operation and each["effect"]
    }
    written = {
        each.name: each.answered.timestamp()
        for each in stage.plane.audit()[audit:]
        if (each.user, each.resource, each.verb, each.namespace)
        == (USER, "secrets", "update", place.name)
    }
    return Dead(
        longest_s=max((max(0.0, written[name] - ended[name]) for name in ended.keys() & written),
                      default=0.0),
        untold=sorted(ended.keys() ^ written.keys()),
    )  # fmt: skip


def _faults(load: Load, row: Row, calls: Counter[str], after: Counter[str]) -> Iterator[str]:
    by_turns = load.strategy == "Overlap"
    if row["calls_per_robot"] != load.calls_per_rotation:
        yield f"{row['calls_per_robot']} calls per rotation, not {load.calls_per_rotation}"
    if by_turns and row["calls_after"] != 2:
        yield f"{row['calls_after']} calls for each robot that went, not 2"
    regenerated = (calls + after)["robot.regenerate"]
    if regenerated != (0 if by_turns else load.size):
        yield f"{regenerated} tokens were regenerated"
    if by_turns and row["dead_s"]:
        yield f"a Secret held a dead token for {row['dead_s']} s"
    if row["logins_failed"]:
        yield f"{row['logins_failed']} Secrets do not log in"
    if row["untold"]:
        first = ", ".join(row["untold"][:5])
        yield f"of {len(row['untold'])} robots a token or a Secret was not replaced: {first}"
