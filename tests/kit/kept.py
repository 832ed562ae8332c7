"""
What did a bench that takes long find, when it last ran whole on these sources?

A bench keeps its figures; a report shows them only while nothing that they rest on has changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from .installation import ROOT

__all__ = ["keep", "kept"]

OPERATOR = "operator/quayrobot"


def keep(name: str, figures: Any, *, of: Iterable[str] = (OPERATOR,), root: Path = ROOT) -> None:
    """Keep *figures* of the bench *name*, which rest on the Python files in the folders *of*."""
    file = _file(root, name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"sources": _digest(root, name, of), "figures": figures}))


def kept(name: str, *, of: Iterable[str] = (OPERATOR,), root: Path = ROOT) -> Any:
    """Return what was kept of the bench *name*; None where the sources are others by now."""
    file = _file(root, name)
    found = json.loads(file.read_text()) if file.exists() else {}
    return found.get("figures") if found.get("sources") == _digest(root, name, of) else None


def _file(root: Path, name: str) -> Path:
    return root / "build" / f"kept-{name}.json"


def _digest(root: Path, name: str, of: Iterable[str]) -> str:
    """Return a digest of what is in the folders *of* and in the bench's own, below `tests`."""
    places = [root / each for each in (*of, f"tests/{name}")]
    files = sorted(file for place in places for file in place.rglob("*.py"))
    return sha256(b"\0".join(each.read_bytes() for each in files)).hexdigest()
