"""What has been found so far? Each row is said and kept when it is there; nothing is lost."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

__all__ = ["Found", "Ticker"]

Row = dict[str, Any]
EVERY_S = 15.0


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
