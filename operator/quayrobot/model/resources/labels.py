"""
What may labels, annotations and selectors say, as Kubernetes has it?

The API server looks into the labels of its own objects only. In ours a text that no object can
have would select nothing for good, or be refused at a write of ours long after the edit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import Part, Rule, rules

__all__ = ["ANNOTATION_KEYS", "KEYS", "VALUES", "LabelRequirement", "LabelSelector"]

_NAME = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_KEY = f"^([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}$"
# Of an annotation's the case does not count.
_ANNOTATION = f"^([A-Za-z0-9]([A-Za-z0-9.-]{{0,251}}[A-Za-z0-9])?/)?{_NAME}$"
_KEY_WORDS = (
    "a key is name or domain/name, the name of at most 63 letters, digits, '-', '_' and '.', with "
    "a letter or digit at both ends"
)

KEYS = Rule(rule=f"self.all(k, k.matches(r'{_KEY}'))", message=_KEY_WORDS)
ANNOTATION_KEYS = Rule(rule=f"self.all(k, k.matches(r'{_ANNOTATION}'))", message=_KEY_WORDS)
VALUES = Rule(
    rule=f"self.all(k, self[k].matches(r'^({_NAME})?$'))",
    message="a label's value is of at most 63 letters, digits, '-', '_' and '.', with a letter or "
    "digit at both ends",
)
_NAMED = Rule(rule=f"self.key.matches(r'{_KEY}')", message=_KEY_WORDS)
_OPERATOR = Rule(
    rule="(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
    message="operators In and NotIn need values, Exists and DoesNotExist have none",
)


class LabelRequirement(Part):
    """One expression of a label selector, as Kubernetes defines it."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=317)]
    """The label's key."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label's value must relate to `values`."""
    values: Annotated[
        list[Annotated[str, StringConstraints(max_length=63)]], Field(max_length=64)
    ] = []
    """The values, for `In` and `NotIn`."""

    model_config = Part.model_config | {"json_schema_extra": rules(_NAMED, _OPERATOR)}


class LabelSelector(Part):
    """Kubernetes' label selector; an empty one selects everything."""

    match_labels: Annotated[
        dict[str, Annotated[str, StringConstraints(max_length=63)]],
        Field(max_length=32, json_schema_extra=rules(KEYS, VALUES)),
    ] = {}
    """Labels that must be there with these values."""
    match_expressions: Annotated[list[LabelRequirement], Field(max_length=16)] = []
    """Requirements; all of them must hold."""
