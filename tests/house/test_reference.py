"""Does docs/reference.md, and `kubectl explain`, tell of every field?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from quayrobot.model.crd import DEFINITIONS, Definition, crd
from tools.reference import PAGE, render_reference


def undescribed(schema: dict[str, Any], path: str) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        if not field.get("description"):
            yield f"{path}.{name}"
        yield from undescribed(field.get("items", field), f"{path}.{name}")


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: each.kind)
def test_every_field_has_words_under_it_in_the_model(definition: Definition):
    (version,) = crd(definition)["spec"]["versions"]
    root = version["schema"]["openAPIV3Schema"]["properties"]
    found = [each for part in ("spec", "status") for each in undescribed(root[part], part)]

    assert found == [], "write a string under the field: it is its description everywhere"


def test_the_reference_is_that_of_the_models():
    assert render_reference() == PAGE.read_text(), "run `make crds`"


def test_a_field_without_words_would_be_found():
    schema = {"properties": {"a": {"items": {"properties": {"b": {"type": "string"}}}}}}

    assert list(undescribed(schema, "spec")) == ["spec.a", "spec.a.b"]
