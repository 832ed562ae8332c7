"""What was asked of this Quay, in which order, and what came of it?"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

_ORGANIZATION = r"^/api/v1/organization/[^/]+"
_ROBOT = r"^/api/v1/(?:organization/(?P<org>[^/]+)|user)/robots"
_TEAM = rf"{_ORGANIZATION}/team/[^/]+"
_APPLICATIONS = rf"{_ORGANIZATION}/applications"
_REPOSITORY = r"^/api/v1/repository/.+"
_ONE_TEAM = {
    "GET": "team-permission.get",
    "PUT": "team-permission.put",
    "DELETE": "team-permission.delete",
}
_OPERATIONS = (
    (_ROBOT + r"/[^/]+$", {"GET": "robot.get", "PUT": "robot.create", "DELETE": "robot.delete"}),
    (_ROBOT + r"$", {"GET": "robot.list"}),
    (_ROBOT + r"/[^/]+/regenerate$", {"POST": "robot.regenerate"}),
    (_ROBOT + r"/[^/]+/permissions$", {"GET": "robot.permissions"}),
    (
        _ROBOT + r"/[^/]+/federation$",
        {"GET": "federation.get", "POST": "federation.set", "DELETE": "federation.delete"},
    ),
    (r"^/api/v1/user/$", {"GET": "user.get"}),
    (r"^/api/v1/organization/$", {"POST": "organization.create"}),
    (_ORGANIZATION + r"$", {"GET": "organization.get", "DELETE": "organization.delete"}),
    (_ORGANIZATION + r"/logs$", {"GET": "logs.get"}),
    (_TEAM + r"$", {"PUT": "team.put", "DELETE": "team.delete"}),
    (_TEAM + r"/members$", {"GET": "member.list"}),
    (_TEAM + r"/members/[^/]+$", {"PUT": "member.put", "DELETE": "member.delete"}),
    (
        _ORGANIZATION + r"/prototypes$",
        {"GET": "prototype.list", "POST": "prototype.create"},
    ),
    (
        _ORGANIZATION + r"/prototypes/[^/]+$",
        {"PUT": "prototype.update", "DELETE": "prototype.delete"},
    ),
    (_APPLICATIONS + r"$", {"GET": "application.list", "POST": "application.create"}),
    (_APPLICATIONS + r"/[^/]+$", {"DELETE": "application.delete"}),
    (_APPLICATIONS + r"/[^/]+/tokens$", {"GET": "token.list", "POST": "token.create"}),
    (_APPLICATIONS + r"/[^/]+/tokens/[^/]+$", {"DELETE": "token.delete"}),
    (r"^/api/v1/repository$", {"POST": "repository.create"}),
    (_REPOSITORY + r"/permissions/user/[^/]+/transitive$", {"GET": "permission.transitive"}),
    (_REPOSITORY + r"/permissions/user/$", {"GET": "permission.list"}),
    (
        _REPOSITORY + r"/permissions/user/[^/]+$",
        {"GET": "permission.get", "PUT": "permission.put", "DELETE": "permission.delete"},
    ),
    (_REPOSITORY + r"/permissions/team/$", {"GET": "team-permission.list"}),
    (_REPOSITORY + r"/permissions/team/[^/]+$", _ONE_TEAM),
    (_REPOSITORY + r"/mirror$", {"GET": "mirror.get", "POST": "mirror.create"}),
    (_REPOSITORY + r"$", {"GET": "repository.get", "DELETE": "repository.delete"}),
    (r"^/api/v1/bootstrap/renew$", {"POST": "bootstrap.renew"}),
    (r"^/oauth2/federation/robot/token$", {"GET": "federation.exchange"}),
    (r"^/v2/auth$", {"GET": "registry.login"}),
    (r"^/v2/$", {"GET": "registry.ping"}),
    (r"^/v2/.+/tags/list$", {"GET": "registry.tags"}),
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
