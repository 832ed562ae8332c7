"""
How is a case written?

A case is a list of steps: requests with the answers that the reference
promises. `<name>` in any text is filled in when the case is played: `<org>`,
`<r>` (a robot's short name), `<repo>`, `<team>`, `<neworg>` and the like are
fresh for each case, others were saved by a step before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from .matching import ANY, BOOLEAN, DATE, TEXT, TOKEN, Match, like

JSON = "application/json"
HTML = "text/html.*"
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "DELETE, GET, HEAD, OPTIONS, POST, PUT",
    "access-control-max-age": "21600",
    "access-control-allow-headers": "AUTHORIZATION, CONTENT-TYPE, X-REQUESTED-WITH",
}
Save = str | Callable[[Any], Any]


@dataclass(frozen=True)
class Reply:
    """What is expected: a status, a content type (a pattern), a body, and headers."""

    status: int
    body: Any = ANY
    kind: str | None = JSON
    headers: dict[str, Any] = field(default_factory=dict)

    def with_headers(self, **headers: Any) -> Reply:
        """Expect these headers too (`_` stands for `-`); None: the header is not there."""
        named = {name.replace("_", "-"): want for name, want in headers.items()}
        return replace(self, headers={**self.headers, **named})


def ok(body: Any = ANY, status: int = 200) -> Reply:
    """Expect success."""
    return Reply(status, body)


def gone() -> Reply:
    """Expect the 204 of a deletion."""
    return Reply(204, "", kind=None)


def shape_a(kind: str, message: Any, **extra: Any) -> Reply:
    """Expect an ApiException."""
    status = {
        "invalid_request": 400, "invalid_token": 401, "insufficient_scope": 403, "not_found": 404,
    }[kind]  # fmt: skip
    body = {
        "detail": message,
        "error_message": message,
        "error_type": kind,
        "title": kind,
        "type": f"<url>/api/v1/error/{kind}",
        "status": status,
        **extra,
    }
    return Reply(status, body)


def invalid(message: Any) -> Reply:
    """Expect the ApiException of a wrong request."""
    return shape_a("invalid_request", message)


def schema(first_line: str) -> Reply:
    """Expect a schema failure: the validator's text, of which only the first line counts."""
    return invalid(like(first_line + r"\n.*"))


def shape_b(message: Any) -> Reply:
    """Expect a data-model error."""
    return Reply(400, {"message": message})


def shape_c(status: int, message: Any = ANY) -> Reply:
    """Expect the framework's own error."""
    return Reply(status, {"message": message})


def shape_d(status: int, message: Any) -> Reply:
    """Expect JSON that calls itself HTML."""
    return Reply(status, {"error": message}, kind=r"text/html; ?charset=utf-8")


def page(status: int, text: str = "") -> Reply:
    """Expect an HTML page with *text* (a pattern) in it."""
    return Reply(status, like(f".*{text}.*"), kind=HTML)


UNAUTHENTICATED = shape_a("invalid_token", "Requires authentication")
FORBIDDEN = shape_a("insufficient_scope", "Unauthorized")
FORGED = shape_d(403, "CSRF token was invalid or missing.")
CRASH = page(500, "<title>Internal Server Error</title>")
NOT_FOUND = shape_a("not_found", TEXT)
ABSENT = shape_b("Could not find robot with specified username")


@dataclass(frozen=True)
class Step:
    """One request and what may come of it; *saves* keeps parts of the answer for later."""

    method: str
    path: str
    body: Any = None
    auth: str | tuple[str, str] = "owner"
    headers: dict[str, str] = field(default_factory=dict)
    replies: tuple[Reply, ...] = ()
    saves: dict[str, Save] = field(default_factory=dict)
    times: int = 1
    exactly: dict[int, int] = field(default_factory=dict)

    def gives(self, *replies: Reply) -> Step:
        """Expect one of *replies*."""
        return replace(self, replies=replies)

    def saving(self, **saves: Save) -> Step:
        """Keep parts of the answer under these names: a key, or what a function returns."""
        return replace(self, saves={**self.saves, **saves})

    def by(self, auth: str | tuple[str, str]) -> Step:
        """Ask as somebody else: a role, `scopes:...`, `bearer:...`, or a (user, password)."""
        return replace(self, auth=auth)

    def at_once(self, times: int, **exactly: int) -> Step:
        """Ask *times* at the same time; `s201=1`: exactly one answer has that status."""
        wanted = {int(key[1:]): count for key, count in exactly.items()}
        return replace(self, times=times, exactly=wanted)


