"""
What do all parts of our resources have in common?

They are immutable, camelCase on the wire, refuse unknown fields and never
quote their input in an error (a user may paste a token into the wrong field).
The words under a field are its description in the definitions and in the docs.
A Rule is a CEL validation carried beside the model that it binds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from ..durations import DURATION_PATTERN, DURATION_WORDS, LENGTH_MAX, parse_duration
from ..names import OBJECT_NAME_PATTERN, OWNER_PATTERN
from .patterns import PATTERN_WORDS

__all__ = [
    "ATOMIC",
    "GO_DURATION",
    "LEAST_WORDS",
    "Duration",
    "Glob",
    "ObjectName",
    "OwnerText",
    "Part",
    "BARE_NAME",
    "PORT",
    "Rule",
    "TWICE",
    "PORT_WORDS",
    "at_least",
    "checked_port",
    "duration_schema",
    "dump_status",
    "in_words",
    "rules",
]

PORT_WORDS = "port 0 is not a port"
SCHEMA_RULES = "x-kubernetes-validations"
# Under server-side apply a block that its owner empties vanishes, unless it is one value.
ATOMIC = {"x-kubernetes-map-type": "atomic"}


class Part(BaseModel):
    """Any piece of a spec or a status."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True, slots=True)
class Rule:
    """
    A CEL rule of the API server, and the words a user gets when it fails.

    A *transition* rule compares with `oldSelf` and runs on updates only.
    """

    rule: str
    message: str
    transition: bool = False

    def as_schema(self) -> dict[str, str]:
        """Return the rule as it stands in a structural schema."""
        return {"rule": self.rule, "message": self.message}


def rules(*all_rules: Rule) -> dict[str, Any]:
    """Return *all_rules* for a model's or a field's `json_schema_extra`."""
    return {SCHEMA_RULES: [each.as_schema() for each in all_rules]}


def in_words(pattern: str, *more: Rule) -> dict[str, Any]:
    """Return what the definitions say of a text that must match *pattern*, in words."""
    return rules(Rule(rule=f'self.matches(r"{pattern}")', message=PATTERN_WORDS[pattern]), *more)


# The model takes what is stored: such a name of a registry serves nobody, the others go on.
PORT = Rule(
    rule="!self.matches(r'^(https?://)?[^/]*:[0-9]+(/.*)?$') || "
    "self.matches(r'^(https?://)?[^/]*:0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|"
    "65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])(/.*)?$')",
    message="a port is a number from 1 to 65535",
)
# What is stored goes on to match nothing.
BARE_NAME = Rule(
    rule=r"self.matches(r'^[A-Za-z0-9*?._{}\[\]!-]+$')",
    message="give a pattern for the name alone: letters, digits, '.', '_' and '-', with *, ? and "
    "[...]; '+', '/' and ':' are in no name",
)
TWICE = "self.all(a, self.exists_one(b, a == b))"
Least = Literal["10s", "1m", "1h"]
LEAST_WORDS: dict[Least, str] = {
    each: f"must be at least {each}; {DURATION_WORDS}" for each in get_args(Least)
}
GO_DURATION = StringConstraints(pattern=DURATION_PATTERN, max_length=LENGTH_MAX)


def checked_port(url: str) -> str:
    """
    Return *url* if its port can be one; the pattern cannot count.

    Raises:
        ValueError: It is 0, or above 65535 (or the address in it is none).
    """
    if not urlsplit(url).port and urlsplit(url).port is not None:
        raise ValueError(PORT_WORDS)
    return url


def at_least(least: Least) -> AfterValidator:
    """Return the model's check that a duration is no shorter than *least*."""
    shortest = parse_duration(least)

    def check(text: str) -> str:
        if parse_duration(text) < shortest:
            raise ValueError(LEAST_WORDS[least])
        return text

    return AfterValidator(check)


def duration_schema(least: Least) -> WithJsonSchema:
    """Return what the definitions say of a duration that is no shorter than *least*."""
    # What is no duration has no length; it is told in the same words.
    long_enough = f"self.matches(r'{DURATION_PATTERN}') && duration(self) >= duration('{least}')"
    rule = Rule(rule=long_enough, message=LEAST_WORDS[least])
    plain = {"type": "string", "pattern": DURATION_PATTERN, "maxLength": LENGTH_MAX}
    return WithJsonSchema(plain | rules(rule))


Duration = Annotated[str, GO_DURATION, at_least("10s"), duration_schema("10s")]
ObjectName = Annotated[str, StringConstraints(pattern=OBJECT_NAME_PATTERN, max_length=253)]
OwnerText = Annotated[
    str,
    StringConstraints(pattern=OWNER_PATTERN, max_length=255),
    Field(json_schema_extra=in_words(OWNER_PATTERN)),
]
PlainGlob = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9*?._\[\]!+/:-]+$", max_length=255)
]
Glob = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9*?._{}\[\]!+/:-]+$", max_length=255)]


def dump_status(status: Part) -> dict[str, Any]:
    """Return a status as it goes over the wire: nothing that is None or empty."""
    dumped: dict[str, Any] = status.model_dump(by_alias=True, exclude_none=True, mode="json")
    return {key: value for key, value in dumped.items() if value not in ([], {})}
