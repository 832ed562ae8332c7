"""How is a counter-example of a CEL rule told, and which small specs do several share?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]
Cel = dict[tuple[str, str, int], list["Told"]]


@dataclass(frozen=True, slots=True)
class Told:
    """The counter-examples of one CEL rule: fields that replace those of the full spec."""

    bad: list[Body]
    good: list[Body]
    words: str
    name: str = "ci"
    before: Body | None = field(default=None)


ORG = {"organization": "acme"}
REPOSITORIES = {"permissions": {"repositories": [{"name": "app", "role": "read"}]}}
TEAMS = {"permissions": {"teams": ["devs"]}}
DEFAULTS = {"permissions": {"defaults": [{"role": "read"}]}}


def secret(**fields: Any) -> Body:
    return {"secrets": [{"name": "ci", **fields}]}


WINDOW = {"schedule": "0 3 * * 1", "duration": "2h"}


def rotation(**fields: Any) -> Body:
    return {**ORG, "rotation": fields}
