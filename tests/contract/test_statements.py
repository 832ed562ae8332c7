"""Is every statement proven, and does every case prove one?"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from .cases import CASES
from .table import TABLE, proofs, rendered, statements

IDS = {key for texts in statements().values() for key in texts}
WRITTEN = [*Path(__file__).parent.glob("cases/*.py"), Path(__file__).parent / "language.py"]


def test_every_statement_has_a_case():
    assert set() == IDS - proofs().keys()


def test_every_case_proves_a_known_statement():
    assert set() == proofs().keys() - IDS


def test_no_two_cases_have_one_name():
    assert [name for name, count in Counter(one.id for one in CASES).items() if count > 1] == []


def test_every_case_asks_or_looks_and_expects_something():
    expecting = [
        one.id
        for one in CASES
        if any(getattr(step, "replies", ()) or hasattr(step, "want") for step in one.steps)
    ]

    assert [one.id for one in CASES] == expecting


def test_the_table_in_the_repository_is_up_to_date():
    assert rendered() == TABLE.read_text(encoding="utf-8")


def test_the_cases_do_not_know_the_double():
    imported = {
        node.module or ""
        for file in WRITTEN
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }

    assert set() == {name for name in imported if "fakequay" in name}
