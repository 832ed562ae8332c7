"""
When is a robot's credential replaced?

On request (a new opaque value of `trigger`, or of the annotation of the same
meaning) and after an interval, which may be held back until a window opens.
In place the one robot gets a new token; with Overlap two robots take turns.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from ..names import Slot
from ..times import Moment
from .base import (
    ATOMIC,
    GO_DURATION,
    Duration,
    Part,
    Rule,
    at_least,
    duration_schema,
    in_words,
    rules,
)
from .patterns import SCHEDULE_PATTERN

__all__ = [
    "Intent",
    "Retiring",
    "Rotation",
    "RotationState",
    "Window",
    "digests_in",
    "request_text",
]

NOTHING = "none"
_ASKED = re.compile(r"^(?:spec=)?(-|none|sha256:\S+) (?:annotation=)?(-|none|sha256:\S+)$")
ZONE_PATTERN = r"^[A-Za-z][A-Za-z0-9_+/-]*$"


Interval = Annotated[str, GO_DURATION, at_least("1h"), duration_schema("1h")]


class Window(Part):
    """When a rotation by interval may happen: from each time of *schedule* for *duration*."""

    schedule: Annotated[
        str,
        StringConstraints(pattern=SCHEDULE_PATTERN, max_length=128),
        Field(json_schema_extra=in_words(SCHEDULE_PATTERN)),
    ]
    """When it opens, in cron format: minute, hour, day, month, weekday."""
    duration: Duration
    """How long it stays open."""
    time_zone: Annotated[str, StringConstraints(pattern=ZONE_PATTERN, max_length=64)] = "UTC"
    """The time zone of `schedule`, such as `Europe/Berlin`."""


class Rotation(Part):
    """When the credential is replaced; *trigger* is opaque, a new value is one rotation."""

    trigger: Annotated[str | None, StringConstraints(max_length=253)] = None
    """
    Any text. Each new value causes one rotation at once; the value of a new resource does not.
    """
    interval: Interval | None = None
    """The maximum age of the credential, at least `1h`."""
    window: Window | None = None
    """When rotations by `interval` may happen. Does not delay a trigger."""
    strategy: Literal["InPlace", "Overlap"] = "InPlace"
    """
    `InPlace` replaces the robot's token. `Overlap` alternates between two robots, so that no login
    fails.
    """
    overlap: Duration = "1h"
    """With `Overlap`: how long the previous robot stays, at least `10s`."""

    model_config = Part.model_config | {
        "json_schema_extra": rules(
            Rule(
                rule="!has(self.window) || has(self.interval)",
                message="window limits rotations by interval: give interval too",
            )
        )
        | ATOMIC
    }


def request_text(trigger: str, annotation: str) -> str:
    """Return a request by the digests of the spec's *trigger* and of the *annotation*."""
    return f"spec={trigger} annotation={annotation}"


def digests_in(request: str | None) -> tuple[str, str]:
    """Return both digests of a *request*, `none` where nothing was asked for."""
    known = dict(each.split("=", 1) for each in (request or "").split() if "=" in each)
    return known.get("spec", NOTHING), known.get("annotation", NOTHING)


def _labelled(text: str) -> str:
    """
    Return a request as it is told now.

    An earlier version stored the two digests bare, and one of them where the other came from this
    version.
    """
    asked = _ASKED.match(text)
    if asked is None:
        return text
    trigger, annotation = (NOTHING if each == "-" else each for each in asked.groups())
    return request_text(trigger, annotation)


def _last(text: str | None) -> str | None:
    """Return what was asked last; what cannot be read is no reason to rotate."""
    return _labelled(text) if text is not None and _ASKED.match(text) else None


Request = Annotated[str, AfterValidator(_labelled)]


class Intent(Part):
    """
    A rotation that was begun: for which request, from which credential.

    With Overlap, *slot* is where the new robot is made, *created_at* and
    *adopted* are about the previous robot.
    """

    cause: Literal["Request", "Interval", "Switch"]
    """Why it started. `Switch` invalidates a token that no Secret contains any more."""
    request: Request
    """Digests of the request, or the scheduled time."""
    digest: str
    """Digest of the token to replace."""
    slot: Slot | None = None
    """With `Overlap`: the slot of the new robot."""
    created_at: Moment | None = None
    """With `Overlap`: when Quay created the previous robot."""
    adopted: bool = False
    """With `Overlap`: true if the previous robot was adopted."""


class Retiring(Part):
    """A robot that was replaced: it stays until *until*, so that its credential still works."""

    full_name: str
    """The robot's name in Quay."""
    slot: Slot
    """Which of the two it is: `main` or `alt`."""
    until: str
    """When it may be deleted."""
    created_at: Moment | None = None
    """When Quay created it."""
    digest: str | None = None
    """Digest of its token."""
    adopted: bool = False
    """True if it was adopted."""


class RotationState(Part):
    """What is known of rotations; *last_trigger* is a digest of what was asked last."""

    last_at: str | None = None
    """When the last rotation finished."""
    last_trigger: Annotated[str | None, AfterValidator(_last)] = None
    """Digests of the last requests seen: `spec=` of `trigger`, `annotation=` of the annotation."""
    next_at: str | None = None
    """When the next one is due by interval, or possible once the previous robot is gone."""
    intent: Annotated[Intent | None, Field()] = None
    """The one in progress."""
    retiring: Annotated[Retiring | None, Field()] = None
    """With `Overlap`: the previous robot, while it still exists."""
