"""
Which mutants does mutmut make here, and what came of each?

Runs in the folder of `world.py`, with mutmut on its path, in a process of its own: mutmut is no
part of the development environment. Writes `outcomes.json` beside it.

The letters of a text with a space in it are left as they are: such texts are for people,
and a test that repeats a sentence letter by letter finds no fault. Other texts get one change.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from difflib import ndiff
from pathlib import Path
from typing import Any

import libcst as cst
import mutmut.__main__ as mutmut
from mutmut.mutation import mutators
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import read_functions_from_index
from mutmut.state import state
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import orig_function_and_class_names_from_key
from runner import CollectedOnce


def main() -> None:
    """Try every mutant of the modules in the configuration, then say what came of each."""
    ours = [
        (kind, _names if change is mutators.operator_string else change)
        for kind, change in mutators.mutation_operators
    ]
    mutators.mutation_operators[:] = ours
    mutmut.get_mutant_runner = lambda _children: CollectedOnce(state().duration_by_test)
    mutmut._run((), max_children=1)
    found = [each for module in sys.argv[1:] for each in _outcomes(module)]
    Path("outcomes.json").write_text(json.dumps(found))


def _names(node: cst.BaseString) -> Iterable[cst.BaseString]:
    text = isinstance(node, cst.SimpleString) and " " not in node.value
    return list(mutators.operator_string(node))[:1] if text else []


def _outcomes(module: str) -> Iterator[dict[str, Any]]:
    path = Path("quayrobot/plan") / f"{module}.py"
    data = SourceFileMutationData(path=path)
    data.load()
    for name, code in data.exit_code_by_key.items():
        function, of_class = orig_function_and_class_names_from_key(name)
        yield {
            "module": module,
            "function": f"{of_class}.{function}" if of_class else function,
            "outcome": status_by_exit_code[code],
            **_change(name, path),
        }


def _change(name: str, path: Path) -> dict[str, str]:
    functions = read_functions_from_index(name, path)
    if functions is None:
        raise ValueError(f"mutmut does not show {name}")
    old, new = (cst.Module([each]).code.strip().splitlines() for each in functions)
    lines = list(ndiff(old, new))
    return {
        key: "\n".join(each[2:].strip() for each in lines if each.startswith(sign))
        for key, sign in (("was", "- "), ("becomes", "+ "))
    }


if __name__ == "__main__":
    main()
