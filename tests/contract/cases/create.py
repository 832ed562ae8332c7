"""Section 1.2: how is a robot made?"""

from __future__ import annotations

from ..language import (
    FORBIDDEN,
    MADE,
    NO_ORG,
    ROBOT,
    Raw,
    Reply,
    a_robot,
    case,
    get,
    invalid,
    ok,
    put,
    same,
    schema,
    shape_b,
)  # fmt: skip
from ..matching import ANY, has, like
from ..situations import metadata_of

DUPLICATE = 'duplicate key value violates unique constraint "user_username"\nDETAIL: .*'
MIB = 1024 * 1024
EXISTS = invalid("Existing robot with name: <org>+<r>")
DISALLOWED = invalid("Robot accounts have been disabled. Please contact your administrator.")
UNREADABLE = {
    "malformed JSON": Raw('{"description": "lost"'),
    "JSON null": Raw("null"),
    "text": Raw('{"description": "lost"}', "text/plain"),
    "a form": Raw("description=lost", "application/x-www-form-urlencoded"),
    "no body": None,
}
NO_OBJECT = {"a list": ["a"], "a text": "text", "a number": 7}


def _large(length: int) -> Raw:
    rest = b'{"unstructured_metadata": {"k": ""}}'
    return Raw(rest.replace(b'""', b'"' + b"m" * (length - len(rest)) + b'"'))


CASES = [
    case("1.2-description", "255 characters are taken", put(ROBOT, {"description": "x" * 255})
         .gives(ok({**MADE, "description": "x" * 255}, 201))),
    case("1.2-description", "they are characters, not bytes",
         put(ROBOT, {"description": "é" * 255})
         .gives(ok({**MADE, "description": "é" * 255}, 201))),
    case("1.2-description", "256 are too many", put(ROBOT, {"description": "x" * 256})
         .gives(schema("'x{256}' is too long"))),
    case("1.2-extra", "other keys are ignored",
         put(ROBOT, {"description": "d", "token": "mine", "name": "other"})
         .gives(ok({**MADE, "description": "d"}, 201))),
    *(case("1.2-null", f"{key} may not be null", put(ROBOT, {key: None})
           .gives(schema(f"None is not of type '{kind}'")))
      for key, kind in {"description": "string", "unstructured_metadata": "object"}.items()),
    *(case("1.2-no-object", f"{words} is no body", put(ROBOT, body)
           .gives(schema(".* is not of type 'object'")))
      for words, body in NO_OBJECT.items()),
    case("1.2-no-object", "an array as metadata is refused",
         put(ROBOT, {"unstructured_metadata": []})
         .gives(schema(r"\[\] is not of type 'object'"))),
    *(case("1.2-unreadable", f"{words} counts as no body", put(ROBOT, body).gives(ok(MADE, 201)))
      for words, body in UNREADABLE.items()),
    case("1.2-created", "the answer is 201 with six keys", put(ROBOT, {}).gives(ok(MADE, 201))),
    case("1.2-created", "what was sent is in it",
         put(ROBOT, {"description": "d", "unstructured_metadata": {"a": {"b": [1]}}}).gives(
             ok({**MADE, "description": "d", "unstructured_metadata": {"a": {"b": [1]}}}, 201)),
         get(ROBOT).gives(
             ok({**MADE, "description": "d", "unstructured_metadata": {"a": {"b": [1]}}}))),
    case("1.2-metadata", "metadata that was not sent is null first and empty afterwards",
         put(ROBOT, {"description": "d"}).gives(ok(has(unstructured_metadata=None), 201)),
         get(ROBOT).gives(ok(has(unstructured_metadata={})))),
    case("1.2-metadata", "empty metadata stays empty",
         put(ROBOT, {"unstructured_metadata": {}}).gives(ok(has(unstructured_metadata={}), 201))),
    case("1.2-create-only", "a name that is taken is refused", a_robot(),
         put(ROBOT).gives(EXISTS)),
    case("1.2-create-only", "whatever the body",
         a_robot(), put(ROBOT, {"description": "other"}).gives(EXISTS),
         get(ROBOT).gives(ok(has(description="")))),
    case("1.2-create-only", "the token stays as it was",
         a_robot(), put(ROBOT).gives(EXISTS),
         get(ROBOT).gives(ok()).saving(after="token"), same("token", "after")),
    case("1.2-race", "of many creators one wins; the losers get one of two texts",
         put(ROBOT).at_once(6, s201=1).gives(
             ok(MADE, 201), EXISTS,
             shape_b(like(DUPLICATE))),
         get(ROBOT).gives(ok())),
    case("1.2-too-large", "more than 1 MiB is the proxy's page",
         put(ROBOT, _large(MIB + 1)).gives(Reply(413, ANY, "text/html.*")),
         get(ROBOT).gives(Reply(400))),
    case("1.2-too-large-bare", "without the proxy the check itself crashes",
         put(ROBOT, _large(MIB + 1)).gives(Reply(500, ANY, "text/html.*")), behind_proxy=False),
    case("1.2-largest", "exactly 1 MiB is stored and shown",
         put(ROBOT, _large(MIB)).gives(ok(status=201)).saving(sent="unstructured_metadata"),
         get(ROBOT).gives(ok()).saving(stored="unstructured_metadata"), same("sent", "stored"),
         metadata_of("stored", MIB)),
    case("1.2-missing-org", "a superuser hears that there is no organization",
         put(f"{NO_ORG}/robots/<r>").by("super").gives(
             shape_b("Organization does not exist: <noorg>"))),
    case("1.2-missing-org", "anyone else is refused",
         put(f"{NO_ORG}/robots/<r>").by("normal").gives(FORBIDDEN)),
    case("1.2-disallowed", "robots that are disallowed are not made", put(ROBOT).gives(DISALLOWED),
         robots_disallow=True),
    case("1.2-disallowed", "the check comes before that of the name",
         put("/api/v1/organization/<org>/robots/<r>__b").gives(DISALLOWED), robots_disallow=True),
]  # fmt: skip
