"""Write docs/reference.md: every field of every kind, as the models have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quayrobot.model.crd import DEFINITIONS, Definition
from quayrobot.model.durations import DURATION_PATTERN
from quayrobot.model.names import GROUP, VERSION
from quayrobot.model.resources.base import SCHEMA_RULES

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"
HEAD = f"""\
<!-- Generated from the models by `make crds`; do not edit. -->
# Reference

Every field of every kind of the API `{GROUP}/{VERSION}`. [concepts.md](concepts.md) explains them.
`kubectl explain quayrobot.spec.secrets` shows the same descriptions.

"""

# Long lists of words that have a page with the meaning of each.
TOLD_ELSEWHERE = {
    "conditions[].type": "[condition](operations.md#conditions)",
    "conditions[].reason": "[reason](operations.md#reasons)",
}

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One row: where the field is, and its resolved schema."""

    path: str
    schema: Schema
    required: bool


def render_reference() -> str:
    """Return the whole page."""
    listed = "".join(f"- [{each.kind}](#{each.kind.lower()})\n" for each in DEFINITIONS)
    return HEAD + listed + "".join(_kind(each) for each in DEFINITIONS)


def _kind(definition: Definition) -> str:
    scope = "one namespace" if definition.scope == "Namespaced" else "the whole cluster"
    columns = ", ".join(
        f"{each.name} (wide)" if each.wide else each.name for each in definition.columns
    )
    parts = [
        f"\n## {definition.kind}\n",
        f"Belongs to {scope}; short name `{definition.short}`; columns: {columns}.\n",
        f"### {definition.kind} spec\n",
        "| field | type | default | meaning |\n|---|---|---|---|",
        *(_spec_row(each) for each in _fields_of(definition.spec)),
        *_rules(definition),
        f"\n### {definition.kind} status\n",
        "| field | type | meaning |\n|---|---|---|",
        *(_status_row(each) for each in _fields_of(definition.status)),
    ]
    return "\n".join(parts) + "\n"


def _rules(definition: Definition) -> list[str]:
    root = definition.spec.model_json_schema(by_alias=True).get(SCHEMA_RULES, ())
    words = [each["message"] for each in root] + [each.message for each in definition.rules]
    told = [f"- {_cell(each)}" for each in dict.fromkeys(words)]
    return ["\nRules over several fields, checked by the API server:\n", *told] if told else []


def _fields_of(model: Any) -> Iterator[Field]:
    schema = model.model_json_schema(by_alias=True, mode="validation")
    yield from _fields(schema, schema.get("$defs", {}), "")


def _fields(node: Schema, defs: Mapping[str, Schema], before: str) -> Iterator[Field]:
    required = node.get("required", ())
    for name, raw in node.get("properties", {}).items():
        field = _resolved(raw, defs)
        path = f"{before}{name}"
        yield Field(path, field, name in required)
        items = _resolved(field.get("items", {}), defs)
        inside = items if field.get("type") == "array" else field
        yield from _fields(inside, defs, f"{path}{'[]' if inside is items else ''}.")


def _resolved(node: Schema, defs: Mapping[str, Schema]) -> Schema:
    """Return *node* with its reference followed and `or null` left out."""
    if "$ref" in node:
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return _resolved({**defs[node["$ref"].rsplit("/", 1)[1]], **beside}, defs)
    for several in ("anyOf", "allOf"):
        if several in node:
            (choice,) = (each for each in node[several] if each.get("type") != "null")
            beside = {key: value for key, value in node.items() if key != several}
            return _resolved({**choice, **beside}, defs)
    if node.get("type") == "array":
        return {**node, "items": _resolved(node["items"], defs)}
    return node


def _spec_row(field: Field) -> str:
    default = "required" if field.required else _default(field.schema)
    words = " ".join([field.schema.get("description", ""), *_limits(field.schema)])
    return f"| `{field.path}` | {_type(field.schema)} | {default} | {_cell(words)} |"


def _status_row(field: Field) -> str:
    words = _cell(field.schema.get("description", ""))
    kind = TOLD_ELSEWHERE.get(field.path) or _type(field.schema)
    return f"| `{field.path}` | {kind} | {words} |"


def _default(schema: Schema) -> str:
    value = schema.get("default")
    if value in (None, "", [], {}) or isinstance(value, Mapping):
        return ""
    if isinstance(value, list):
        return ", ".join(f"`{each}`" for each in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(schema: Schema) -> str:
    choices = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if choices:
        return ", ".join(f"`{each}`" for each in choices)
    if schema.get("pattern") == DURATION_PATTERN:
        return "duration"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("type") == "object":
        return "object" if "properties" in schema else "map of strings"
    return str(schema.get("type", "any"))


def _limits(schema: Schema) -> Iterator[str]:
    sizes = (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "entries"),
             ("minProperties", "maxProperties", "entries"))  # fmt: skip
    for least, most, unit in sizes:
        if most in schema and schema.get("pattern") != DURATION_PATTERN:
            low = schema.get(least, 0)
            yield f"{f'{low} to' if low > 1 else 'At most'} {schema[most]} {unit}."
    if "minimum" in schema and "maximum" in schema:
        yield f"{schema['minimum']} to {schema['maximum']}."
    if schema.get("pattern") not in {None, DURATION_PATTERN}:
        yield f"Pattern `{schema['pattern']}`."
    inside = schema.get("items", {}) if schema.get("type") == "array" else {}
    for each in (*schema.get(SCHEMA_RULES, ()), *inside.get(SCHEMA_RULES, ())):
        yield f"Rule: {each['message']}."


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def main() -> None:
    """Write the page."""
    PAGE.write_text(render_reference())
    print(PAGE.relative_to(Path.cwd()) if PAGE.is_relative_to(Path.cwd()) else PAGE)


if __name__ == "__main__":
    main()
