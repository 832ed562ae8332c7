"""Does docs/operations.md name every metric, and every operation that calls are counted by?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from quayrobot.app.metrics import Metrics

ROOT = Path(__file__).parents[2]
QUAY = ROOT / "operator" / "quayrobot" / "quay"
SECTION = (ROOT / "docs" / "operations.md").read_text().partition("\n## Metrics\n")[2]
PAGE = SECTION.partition("\n## ")[0]
OPERATION = re.compile(r"[a-z]+\.[a-z-]+")


def operations() -> Iterator[str]:
    """Yield every word in the client for Quay that is the name of an operation."""
    for file in QUAY.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Constant(value=str(word)) if OPERATION.fullmatch(word):
                    yield word


def test_the_page_lists_the_operations_that_the_client_has():
    _before, _, listed = PAGE.partition("Operations are ")

    assert set(re.findall(r"`([a-z]+\.[a-z-]+)`", listed)) == set(operations())
    assert len(set(operations())) > 20


def test_the_page_lists_the_metrics_that_there_are():
    shown = {
        f"{each.name}_total" if each.type == "counter" else each.name
        for each in Metrics().registry.collect()
        if each.name.startswith("quayrobot_")
    }

    assert set(re.findall(r"^\| `(quayrobot_\w+)`", PAGE, re.MULTILINE)) == shown
