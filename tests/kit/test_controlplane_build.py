"""Is the control plane built once, whoever asks and whatever is killed?"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.processes import wait_for

ROOT = Path(__file__).parents[2]
ASK = "from tests.kit.controlplane.build import cached_binary; print(cached_binary())"
# Stands in for the Go toolchain: a build takes as long as the test wants.
GO = """#!/bin/sh
case "$1" in
version) echo "go version go1.99.0 linux/amd64" ;;
mod) ;;
list) printf 'a\\nb\\n' ;;
build)
    echo "begun" >>"$TOOLCHAIN/builds"
    echo "compiled a" >&2
    until [ -e "$TOOLCHAIN/release" ]; do sleep 0.05; done
    [ ! -e "$TOOLCHAIN/broken" ] || { echo "main.go:1: this is broken" >&2; exit 1; }
    while [ "$1" != -o ]; do shift; done
    echo "a binary" >"$2"
    ;;
esac
"""
Asking = subprocess.Popen[str]


class Toolchain:
    """A Go that does as it is told, and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        go = folder / "bin" / "go"
        go.parent.mkdir()
        go.write_text(GO)
        go.chmod(0o755)

    def ask(self) -> Asking:
        """Ask for the binary in a process of its own."""
        env = os.environ | {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "TOOLCHAIN": str(self.folder),
            "XDG_CACHE_HOME": str(self.cache),
        }
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([sys.executable, "-c", ASK], env=env, text=True, **pipes)

    def release(self) -> None:
        """Let builds end."""
        (self.folder / "release").touch()

    def builds(self) -> int:
        """Return how many builds were begun."""
        file = self.folder / "builds"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def kept(self) -> list[str]:
        """Return the kinds of what the cache holds."""
        names = (self.cache / "quay-robot-operator" / "controlplane").iterdir()
        return sorted("lock" if each.suffix == ".lock" else each.suffix or "key" for each in names)


@pytest.fixture
def toolchain(tmp_path: Path) -> Toolchain:
    return Toolchain(tmp_path)


@pytest.fixture
def asking(toolchain: Toolchain) -> Iterator[Callable[[], Asking]]:
    asked: list[Asking] = []

    def ask() -> Asking:
        asked.append(toolchain.ask())
        return asked[-1]

    yield ask
    for each in asked:
        each.kill()
        each.communicate()


def says(process: Asking, text: str) -> str:
    """Return what *process* says up to the line with *text*."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if text in line:
            return said
    raise AssertionError(f"it did not say {text!r} but: {said}")


def test_two_runs_at_once_build_once(toolchain: Toolchain, asking: Callable[[], Asking]):
    first = asking()
    said = says(first, "KUBEBUILDER_ASSETS")
    wait_for(toolchain.builds, "a build")
    second = asking()
    says(second, "Another run builds")
    toolchain.release()

    built, waited = first.communicate(timeout=20)[0], second.communicate(timeout=20)[0]

    assert "once; this takes 5 to 10 minutes" in said, "it says how long before it begins"
    assert built == waited
    assert Path(built.strip()).read_text() == "a binary\n"
    assert toolchain.builds() == 1
    assert toolchain.kept() == ["key", "lock"]


def test_what_was_built_is_not_built_again(toolchain: Toolchain, asking: Callable[[], Asking]):
    toolchain.release()
    asking().communicate(timeout=20)

    out, said = asking().communicate(timeout=20)

    assert Path(out.strip()).exists()
    assert said == ""
    assert toolchain.builds() == 1


def test_a_build_that_was_killed_is_begun_anew_and_leaves_nothing(
    toolchain: Toolchain, asking: Callable[[], Asking]
):
    first = asking()
    wait_for(toolchain.builds, "a build")
    first.kill()
    first.wait()
    assert toolchain.kept() == [f".{first.pid}", "lock"]
    toolchain.release()

    out, _said = asking().communicate(timeout=20)

    assert Path(out.strip()).read_text() == "a binary\n"
    assert toolchain.builds() == 2
    assert toolchain.kept() == ["key", "lock"]


def test_a_build_that_fails_says_why_and_leaves_nothing(
    toolchain: Toolchain, asking: Callable[[], Asking]
):
    (toolchain.folder / "broken").touch()
    toolchain.release()
    failing = asking()

    _out, said = failing.communicate(timeout=20)

    assert failing.returncode == 1
    assert "PartMissing: the program controlplane could not be built:" in said
    assert "main.go:1: this is broken" in said
    assert toolchain.kept() == ["lock"]
