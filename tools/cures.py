"""What does docs/operations.md say against each reason? Prints it as JSON, for the commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

OPERATIONS = Path(__file__).parents[1] / "docs" / "operations.md"
SECTION = re.compile(r"^### (\w+)\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
FIX = re.compile(r"^- Fix: (.*?)(?=\n\n|\n- |\Z)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^]]+)\]\([^)]*\)")


def cures(text: str) -> dict[str, str]:
    """Return the cure of each reason as plain words on one line."""
    reasons = text[text.index("\n## Reasons\n") :]
    found = {reason: FIX.search(body) for reason, body in SECTION.findall(reasons)}
    return {reason: _plain(cure[1]) for reason, cure in found.items() if cure}


def _plain(markdown: str) -> str:
    words = " ".join(LINK.sub(r"\1", markdown).replace("`", "").split())
    # What is left out is an example for the shell.
    words = re.sub(r"[^.:;]*:$", "", words).rstrip(" ;") if words.endswith(":") else words
    return words[:1].upper() + words[1:]


if __name__ == "__main__":
    print(json.dumps(cures(OPERATIONS.read_text()), indent=2, ensure_ascii=False))
