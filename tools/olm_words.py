"""
How does the OpenShift console show our fields?

By descriptors: for each path of a definition a name in words, the description
that the schema has, and what kind of input or output suits it. A path has `[0]`
where a list is, as the console writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
UI = "urn:alm:descriptor:com.tectonic.ui:"
KUBERNETES = "urn:alm:descriptor:io.kubernetes:"
CONDITIONS = "urn:alm:descriptor:io.kubernetes.conditions"
# Words that are not made by taking the name apart.
_WORDS = {"ca": "CA", "id": "ID", "ids": "IDs", "url": "URL", "ref": "reference"}
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_SECRET_READ = re.compile(r"(secretRef|clientSecretRef|credentialsRef)\.name$")
_SECRET_SHOWN = re.compile(r"^secrets\[0\]\.name$|^credential\.secretName$|\.secret$")
_ACCOUNT = re.compile(r"(^|\.)serviceAccount(\.name)?$")
# What the operator notes for itself, in a status.
_BOOKKEEPING = re.compile(r"(^|\.)(observedGeneration|slot|form|intent\..*|\w*[dD]igest)$")
_INPUTS = {"boolean": "booleanSwitch", "integer": "number", "string": "text"}


def descriptors(crd: Schema, part: str) -> list[Schema]:
    """Return those of *part*, `spec` or `status`, of a definition."""
    (version,) = crd["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]["properties"][part]
    namespaced = crd["spec"]["scope"] == "Namespaced"
    return [
        _descriptor(path, field, part, namespaced=namespaced)
        for path, field in fields(schema)
        if part == "spec" or not _BOOKKEEPING.search(path)
    ]


def fields(schema: Schema, before: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield path and schema of each field that has a description, and is no mere group."""
    for name, field in schema.get("properties", {}).items():
        path = f"{before}{name}"
        if "properties" in field:
            yield from fields(field, f"{path}.")
            continue
        if "description" in field:
            yield path, field
        items = field.get("items", {})
        # The console shows one level of lists; conditions it shows in its own way.
        if "properties" in items and "[0]" not in path and name != "conditions":
            yield from fields(items, f"{path}[0].")


def in_words(path: str) -> str:
    """Return a path as a title: `rotation.window.timeZone` is "Rotation window time zone"."""
    shown = path.replace("[0]", "").replace("template.spec.", "template.")
    words = [_WORDS.get(each.lower(), each.lower()) for each in _PARTS.findall(shown)]
    text = " ".join(words)
    return text[0].upper() + text[1:]


def _descriptor(path: str, field: Schema, part: str, *, namespaced: bool) -> Schema:
    found = {"path": path, "displayName": in_words(path), "description": field["description"]}
    hints = list(_hints(path, field, part, namespaced=namespaced))
    return found | ({"x-descriptors": hints} if hints else {})


def _hints(path: str, field: Schema, part: str, *, namespaced: bool) -> Iterator[str]:
    """Yield the console's own words; objects are linked only where they share our namespace."""
    if path == "conditions":
        yield CONDITIONS
    elif namespaced and (_SECRET_READ if part == "spec" else _SECRET_SHOWN).search(path):
        yield f"{KUBERNETES}Secret"
    elif namespaced and _ACCOUNT.search(path):
        yield f"{KUBERNETES}ServiceAccount"
    elif part == "spec" and "enum" in field:
        yield from (f"{UI}select:{each}" for each in field["enum"])
    elif part == "spec" and field.get("type") in _INPUTS:
        yield UI + _INPUTS[field["type"]]
