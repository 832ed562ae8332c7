"""
`make soak SEED= ROBOTS= MINUTES=`: lives from one seed on, until the minutes are over.

One JSON line for each life, then a summary; a life that fails is made shorter
and told with the line that lives it again. Ends with 1 where one failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.kit.controlplane import ControlPlane, PartMissing
from tests.kit.kept import keep

from .drawing import Life, draw
from .living import Outcome, live, shortest
from .stage import Stage, staged
from .zoo import tell

BOUND_S, CALM_S = 90.0, 3.0


def main() -> int:
    """Live lives and report."""
    options = _options()
    try:
        zoo = tell() if options.zoo else {}
        outcomes = _lives(options) if options.minutes or not options.zoo else []
    except PartMissing as error:
        print(f"soak: SKIPPED: {error}")
        return 1
    summary = _summary(outcomes) | {"zoo": zoo}
    print(json.dumps(summary), flush=True)
    if options.minutes:
        keep("soak", summary)
    if options.output:
        options.output.write_text(json.dumps(summary))
    return 1 if summary["violations"] or not all(zoo.values()) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--robots", type=int, default=6)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=0.0, help="0: one life")
    parser.add_argument("--prefix", type=int, help="live only so many steps of the first")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--zoo", action="store_true", help="the deliberate bugs first")
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def _lives(options: argparse.Namespace) -> list[Outcome]:
    with ControlPlane() as plane, staged(plane) as stage:
        return _lived_until(stage, options)


def _lived_until(stage: Stage, options: argparse.Namespace) -> list[Outcome]:
    until = time.monotonic() + options.minutes * 60
    outcomes: list[Outcome] = []
    while not outcomes or time.monotonic() < until:
        seed = options.seed + len(outcomes)
        life = draw(seed, robots=options.robots, steps=options.steps)
        if options.prefix is not None:
            life = life.prefix(options.prefix)
        outcome = _lived(stage, life)
        outcomes.append(outcome)
        _tell(outcome)
        if outcome.violations and not options.no_shrink:
            _tell_shorter(stage, life, options)
    return outcomes


def _lived(stage: Stage, life: Life) -> Outcome:
    return live(stage, life, bound_s=BOUND_S, calm_s=CALM_S)


def _tell(outcome: Outcome) -> None:
    told = {
        "seed": outcome.life.seed,
        "steps": len(outcome.life.steps),
        "seconds": round(outcome.seconds, 1),
        "settled_s": round(outcome.settled_s, 1),
        "dead_token_s": round(outcome.dead_token_s, 2),
        "faults": dict(outcome.faults),
        "violations": outcome.violations,
    }
    print(json.dumps(told), flush=True)


def _tell_shorter(stage: Stage, life: Life, options: argparse.Namespace) -> None:
    short = shortest(lambda each: bool(_lived(stage, each).violations), life)
    size = f"ROBOTS={options.robots} STEPS={options.steps} PREFIX={len(short.steps)}"
    print(f"again with: make soak SEED={life.seed} {size}")
    for number, step in enumerate(short.steps):
        print(f"  {number + 1}. {step}", flush=True)


def _summary(outcomes: list[Outcome]) -> dict[str, object]:
    seconds = sum(each.seconds for each in outcomes)
    faults = sum((each.faults for each in outcomes), Counter[str]())
    rules = Counter(said.partition(":")[0] for each in outcomes for said in each.violations)
    return {
        "seeds": len(outcomes),
        "seeds_per_hour": round(len(outcomes) * 3600 / max(seconds, 1.0)),
        "failed_seeds": [each.life.seed for each in outcomes if each.violations],
        "steps": sum(len(each.life.steps) for each in outcomes),
        "faults": dict(sorted(faults.items())),
        "violations": dict(rules),
        "longest_dead_token_s": _most(each.dead_token_s for each in outcomes),
        "longest_settled_s": _most(each.settled_s for each in outcomes),
    }


def _most(values: Iterable[float]) -> float:
    return round(max(values, default=0.0), 2)


if __name__ == "__main__":
    sys.exit(main())
