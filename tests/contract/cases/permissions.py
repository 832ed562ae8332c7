"""Section 4.1: who may do what on a repository?"""

from __future__ import annotations

from ..language import (
    CRASH,
    FORBIDDEN,
    GRANT,
    MEMBER,
    NOT_FOUND,
    REPOSITORY,
    Raw,
    a_grant,
    a_repository,
    a_robot,
    a_team,
    an_organization,
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
from ..matching import avatar, both, has, holding

GRANTED = {
    "role": "write", "name": "<org>+<r>", "is_robot": True, "avatar": avatar("robot"),
    "is_org_member": True,
}  # fmt: skip
NO_PERMISSION = "User does not have permission for repo."
USERS = f"{REPOSITORY}/permissions/user"
TEAMS = f"{REPOSITORY}/permissions/team"
ENCODED = f"{USERS}/<org>%2B<r>"
TRANSITIVE = f"{GRANT}/transitive"
NESTED = "/api/v1/repository/<org>/<repo>/b/c"
ELSEWHERE = "/api/v1/repository/<noorg>/<repo>/permissions/user/<noorg>+<r>"
BOTH = [a_robot(), a_repository()]
NEST = post("/api/v1/repository", {
    "namespace": "<org>", "repository": "<repo>/b/c", "visibility": "private", "description": "",
}).gives(ok(status=201))  # fmt: skip


CASES = [
    case("4.1-plus", "a raw plus is understood", *BOTH,
         put(GRANT, {"role": "write"}).gives(ok(GRANTED))),
    case("4.1-plus", "an encoded plus is the same",
         *BOTH, put(ENCODED, {"role": "write"}).gives(ok(GRANTED)), get(GRANT).gives(ok(GRANTED))),
    case("4.1-nested", "a nested repository's permissions work", a_robot(), NEST,
         put(f"{NESTED}/permissions/user/<org>+<r>", {"role": "write"}).gives(ok(GRANTED)),
         get(f"{NESTED}/permissions/user/<org>+<r>").gives(ok(GRANTED))),
    case("4.1-nested", "a nested repository is shown", NEST,
         get(NESTED).gives(ok(has(name="<repo>/b/c")))),
    *(case("4.1-put", f"{role} is granted", *BOTH,
           put(GRANT, {"role": role}).gives(ok({**GRANTED, "role": role})))
      for role in ("read", "write", "admin")),
    case("4.1-put", "twice the same is the same answer", *BOTH,
         put(GRANT, {"role": "write"}).gives(ok(GRANTED)),
         put(GRANT, {"role": "write"}).gives(ok(GRANTED))),
    case("4.1-put", "another role replaces the first", *BOTH, a_grant("read"),
         put(GRANT, {"role": "write"}).gives(ok(GRANTED)), get(GRANT).gives(ok(GRANTED))),
    case("4.1-get", "what is granted is shown", *BOTH, a_grant("write"),
         get(GRANT).gives(ok(GRANTED))),
    case("4.1-get-absent", "what is not granted is 400 of shape B", *BOTH,
         get(GRANT).gives(shape_b(NO_PERMISSION))),
    case("4.1-get-absent", "so is a missing repository", a_robot(),
         get(GRANT).gives(shape_b(NO_PERMISSION))),
    case("4.1-delete", "a grant is taken away", *BOTH, a_grant(), delete(GRANT).gives(gone()),
         get(GRANT).gives(shape_b(NO_PERMISSION))),
    case("4.1-delete-absent", "what is not granted is 400 of shape A", *BOTH,
         delete(GRANT).gives(invalid(NO_PERMISSION))),
    case("4.1-delete-absent", "so is a missing repository", a_robot(),
         delete(GRANT).gives(invalid(NO_PERMISSION))),
    case("4.1-put-missing", "a grant on a missing repository crashes", a_robot(),
         put(GRANT, {"role": "read"}).gives(CRASH)),
    case("4.1-unknown-robot", "an unknown robot is an invalid name", a_repository(),
         put(GRANT, {"role": "read"}).gives(invalid("Invalid username: <org>+<r>"))),
    case("4.1-foreign-robot", "a robot of another namespace is refused",
         an_organization(), a_robot(place="/api/v1/organization/<neworg>/robots"), a_repository(),
         put(f"{USERS}/<neworg>+<r>", {"role": "read"}).gives(
             invalid("Cannot add robot <neworg>+<r> under namespace <org>"))),
    case("4.1-role", "an unknown role is refused", *BOTH,
         put(GRANT, {"role": "owner"}).gives(schema("'owner' is not one of .*"))),
    case("4.1-role", "no role is refused", *BOTH,
         put(GRANT, {}).gives(schema("'role' is a required property"))),
    case("4.1-content", "no content type is 415", *BOTH, put(GRANT).gives(shape_c(415))),
    case("4.1-content", "another content type is 415", *BOTH,
         put(GRANT, Raw('{"role": "read"}', "text/plain")).gives(shape_c(415))),
    case("4.1-content", "malformed JSON is 400", *BOTH, put(GRANT, Raw("{")).gives(shape_c(400))),
    case("4.1-namespace", "a missing namespace is refused to a normal user",
         put(ELSEWHERE, {"role": "read"}).by("normal").gives(FORBIDDEN)),
    case("4.1-namespace", "also on reading", get(ELSEWHERE).by("normal").gives(FORBIDDEN)),
    case("4.1-list", "the list is a map by name", *BOTH, a_grant("write"),
         get(f"{USERS}/").gives(ok({"permissions": holding("<org>+<r>", GRANTED)}))),
    case("4.1-list", "users and robots are in it together", *BOTH, a_grant("write"),
         get(f"{USERS}/").gives(ok({"permissions": both(
             holding("<org>+<r>", GRANTED), holding("<owner>",
             has(is_robot=False, role="admin")))})),
         needs="user"),
    case("4.1-list", "a missing repository has an empty map",
         get(f"{USERS}/").gives(ok({"permissions": {}}))),
    case("4.1-transitive", "a direct grant is shown", *BOTH, a_grant("write"),
         get(TRANSITIVE).gives(ok({"permissions": [{"role": "write"}]}))),
    case("4.1-transitive", "one through a team is shown", *BOTH, a_team(), put(MEMBER).gives(ok()),
         put(f"{TEAMS}/<team>", {"role": "read"}).gives(ok()),
         get(TRANSITIVE).gives(ok({"permissions": [{"role": "read"}]}))),
    case("4.1-transitive", "none at all is 404", *BOTH, get(TRANSITIVE).gives(NOT_FOUND)),
    case("4.1-repository", "a missing repository is a true 404", get(REPOSITORY).gives(NOT_FOUND)),
    case("4.1-repository", "one that is there is 200", a_repository(),
         get(REPOSITORY).gives(ok(has(namespace="<org>", name="<repo>", is_public=False)))),
    case("4.1-team", "a team is granted, shown, listed and taken away", a_repository(), a_team(),
         put(f"{TEAMS}/<team>", {"role": "read"}).gives(
             ok({"role": "read", "name": "<team>", "avatar": avatar("team")})),
         get(f"{TEAMS}/<team>").gives(ok({"role": "read"})),
         get(f"{TEAMS}/").gives(ok({"permissions": {"<team>": has(role="read")}})),
         delete(f"{TEAMS}/<team>").gives(gone()),
         get(f"{TEAMS}/").gives(ok({"permissions": {}}))),
    case("4.1-team", "an unknown team is refused in these words", a_repository(),
         put(f"{TEAMS}/<team>", {"role": "read"}).gives(
             invalid("No team <team> in organization <org>"))),
]  # fmt: skip
