"""Is what came what was expected? Patterns for JSON values, and differences shown safely."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = [
    "ANY", "BOOLEAN", "DATE", "INSTANT", "MARK", "TEXT", "TOKEN", "UUID", "Match", "avatar",
    "both", "counted", "differences", "each", "exactly_once", "fill", "fits", "has", "having",
    "holding", "lacking", "like", "masked", "one_of", "shown", "unlike", "unordered",
]  # fmt: skip

MARK = "***"
_SECRETS = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?=[A-Z0-9]*[0-9])[A-Z0-9]{64}\b|\b[A-Za-z0-9]{40}\b"
)


Fill = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern for one value, the words to show it by, and how names in it are filled in."""

    words: str
    test: Callable[[Any], bool]
    filled: Callable[[Fill], Match] | None = None

    def __repr__(self) -> str:
        return self.words


def like(pattern: str) -> Match:
    """Match a text that is *pattern* from its first character to its last."""
    compiled = re.compile(pattern, re.DOTALL)
    return Match(
        f"<like {pattern}>",
        lambda got: isinstance(got, str) and bool(compiled.fullmatch(got)),
        lambda fill: like(fill(_Pattern(pattern))),
    )


class _Pattern(str):
    """A text in which names are filled in as they stand, not as patterns."""

    __slots__ = ()


def fill(value: Any, names: dict[str, Any]) -> Any:
    """Return *value* with each `<name>` that is known filled in."""
    if isinstance(value, Match):
        return value if value.filled is None else value.filled(lambda part: fill(part, names))
    if isinstance(value, str):
        escape = re.escape if isinstance(value, _Pattern) else str
        return re.sub(
            r"<(\w+)>",
            lambda hit: escape(str(names[hit[1]])) if hit[1] in names else hit[0],
            value,
        )
    if isinstance(value, dict):
        return {fill(key, names): fill(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(fill(part, names) for part in value)
    return value


def has(**keys: Any) -> Match:
    """Match an object with these *keys*, whatever else it has."""
    return Match(
        f"<with {keys!r}>",
        lambda got: (
            isinstance(got, dict)
            and all(name in got and fits(want, got[name]) for name, want in keys.items())
        ),
        lambda fill: has(**fill(keys)),
    )


def lacking(*keys: str) -> Match:
    """Match an object that has none of *keys*."""
    return Match(
        f"<without {keys!r}>",
        lambda got: isinstance(got, dict) and not any(key in got for key in keys),
        lambda fill: lacking(*fill(keys)),
    )


def each(want: Any) -> Match:
    """Match a list whose items all are as *want*."""
    return Match(
        f"<each {want!r}>",
        lambda got: isinstance(got, list) and all(fits(want, one) for one in got),
        lambda fill: each(fill(want)),
    )


def having(*wants: Any) -> Match:
    """Match a list (or the keys of an object) in which each of *wants* is found."""
    return Match(
        f"<having {wants!r}>",
        lambda got: (
            isinstance(got, list | dict)
            and all(any(fits(want, one) for one in got) for want in wants)
        ),
        lambda fill: having(*fill(wants)),
    )


def holding(key: str, want: Any) -> Match:
    """Match an object that has *want* under *key*, a key in which names are filled in."""
    return Match(
        f"<with {key!r}: {want!r}>",
        lambda got: isinstance(got, dict) and key in got and fits(want, got[key]),
        lambda fill: holding(fill(key), fill(want)),
    )


def exactly_once(want: Any) -> Match:
    """Match a list in which one item, and no other, is as *want*."""
    return Match(
        f"<once {want!r}>",
        lambda got: isinstance(got, list) and sum(fits(want, one) for one in got) == 1,
        lambda fill: exactly_once(fill(want)),
    )


def unordered(*wants: Any) -> Match:
    """Match a list of exactly these items in any order."""
    return Match(
        f"<any order {wants!r}>",
        lambda got: (
            isinstance(got, list)
            and len(got) == len(wants)
            and all(any(fits(want, one) for one in got) for want in wants)
        ),
        lambda fill: unordered(*fill(wants)),
    )


def counted(count: int, want: Any = None) -> Match:
    """Match a list of *count* items, each as *want* if that is given."""
    item = ANY if want is None else want
    return Match(
        f"<{count} of {item!r}>",
        lambda got: isinstance(got, list) and len(got) == count and fits(each(item), got),
        lambda fill: counted(count, fill(item)),
    )


def one_of(*wants: Any) -> Match:
    """Match a value that is as one of *wants*."""
    return Match(
        f"<one of {wants!r}>",
        lambda got: any(fits(want, got) for want in wants),
        lambda fill: one_of(*fill(wants)),
    )


def both(*wants: Any) -> Match:
    """Match a value that is as all of *wants*."""
    return Match(
        f"<all of {wants!r}>",
        lambda got: all(fits(want, got) for want in wants),
        lambda fill: both(*fill(wants)),
    )


def unlike(want: Any) -> Match:
    """Match a value that is not as *want*."""
    return Match(
        f"<not {want!r}>", lambda got: not fits(want, got), lambda fill: unlike(fill(want))
    )


def avatar(kind: str) -> dict[str, Any]:
    """Return the pattern of a picture."""
    return {"name": TEXT, "hash": TEXT, "color": TEXT, "kind": kind}


ANY = Match("<anything>", lambda _: True)
TEXT = Match("<text>", lambda got: isinstance(got, str))
BOOLEAN = Match("<true or false>", lambda got: isinstance(got, bool))
TOKEN = like(r"[A-Z0-9]{64}")
DATE = like(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d -0000")
INSTANT = like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
UUID = like(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def fits(want: Any, got: Any) -> bool:
    """Tell whether *got* is as *want*; objects and lists fit when all of them fits."""
    if isinstance(want, Match):
        return want.test(got)
    if isinstance(want, dict):
        return isinstance(got, dict) and want.keys() == got.keys() and all(
            fits(want[key], got[key]) for key in want
        )  # fmt: skip
    if isinstance(want, list):
        return isinstance(got, list) and len(want) == len(got) and all(
            fits(a, b) for a, b in zip(want, got, strict=True)
        )  # fmt: skip
    return type(want) is type(got) and want == got


def differences(want: Any, got: Any, where: str = "") -> list[str]:
    """Return where *got* is not as *want*, one line each, without secrets."""
    if fits(want, got):
        return []
    if isinstance(want, dict) and isinstance(got, dict):
        found = [
            line
            for key in sorted(want.keys() & got.keys())
            for line in differences(want[key], got[key], f"{where}.{key}")
        ]
        found += [f"{where}.{key}: missing" for key in sorted(want.keys() - got.keys())]
        return found + [f"{where}.{key}: not expected" for key in sorted(got.keys() - want.keys())]
    return [f"{where or '.'}: expected {shown(want)}, got {shown(got)}"]


def shown(value: Any, width: int = 2000) -> str:
    """Return *value* as text without secrets."""
    text = value if isinstance(value, str) else _json(value)
    text = masked(text)
    return text if len(text) <= width else f"{text[:width]}... ({len(text)} characters)"


def _json(value: Any) -> str:
    return json.dumps(value, default=repr, ensure_ascii=False)


def masked(text: str) -> str:
    """Return *text* with all that looks like a credential taken out."""
    return _SECRETS.sub(MARK, text)
