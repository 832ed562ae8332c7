"""
`make snapshot VERSION=`: keep what this version stores, for those that come after it.

`make upgrade OLD=`: let this version take over from the one of a commit, and that one from
this, on a cluster that stays: first under this version's definitions, then under its own. All the
time robots are made, rotated, given rights and taken away, Quay cuts connections, and
whoever took over is killed once.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.kit.controlplane import ControlPlane
from tests.kit.installation import ROOT
from tests.kit.kept import keep

from .busy import Busy, differing, stocked
from .declared import declare
from .judging import Before, looked_around, surprises
from .site import Site, sited
from .snapshot import take

# An older version may have been made to look less often.
IDLE_S = 60.0
# Before a version takes over, before it is killed, and after that.
EDITS = 8


def snapshot(version: str, code: Path) -> int:
    """Write what the version in *code* stores into a folder called *version* beside this."""
    folder = Path(__file__).parent / version
    if folder.exists():
        raise SystemExit(f"{folder} is there already")
    with ControlPlane() as plane, sited(plane) as site:
        site.define(code)
        site.run(code)
        declare(site)
        take(site, code, folder)
    print(f"written: {folder}")
    return 0


def upgrade(old: Path, commit: str) -> int:
    """
    Go from the version in *old* to this one and back among edits.

    Keeps what was found for `make figures`, under the name of the *commit* that *old* is from.
    Returns 1 if anything was noticed.
    """
    with ControlPlane() as plane, sited(plane) as site:
        site.define(old)
        site.run(old)
        declare(site)
        stocked(site)
        steps = (
            Step("this version", ROOT, ROOT),
            Step("the older one, under newer definitions", old),
            Step("the older one, under its own", old, old),
            Step("this version again", ROOT, ROOT),
        )
        taken = [_take(site, number, step) for number, step in enumerate(steps)]
    keep("upgrade", {"old": commit, "steps": [each._asdict() for each in taken]})
    return int(any(each.surprises for each in taken))


class Step(NamedTuple):
    """What takes over: the operator in a folder, and definitions where they change, too."""

    name: str
    operator: Path
    definitions: Path | None = None


class Taken(NamedTuple):
    """What came of a step: *edits* and *cuts* meanwhile, and what was noticed of it."""

    name: str
    edits: int
    cuts: int
    surprises: int


def _take(site: Site, number: int, step: Step) -> Taken:
    before = Before.of(site)
    with Busy(site, number) as busy:
        busy.wait_for(EDITS)
        if step.definitions is not None:
            site.define(step.definitions)
        site.run(step.operator)
        busy.wait_for(2 * EDITS)
        site.crash()
        busy.wait_for(3 * EDITS)
    lost = busy.unexplained(before.called)
    looked_around(site, before, idle_after_s=None if step.operator == ROOT else IDLE_S)
    # What is done twice may come late.
    twice = differing(site.quay.calls(before.called), busy.done)
    found = list(dict.fromkeys([*surprises(site, before), *lost, *twice]))
    taken = Taken(step.name, len(busy.done), busy.cuts, len(found))
    edits = f"{taken.edits} edits, {taken.cuts} cuts, a kill"
    print(f"{step.name}: {edits}: {taken.surprises} surprises", *found, sep="\n  ", flush=True)
    return taken


def extracted(commit: str, folder: Path) -> Path:
    """Write the operator and its manifests as they were at *commit* into *folder*."""
    command = ("git", "-C", str(ROOT), "archive", commit, "operator", "deploy")
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"SKIPPED: {commit} is not in this clone (is it shallow?)")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--snapshot", help="a version such as 0.2.0")
    parser.add_argument("--old", help="a commit, in place of this version (snapshot) or before it")
    options = parser.parse_args()
    if not (options.snapshot or options.old):
        parser.error("say VERSION= or OLD=")
    with tempfile.TemporaryDirectory() as made:
        code = extracted(options.old, Path(made)) if options.old else ROOT
        if options.snapshot:
            return snapshot(options.snapshot, code)
        return upgrade(code, options.old)


if __name__ == "__main__":
    sys.exit(main())
