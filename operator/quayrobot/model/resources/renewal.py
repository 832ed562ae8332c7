"""
How is a connection's token kept from expiring?

Only the token that Quay makes for machines, its bootstrap token, can be
exchanged for a new one by who holds it. Quay tells nobody how long it lives,
so the connection says it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints, WithJsonSchema

from ..durations import DURATION_PATTERN, LENGTH_MAX, parse_duration
from .base import SCHEMA_RULES, Part, Rule

__all__ = ["Renewal"]

LEAST = timedelta(minutes=1)
LEAST_WORDS = "must be at least 1m"


def _check_least(text: str) -> str:
    if parse_duration(text) < LEAST:
        raise ValueError(LEAST_WORDS)
    return text


Lifetime = Annotated[
    str,
    StringConstraints(pattern=DURATION_PATTERN, max_length=LENGTH_MAX),
    AfterValidator(_check_least),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": DURATION_PATTERN,
            "maxLength": LENGTH_MAX,
            SCHEMA_RULES: [
                Rule(rule="duration(self) >= duration('1m')", message=LEAST_WORDS).as_schema()
            ],
        }
    ),
]


class Renewal(Part):
    """How the token is renewed before it expires."""

    type: Literal["Bootstrap"]
    """What kind of token it is: `Bootstrap`, the one that Quay writes into the Secret itself."""
    lifetime: Lifetime = "1h"
    """How long one lives: `BOOTSTRAP_TOKEN_EXPIRATION` of Quay's configuration, or less."""

    @property
    def life(self) -> timedelta:
        """How long a token lives."""
        return parse_duration(self.lifetime)
