"""
How is a time of Quay written in Kubernetes?

Quay writes RFC 2822 (`Mon, 23 Nov 2026 07:53:29 -0000`), Kubernetes RFC 3339.
Every moment becomes the latter where it comes in, from Quay and from a status
that an earlier version stored, so that equal moments are equal texts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

from pydantic import AfterValidator

from .conditions import rfc3339

__all__ = ["UNDATED", "Moment", "as_rfc3339"]

# When a robot was made that is older than Quay's note of that: Quay shows null for it.
UNDATED = "1970-01-01T00:00:00Z"


def as_rfc3339(text: str) -> str:
    """Return the moment *text*, of RFC 2822 or 3339, as RFC 3339 in UTC; other text as it is."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            # Quay's zone is -0000, which reads as none.
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return rfc3339(aware)
        except (ValueError, OverflowError):
            continue
    return text


Moment = Annotated[str, AfterValidator(as_rfc3339)]
