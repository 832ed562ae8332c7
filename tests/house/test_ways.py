"""Does docs/install.md have a row for each way of installing that is measured, and no other?"""

from __future__ import annotations

import re
from pathlib import Path

from tests.node.ways.measure import STEPS, WAYS

PAGE = Path(__file__).parents[2] / "docs" / "install.md"


def test_each_way_has_its_row():
    section = PAGE.read_text().split("\n## Ways of installing\n")[1].split("\n## ", maxsplit=1)[0]
    head, _, *rows = re.findall(r"^\|.*\|$", section, re.MULTILINE)

    assert head == f"| way | {', s | '.join(STEPS)}, s | left behind |"
    assert [each.split(" | ")[0] for each in rows] == [f"| {way.name}" for way in WAYS]