@dataclass(frozen=True)
class Check:
    """A look at what was saved: *work* gets all names."""

    words: str
    work: Callable[[dict[str, Any]], Any]
    want: Any = True


@dataclass(frozen=True)
class Do:
    """Something that is done between requests; what *work* returns are new names."""

    words: str
    work: Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """One proof of statements (*proves*), which needs a Quay that can show it."""

    proves: tuple[str, ...]
    name: str
    steps: tuple[Step | Check | Do, ...]
    needs: frozenset[str] = frozenset()
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What the case is called in reports."""
        return f"{self.proves[0]}: {self.name}"


def case(
    proves: str, name: str, *steps: Step | Check | Do, needs: str = "", **settings: Any
) -> Case:
    """Write a case: ids of statements, a sentence, steps, and what Quay must be like."""
    return Case(tuple(proves.split()), name, steps, frozenset(needs.split()), settings)


def _verb(method: str) -> Callable[..., Step]:
    def step(path: str, body: Any = None, **headers: str) -> Step:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Step(method, path, body, headers=named)

    return step


get, put, post, delete = _verb("GET"), _verb("PUT"), _verb("POST"), _verb("DELETE")
head, patch = _verb("HEAD"), _verb("PATCH")


@dataclass(frozen=True)
class Raw:
    """A body that is sent as it stands, with its content type."""

    text: str | bytes
    kind: str = JSON


def same(one: str, other: str) -> Check:
    """Expect two saved values to be equal."""
    return Check(f"{one} is {other}", lambda names: names[one] == names[other])


def differ(one: str, other: str) -> Check:
    """Expect two saved values to differ."""
    return Check(f"{one} is not {other}", lambda names: names[one] != names[other])


def holds(name: str, want: Any) -> Check:
    """Expect a saved value to be as *want*."""
    return Check(name, lambda names: names[name], want)


# Paths and the shapes that they answer with ------------------------------------

ORG = "/api/v1/organization/<org>"
ROBOTS = f"{ORG}/robots"
ROBOT = f"{ROBOTS}/<r>"
NEW_ORG = "/api/v1/organization/<neworg>"
NO_ORG = "/api/v1/organization/<noorg>"
USER_ROBOTS = "/api/v1/user/robots"
USER_ROBOT = f"{USER_ROBOTS}/<r>"
FEDERATION = f"{ROBOT}/federation"
REPOSITORY = "/api/v1/repository/<org>/<repo>"
GRANT = f"{REPOSITORY}/permissions/user/<org>+<r>"
TEAM = f"{ORG}/team/<team>"
MEMBER = f"{TEAM}/members/<org>+<r>"
DEFAULTS = f"{ORG}/prototypes"
LOGIN = "/v2/auth?service=<host>"
EXCHANGE = "/oauth2/federation/robot/token"

A_NAME = {"description": TEXT}
MADE = {
    "name": "<org>+<r>",
    "created": DATE,
    "last_accessed": None,
    "description": "",
    "token": TOKEN,
    "unstructured_metadata": None,
}
IS_BOOLEAN: Match = BOOLEAN


def a_robot(name: str = "r", body: Any = None, place: str = ROBOTS, token: str = "token") -> Step:
    """Make a robot and keep its token."""
    return put(f"{place}/<{name}>", body).gives(ok(status=201)).saving(**{token: "token"})


def a_repository(name: str = "repo", org: str = "org", visibility: str = "private") -> Step:
    """Make a repository."""
    body = {
        "namespace": f"<{org}>",
        "repository": f"<{name}>",
        "visibility": visibility,
        "description": "",
    }
    return post("/api/v1/repository", body).gives(ok(status=201))


def a_team(name: str = "team", org: str = "org", role: str = "member") -> Step:
    """Make a team."""
    return put(f"/api/v1/organization/<{org}>/team/<{name}>", {"role": role}).gives(ok())


def an_organization(name: str = "neworg") -> Step:
    """Make an organization."""
    body = {"name": f"<{name}>", "email": f"<{name}>@example.com"}
    return post("/api/v1/organization/", body).gives(ok("Created", 201))


def a_grant(role: str = "write", robot: str = "r", repo: str = "repo", org: str = "org") -> Step:
    """Give a robot a role on a repository."""
    path = f"/api/v1/repository/<{org}>/<{repo}>/permissions/user/<{org}>+<{robot}>"
    return put(path, {"role": role}).gives(ok())


def login(password: str = "<token>", user: str = "<org>+<r>", scope: str | None = None) -> Step:
    """Log in to the registry."""
    path = LOGIN if scope is None else f"{LOGIN}&scope={scope}"
    return get(path).by((user, password))
