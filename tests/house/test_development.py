"""Does docs/development.md describe the rooms that are there?"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "operator" / "quayrobot"
PAGE = (ROOT / "docs" / "development.md").read_text()
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
CHARTERS = {
    f"{path.parent.relative_to(PACKAGE).as_posix()}/": ast.get_docstring(
        ast.parse(path.read_text())
    )
    for path in sorted(PACKAGE.rglob("__init__.py"))
    if path.parent != PACKAGE
}
FILE = re.compile(r"`((?:app|engine|plan|quay|cluster|model)/[\w/]+(?:\.py|/))`")


def section(title: str) -> str:
    """Return what *title* heads, up to the next heading of its own level or above."""
    level = title.split(maxsplit=1)[0]
    _, _, rest = PAGE.partition(f"\n{title}\n")
    return re.split(rf"\n#{{2,{len(level)}}} ", rest)[0]


def rows(text: str) -> dict[str, str]:
    """Return the first two columns of the tables in *text*."""
    cells = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    return {first.strip("`"): second for first, second in cells}


@pytest.mark.parametrize("room", CHARTERS)
def test_a_room_says_of_itself_what_the_page_says_of_it(room):
    charter = CHARTERS[room]

    assert charter is not None
    assert charter.splitlines()[0] == rows(section("## Layout")).get(room)


@pytest.mark.parametrize("room", CHARTERS)
def test_a_room_says_what_is_not_its_business(room):
    _, _, more = (CHARTERS[room] or "").partition("\n\n")

    assert re.search(r"\b(no|not|never|nothing|neither|none|only)\b", more, re.IGNORECASE)


def test_the_page_names_no_room_that_is_gone():
    named = {each for each in rows(section("## Layout")) if each.endswith("/")}

    assert named == set(CHARTERS)


def test_every_file_that_a_page_sends_people_to_is_there():
    named = FILE.findall(PAGE + GLOSSARY)

    assert len(named) > 40
    assert [each for each in named if not (PACKAGE / each).exists()] == []


def test_there_are_ten_tasks_each_with_a_file():
    tasks = {
        task: files
        for task, files in rows(section("### Ten tasks to start with")).items()
        if FILE.search(files)
    }

    assert len(tasks) == 10


@pytest.mark.parametrize(
    "title", ["## Where the cluster and the registry push back", "## What newcomers ran into"]
)
def test_each_input_names_the_test_that_holds_it(title):
    lines = re.findall(r"^\| (?:\d+ )?\|.*$", section(title), re.MULTILINE)[1:]
    named = [re.findall(r"`(tests/[\w/]+\.py)`", line) for line in lines]

    assert len(lines) > 10
    assert all(named)
    assert [each for files in named for each in files if not (ROOT / each).exists()] == []
