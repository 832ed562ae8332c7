"""Section 0.4: what is checked before what?"""

from __future__ import annotations

from ..language import (
    ABSENT,
    FEDERATION,
    FORBIDDEN,
    NO_ORG,
    Reply,
    a_repository,
    a_robot,
    case,
    delete,
    get,
    invalid,
    ok,
    post,
    put,
    schema,
    shape_b,
)  # fmt: skip

OPEN = "/api/v1/organization/<noorg>"
TEXT_BODY = "'x' is not of type 'array'"
BAD = [{"issuer": "ftp://x", "subject": "s"}]
NO_ORGANIZATION = shape_b("Organization does not exist: <noorg>")
FOREIGN = "/api/v1/repository/<noorg>/<repo>/permissions/user/<noorg>+<r>"
CASES = [
    case("0.4-create", "a bad body is seen before a missing right",
         put(f"{NO_ORG}/robots/<r>", {"description": 1}).by("normal").gives(
             schema("1 is not of type 'string'"))),
    case("0.4-create", "a good body then shows the missing right",
         put(f"{NO_ORG}/robots/<r>", {"description": "d"}).by("normal").gives(FORBIDDEN)),
    case("0.4-federation", "a bad body is seen before a missing right",
         post(f"{NO_ORG}/robots/<r>/federation", {"a": 1}).by("normal").gives(
             schema(r"\{'a': 1\} is not of type 'array'"))),
    case("0.4-federation", "a missing right is seen before a wrong entry",
         post(f"{NO_ORG}/robots/<r>/federation", BAD).by("normal").gives(FORBIDDEN)),
    case("0.4-federation", "a wrong entry is seen before a missing robot",
         post(FEDERATION, BAD).gives(invalid("Issuer must be a URL (http:// or https://)"))),
    case("0.4-federation", "a missing robot is seen last",
         post(FEDERATION, [{"issuer": "https://x", "subject": "s"}]).gives(ABSENT)),
    case("0.4-permission", "a missing right is seen before a bad body",
         put(FOREIGN, {"role": "nonsense"}).by("normal").gives(FORBIDDEN)),
    case("0.4-permission", "with the right, the bad body is seen",
         a_repository(), a_robot(),
         put("/api/v1/repository/<org>/<repo>/permissions/user/<org>+<r>", {"role": "nonsense"})
         .gives(schema("'nonsense' is not one of .*"))),
    *(case("0.4-missing-org", f"a normal user's {name} of no organization is 403",
           step.by("normal").gives(FORBIDDEN))
      for name, step in {
          "list": get(f"{OPEN}/robots"), "look at a robot": get(f"{OPEN}/robots/<r>"),
          "creation": put(f"{OPEN}/robots/<r>"), "deletion": delete(f"{OPEN}/robots/<r>"),
          "regeneration": post(f"{OPEN}/robots/<r>/regenerate"),
      }.items()),
    case("0.4-missing-org-super", "a superuser's list of no organization is empty",
         get(f"{OPEN}/robots").by("super").gives(ok({"robots": []}))),
    case("0.4-missing-org-super", "a superuser's look at a robot there is 400",
         get(f"{OPEN}/robots/<r>").by("super").gives(NO_ORGANIZATION)),
    case("0.4-missing-org-super", "a superuser's creation there is 400",
         put(f"{OPEN}/robots/<r>").by("super").gives(NO_ORGANIZATION)),
    case("0.4-missing-org-super", "a superuser's deletion there is 400",
         delete(f"{OPEN}/robots/<r>").by("super").gives(Reply(400))),
]  # fmt: skip
