"""
How is a connection's token kept from expiring?

Only the token that Quay makes for machines, its bootstrap token, can be
exchanged for a new one by who holds it. Quay tells nobody how long it lives,
so the connection says it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from ..durations import parse_duration
from .base import GO_DURATION, Part, at_least, duration_schema

__all__ = ["Renewal"]


Lifetime = Annotated[str, GO_DURATION, at_least("1m"), duration_schema("1m")]


class Renewal(Part):
    """How the token is renewed before it expires."""

    type: Literal["Bootstrap"]
    """The kind of token. `Bootstrap`: the one that Quay itself writes into the Secret."""
    lifetime: Lifetime = "1h"
    """The token's lifetime: `BOOTSTRAP_TOKEN_EXPIRATION` in Quay's configuration, or less."""

    @property
    def life(self) -> timedelta:
        """How long a token lives."""
        return parse_duration(self.lifetime)
