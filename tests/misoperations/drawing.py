"""
Which wrong, odd and merely other declarations does a schema allow one to write?

For each property of a ground its cases by type: left out, emptied, toggled,
changed, grown, shrunk, each word of an enumeration, and wrong on purpose.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.crd.full_objects import whole
from tests.crd.patterns import PATTERNS
from tests.crd.schema import BY_KIND, TEMPLATE, nodes, root_of, value_at, with_value

from .grounds import GROUNDS, Ground

__all__ = ["ABSENT", "Case", "cases", "drawn", "places"]

ABSENT = object()
MISSING = (KeyError, IndexError, StopIteration, TypeError)
# Other values that lead somewhere; elsewhere what a pattern takes is somebody who is not there.
OTHERS: dict[str, list[Any]] = {
    ".spec.connectionRef.name": ["other"],
    ".spec.permissions.repositories[].name": ["tool"],
    ".spec.permissions.teams[]": ["ops"],
    ".spec.permissions.defaults[].creator": ["bob"],
    ".spec.credentials.serviceAccount": ["other"],
    ".spec.credentials.audiences[]": ["elsewhere"],
    ".spec.federation.identities[].serviceAccount": ["other"],
    ".spec.secrets[].serviceAccounts[].name": ["other"],
    ".spec.secrets[].name": ["another"],
    ".spec.rotation.trigger": ["2"],
    ".spec.robotName": ["another"],
    ".spec.description": ["another", ""],
    ".spec.registryHost": ["Mirror.Example:443"],
    ".spec.registryHosts[]": ["Mirror.Example:443"],
    ".spec.caBundle": ["no certificate"],
    ".spec.rotation.interval": ["1h", "9000h"],
    ".spec.rotation.overlap": ["20s"],
}
MISSPELLED = re.compile("of another type|no word|too |as |with what nobody|with a key of ours")
WRONG_TYPE = {"string": {"a": "map"}, "integer": "many", "boolean": "perhaps", "array": {"a": 1},
              "object": "a text"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One property of one ground, what is done to it, and the spec that comes of it."""

    ground: Ground
    path: str
    what: str
    text: str

    @property
    def spec(self) -> dict[str, Any]:
        """The whole spec to declare instead."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def at_robot(self) -> str:
        """The path as a QuayRobot has it, of a template too."""
        return _at_robot(self.path)

    def __str__(self) -> str:
        return f"{self.ground.name}: {self.path} {self.what}"


def drawn() -> list[Case]:
    """Return the cases of all grounds, in a fixed order; what is the same on several is one."""
    seen: dict[object, Case] = {}
    for ground in GROUNDS.values():
        for case in cases(ground):
            seen.setdefault(_sameness(case), case)
    return list(seen.values())


def _sameness(case: Case) -> object:
    """What a robot is asked for matters on each ground, how it is misspelled on one."""
    kind, mode = case.ground.kind, case.ground.spec.get("mode")
    alone = kind == "QuayRobot" and not MISSPELLED.match(case.what)
    return (kind, mode, case.path, case.what, case.ground.name if alone else "")


def places(kind: str) -> dict[str, tuple[dict[str, Any], bool]]:
    """Return each property of *kind* by its path: its schema, and whether it has to be there."""
    found = dict(nodes(root_of(BY_KIND[kind])))
    return {
        path: (node, _required(found, path))
        for path, node in found.items()
        if path.startswith(".spec.")
    }


def _required(found: dict[str, dict[str, Any]], path: str) -> bool:
    parent, _, name = path.rpartition(".")
    return name in found.get(parent, {}).get("required", ())


def cases(ground: Ground) -> list[Case]:
    """Return the cases of one ground; what comes to the same spec is one case."""
    seen = {json.dumps(ground.spec, sort_keys=True)}
    found = []
    for path, (node, _required_there) in places(ground.kind).items():
        for what, value in _values(ground, path, node):
            text = json.dumps(_changed(ground.spec, path, value), sort_keys=True)
            if text not in seen:
                seen.add(text)
                found.append(Case(ground, path, what, text))
    return found


def _changed(spec: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    body = with_value({"spec": spec}, path, None if value is ABSENT else value)
    if value is ABSENT:
        parent, _, name = path.rpartition(".")
        del value_at(body, parent)[name]
    changed: dict[str, Any] = body["spec"]
    return changed


def _values(ground: Ground, path: str, node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    body = {"spec": ground.spec}
    try:
        now = value_at(body, path)
    except MISSING:
        yield from _set(ground, path, node)
        return
    if path[-1] not in "]}":
        yield "left out", ABSENT
    yield "of another type", WRONG_TYPE[node["type"]]
    match node["type"]:
        case "object":
            yield from _of_map(now, node)
        case "array":
            yield from _of_list(path, now)
        case "boolean":
            yield "toggled", not now
        case "integer":
            yield from _of_number(now, node)
        case "string":
            yield from _of_text(path, now, node)


def _set(ground: Ground, path: str, node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is not there is said, as the object that says everything says it."""
    if path[-1] in "]}":
        return
    try:
        value_at({"spec": ground.spec}, path.rpartition(".")[0])
    except MISSING:
        return
    try:
        yield "said", copy.deepcopy(value_at(whole(ground.kind), path))
    except MISSING:
        yield from (("said", each) for each in _others(path)[:1])
    if node["type"] == "object":
        yield "said to be empty", {}
    if node["type"] == "array":
        yield "said to be empty", []
    yield from ((f"said to be {each}", each) for each in node.get("enum", ()))


