"""Will every fragment be found at a release, under what it is?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "changelog.d"
FRAGMENTS = sorted({*FOLDER.iterdir()} - {FOLDER / "README.md", FOLDER / "template.md.jinja"})
NAME = re.compile(r"\d{4}-[a-z0-9-]+\.(security|removed|changed|added|fixed)(\.\d)?\.md")


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda each: each.name)
def test_a_fragment_is_one_line_with_a_kind_in_its_name(fragment: Path):
    text = fragment.read_text()

    assert NAME.fullmatch(fragment.name)
    assert len(text.splitlines()) == 1
    assert not re.match(r"(Security|Removed|Changed|Added|Fixed): ", text)
