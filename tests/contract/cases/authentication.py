"""Section 0.3: who calls?"""

from __future__ import annotations

from ..language import (
    FORBIDDEN,
    FORGED,
    ORG,
    ROBOT,
    ROBOTS,
    TEAM,
    UNAUTHENTICATED,
    Check,
    Reply,
    a_robot,
    an_organization,
    case,
    delete,
    get,
    holds,
    ok,
    post,
    put,
    shape_d,
)  # fmt: skip
from ..matching import TEXT, has, like
from ..situations import (
    a_jwt,
    an_application,
    dead,
    initialized,
    minted,
    session_begun,
    signed_in,
    time_of,
)  # fmt: skip

BROWSERS = {
    "Firefox": "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
    "Chrome": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36",
}
LIBRARIES = ["python-requests/2.31.0", "Go-http-client/1.1", "curl/8.5.0", "quay-robot-operator/1"]
WRITES = {
    "making a robot": put(ROBOT),
    "deleting a robot": delete(ROBOT),
    "regenerating": post(f"{ROBOT}/regenerate"),
    "making a team": put(TEAM, {"role": "member"}),
    "making an organization": post("/api/v1/organization/", {"name": "<neworg>"}),
}
READS = {
    "a list": get(ROBOTS),
    "a robot": get(ROBOT),
    "a robot's permissions": get(f"{ROBOT}/permissions"),
    "default permissions": get(f"{ORG}/prototypes"),
    "the user": get("/api/v1/user/"),
}
DEAD = {"wrong": "wrong", "revoked": "bearer:<revoked>", "expired": "bearer:<expired>"}


def _died(kind: str) -> list:
    return [] if kind == "wrong" else [dead(kind)]


def _lack(kind: str) -> str:
    return "" if kind == "wrong" else "mint"


def _unauthenticated(name: str) -> Reply:
    # The user's own resource adds a key to the six.
    if name == "the user":
        return Reply(401, has(error_type="invalid_token", error_message="Requires authentication"))
    return UNAUTHENTICATED


