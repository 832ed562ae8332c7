"""How does Quay read a body, and what does it say about a wrong one?"""

from __future__ import annotations

import json
from pprint import pformat
from typing import Any

from starlette.requests import Request

from .replies import invalid, shape_c

_TYPES = {"object": dict, "array": list, "string": str, "integer": int, "null": type(None)}
_NO_TYPE = (
    "Did not attempt to load JSON data because the request Content-Type was not "
    "'application/json'."
)
_MALFORMED = "Failed to decode JSON object: the body is not JSON"
Schema = dict[str, Any]

ROLE = {"type": "string", "enum": ["read", "write", "admin"]}
NAMED = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
ROBOT: Schema = {
    "type": "object",
    "properties": {
        "description": {"type": "string", "maxLength": 255},
        "unstructured_metadata": {"type": "object"},
    },
}
FEDERATION: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"issuer": {"type": "string"}, "subject": {"type": "string"}},
        "required": ["issuer", "subject"],
    },
}
PERMISSION: Schema = {"type": "object", "properties": {"role": ROLE}, "required": ["role"]}
TEAM: Schema = {
    "type": "object",
    "properties": {
        "role": {"type": "string", "enum": ["member", "creator", "admin"]},
        "description": {"type": "string"},
    },
    "required": ["role"],
}
PROTOTYPE: Schema = {
    "type": "object",
    "properties": {
        "role": ROLE,
        "activating_user": NAMED,
        "delegate": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "kind": {"type": "string", "enum": ["user", "team"]},
            },
            "required": ["name", "kind"],
        },
    },
    "required": ["role", "delegate"],
}
MIRROR: Schema = {
    "type": "object",
    "properties": {
        "external_reference": {"type": "string"},
        "sync_interval": {"type": "integer", "minimum": 0},
        "sync_start_date": {"type": "string"},
        "robot_username": {"type": "string"},
        "root_rule": {"type": "object"},
    },
    "required": ["external_reference", "sync_interval", "sync_start_date", "root_rule"],
}
ORGANIZATION: Schema = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "email": {"type": "string"}},
    "required": ["name"],
}
REPOSITORY: Schema = {
    "type": "object",
    "properties": {
        "repository": {"type": "string"},
        "visibility": {"type": "string", "enum": ["public", "private"]},
        "namespace": {"type": "string"},
        "description": {"type": "string"},
    },
    "required": ["repository", "visibility", "description"],
}
APPLICATION_TOKEN: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "scope": {"type": "string"},
        "expiration": {"type": "integer", "minimum": 1},
    },
    "required": ["name", "scope"],
}


def is_json(request: Request) -> bool:
    """Tell whether the request says that its body is JSON."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


async def body_of(request: Request, schema: Schema) -> Any:
    """Return the body as *schema* has it; anything else is refused."""
    if not is_json(request):
        raise shape_c(415, _NO_TYPE)
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise shape_c(400, _MALFORMED) from None
    if body is None:
        raise invalid(request, "Missing JSON body")
    check(request, body, schema)
    return body


def check(request: Request, body: Any, schema: Schema) -> None:
    """Refuse a *body* that is not as *schema* says, in the validator's own words."""
    problem = _problem(body, schema, ())
    if problem is not None:
        raise invalid(request, problem)


def _problem(value: Any, schema: Schema, path: tuple[Any, ...]) -> str | None:
    for keyword, words in _broken(value, schema):
        return _text(words, keyword, schema, path, value)
    for key, part in schema.get("properties", {}).items():
        if key in value:
            found = _problem(value[key], part, (*path, key))
            if found is not None:
                return found
    if "items" in schema:
        for at, each in enumerate(value):
            found = _problem(each, schema["items"], (*path, at))
            if found is not None:
                return found
    return None


def _broken(value: Any, schema: Schema) -> list[tuple[str, str]]:
    wanted = schema["type"]
    if not isinstance(value, _TYPES[wanted]) or (wanted == "integer" and isinstance(value, bool)):
        return [("type", f"{value!r} is not of type {wanted!r}")]
    found = [
        ("required", f"{key!r} is a required property")
        for key in schema.get("required", [])
        if key not in value
    ]
    if "enum" in schema and value not in schema["enum"]:
        found.append(("enum", f"{value!r} is not one of {schema['enum']!r}"))
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        found.append(("maxLength", f"{value!r} is too long"))
    if "minLength" in schema and len(value) < schema["minLength"]:
        found.append(("minLength", f"{value!r} is too short"))
    if "minimum" in schema and value < schema["minimum"]:
        found.append(("minimum", f"{value!r} is less than the minimum of {schema['minimum']}"))
    return found


def _text(words: str, keyword: str, schema: Schema, path: tuple[Any, ...], value: Any) -> str:
    where = "".join(f"[{part!r}]" for part in path)
    shown = "\n".join(f"    {line}" for line in pformat(schema, width=72).splitlines())
    return (
        f"{words}\n\nFailed validating {keyword!r} in schema{where}:\n{shown}\n\n"
        f"On instance{where}:\n    {value!r}"
    )
