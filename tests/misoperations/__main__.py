"""
`make misoperations`: every property of every kind is declared wrongly, and taken back.

`ONLY=` is a pattern for the cases (`ground: path what`), `WIDTH=` how many at once.
Says each wave, each case that ended wrong, and a summary. Ends with 1 where one did.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path

from tests.kit.controlplane import ControlPlane, PartMissing
from tests.kit.kept import keep

from .drawing import Case, drawn
from .running import Outcome, ran
from .stage import staged

__all__ = ["summary"]


def main() -> int:
    """Try all cases and report."""
    parser = argparse.ArgumentParser(prog="misoperations")
    parser.add_argument("--only", default="", help="a pattern that cases have to match")
    parser.add_argument("--width", type=int, default=48, help="how many at once")
    parser.add_argument("--bound-s", type=float, default=60.0)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    chosen = [each for each in drawn() if re.search(options.only, str(each))]
    begun = time.monotonic()
    try:
        outcomes, leaks = _tried(chosen, options.width, options.bound_s)
    except PartMissing as error:
        print(f"misoperations: SKIPPED: {error}")
        return 1
    found = summary(outcomes) | {"leaks": leaks, "seconds": round(time.monotonic() - begun)}
    print(json.dumps(found), flush=True)
    if not options.only:
        keep("misoperations", found)
    if options.output:
        options.output.write_text(json.dumps(found))
    return 1 if found["wrong"] or leaks else 0


def _tried(cases: list[Case], width: int, bound_s: float) -> tuple[list[Outcome], list[str]]:
    def tell(words: str) -> None:
        print(words, flush=True)

    with ControlPlane() as plane, staged(plane) as stage:
        outcomes = ran(stage, cases, width=width, bound_s=bound_s, tell=tell)
        recorder = stage.house.recorder
        assert recorder is not None
        for each in outcomes:
            if each.ended == "refused" and each.wrong:
                tell(f"{each.case}: {each.wrong}")
        return outcomes, recorder.problems()


def summary(outcomes: list[Outcome]) -> dict[str, object]:
    """Return how many cases of how many properties ended how."""
    kinds = Counter(each.case.ground.kind for each in outcomes)
    properties = {(each.case.ground.kind, each.case.path) for each in outcomes}
    return {
        "cases": len(outcomes),
        "properties": len(properties),
        "by_kind": dict(kinds),
        "ended": dict(Counter(each.ended for each in outcomes).most_common()),
        "wrong": sum(bool(each.wrong) for each in outcomes),
    }


if __name__ == "__main__":
    sys.exit(main())
