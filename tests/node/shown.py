"""What is printed at the end of `make node`: how long each step took, and which tests ran."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

__all__ = ["STEPS", "Shown"]

STEPS = "NODE_STEPS"


class Shown:
    """A plugin that remembers steps and measured values, and prints them."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = json.loads(os.environ.get(STEPS, "{}"))
        self.values: list[str] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note how long this takes."""
        begun = time.monotonic()
        yield
        self.steps[name] = round(time.monotonic() - begun, 1)

    def value(self, text: str) -> None:
        """Note what was measured."""
        self.values.append(text)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print everything."""
        terminalreporter.section("the node")
        for name, seconds in self.steps.items():
            terminalreporter.write_line(f"{seconds:7.1f} s  {name}")
        for outcome in ("passed", "failed", "skipped"):
            for report in terminalreporter.stats.get(outcome, ()):
                name = report.nodeid.rpartition("::")[2]
                terminalreporter.write_line(f"{report.duration:7.1f} s  {outcome}: {name}")
        for text in self.values:
            terminalreporter.write_line(text)
