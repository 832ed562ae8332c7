"""When did somebody write a part of an object, by the API server's own notes?"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ...model.names import OPERATOR

__all__ = ["spec_written_at", "status_edited_at"]

Body = dict[str, Any]


def spec_written_at(meta: Body) -> datetime | None:
    """Return when anybody last wrote something of the spec, by the API server's own note."""
    times = [
        each["time"]
        for each in meta.get("managedFields") or ()
        if isinstance(each, dict) and each.get("time") and "f:spec" in (each.get("fieldsV1") or {})
    ]
    return max(map(datetime.fromisoformat, times), default=None)


def status_edited_at(meta: Body) -> datetime | None:
    """Return when anybody but the operator last wrote a part of the status that remains."""
    times = [
        each["time"]
        for each in meta.get("managedFields") or ()
        if isinstance(each, dict) and each.get("time")
        and each.get("subresource") == "status" and each.get("manager") != OPERATOR
    ]  # fmt: skip
    return max(map(datetime.fromisoformat, times), default=None)
