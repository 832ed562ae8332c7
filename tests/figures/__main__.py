"""
`make figures`: all reliability and cost figures in one report.

Runs the tests that measure (crashes, costs, the contract), lives drawn from
seeds, deliberate bugs, misoperations, and the bench with small sizes, and writes
`build/figures.md`. What takes longer is told from its last run on the same sources:
`make failover`, `make upgrade`, `make sieve` and `make mutants`. With `KEPT=1` nothing
runs, and the one table is all: of the last runs of these, of `make soak MINUTES=` and
of `make misoperations`.
What the runs say goes to standard error, the report to standard output. Fails where
a figure is missing or a test failed, never for a time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

from tests.bench.report import Row
from tests.kit.installation import ROOT
from tests.kit.kept import kept
from tests.mutants.world import RESTS_ON

from .reading import Findings, read
from .summary import summary
from .writing import markdown, values

BUILD = ROOT / "build"
TARGETS = [
    "tests/e2e/test_crashes.py",
    "tests/e2e/test_costs.py",
    "tests/hostile",
    "tests/sieve",
    "tests/zoo",
    "tests/contract",
]


def main() -> int:
    """Run everything and report."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.figures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="processes for the tests (default: 2)"
    )
    parser.add_argument(
        "--minutes", type=float, default=5.0, help="for lives drawn from seeds (default: 5)"
    )
    parser.add_argument("--kept", action="store_true", help="run nothing, tell the last runs")
    options = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    if options.kept:
        print(
            "\n".join(
                summary(values(Findings(), None, kept("soak"), kept("misoperations"), **_kept()))
            )
        )
        return 0
    measured = (_tests(options.workers), _bench(), _soak(options.minutes), _misoperations())
    figures = values(*measured, **_kept())
    report = markdown(figures)
    (BUILD / "figures.md").write_text(report)
    print(report)
    return 1 if figures["faults"] else 0


def _kept() -> Row:
    return {
        "failover": kept("failover"),
        "upgrade": kept("upgrade"),
        "whole_sieve": kept("sieve"),
        "mutants": kept("mutants", of=RESTS_ON),
    }


def _tests(workers: int) -> Findings:
    file = BUILD / "figures-tests.xml"
    file.unlink(missing_ok=True)
    _run("pytest", "-q", f"-n{workers}", f"--junitxml={file}", *TARGETS)
    return read(file) if file.exists() else Findings()


def _bench() -> Row | None:
    file = BUILD / "figures-bench.json"
    file.unlink(missing_ok=True)
    _run("tests.bench", "--quick", f"--output={file}")
    return json.loads(file.read_text()) if file.exists() else None


def _soak(minutes: float) -> Row | None:
    file = BUILD / "figures-soak.json"
    file.unlink(missing_ok=True)
    _run("tests.soak", "--zoo", "--no-shrink", f"--minutes={minutes}", f"--output={file}")
    return json.loads(file.read_text()) if file.exists() else None


def _misoperations() -> Row | None:
    file = BUILD / "figures-misoperations.json"
    file.unlink(missing_ok=True)
    _run("tests.misoperations", f"--output={file}")
    return json.loads(file.read_text()) if file.exists() else None


def _run(module: str, *arguments: str) -> None:
    # What it says is for whoever waits; the report alone is for standard output.
    subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, stdout=sys.stderr, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
