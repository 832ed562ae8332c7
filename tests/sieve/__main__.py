"""
`make sieve`: what if the operator dies after a write, sees an old view, or misses events?

Plans are drawn from lives that were lived undisturbed before. `ONLY=` is a pattern for
plans (`life: pattern: what`), `WIDTH=` how many are carried out at once. Says each plan
that ended otherwise, and a summary. Ends with 1 where one did. `ZOO=1`: with
deliberate bugs, which have to be found.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path

from tests.kit.controlplane import ControlPlane, PartMissing
from tests.kit.kept import keep
from tests.zoo.bugs import Bug

from .lives import LIVES
from .running import carried_out, summary
from .stage import staged
from .zoo import PROOFS

__all__: list[str] = []


def main() -> int:
    """Carry out all plans and report."""
    parser = argparse.ArgumentParser(prog="sieve")
    parser.add_argument("--only", default="", help="a pattern that plans have to match")
    parser.add_argument("--lives", default="", help="a pattern for lives, cheaper than --only")
    parser.add_argument("--zoo", action="store_true", help="the deliberate bugs alone")
    parser.add_argument("--width", type=int, default=24, help="how many at once")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    if options.zoo:
        return sum(not _red(*each) for each in PROOFS.items())
    begun = time.monotonic()
    names = [each for each in LIVES if re.search(options.lives, each)]
    try:
        with ControlPlane() as plane, staged(plane) as stage:
            outcomes = carried_out(
                stage, names, options.width, lambda each: bool(re.search(options.only, str(each)))
            )
            recorder = stage.house.recorder
            leaks = recorder.problems() if recorder else []
    except PartMissing as error:
        print(f"sieve: SKIPPED: {error}")
        return 1
    found = summary(outcomes) | {"statuses": leaks, "seconds": round(time.monotonic() - begun)}
    print(json.dumps(found), flush=True)
    if names == [*LIVES] and not options.only:
        keep("sieve", found)
    if options.output:
        options.output.write_text(json.dumps(found))
    return 1 if found["wrong"] or leaks else 0


def _red(pattern: str, proof: tuple[Bug, str]) -> bool:
    """Tell whether plans of *pattern* end otherwise with a bug; say so."""
    bug, life = proof
    with ControlPlane() as plane, staged(plane, bug.row) as stage:
        outcomes = carried_out(stage, [life], 24, lambda each: each.pattern == pattern)
    wrong = sum(each.wrong for each in outcomes)
    print(f"{pattern}: {bug.row}: {bug.says}: {wrong} of {len(outcomes)} plans wrong", flush=True)
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
