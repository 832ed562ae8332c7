"""What does one load cost: from nothing, at a restart, and while nothing changes?"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from prometheus_client.parser import text_string_to_metric_families

from tests.kit.operating import OperatorProcess
from tests.kit.processes import wait_for

from .double import cpu_of
from .load import Load
from .stage import Place, Stage

__all__ = [
    "Bare",
    "Converged",
    "Created",
    "Restarted",
    "measure_bare",
    "measure_life",
    "measure_made",
    "still",
    "wait_quiet",
]

INTERVAL = "10s"
QUIET_S = 2.0
PATIENCE_S = 180.0
Meanwhile = Callable[[Place, int], None]
# A resync within a long row, and the first use of a connection: no robot costs them.
LOOKS = {"robot.list", "organization.get"}


@dataclass(frozen=True, slots=True)
class Bare:
    """What the bare script took, and what it asked of Quay and of the cluster."""

    seconds: float
    cpu_s: float
    calls: int
    writes: int


@dataclass(frozen=True, slots=True)
class Created:
    """
    What the operator took to make everything; memory in MB (10^6 bytes).

    *looks* are calls that come with the time that passes or once for the connection.
    """

    seconds: float
    cpu_s: float
    calls: int
    writes: int
    rss_mb: float
    looks: int = 0


@dataclass(frozen=True, slots=True)
class Restarted:
    """What a restart cost with everything there: all calls to Quay, all writes anywhere."""

    seconds: float
    calls: list[str]
    writes: int


@dataclass(frozen=True, slots=True)
class Converged:
    """What *rounds* resyncs (beats where there are rights) cost; *calls* by operation."""

    rounds: int
    seconds: float
    calls: dict[str, int]
    unexplained: int
    writes: int
    cpu_s: float
    rss_mb: float


def measure_bare(stage: Stage, load: Load) -> Bare:
    """Run the bare script over a fresh place."""
    place = stage.declare(load)
    audit, ledger = len(stage.plane.audit()), stage.double.mark()
    took = stage.bare(place.name)
    measured = Bare(
        seconds=took["seconds"],
        cpu_s=took["cpu_s"],
        calls=stage.double.mark() - ledger,
        writes=stage.writes(audit, place.name),
    )
    place.clear()
    return measured


def measure_made(stage: Stage, load: Load) -> Created:
    """Run the operator over a fresh place until everything is made."""
    with _played(stage, load) as (place, operator):
        return _create(stage, place, operator)


def measure_life(
    stage: Stage, load: Load, *, rounds: int, meanwhile: Meanwhile | None = None
) -> tuple[Created, Restarted, Converged]:
    """Do that, restart the operator, and watch *rounds* resyncs or beats."""
    with _played(stage, load) as (place, operator):
        return (
            _create(stage, place, operator, meanwhile),
            _restart(stage, load, operator),
            _converge(stage, place, operator, rounds),
        )


@contextmanager
def _played(stage: Stage, load: Load) -> Iterator[tuple[Place, OperatorProcess]]:
    place, operator = stage.declare(load), stage.operator()
    operator.start()
    try:
        yield place, operator
    finally:
        operator.stop()
    place.clear()


def _create(
    stage: Stage, place: Place, operator: OperatorProcess, meanwhile: Meanwhile | None = None
) -> Created:
    # What is said of the missing connection is no part of the run.
    place.wait("ConnectionNotFound")
    process = psutil.Process(operator.pid)
    audit, ledger = len(stage.plane.audit()), stage.double.mark()
    cpu, begun = cpu_of(process), time.monotonic()

    place.connect()
    place.wait("Reconciled", lambda count: meanwhile(place, count) if meanwhile else None)

    seconds = time.monotonic() - begun
    time.sleep(1)
    asked = stage.double.operations(ledger)
    looks = sum(each in LOOKS for each in asked)
    return Created(
        seconds=seconds,
        cpu_s=cpu_of(process) - cpu,
        calls=len(asked) - looks,
        looks=looks,
        writes=stage.writes(audit, place.name),
        rss_mb=_rss_mb(process),
    )


def _restart(stage: Stage, load: Load, operator: OperatorProcess) -> Restarted:
    operator.stop()
    audit, ledger = len(stage.plane.audit()), stage.double.mark()
    begun = time.monotonic()
    operator.start()
    seconds = time.monotonic() - begun
    wait_for(lambda: _passes(operator) >= load.size, "all passes",
             timeout_s=max(PATIENCE_S, load.size / 20))  # fmt: skip
    wait_quiet(stage, operator)
    calls = stage.double.operations(ledger)
    return Restarted(seconds=seconds, calls=calls, writes=stage.writes(audit))


def _converge(stage: Stage, place: Place, operator: OperatorProcess, rounds: int) -> Converged:
    beat = "prototype.list" if place.load.grants else "robot.list"
    process = psutil.Process(operator.pid)
    start = stage.double.mark()
    place.hurry(INTERVAL)
    _wait_rounds(stage, beat, start, 1)
    wait_quiet(stage, operator)

    ledger, audit, calls = stage.double.mark(), len(stage.plane.audit()), _calls(operator)
    cpu, begun = cpu_of(process), time.monotonic()
    _wait_rounds(stage, beat, ledger, rounds)
    wait_quiet(stage, operator)

    asked = stage.double.operations(ledger)
    counted = _calls(operator) - calls
    return Converged(
        rounds=asked.count(beat),
        seconds=time.monotonic() - begun,
        calls=dict(counted),
        # The operator tells lists apart that have one path; the double says how many there were.
        unexplained=len(asked) - counted.total(),
        writes=stage.writes(audit),
        cpu_s=cpu_of(process) - cpu,
        rss_mb=_rss_mb(process),
    )


def _wait_rounds(stage: Stage, operation: str, since: int, count: int) -> None:
    wait_for(
        lambda: stage.double.operations(since).count(operation) >= count,
        f"{count} times {operation}",
        timeout_s=PATIENCE_S,
        every_s=0.5,
    )


def wait_quiet(stage: Stage, operator: OperatorProcess) -> None:
    """Wait until neither Quay is asked nor a pass made for a while."""
    still(lambda: (stage.double.mark(), _passes(operator)))


def still(look: Callable[[], object]) -> None:
    """Wait until what *look* returns stays the same for a while."""
    deadline, seen, since = time.monotonic() + PATIENCE_S, look(), time.monotonic()
    while time.monotonic() - since < QUIET_S and time.monotonic() < deadline:
        time.sleep(0.2)
        now = look()
        if now != seen:
            seen, since = now, time.monotonic()


def _passes(operator: OperatorProcess) -> int:
    counts = _counters(operator, "quayrobot_passes_total")
    return sum(n for labels, n in counts if labels["kind"] == "QuayRobot")


def _calls(operator: OperatorProcess) -> Counter[str]:
    found: Counter[str] = Counter()
    for labels, n in _counters(operator, "quayrobot_quay_calls_total"):
        found[labels["operation"]] += n
    return found


def _counters(operator: OperatorProcess, name: str) -> list[tuple[dict[str, str], int]]:
    return [
        (sample.labels, round(sample.value))
        for family in text_string_to_metric_families(operator.metrics())
        for sample in family.samples
        if sample.name == name
    ]


def _rss_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6