def _of_map(now: dict[str, Any], node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "emptied", {}
    yield "with what nobody knows", {**now, "surprise": "x"}
    if "additionalProperties" in node:
        yield "grown", {**now, "grown": "v"}
        yield "with a key of ours", {**now, "quayrobot.io/owner": "v", "quayrobot.io": "v"}
        if now:
            yield "shrunk", dict(list(now.items())[1:])


def _of_list(path: str, now: list[Any]) -> Iterator[tuple[str, Any]]:
    yield "emptied", []
    if not now:
        return
    yield "with one twice", [*now, now[0]]
    yield "shrunk", now[:-1]
    yield "shrunk at its head", now[1:]
    yield "turned round", now[::-1]
    first = now[0]
    if not isinstance(first, dict):
        yield from (("grown", [*now, each]) for each in _others(f"{path}[]")[:2])
        return
    for key, value in first.items():
        for other in _others(f"{path}[].{key}")[:2]:
            if isinstance(value, str):
                yield f"grown by another {key}", [*now, {**copy.deepcopy(first), key: other}]


def _of_number(now: int, node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "grown", now + 1
    yield "shrunk", now - 1
    yield "the least", node["minimum"]
    yield "the most", node["maximum"]
    yield "too small", node["minimum"] - 1
    yield "too large", node["maximum"] + 1


def _of_text(path: str, now: str, node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if "enum" in node:
        yield from ((f"changed to {each}", each) for each in node["enum"])
        yield "no word of these", now.swapcase()
        return
    yield "emptied", ""
    for each in _others(path):
        yield f"changed to {each[:40]!r}", each
    yield "too long", "a" * (node.get("maxLength", 300) + 1)
    for each in PATTERNS.get(_at_robot(path), PATTERNS.get(path, ([], [])))[0]:
        yield f"as {each[:40]!r}", each


def _others(path: str) -> list[Any]:
    """Return other values for *path*: first those that lead somewhere."""
    known = OTHERS.get(path) or OTHERS.get(_at_robot(path), [])
    taken = PATTERNS.get(path) or PATTERNS.get(_at_robot(path), ([], ["another"]))
    return [*known, *taken[1][:1]]


def _at_robot(path: str) -> str:
    return re.sub(rf"^{re.escape(TEMPLATE)}", ".spec", path)
