"""Section 0.1: the six shapes of an error, and paths that are none."""

from __future__ import annotations

from ..language import (
    ABSENT,
    CRASH,
    EXCHANGE,
    FEDERATION,
    FORBIDDEN,
    FORGED,
    NO_ORG,
    NOT_FOUND,
    ORG,
    REPOSITORY,
    ROBOT,
    ROBOTS,
    TEAM,
    UNAUTHENTICATED,
    Raw,
    Reply,
    a_repository,
    a_robot,
    case,
    delete,
    get,
    ok,
    page,
    patch,
    post,
    put,
    schema,
    shape_c,
    shape_d,
)  # fmt: skip
from ..matching import ANY, like
from ..situations import a_jwt, signed_in, spent

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"
BIG = Raw(b'{"description": "' + b"x" * (1024 * 1024) + b'"}')

# Nothing listens there, on any machine.
UNREACHABLE = {"issuer": "https://127.0.0.1:9", "subject": "s"}

CASES = [
    # Shape A
    case("0.1-shape-a", "a wrong request has all six keys and a link to its type",
         put(f"{ROBOTS}/<r>", {"description": 1}).gives(schema("1 is not of type 'string'"))),
    case("0.1-shape-a", "what is not found has them too", get(NO_ORG).gives(NOT_FOUND)),
    case("0.1-shape-a", "what is refused has them too",
         get(f"{NO_ORG}/robots").by("normal").gives(FORBIDDEN)),
    # Shape B
    case("0.1-shape-b", "a data-model error is 400 with a message alone",
         get(ROBOT).gives(ABSENT)),
    # Shape C
    case("0.1-shape-c", "405 is a message", patch(ROBOT).gives(shape_c(405))),
    case("0.1-shape-c", "415 is a message",
         a_robot(), post(FEDERATION, Raw("[]", "text/plain")).gives(shape_c(415))),
    case("0.1-shape-c", "malformed JSON is a message",
         a_robot(), post(FEDERATION, Raw("[{")).gives(shape_c(400))),
    case("0.1-shape-c", "a bare refusal is a message",
         get(f"{NO_ORG}/robots/<r>/permissions").by("normal").gives(shape_c(403)),
         needs="user:admin"),
    case("0.1-shape-c-argument", "a bad query argument is a message by argument",
         get(f"{ROBOTS}?limit=abc").gives(
             shape_c(400, {"limit": "If specified, the number of robots to return."}))),
    # Shape D
    case("0.1-shape-d", "a forgery is JSON that calls itself HTML",
         put(ROBOT).by("anonymous").gives(FORGED)),
    case("0.1-shape-d", "the browser guard speaks so too",
         get(ROBOT, User_Agent=BROWSER)
         .gives(shape_d(400, like(".+")))),
    case("0.1-shape-d", "a failed single sign-on speaks so too",
         a_jwt(header={"typ": "JWT"}, iss=None),
         get(ROBOT).by("bearer:<jwt>").gives(shape_d(401, like(".+")))),
    case("0.1-shape-d", "anonymous access that is off speaks so too",
         get(ORG).by("anonymous").gives(shape_d(401, "Anonymous access is not allowed")),
         anonymous_access=False),
    case("0.1-shape-d-authorized", "a known caller is named in the text",
         signed_in(),
         put(ROBOT, Cookie="<cookie>").by("anonymous").gives(
             shape_d(403, like(r"CSRF token was invalid or missing\. \(authorized: user .+\)"))),
         needs="session"),
    # Shape E
    case("0.1-shape-e", "any other exception is a short page",
         get(f"{ROBOTS}?limit=-1").gives(CRASH)),
    # Shape F
    case("0.1-shape-f", "413 comes from the proxy as a page",
         put(ROBOT, BIG).gives(Reply(413, ANY, "text/html.*"))),
    case("0.1-shape-f", "429 comes from the proxy as a page",
         spent(ORG), get(ORG).gives(page(429).with_headers(retry_after=None)), rate_limits=True),
    case("0.1-shape-f", "502 comes from the proxy as a page that says that Quay is loading",
         a_robot(),
         post(FEDERATION, [UNREACHABLE]).gives(ok()),
         a_jwt(iss=UNREACHABLE["issuer"], sub="s"),
         get(EXCHANGE).by(("<org>+<r>", "<jwt>")).gives(page(502, "Quay is currently loading"))),
    # Refused permissions
    case("0.1-unauthenticated", "nobody gets 401 on reading a robot",
         get(ROBOT).by("anonymous").gives(UNAUTHENTICATED)),
    case("0.1-unauthenticated", "nobody gets 401 on a list",
         get(ROBOTS).by("anonymous").gives(UNAUTHENTICATED)),
    case("0.1-unauthenticated", "nobody gets 401 on repository permissions",
         a_repository(), get(f"{REPOSITORY}/permissions/user/").by("anonymous")
         .gives(UNAUTHENTICATED)),
    case("0.1-forbidden", "somebody gets 403 on reading a robot",
         get(f"{NO_ORG}/robots/<r>").by("normal").gives(FORBIDDEN)),
    case("0.1-forbidden", "somebody gets 403 on deleting a robot",
         delete(f"{NO_ORG}/robots/<r>").by("normal").gives(FORBIDDEN)),
    case("0.1-forbidden", "somebody gets 403 on making one",
         put(f"{NO_ORG}/robots/<r>").by("normal").gives(FORBIDDEN)),
    # Schema
    case("0.1-schema", "a schema failure is the validator's text over many lines",
         put(ROBOT, ["x"]).gives(schema(r"\['x'\] is not of type 'object'"))),
    case("0.1-schema", "it names a missing key in its first line",
         put(TEAM, {}).gives(schema("'role' is a required property"))),
    # Dropped connections
    case("0.1-dropped", "an exception of the operating system becomes the proxy's 502",
         a_robot(),
         post(FEDERATION, [UNREACHABLE]).gives(ok()),
         a_jwt(iss=UNREACHABLE["issuer"], sub="s"),
         get(EXCHANGE).by(("<org>+<r>", "<jwt>")).gives(page(502))),
    # Paths
    case("0.1-unknown-path", "an unknown path redirects to itself with a slash",
         get(f"{ORG}/<nothing>").gives(
             Reply(308, ANY, None).with_headers(location=like(r".*/<nothing>/")))),
    case("0.1-unknown-path", "with the slash it is a page",
         get(f"{ORG}/<nothing>/").gives(page(404))),
    case("0.1-robots-slash", "a slash after the collection of robots is a page",
         get(f"{ROBOTS}/").gives(page(404))),
    case("0.1-robots-slash", "a slash after a robot is a page",
         a_robot(), get(f"{ROBOT}/").gives(page(404))),
    case("0.1-encoded-slash", "an encoded slash in a name falls out of the route",
         put(f"{ROBOTS}/<r>%2Fb").gives(page(405))),
    case("0.1-encoded-slash", "on reading it redirects, as for any unknown path",
         get(f"{ROBOTS}/<r>%2Fb").gives(Reply(308, ANY, None))),
    case("0.1-slashed", "the collection of organizations needs its slash",
         post("/api/v1/organization", {"name": "<neworg>"}).gives(
             Reply(308, ANY, None).with_headers(location=like(".*/api/v1/organization/")))),
    case("0.1-slashed", "the list of repository permissions needs its slash",
         a_repository(),
         get(f"{REPOSITORY}/permissions/user").gives(
             Reply(308, ANY, None).with_headers(location=like(".*/permissions/user/")))),
    case("0.1-unslashed", "making a repository has no slash",
         post("/api/v1/repository/", {"repository": "<repo>", "visibility": "private",
                                      "description": "", "namespace": "<org>"})
         .gives(Reply(405, ANY, None))),
]  # fmt: skip
