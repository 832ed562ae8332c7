"""What has been found so far? Each row is said and kept when it is there; nothing is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["Found", "Pace", "Ticker"]

Row = dict[str, Any]
EVERY_S, MOST_S = 15.0, 60.0
OF_PASSED = 1 / 16


class Ticker:
    """Says now and then how far something has come that takes minutes."""

    def __init__(self, what: str, size: int) -> None:
        self._what, self._size = what, size
        self._begun = self._said = time.monotonic()

    def at(self, count: int) -> None:
        """Say that *count* are done, unless it was said a moment ago."""
        now = time.monotonic()
        if now - self._said >= EVERY_S:
            self._said = now
            took = now - self._begun
            print(f"    {self._what}: {count} of {self._size} after {took:.0f} s", flush=True)


class Pace:
    """
    Says when to look again, where a look costs what is measured.

    After half of the time that is left, at the speed so far; never sooner than *least_s*, and
    never after more than a part of the time that has passed: the first ones are the slowest.
    """

    def __init__(
        self, size: int, least_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._size, self._least_s, self._clock = size, least_s, clock
        self._begun = clock()

    def after_s(self, count: int) -> float:
        """Return how long to wait after a look at which *count* were done."""
        if count == 0:
            return self._least_s
        passed_s = self._clock() - self._begun
        left_s = passed_s * (self._size - count) / count
        return max(self._least_s, min(left_s / 2, passed_s * OF_PASSED, MOST_S))


class Found:
    """The figures; in the file *output* too, from the first row on."""

    def __init__(self, output: Path | None, **facts: Any) -> None:
        self.figures: Row = facts
        self._output = output

    def add(self, kind: str, *rows: Row) -> None:
        """Keep *rows*, and say in a line each what they cost."""
        self.figures.setdefault(kind, []).extend(rows)
        for row in rows:
            print(f"  {kind}: {_in_words(row)}", flush=True)
        self.write()

    def write(self) -> None:
        """Write what there is to the file."""
        if self._output:
            self._output.write_text(self.text())

    def text(self) -> str:
        """Return all of it as JSON."""
        return json.dumps(self.figures, indent=2)

    def rows(self) -> list[Row]:
        """Return the rows of all kinds."""
        return [row for rows in self.figures.values() if isinstance(rows, list) for row in rows]


def _in_words(row: Row) -> str:
    told = (
        "robots",
        "grants",
        "strategy",
        "credential",
        "floor_s",
        "bare_s",
        "operator_s",
        "ratio",
    )
    words = [f"{each} {row[each]}" for each in told if each in row]
    faults = len(row["faults"])
    return ", ".join(words) + (f"; {faults} NOT AS DESIGNED" if faults else "")
