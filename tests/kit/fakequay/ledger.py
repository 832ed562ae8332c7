"""What was asked of this Quay, in which order, and what came of it?"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

_ROBOT = r"^/api/v1/(?:organization/(?P<org>[^/]+)|user)/robots"
_OPERATIONS = (
    (r"^/api/v1/user/$", {"GET": "user.get"}),
    (
        r"^/api/v1/organization/[^/]+$",
        {"GET": "organization.get", "DELETE": "organization.delete"},
    ),
    (_ROBOT + r"$", {"GET": "robot.list"}),
    (_ROBOT + r"/[^/]+$", {"GET": "robot.get", "PUT": "robot.create", "DELETE": "robot.delete"}),
    (_ROBOT + r"/[^/]+/regenerate$", {"POST": "robot.regenerate"}),
    (_ROBOT + r"/[^/]+/permissions$", {"GET": "robot.permissions"}),
    (r"^/v2/auth$", {"GET": "registry.login"}),
    (r"^/v2/$", {"GET": "registry.ping"}),
)
_COMPILED = tuple((re.compile(pattern), names) for pattern, names in _OPERATIONS)


@dataclass(frozen=True, slots=True)
class Entry:
    """One call; *effect* says that something was changed by it."""

    n: int
    time: float
    method: str
    path: str
    operation: str
    status: int
    effect: bool
    token: str | None

    @property
    def write(self) -> bool:
        """Tell whether it was to change something."""
        return self.method not in {"GET", "HEAD"}

    @property
    def api(self) -> bool:
        """Tell whether it was a call to the API (a login is none)."""
        return self.path.startswith("/api/")


class Ledger:
    """All calls, in order."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def note(self, **fields: Any) -> None:
        """Add one call."""
        self.entries.append(Entry(n=len(self.entries), **fields))

    def dump(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the calls from number *since* on, as JSON values."""
        return [asdict(each) for each in self.entries[since:]]


def operation_of(method: str, path: str) -> str:
    """Return the name of the operation that *method* on *path* is."""
    for pattern, names in _COMPILED:
        if pattern.match(path):
            return names.get("GET" if method == "HEAD" else method, "not-allowed")
    return "unknown"
