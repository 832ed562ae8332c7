"""Section 3.4: what is a JWT of a login service worth as a bearer?"""

from __future__ import annotations

from ..language import (
    FEDERATION,
    FORBIDDEN,
    GRANT,
    MADE,
    MEMBER,
    ORG,
    ROBOT,
    ROBOTS,
    UNAUTHENTICATED,
    Do,
    Reply,
    Step,
    a_repository,
    a_robot,
    a_team,
    case,
    delete,
    get,
    gone,
    ok,
    page,
    post,
    put,
    shape_d,
)  # fmt: skip
from ..matching import TEXT, each, has, like
from ..signing_on import a_login_service, a_sign_on_token, its_keys
from ..situations import by_hand

USER = "/api/v1/user/"
CRASH = page(500, "<title>Internal Server Error</title>")
NEEDS = "sign-on"


def _asked(reply: Reply, path: str = USER) -> Step:
    return get(path).by("bearer:<jwt>").gives(reply)


def _refused(message: object) -> Reply:
    return shape_d(401, message)


def _tried(proves: str, name: str, reply: Reply, *between: Do, **token: object) -> object:
    """A case: one token of a login service, and what Quay says of it."""
    steps = (a_login_service(), a_sign_on_token(**token), *between, _asked(reply))
    return case(proves, name, *steps, needs=NEEDS)


FINE = ok(has(username=TEXT))
SIGNED = {
    "RS256 is taken": (FINE, {"header": {"alg": "RS256"}}),
    "RS384 is taken": (FINE, {"header": {"alg": "RS384"}}),
    "RS512 is refused": (_refused(TEXT), {"header": {"alg": "RS512"}}),
}
CLAIMS = {
    "no iat": (_refused(TEXT), {"iat": None}),
    "no exp": (_refused(TEXT), {"exp": None}),
    "no aud": (_refused(TEXT), {"aud": None}),
    "no kid": (_refused(TEXT), {"header": {"kid": None}}),
    "no iss": (_refused("Token does not contain issuer"), {"iss": None}),
    "no sub is a crash": (CRASH, {"sub": None}),
    "an iat of 20 s from now is within the leeway": (FINE, {"iat": 20}),
    "an iat of 60 s from now is not": (_refused(TEXT), {"iat": 60}),
    "an exp of 20 s ago is within the leeway": (FINE, {"exp": -20}),
    "an nbf of tomorrow is not looked at": (FINE, {"nbf": 86400}),
}

