"""Which cases prove which statement?"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from .cases import CASES

__all__ = ["TABLE", "proofs", "rendered", "statements"]

FOLDER = Path(__file__).parent
TABLE = FOLDER / "table.md"


def statements() -> dict[str, dict[str, str]]:
    """Return the statements' texts by id, by part."""
    return tomllib.loads((FOLDER / "statements.toml").read_text(encoding="utf-8"))


def proofs() -> dict[str, list[str]]:
    """Return the names of the cases by statement."""
    found: dict[str, list[str]] = {}
    for one in CASES:
        for each in one.proves:
            found.setdefault(each, []).append(one.name)
    return found


def rendered() -> str:
    """Return the table as it is kept in table.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    found = proofs()
    yield "# What we rely on in Quay, and the cases that prove it"
    yield ""
    yield "Written by `python -m tests.contract`; the statements are in `statements.toml`."
    for part, texts in statements().items():
        yield f"\n## {part}\n"
        for key, text in texts.items():
            yield f"- **{key}** {text}"
            yield from (f"  - {name}" for name in found.get(key, []))
