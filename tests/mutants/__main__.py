"""
`make mutants`: is each small change of the rules noticed by a test of the rules?

Says how many mutants were killed of how many. Fails where one survives that
`explained.toml` does not explain, and where one is explained that survives no more.
"""

from __future__ import annotations

import argparse
import sys

from tests.kit.kept import keep

from .verdict import explanations, faults, figures, told
from .world import MODULES, RESTS_ON, every, run


def main() -> int:
    """Run what was asked for, and judge it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", action="append", choices=every(), help="a module below plan/")
    options = parser.parse_args()
    modules = tuple(options.only or MODULES)
    outcomes, explained = run(modules), explanations()
    wrong = faults(outcomes, explained, modules)
    print(*wrong, *told(outcomes), sep="\n")
    if modules == MODULES:
        keep("mutants", {"modules": modules, **figures(outcomes, explained)}, of=RESTS_ON)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