CASES = [
    # With a JWT that somebody has: what a real Quay can show as well.
    case("3.4-rights", "it makes, reads, lists and deletes robots",
         put(ROBOT).by("jwt").gives(ok(has(**MADE), status=201)),
         get(ROBOT).by("jwt").gives(ok(has(name="<org>+<r>", token=TEXT))),
         get(ROBOTS).by("jwt").gives(ok({"robots": each(has(token=TEXT))})),
         post(f"{ROBOT}/regenerate").by("jwt").gives(ok(has(token=TEXT))),
         delete(ROBOT).by("jwt").gives(gone()), needs="jwt"),
    case("3.4-rights", "it federates",
         a_robot(), post(FEDERATION, [{"issuer": "https://ci.example.com", "subject": "s"}])
         .by("jwt").gives(ok()), needs="jwt"),
    case("3.4-rights", "it gives roles, memberships and defaults, and reads the log",
         a_robot(), a_repository(), a_team(),
         put(GRANT, {"role": "read"}).by("jwt").gives(ok(has(role="read"))),
         put(MEMBER).by("jwt").gives(ok()),
         post(f"{ORG}/prototypes", {"role": "read", "delegate": {"name": "<org>+<r>",
              "kind": "user"}}).by("jwt").gives(ok()),
         get(f"{ORG}/logs").by("jwt").gives(ok(has(logs=each(has(kind=TEXT))))), needs="jwt"),
    case("3.4-rights", "it reads a robot's rights, which takes two scopes of an OAuth token",
         a_robot(), get(f"{ROBOT}/permissions").by("jwt").gives(ok({"permissions": []})),
         needs="jwt"),
    case("3.4-broken", "its payload in another signature is refused, for reads and for writes",
         Do("the signature of another", lambda names: {
             "spoiled": names["target"].tokens["jwt"].rpartition(".")[0] + "." + "A" * 342}),
         get(ROBOTS).by("bearer:<spoiled>").gives(_refused(TEXT)),
         put(ROBOT).by("bearer:<spoiled>").gives(_refused(TEXT)), needs="jwt"),

    # With a login service whose tokens the suite makes.
    *(_tried("3.4-typ", f"{typ} is a type that is taken", FINE, header={"typ": typ})
      for typ in ("JWT", "at+jwt")),
    case("3.4-typ", "without a type it is taken for an OAuth token",
         a_login_service(), a_sign_on_token(header={"typ": None}),
         _asked(UNAUTHENTICATED, ROBOTS), needs=NEEDS),
    *(_tried("3.4-algorithm", name, reply, **token) for name, (reply, token) in SIGNED.items()),
    *(_tried("3.4-claims", name, reply, **token) for name, (reply, token) in CLAIMS.items()),
    _tried("3.4-expired", "an expired one says so", _refused("Signature has expired"), exp=-60),
    _tried("3.4-audience", "another audience says so", _refused("Audience doesn't match"),
           aud="somebody-else"),
    case("3.4-audience", "an audience of OIDC_AUDIENCES is taken",
         a_login_service(audiences=["cluster"]), a_sign_on_token(aud="cluster"), _asked(FINE),
         needs=NEEDS),
    _tried("3.4-audience", "one of several is enough", FINE, aud=["x", "contract"]),
    _tried("3.4-azp", "who asked for it does not matter", FINE, azp="x"),
    case("3.4-azp", "unless OIDC_ALLOWED_CLIENTS names others",
         a_login_service(allowed_clients=["y"]), a_sign_on_token(azp="x"), _asked(_refused(TEXT)),
         needs=NEEDS),
    case("3.4-azp", "a token that does not say who asked is taken then, too",
         a_login_service(allowed_clients=["y"]), a_sign_on_token(), _asked(FINE), needs=NEEDS),
    _tried("3.4-issuer", "an issuer that is not configured is named",
           _refused("Issuer https://xx not configured"), iss="https://xx"),
    case("3.4-slash", "a slash at the end of the configured server does not matter",
         a_login_service("<service>/"), a_sign_on_token(), _asked(FINE), needs=NEEDS),
    _tried("3.4-key", "a key that the service does not show is named",
           _refused("Public key other not found"), header={"kid": "other"}),
    _tried("3.4-broken", "another key's signature is refused", _refused(TEXT), of="stranger"),
    case("3.4-user", "the user is made on the first call and named after the subject",
         a_login_service(), a_sign_on_token(sub="system:serviceaccount:op:<r>"),
         _asked(ok(has(username=like("system_serviceaccount_op_[a-z0-9_]+")))), needs=NEEDS),
    case("3.4-user", "or after preferred_username",
         a_login_service(), a_sign_on_token(preferred_username="who<r>"),
         _asked(ok(has(username=like("who[a-z0-9_]+")))), needs=NEEDS),
    case("3.4-user", "a name that is taken gets a suffix: it becomes nobody else",
         a_login_service(), a_sign_on_token(preferred_username="<owner>"),
         _asked(ok(has(username=like(".+")))), _asked(FORBIDDEN, ROBOTS), needs=NEEDS),
    case("3.4-whose", "the same subject of another issuer under that prefix is the same user",
         a_login_service(), a_sign_on_token(),
         get(USER).by("bearer:<jwt>").gives(FINE).saving(first="username"),
         Do("another address of the service", lambda names: {
             "other": names["service"].replace("127.0.0.1", "localhost")}),
         Do("which Quay trusts", lambda names: names["target"].double.admin(
             "settings", sign_on=({"prefix": names["r"], "client_id": "contract",
                                   "server": names["other"]},)) or {}),
         a_sign_on_token(iss="<other>"),
         _asked(ok(has(username="<first>"))), needs=NEEDS),
    case("3.4-mailing", "with mailing the first call needs a verified address",
         a_login_service(), a_sign_on_token(), _asked(_refused(TEXT)),
         a_sign_on_token(email="<r>@example.com", email_verified=True), _asked(FINE),
         needs=NEEDS, mailing=True),
    case("3.4-creation", "FEATURE_USER_CREATION: false keeps others out and the user in",
         a_login_service(), a_sign_on_token(), _asked(FINE),
         by_hand("settings", user_creation=False), _asked(FINE),
         a_sign_on_token(sub="late-<r>"), _asked(_refused(TEXT)), needs=NEEDS),
    case("3.4-no-right", "without a right it is forbidden in JSON, also for writes",
         a_login_service(), a_sign_on_token(), _asked(FORBIDDEN, ROBOTS),
         put(ROBOT).by("bearer:<jwt>").gives(FORBIDDEN), needs=NEEDS),
    case("3.4-disabled", "of a disabled user it is no credential",
         a_login_service(), a_sign_on_token(),
         get(USER).by("bearer:<jwt>").gives(FINE).saving(who="username"),
         by_hand("user/disable", name="<who>"), _asked(UNAUTHENTICATED, ROBOTS), needs=NEEDS),
    case("3.4-away", "with a cold cache an issuer that is away is a page of 502",
         a_login_service(), a_sign_on_token(), its_keys(away=True), _asked(page(502)),
         needs=NEEDS),
    case("3.4-away", "once the key was driven out, a good token gets 401, and why",
         a_login_service(), a_sign_on_token(), _asked(FINE),
         its_keys(away=True, forgotten=True), _asked(_refused(like("HTTPSConnectionPool.*"))),
         needs=NEEDS),
    case("3.4-away", "while the key is cached nobody notices",
         a_login_service(), a_sign_on_token(), _asked(FINE), its_keys(away=True), _asked(FINE),
         needs=NEEDS),
    case("3.4-key", "a token with a bad signature drives the key out for good ones",
         a_login_service(), a_sign_on_token(), _asked(FINE), its_keys(away=True),
         Do("the good one", lambda names: {"good": names["jwt"]}),
         a_sign_on_token(of="stranger"), _asked(_refused(TEXT)),
         get(USER).by("bearer:<good>").gives(_refused(like("HTTPSConnectionPool.*"))),
         needs=NEEDS),
    case("3.4-key", "after a change of keys tokens of the old one are refused by its name",
         a_login_service(), a_sign_on_token(),
         its_keys(replaced=True, forgotten=True),
         _asked(_refused("Public key <kid> not found")), needs=NEEDS),
]  # fmt: skip
