"""
Which rules does the generated schema hold?

A rule is one thing that the API server can refuse: a pattern, a size, a word
that has to be one of some, a field that has to be there, a CEL validation. Its
name is kind, path and keyword, so that a counter-example can be tied to it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from quayrobot.model.crd import DEFINITIONS, Definition, crd

Schema = dict[str, Any]
VALUES = (
    "pattern", "maxLength", "minLength", "enum", "maxItems", "minItems", "maxProperties",
    "minProperties", "minimum", "maximum",
)  # fmt: skip
TEMPLATE = ".spec.template.spec"
BY_KIND = {each.kind: each for each in DEFINITIONS}


@dataclass(frozen=True, slots=True, order=True)
class RuleName:
    """One rule of one kind; `[]` in *path* is any item, `{}` any value of a map."""

    kind: str
    path: str
    keyword: str

    def __str__(self) -> str:
        return f"{self.kind}{self.path}:{self.keyword}"

    @property
    def field(self) -> str:
        """The name of the field that is bound."""
        return re.sub(r"[\[\]{}]", "", self.path).rsplit(".", 1)[-1]


def root_of(definition: Definition) -> Schema:
    """Return the schema of *definition*."""
    schema: Schema = crd(definition)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Iterate over *schema* and all that is in it."""
    yield path, schema
    for name, each in schema.get("properties", {}).items():
        if (path, name) != ("", "status"):
            yield from nodes(each, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from nodes(schema["additionalProperties"], f"{path}{{}}")


def rules() -> dict[RuleName, Any]:
    """Return every rule of every kind, and its value."""
    return {
        RuleName(definition.kind, path, keyword): value
        for definition in DEFINITIONS
        for path, node in nodes(root_of(definition))
        # A robot's spec in a template is held against the QuayRobot's, where it is told.
        if not (definition.kind == "ClusterQuayRobot" and path.startswith(TEMPLATE))
        for keyword, value in _bound(node)
    }


def _bound(node: Schema) -> Iterator[tuple[str, Any]]:
    for keyword in VALUES:
        if keyword in node:
            yield keyword, node[keyword]
    for name in node.get("required", ()):
        yield f"required {name}", name
    for number, rule in enumerate(node.get("x-kubernetes-validations", ())):
        yield f"cel {number}", rule
    if node.get("x-kubernetes-list-type") in {"map", "set"}:
        yield "unique", node.get("x-kubernetes-list-map-keys")


def with_value(body: Any, path: str, value: Any) -> Any:
    """Return *body* with *value* at *path*, in its first item or value on the way."""
    whole = copy.deepcopy(body)
    *way, last = _steps(path)
    place = whole
    for step in way:
        place = place[_key(place, step)]
    place[_key(place, last)] = value
    return whole


def value_at(body: Any, path: str) -> Any:
    """Return what stands at *path* in *body*, in the first item or value on the way."""
    for step in _steps(path):
        body = body[_key(body, step)]
    return body


def _steps(path: str) -> list[str]:
    return re.findall(r"\[\]|\{\}|[^.\[\]{}]+", path)


def _key(place: Any, step: str) -> Any:
    if step == "[]":
        return 0
    return next(iter(place)) if step == "{}" else step
