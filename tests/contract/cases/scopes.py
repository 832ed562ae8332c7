"""Section 3.1: what may a token with one scope alone? Its user owns the organization."""

from __future__ import annotations

from collections.abc import Iterator

from ..language import (
    DEFAULTS,
    FEDERATION,
    FORBIDDEN,
    GRANT,
    MADE,
    MEMBER,
    ORG,
    REPOSITORY,
    ROBOT,
    ROBOTS,
    TEAM,
    USER_ROBOTS,
    Case,
    Reply,
    Step,
    a_grant,
    a_repository,
    a_robot,
    a_team,
    case,
    delete,
    get,
    gone,
    ok,
    post,
    put,
    shape_a,
    shape_c,
)  # fmt: skip
from ..matching import ANY, DATE, exactly_once, has, like

SCOPES = (
    "org:admin", "repo:read", "repo:write", "repo:create", "repo:admin", "user:read", "user:admin",
)  # fmt: skip
OK = ok()
REPO = {"namespace": "<org>", "repository": "<repo>", "visibility": "private", "description": ""}
REDUCED = {"name": "<org>+<r>", "created": DATE, "last_accessed": None, "description": ""}
BARE = shape_c(403, like("You don't have the permission to access the requested resource\\..*"))
TOO_LITTLE = shape_a("invalid_token", "Requires authentication", session_required=False)
ENTRY = [{"issuer": "https://x", "subject": "s"}]
GRANTED = [a_robot(), a_repository(), a_grant()]


def _row(
    proves: str, name: str, arrange: list[Step], step: Step, allowed: dict[str, Reply],
    other: Reply = FORBIDDEN,
) -> Iterator[Case]:  # fmt: skip
    """One row of the matrix: a case for each scope."""
    for scope in SCOPES:
        reply = allowed.get(scope, other)
        words = f"{name} with {scope} alone is {reply.status}"
        yield case(proves, words, *arrange, step.by(f"scopes:{scope}").gives(reply))


def _admin(
    proves: str, name: str, arrange: list[Step], step: Step, reply: Reply
) -> Iterator[Case]:
    yield from _row(proves, name, arrange, step, {"org:admin": reply})


ROBOT_CALLS = {
    "GET robot": ([a_robot()], get(ROBOT), OK),
    "PUT robot": ([], put(ROBOT), ok(MADE, 201)),
    "DELETE robot": ([a_robot()], delete(ROBOT), gone()),
    "regenerate": ([a_robot()], post(f"{ROBOT}/regenerate"), OK),
    "GET federation": ([a_robot()], get(FEDERATION), ok([])),
    "POST federation": ([a_robot()], post(FEDERATION, ENTRY), OK),
    "DELETE federation": ([a_robot()], delete(FEDERATION), gone()),
}
ORGANIZATION_CALLS = {
    "GET prototypes": ([], get(DEFAULTS), OK),
    "PUT team": ([], put(TEAM, {"role": "member"}), OK),
    "GET team members": ([a_team()], get(f"{TEAM}/members"), OK),
    "PUT team member": ([a_robot(), a_team()], put(MEMBER), OK),
    "GET logs": ([], get(f"{ORG}/logs"), OK),
}
PERMISSION_CALLS = {
    "GET repository permission": (GRANTED, get(GRANT), OK),
    "PUT repository permission": (GRANTED, put(GRANT, {"role": "read"}), OK),
    "DELETE repository permission": (GRANTED, delete(GRANT), gone()),
}
FULL = ok({"robots": exactly_once(has(name="<org>+<r>", token=ANY))})
LESS = ok({"robots": exactly_once(REDUCED)})

CASES = [
    *_row("3.1-list", "GET robots", [a_robot()], get(ROBOTS),
           {"org:admin": FULL, "repo:create": LESS}),
    *(each for name, call in ROBOT_CALLS.items() for each in _admin("3.1-robot", name, *call)),
    *_row("3.1-robot-permissions", "GET robot permissions", [a_robot()],
          get(f"{ROBOT}/permissions"), {"user:admin": BARE}),
    *_row("3.1-organization", "GET organization", [], get(ORG), {}, ok(has(name="<org>"))),
    *(each for name, call in ORGANIZATION_CALLS.items()
      for each in _admin("3.1-organization-parts", name, *call)),
    *_row("3.1-create-repository", "POST repository", [], post("/api/v1/repository", REPO),
          {"org:admin": ok(status=201), "repo:create": ok(status=201)}),
    *(each for name, (arrange, step, reply) in PERMISSION_CALLS.items()
      for each in _row("3.1-permission", name, arrange, step, {"repo:admin": reply})),
    *_row("3.1-repository", "GET repository", [a_repository()], get(REPOSITORY),
          {"repo:read": OK, "repo:write": OK, "repo:admin": OK}),
    *_row("3.1-user-robots", "GET user robots", [], get(USER_ROBOTS), {"user:admin": OK}),
    *_row("3.1-user", "GET user", [], get("/api/v1/user/"), {"user:read": OK, "user:admin": OK},
          TOO_LITTLE),
    case("3.1-create-organization", "POST organization with org:admin alone is 403",
         post("/api/v1/organization/", {"name": "<noorg>", "email": "<noorg>@example.com"})
         .by("scopes:org:admin").gives(FORBIDDEN)),
    case("3.1-create-organization", "POST organization with user:admin alone is 201",
         post("/api/v1/organization/", {"name": "<neworg>", "email": "<neworg>@example.com"})
         .by("scopes:user:admin").gives(ok("Created", 201))),
    case("3.1-user-session", "too little scope is 401 with one more key",
         get("/api/v1/user/").by("scopes:org:admin").gives(TOO_LITTLE)),
    case("3.1-user-session", "so is nobody",
         get("/api/v1/user/").by("anonymous").gives(Reply(401, has(session_required=False)))),
]  # fmt: skip
