"""Sections 2.2 to 2.4: how is an outside token changed into Quay's own, and what is that worth?"""

from __future__ import annotations

from ..language import (
    ABSENT,
    CRASH,
    EXCHANGE,
    FEDERATION,
    ROBOT,
    ROBOTS,
    Do,
    Reply,
    Step,
    a_robot,
    case,
    delete,
    get,
    gone,
    holds,
    login,
    ok,
    page,
    post,
    shape_b,
    shape_d,
)  # fmt: skip
from ..matching import ANY, TEXT, has, like
from ..situations import (
    a_jwt,
    a_token,
    an_issuer_that_says,
    claims,
    later,
    lives_an_hour,
    tampered,
)  # fmt: skip

SUBJECT = "system:serviceaccount:ns:builder"
YEARS_S = 10 * 365 * 86400
JWT = like(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
NOT_VALID = shape_b(like("Invalid token: .+"))


def _federated(subject: str = SUBJECT, issuer: str = "<issuer>") -> list[Step]:
    return [a_robot(), post(FEDERATION, [{"issuer": issuer, "subject": subject}]).gives(ok())]


def _exchange(user: str = "<org>+<r>", password: str = "<jwt>") -> Step:
    return get(EXCHANGE).by((user, password))


def _refused(message: str) -> Reply:
    return Reply(401, {"error": message})


def _tried(proves: str, name: str, reply: Reply, *between: Do, **token: object) -> object:
    """A case: one token of the issuer, and what the exchange says of it."""
    made = a_token(**{"sub": SUBJECT, **token})
    steps = (*_federated(), *between, made, _exchange().gives(reply))
    return case(proves, name, *steps, needs="issuer")


def _got() -> list[Step | Do]:
    """A robot with a federated token of Quay's own as `<own>`."""
    return [*_federated(), a_token(sub=SUBJECT), _exchange().gives(ok()).saving(own="token")]


GRANTED = ok({"token": JWT})
HEADERS = {
    "Basic nonsense": "Basic %%%", "Basic of a user alone": "Basic YWNtZStjaQ==",
    "Basic without a colon": "Basic cm9ib3Q=",
}  # fmt: skip
INVALID = {
    "an expired token": {"iat": -7200, "exp": -3600},
    "a token of another key": {"key": "stranger"},
    "a token signed with a shared secret": {"header": {"alg": "HS256"}},
    "RS512": {"header": {"alg": "RS512"}},
    "a token without iat": {"iat": None},
    "a token without exp": {"exp": None},
    "a token without kid": {"header": {"kid": None}},
    "a token of the future": {"iat": 600, "exp": 1200},
}
CASES = [
    case("2.2-get", "POST is 405 as a page", post(EXCHANGE).by("anonymous").gives(page(405))),
    _tried("2.2-basic", "robot and outside token as Basic get a token", GRANTED),
    _tried("2.2-success", "the answer is the token and nothing else", GRANTED),
    _tried("2.2-issuer-bytes", "a trailing slash makes another issuer",
           shape_b("issuer <issuer>/ not configured for this robot"), iss="<issuer>/"),
    case("2.2-issuer-bytes", "with the slash in the configuration it is that issuer",
         *_federated(issuer="<issuer>/"),
         a_token(sub=SUBJECT, iss="<issuer>/"), _exchange().gives(GRANTED), needs="issuer"),
    _tried("2.2-nbf", "nbf is not checked", GRANTED, nbf=3600),
    _tried("2.2-nbf", "nbf is not needed", GRANTED, nbf=None),
    _tried("2.2-leeway", "20 s after its end a token still holds", GRANTED, exp=-20, iat=-600),
    _tried("2.2-leeway", "40 s after its end it does not", NOT_VALID, exp=-40, iat=-600),
    _tried("2.2-leeway", "20 s before its time it holds", GRANTED, iat=20),
    _tried("2.2-leeway", "40 s before its time it does not", NOT_VALID, iat=40),
    _tried("2.2-audience", "another audience is accepted", GRANTED, aud="somebody-else"),
    _tried("2.2-audience", "several are", GRANTED, aud=["a", "b"]),
    _tried("2.2-audience", "none is", GRANTED, aud=None),
    _tried("2.2-life", "a token of ten years is accepted", GRANTED, exp=YEARS_S),
    _tried("2.2-type", "a token without typ is accepted", GRANTED, header={"typ": None}),
    _tried("2.2-type", "a token with typ is accepted", GRANTED, header={"typ": "JWT"}),
    _tried("2.2-algorithms", "RS384 is accepted", GRANTED, header={"alg": "RS384"}),
    case("2.2-no-header", "no header is 401", get(EXCHANGE).by("anonymous")
         .gives(_refused("No auth header")),
         needs="federation"),
    case("2.2-bearer", "Bearer is 401",
         get(EXCHANGE).by("wrong").gives(_refused("Invalid basic auth header")),
         needs="federation"),
    *(case("2.2-incomplete", f"{words} is 401",
           get(EXCHANGE, Authorization=value).by("anonymous").gives(
               _refused("Unexpected number of credentials found in basic auth header")),
           needs="federation")
      for words, value in HEADERS.items()),
    case("2.2-no-plus", "a user that is no robot is 401",
         a_jwt(), _exchange("robot").gives(_refused("Invalid robot")), needs="federation"),
    case("2.2-missing-robot", "a missing robot is 400", a_jwt(), _exchange().gives(ABSENT),
         needs="federation"),
    case("2.2-no-config", "a robot without federation is 400",
         a_robot(), a_jwt(),
         _exchange().gives(shape_b("Robot does not have federated login configured")),
         needs="federation"),
    case("2.2-unknown-issuer", "an issuer that is not configured is 400",
         a_robot(), post(FEDERATION, [{"issuer": "https://other.example.com", "subject": "s"}])
         .gives(ok()),
         a_jwt(iss="https://xx"),
         _exchange().gives(shape_b("issuer https://xx not configured for this robot"))),
    case("2.2-no-iss", "a token without issuer is 400",
         a_robot(), post(FEDERATION, [{"issuer": "https://other.example.com", "subject": "s"}])
         .gives(ok()),
         a_jwt(iss=None), _exchange().gives(shape_b("Token does not contain issuer"))),
    _tried("2.2-subject", "another subject is 400", shape_b("Token does not match robot"),
         sub="other"),
    _tried("2.2-subject", "no subject is 400", shape_b("Token does not match robot"), sub=None),
    *(_tried("2.2-invalid", f"{words} is 400", NOT_VALID, **changes)
      for words, changes in INVALID.items()),
    case("2.2-discovery", "a discovery document of another issuer is 400",
         *_federated(), an_issuer_that_says(issuer="https://other.example.com"),
         a_token(sub=SUBJECT),
         _exchange().gives(shape_b("Invalid token: Issuer '<issuer>' not in configured issuers: "
                                   "['https://other.example.com']")),
         needs="issuer"),
    case("2.2-discovery", "a trailing slash there makes no difference",
         *_federated(), an_issuer_that_says(issuer="<issuer>/"), a_token(sub=SUBJECT),
         _exchange().gives(GRANTED), needs="issuer"),
    case("2.2-no-jwt", "a static token crashes", *_federated("s", "https://xx"),
         _exchange(password="<token>").gives(CRASH)),
    case("2.2-no-jwt", "also before the robot's configuration is looked at",
         a_robot(), _exchange(password="<token>").gives(CRASH), needs="federation"),
    _tried("2.2-kid", "a key that the issuer does not have crashes", CRASH, header={"kid": "two"}),
    case("2.2-http", "an issuer of http crashes",
         a_robot(), post(FEDERATION, [{"issuer": "http://127.0.0.1:9", "subject": "s"}])
         .gives(ok()),
         a_jwt(iss="http://127.0.0.1:9"), _exchange().gives(CRASH)),
    case("2.2-unreachable", "an issuer that cannot be reached is the proxy's 502",
         a_robot(), post(FEDERATION, [{"issuer": "https://127.0.0.1:9", "subject": "s"}])
         .gives(ok()),
         a_jwt(iss="https://127.0.0.1:9"), _exchange()
         .gives(page(502, "Quay is currently loading"))),
    # 2.3
    case("2.3-claims", "it is Quay's own token of an hour for the robot",
         *_got(), claims("own"),
         holds("claims", has(iss="quay", aud="<host>", sub="<org>+<r>", access={}, context=ANY)),
         holds("claims_header", has(alg="RS256", kid=TEXT)), needs="issuer"),
    case("2.3-claims", "it lives 3600 s from its issue", *_got(), claims("own"),
         lives_an_hour("claims"), needs="issuer"),
    case("2.3-password", "it is the robot's password at the registry",
         *_got(), login("<own>").gives(ok({"token": JWT})), needs="issuer"),
    case("2.3-no-api", "it is no credential of the API",
         *_got(), get(ROBOTS).by("bearer:<own>").gives(shape_d(401, "Issuer quay not configured")),
         needs="issuer"),
    # 2.4
    case("2.4-other", "another robot may not use it",
         *_got(), a_robot("r2", token="token2"),
         login("<own>", "<org>+<r2>").gives(
             Reply(401, {"errors": [has(code="UNAUTHORIZED",
             message="Token does not match robot")]})),
         needs="issuer"),
    case("2.4-external", "the outside token itself crashes the login",
         *_federated(), a_token(sub=SUBJECT, header={"typ": "JWT"}), login("<jwt>").gives(CRASH),
         needs="issuer"),
    case("2.4-spoiled", "a tampered one crashes the login", *_got(), tampered("own"),
         login("<own>").gives(CRASH), needs="issuer"),
    case("2.4-spoiled", "an expired one crashes the login", *_got(), later(3700),
         login("<own>").gives(CRASH), needs="issuer double"),
    case("2.4-not-revoked", "a regenerate does not revoke it",
         *_got(), post(f"{ROBOT}/regenerate").gives(ok()), login("<own>").gives(ok()),
         needs="issuer"),
    case("2.4-not-revoked", "the end of the federation does not revoke it",
         *_got(), delete(FEDERATION).gives(gone()), login("<own>").gives(ok()), needs="issuer"),
    case("2.4-deleted", "the robot's deletion does",
         *_got(), delete(ROBOT).gives(gone()), login("<own>").gives(Reply(401)), needs="issuer"),
]  # fmt: skip
