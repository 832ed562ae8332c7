"""Does the house keep its own rules of style?"""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "operator"
FILES = sorted(SOURCE.rglob("*.py"))
FILE_LINES_MAX = 400

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions() -> Iterator[Function]:
    for path in FILES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, Function):
                yield node


def lengths() -> list[int]:
    return sorted(each.end_lineno - each.lineno + 1 for each in functions())


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_source_root_is_no_package():
    assert not (SOURCE / "__init__.py").exists(), "it would shadow the standard library's operator"


def test_every_file_is_short():
    long = {
        relative(path): lines
        for path in FILES
        if (lines := len(path.read_text().splitlines())) >= FILE_LINES_MAX
    }

    assert long == {}


def test_most_functions_fit_in_a_glance():
    every = lengths()

    assert statistics.median(every) < 10
    assert every[int(len(every) * 0.9)] < 30


def test_every_module_opens_with_the_question_that_it_answers():
    assert [relative(path) for path in FILES if not _asks(path)] == []


def _asks(path: Path) -> bool:
    docstring = ast.get_docstring(parsed(path)) or ""
    asks = "?" in docstring.split("\n\n")[0] or path.name == "__init__.py"
    return asks and 0 < len(docstring.splitlines()) <= 20


def test_every_module_says_what_it_gives():
    assert [relative(path) for path in FILES if not _lists_its_names(path)] == []


def _lists_its_names(path: Path) -> bool:
    assigned = [
        target
        for node in parsed(path).body
        if isinstance(node, ast.Assign)
        for target in node.targets
    ]
    names = {each.id for each in assigned if isinstance(each, ast.Name)}
    return path.name == "__init__.py" or "__all__" in names


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "manager", "misc"])
def test_no_file_has_a_name_that_says_nothing(word):
    assert [relative(path) for path in FILES if path.stem == word] == []
