"""
Which part of a spec is not valid, and what is allowed there?

The words name places, what is allowed there, and a field that nobody knows;
values are never quoted, because a value may be anything, a token too.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from pydantic_core import ErrorDetails

from .patterns import PATTERN_WORDS

__all__ = ["words_of"]

LONGEST_PATTERN = 80
# A field that somebody misspelled looks like one; what was pasted there does not.
_FIELD = re.compile(r"[A-Za-z]{1,32}")
_TYPES = {
    "missing": "it is required",
    "string_type": "it must be a text",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "int_type": "it must be a number",
    "int_parsing": "it must be a number",
    "list_type": "it must be a list",
    "dict_type": "it must be a map",
    "model_type": "it must be a map",
}


def words_of(error: ErrorDetails, place: str, fields: Collection[str]) -> str:
    """Return what is wrong at *place*, where *fields* are all that any spec has."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "extra_forbidden":
        return f"{place}: {_unknown(str(error['loc'][-1]), fields)}"
    if kind == "literal_error":
        return f"{place}: it must be {context['expected']}"
    if kind in _TYPES:
        return f"{place}: {_TYPES[kind]}"
    if kind == "string_pattern_mismatch":
        return place + _shape(context["pattern"])
    if kind in {"string_too_long", "too_long"}:
        return f"{place}: it may have at most {context['max_length']}"
    return place


def _shape(pattern: str) -> str:
    if pattern in PATTERN_WORDS:
        return f": {PATTERN_WORDS[pattern]}"
    return f": it must match {pattern}" if len(pattern) <= LONGEST_PATTERN else ""


def _unknown(name: str, fields: Collection[str]) -> str:
    if not _FIELD.fullmatch(name):
        return "there is no such field"
    close = difflib.get_close_matches(name, fields, 1)
    hint = f"; did you mean {close[0]}?" if close and close[0] != name else ""
    return f"there is no field {name} here{hint}"
