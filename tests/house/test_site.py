"""Do the pages make a site, without a single warning?"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as `make docs` does."""
    place = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "sphinx", "-q", "--keep-going", "-W", "-b", "html",
               "-d", str(place / "doctrees"), str(DOCS), str(place / "html"))  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return place / "html"


def test_every_page_is_there_and_named_in_the_contents(site: Path):
    first = (site / "index.html").read_text()
    for page in DOCS.rglob("*.md"):
        place = page.relative_to(DOCS).with_suffix(".html")
        assert (site / place).is_file()
        assert page.name == "README.md" or f'href="{place}"' in first, f"{place} is in no chapter"


def test_it_can_be_searched(site: Path):
    text = (site / "searchindex.js").read_text()
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))

    found = index["titleterms"]["alreadyclaim"], index["terms"]["alreadyclaim"]

    heading, mentions = ([each] if isinstance(each, int) else each for each in found)
    assert "operations" in {index["docnames"][each] for each in heading}
    assert "first-hour" in {index["docnames"][each] for each in mentions}


def test_files_beside_the_pages_come_along(site: Path):
    page = (site / "gitops.html").read_text()
    [there] = set(re.findall(r'href="(_downloads/[^"]+/README\.md)"', page))

    assert (site / there).read_text() == (ROOT / "deploy" / "argocd" / "README.md").read_text()


def test_nothing_is_fetched_from_elsewhere(site: Path):
    for page in site.rglob("*.html"):
        fetched = re.findall(
            r'<(?:script|img|link)[^>]*(?:src|href)="(https?:[^"]+)"', page.read_text()
        )
        assert fetched == []
