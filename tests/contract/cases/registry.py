"""Section 6: tokens, and how the registry lets robots in."""

from __future__ import annotations

from ..language import (
    GRANT,
    MEMBER,
    REPOSITORY,
    ROBOT,
    ROBOTS,
    Reply,
    Step,
    a_grant,
    a_repository,
    a_robot,
    a_team,
    case,
    delete,
    differ,
    get,
    gone,
    holds,
    login,
    ok,
    post,
    put,
)  # fmt: skip
from ..matching import ANY, TOKEN, exactly_once, has, like, unordered
from ..situations import claims, lives_an_hour

JWT = like(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
CHALLENGE = 'Bearer realm="<url>/v2/auth",service="<host>"'
BOTH = [a_robot(), a_repository()]
SCOPE = "repository:<org>/<repo>:pull,push"
TAGS = "/v2/<org>/<repo>/tags/list"
LISTED = [Reply(200), Reply(404)]
ROLES = {"read": ["pull"], "write": ["pull", "push"], "admin": ["pull", "push"]}


def _refused(message: str) -> Reply:
    error = {"code": "UNAUTHORIZED", "detail": {}, "message": message}
    return Reply(401, {"errors": [error]}, headers={"www-authenticate": CHALLENGE})


def _actions(*actions: str, name: str = "<org>/<repo>") -> object:
    wanted = {"type": "repository", "name": name, "actions": unordered(*actions)}
    return holds("claims", has(access=[wanted]))


def _pulled() -> list[Step]:
    """A robot that may pull, with a token of the registry as `<registry>`."""
    scope = "repository:<org>/<repo>:pull"
    return [*BOTH, a_grant("read"), login(scope=scope).gives(ok()).saving(registry="token")]


CASES = [
    case("6.0-token", "it is 64 capitals and digits", put(ROBOT).gives(ok(has(token=TOKEN), 201))),
    case("6.0-token", "it is another for each robot", a_robot(), a_robot("r2", token="token2"),
         differ("token", "token2")),
    case("6.0-stored", "it can be read at any time: one robot", a_robot(),
         get(ROBOT).gives(ok(has(token="<token>")))),
    case("6.0-stored", "it can be read at any time: the list", a_robot(),
         get(ROBOTS).gives(ok({"robots": exactly_once(has(name="<org>+<r>", token="<token>"))}))),
    case("6.1-login", "name and token get a JWT", a_robot(), login().gives(ok({"token": JWT}))),
    case("6.1-login", "with a scope too", *BOTH, login(scope=SCOPE).gives(ok({"token": JWT}))),
    case("6.1-wrong", "a wrong token is 401 in these words", a_robot(),
         login("wrong").gives(_refused(
             "Could not find robot with username: <org>+<r> and supplied password."))),
    case("6.1-missing", "a missing robot is 401 in these words",
         login("x" * 64).gives(_refused("Could not find robot with specified username"))),
    case("6.1a-anonymous", "nobody's ping is 401 with a challenge",
         get("/v2/").by("anonymous").gives(Reply(401, True, "text/html.*", {
             "www-authenticate": CHALLENGE, "docker-distribution-api-version": "registry/2.0"}))),
    case("6.1a-jwt", "with a registry token it is 200", a_robot(),
         login().gives(ok()).saving(registry="token"),
         get("/v2/").by("bearer:<registry>").gives(Reply(200, True, None))),
    case("6.1a-other", "with Basic it is 401", a_robot(),
         get("/v2/").by(("<org>+<r>", "<token>")).gives(
             Reply(401, {"error": "Invalid bearer token format"}, "text/html.*"))),
    case("6.1a-other", "with nonsense it is 401",
         get("/v2/").by("bearer:nonsense").gives(
             Reply(401, {"error": "Invalid bearer token format"}, "text/html.*"))),
    case("6.1a-no-service", "a login without service is answered", a_robot(),
         get("/v2/auth").by(("<org>+<r>", "<token>")).gives(ok({"token": JWT}))),
    case("6.2-no-rights", "missing rights are no error: no actions", *BOTH,
         login(scope=SCOPE).gives(ok()).saving(registry="token"), claims("registry"), _actions()),
    case("6.2-no-rights", "a missing repository is none either", a_robot(),
         login(scope=SCOPE).gives(ok()).saving(registry="token"), claims("registry"), _actions()),
    *(case("6.2-access", f"{role} shows as {' and '.join(actions)}", *BOTH, a_grant(role),
           login(scope=SCOPE).gives(ok()).saving(registry="token"), claims("registry"),
           _actions(*actions)) for role, actions in ROLES.items()),
    case("6.2-access", "what comes through a team counts", *BOTH, a_team(),
         put(MEMBER).gives(ok()),
         put(f"{REPOSITORY}/permissions/team/<team>", {"role": "read"}).gives(ok()),
         login(scope=SCOPE).gives(ok()).saving(registry="token"), claims("registry"),
         _actions("pull")),
    case("6.2-access", "only what was asked for is given", *BOTH, a_grant("admin"),
         login(scope="repository:<org>/<repo>:pull").gives(ok()).saving(registry="token"),
         claims("registry"), _actions("pull")),
    case("6.3-life", "a registry token lives 3600 s", a_robot(),
         login().gives(ok()).saving(registry="token"), claims("registry"),
         lives_an_hour("claims")),
    case("6.3-not-revoked", "it lists tags", *_pulled(),
         get(TAGS).by("bearer:<registry>").gives(*LISTED)),
    case("6.3-not-revoked", "it does so after a regenerate", *_pulled(),
         post(f"{ROBOT}/regenerate").gives(ok()),
         get(TAGS).by("bearer:<registry>").gives(*LISTED)),
    case("6.3-not-revoked", "it does so after the grant is gone", *_pulled(),
         delete(GRANT).gives(gone()), get(TAGS).by("bearer:<registry>").gives(*LISTED)),
    case("6.3-not-revoked", "it does so after the robot is gone", *_pulled(),
         delete(ROBOT).gives(gone()), get(TAGS).by("bearer:<registry>").gives(*LISTED)),
    case("6.3-not-revoked", "without the right it does not", *BOTH,
         login(scope="repository:<org>/<repo>:pull").gives(ok()).saving(registry="token"),
         get(TAGS).by("bearer:<registry>").gives(Reply(401, ANY, None))),
]  # fmt: skip
