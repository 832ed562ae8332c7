"""Section 0.2: the headers of an answer, and how dates are written."""

from __future__ import annotations

from ..language import (
    CORS,
    EXCHANGE,
    GRANT,
    MADE,
    ORG,
    ROBOT,
    ROBOTS,
    UNAUTHENTICATED,
    Reply,
    a_grant,
    a_repository,
    a_robot,
    case,
    delete,
    get,
    gone,
    head,
    holds,
    ok,
    patch,
    put,
    shape_c,
)  # fmt: skip
from ..matching import ANY, DATE, INSTANT, each, has, like, one_of, unlike
from ..situations import an_application, minted

NO_CORS = dict.fromkeys(CORS)
NO_META = {"etag": None, "cache-control": None, "x-request-id": None}


def _with(reply: Reply, **headers: object) -> Reply:
    return reply.with_headers(**headers)


def _cors(reply: Reply) -> Reply:
    return reply.with_headers(**CORS)


CLOSED = {"connection": like("(?i)close")}
DENY = {"x-frame-options": "DENY"}
CASES = [
    case("0.2-cors", "a success allows other origins", get(ROBOTS).gives(_cors(ok()))),
    case("0.2-cors", "a creation does", put(ROBOT).gives(_cors(ok(status=201)))),
    case("0.2-cors", "an error of shape A does",
         get(ROBOT).by("anonymous").gives(_cors(UNAUTHENTICATED))),
    case("0.2-cors", "an error of shape C does",
         get(f"{ROBOTS}?limit=abc").gives(_cors(shape_c(400)))),
    case("0.2-cors-not-b", "an error of shape B does not",
         get(ROBOT).gives(Reply(400, headers=NO_CORS))),
    case("0.2-frame", "a success forbids frames", get(ROBOTS).gives(_with(ok(), **DENY))),
    case("0.2-frame", "so does a deletion", a_robot(), delete(ROBOT).gives(_with(gone(), **DENY))),
    case("0.2-frame", "so does a redirect",
         get(f"{ORG}/<nothing>").gives(Reply(308, ANY, None, DENY))),
    case("0.2-frame", "an error says nothing of frames",
         get(ROBOT).gives(Reply(400, headers={"x-frame-options": None}))),
    case("0.2-frame", "nor does a refusal",
         get(ROBOT).by("anonymous").gives(_with(UNAUTHENTICATED, x_frame_options=None))),
    case("0.2-204", "a deletion has a content type, no body and no length",
         a_robot(),
         delete(ROBOT).gives(Reply(204, "", "application/json", {"content-length": None}))),
    case("0.2-204", "so has one of a permission",
         a_robot(), a_repository(), a_grant(),
         delete(GRANT).gives(Reply(204, "", "application/json", {"content-length": None}))),
    case("0.2-no-meta", "a list has no ETag, no Cache-Control and no request id",
         get(ROBOTS).gives(Reply(200, headers=NO_META))),
    case("0.2-no-meta", "nor has one robot",
         a_robot(), get(ROBOT).gives(Reply(200, headers=NO_META))),
    case("0.2-no-meta", "nor has an error", get(ROBOT).gives(Reply(400, headers=NO_META))),
    case("0.2-head", "HEAD of a list is its GET without a body",
         head(ROBOTS).gives(_with(ok(), **DENY))),
    case("0.2-head", "HEAD of a robot that is not there is 400", head(ROBOT).gives(Reply(400))),
    case("0.2-close", "a list ends its connection", get(ROBOTS).gives(_with(ok(), **CLOSED))),
    case("0.2-close", "a creation does", put(ROBOT).gives(_with(ok(status=201), **CLOSED))),
    case("0.2-close", "an error of shape B does", get(ROBOT).gives(Reply(400, headers=CLOSED))),
    case("0.2-close", "an error of shape C does",
         patch(ROBOT).gives(_with(shape_c(405), **CLOSED))),
    case("0.2-close", "a deletion does", a_robot(), delete(ROBOT).gives(_with(gone(), **CLOSED))),
    case("0.2-oauth2-keeps", "the exchange keeps its connection",
         get(EXCHANGE).by("anonymous").gives(
             Reply(401, headers={"connection": unlike(like("(?i)close"))}))),
    case("0.2-uncompressed", "a list is not compressed though the client would take it",
         get(ROBOTS, Accept_Encoding="gzip").gives(Reply(200,
         headers={"content-encoding": None}))),
    case("0.2-dates", "a robot's creation has a literal -0000 zone",
         put(ROBOT).gives(ok(MADE, 201))),
    case("0.2-dates", "so has every date of a list",
         a_robot(),
         get(ROBOTS).gives(ok({"robots": each(has(created=DATE,
         last_accessed=one_of(None, DATE)))}))),
    case("0.2-token-dates", "an application token's dates are ISO 8601 with microseconds",
         an_application(), minted("org:admin"),
         holds("minted", has(created=INSTANT, expires_at=INSTANT)), needs="mint"),
]  # fmt: skip