CASES = [
    *(case("0.3-bearer", f"the scheme may be written {scheme}",
           get(ROBOTS, Authorization=f"{scheme} <bearer>").by("anonymous").gives(ok()))
      for scheme in ("Bearer", "bearer", "BEARER")),
    case("0.3-basic", "Basic with a robot's token is nobody",
         a_robot(), get(ROBOTS).by(("<org>+<r>", "<token>")).gives(UNAUTHENTICATED)),
    case("0.3-basic", "Basic with a user's password is nobody",
         get(ROBOTS).by(("<user>", "<password>")).gives(UNAUTHENTICATED), needs="session"),
    case("0.3-basic", "a token in the query is nobody",
         get(f"{ROBOTS}?access_token=<bearer>").by("anonymous").gives(UNAUTHENTICATED)),
    case("0.3-alphabet-first", "the token of initialize is 40 capitals and digits",
         initialized(), holds("first", has(access_token=like("[A-Z0-9]{40}"))), needs="double"),
    case("0.3-alphabet-minted", "a minted token is 40 letters and digits",
         an_application(), minted("org:admin"),
         holds("minted", has(token=like("[A-Za-z0-9]{40}"))), needs="mint"),
    case("0.3-alphabet-minted", "and mixes small and capital letters",
         an_application(), minted("org:admin"),
         holds("minted", has(token=like(".*[a-z].*[A-Z].*|.*[A-Z].*[a-z].*"))), needs="mint"),
    case("0.3-intersection", "all scopes do not make a member an administrator",
         a_robot(), get(ROBOT).by("member").gives(FORBIDDEN), needs="member"),
    case("0.3-intersection", "an owner without the scope is none either",
         a_robot(), get(ROBOT).by("scopes:repo:read").gives(FORBIDDEN)),
    case("0.3-application-org", "a token of one organization's application works in another",
         an_organization(), an_application("neworg"), minted("org:admin", "neworg"),
         get(ROBOTS).by("bearer:<minted_token>").gives(ok()), needs="mint"),
    *(case("0.3-bad-get", f"a {kind} token reads {name} as nobody does: 401",
           *_died(kind), step.by(auth).gives(_unauthenticated(name)), needs=_lack(kind))
      for kind, auth in DEAD.items() for name, step in READS.items()),
    case("0.3-bad-open", "a wrong token still sees what is open to all",
         get(ORG).by("wrong").gives(ok(has(name="<org>", is_admin=False)))),
    *(case("0.3-bad-write", f"a {kind} token at {name} is a forgery, never 401",
           *_died(kind), step.by(auth).gives(FORGED), needs=_lack(kind))
      for kind, auth in DEAD.items() for name, step in WRITES.items()),
    case("0.3-session", "a session begins with a token and a cookie",
         get("/csrf_token").by("anonymous").gives(
             ok({"csrf_token": TEXT}).with_headers(set_cookie=TEXT))),
    case("0.3-session", "signing in answers success and a fresh token in a header",
         session_begun(),
         post("/api/v1/signin", {"username": "<user>", "password": "<password>"},
              X_CSRF_Token="<csrf>", Cookie="<cookie>").by("anonymous").gives(
             ok(has(success=True)).with_headers(x_next_csrf_token=TEXT)), needs="session"),
    case("0.3-session", "the session's cookie reads", signed_in(),
         get("/api/v1/user/", Cookie="<cookie>").by("anonymous").gives(ok(has(username="<user>"))),
         needs="session"),
    case("0.3-session", "with the fresh token it writes", signed_in(),
         put(ROBOT, Cookie="<cookie>", X_CSRF_Token="<csrf>").by("anonymous")
         .gives(ok(status=201)),
         needs="session"),
    *(case("0.3-browser", f"{name} is refused without X-Requested-With",
           get(ROBOTS, User_Agent=agent).gives(shape_d(400, TEXT)))
      for name, agent in BROWSERS.items()),
    *(case("0.3-browser", f"{name} passes with it",
           get(ROBOTS, User_Agent=agent, X_Requested_With="XMLHttpRequest").gives(ok()))
      for name, agent in BROWSERS.items()),
    *(case("0.3-library", f"{agent} passes without it", get(ROBOTS, User_Agent=agent).gives(ok()))
      for agent in LIBRARIES),
    *(case("0.3-sso", f"a JWT of type {kind} without an issuer fails as a sign-on",
           a_jwt(header={"typ": kind}, iss=None),
           get(ROBOTS).by("bearer:<jwt>").gives(shape_d(401, "Token does not contain issuer")))
      for kind in ("JWT", "at+jwt")),
    case("0.3-sso", "one with an issuer names it",
         a_jwt(header={"typ": "JWT"}, iss="https://xx"),
         get(ROBOTS).by("bearer:<jwt>").gives(shape_d(401, "Issuer https://xx not configured"))),
    case("0.3-sso", "also when it writes, where others are forgers",
         a_jwt(header={"typ": "JWT"}, iss="https://xx"),
         put(ROBOT).by("bearer:<jwt>").gives(shape_d(401, "Issuer https://xx not configured"))),
    case("0.3-sso", "also when it deletes",
         a_jwt(header={"typ": "JWT"}, iss="https://xx"),
         delete(ROBOT).by("bearer:<jwt>").gives(shape_d(401, "Issuer https://xx not configured"))),
    case("0.3-anonymous-off", "nobody reads nothing",
         get(ORG).by("anonymous").gives(shape_d(401, "Anonymous access is not allowed")),
         anonymous_access=False),
    case("0.3-anonymous-off", "nobody's writes are forgeries first",
         put(ROBOT).by("anonymous").gives(FORGED), anonymous_access=False),
    case("0.3-cost", "a call with a token costs a hash, one without does not",
         Check("time of an anonymous call is under 0.1 s", time_of("anonymous"), True),
         Check("time of a call with a token is over 0.1 s", time_of("owner"), True)),
]  # fmt: skip
