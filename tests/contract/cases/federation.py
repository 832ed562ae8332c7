"""Section 2.1: which outside identities may be a robot?"""

from __future__ import annotations

from ..language import (
    ABSENT,
    FEDERATION,
    NO_ORG,
    Raw,
    Reply,
    a_robot,
    case,
    delete,
    get,
    gone,
    invalid,
    ok,
    post,
    put,
    schema,
    shape_b,
    shape_c,
)  # fmt: skip
from ..matching import like

ONE = {"issuer": "https://one.example.com", "subject": "system:serviceaccount:a:b"}
TWO = {"issuer": "https://one.example.com", "subject": "system:serviceaccount:a:c"}
THREE = {"issuer": "http://three.example.com/path/", "subject": "s"}
MISSING = invalid("Missing one or more required fields (issuer, subject)")
NO_URL = invalid("Issuer must be a URL (http:// or https://)")
TWICE = invalid("Duplicate federation config entry")
WRONG = {
    "an empty issuer": ([{"issuer": "", "subject": "s"}], MISSING),
    "an empty subject": ([{"issuer": "https://x", "subject": ""}], MISSING),
    "an issuer without scheme": ([{"issuer": "x.example.com", "subject": "s"}], NO_URL),
    "an issuer of another scheme": ([{"issuer": "ftp://x", "subject": "s"}], NO_URL),
    "a scheme in capitals": ([{"issuer": "HTTPS://x", "subject": "s"}], NO_URL),
    "the same pair twice": ([ONE, ONE], TWICE),
    "the same pair twice, apart": ([ONE, TWO, ONE], TWICE),
    "a missing subject": ([{"issuer": "https://x"}], schema("'subject' is a required property")),
    "a missing issuer": ([{"subject": "s"}], schema("'issuer' is a required property")),
    "a number as subject": (
        [{"issuer": "https://x", "subject": 1}], schema("1 is not of type 'string'")),
}  # fmt: skip

CASES = [
    case("2.1-put", "PUT is 405", a_robot(), put(FEDERATION, [ONE]).gives(shape_c(405))),
    case("2.1-extra", "an extra key is dropped", a_robot(),
         post(FEDERATION, [{**ONE, "isExpanded": True}]).gives(ok([ONE])),
         get(FEDERATION).gives(ok([ONE]))),
    case("2.1-replace", "the answer is the stored array", a_robot(),
         post(FEDERATION, [ONE, TWO]).gives(ok([ONE, TWO]))),
    case("2.1-replace", "a second POST replaces the first", a_robot(),
         post(FEDERATION, [ONE]).gives(ok([ONE])), post(FEDERATION, [TWO]).gives(ok([TWO])),
         get(FEDERATION).gives(ok([TWO]))),
    case("2.1-replace", "an empty array clears", a_robot(),
         post(FEDERATION, [ONE]).gives(ok([ONE])),
         post(FEDERATION, []).gives(ok([])), get(FEDERATION).gives(ok([]))),
    case("2.1-get", "without any it is an empty array", a_robot(), get(FEDERATION).gives(ok([]))),
    case("2.1-get", "with some it is a bare array", a_robot(),
         post(FEDERATION, [ONE, THREE]).gives(ok()), get(FEDERATION).gives(ok([ONE, THREE]))),
    case("2.1-delete", "it is 204 and all are gone", a_robot(),
         post(FEDERATION, [ONE]).gives(ok()),
         delete(FEDERATION).gives(gone()), get(FEDERATION).gives(ok([]))),
    case("2.1-delete", "it is 204 also when there is nothing", a_robot(),
         delete(FEDERATION).gives(gone())),
    *(case("2.1-checks", f"{words} is refused", a_robot(), post(FEDERATION, body).gives(reply))
      for words, (body, reply) in WRONG.items()),
    case("2.1-subjects", "one issuer may have several subjects", a_robot(),
         post(FEDERATION, [ONE, TWO]).gives(ok([ONE, TWO]))),
    case("2.1-checks", "http is accepted as a scheme", a_robot(),
         post(FEDERATION, [THREE]).gives(ok([THREE]))),
    *(case("2.1-unchanged", f"{words} changes nothing", a_robot(),
           post(FEDERATION, [TWO]).gives(ok()), post(FEDERATION, body).gives(Reply(400)),
           get(FEDERATION).gives(ok([TWO])))
      for words, (body, _) in WRONG.items()),
    case("2.1-null", "null is a missing body", a_robot(),
         post(FEDERATION, Raw("null")).gives(invalid("Missing JSON body"))),
    case("2.1-content-type", "no content type is 415", a_robot(),
         post(FEDERATION).gives(shape_c(415))),
    case("2.1-content-type", "another content type is 415", a_robot(),
         post(FEDERATION, Raw("[]", "text/plain")).gives(shape_c(415))),
    case("2.1-malformed", "malformed JSON is 400", a_robot(),
         post(FEDERATION, Raw("[{")).gives(shape_c(400))),
    case("2.1-object", "an object is not an array", a_robot(),
         post(FEDERATION, {}).gives(schema(r"\{\} is not of type 'array'"))),
    case("2.1-absent", "reading that of a missing robot is 400", get(FEDERATION).gives(ABSENT)),
    case("2.1-absent", "setting that of a missing robot is 400",
         post(FEDERATION, [ONE]).gives(ABSENT)),
    case("2.1-absent", "deleting that of a missing robot is 400",
         delete(FEDERATION).gives(ABSENT)),
    case("2.1-absent", "so is one of no organization",
         get(f"{NO_ORG}/robots/<r>/federation").by("super").gives(shape_b(like(".+")))),
    case("2.1-audiences", "audiences cannot be set", a_robot(),
         post(FEDERATION, [{**ONE, "audiences": ["a"]}]).gives(ok([ONE])),
         get(FEDERATION).gives(ok([ONE]))),
]  # fmt: skip
