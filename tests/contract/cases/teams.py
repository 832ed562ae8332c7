"""Section 4.2: teams and who is in them."""

from __future__ import annotations

from ..language import (
    MEMBER,
    NOT_FOUND,
    ORG,
    TEAM,
    a_robot,
    a_team,
    an_organization,
    case,
    delete,
    get,
    gone,
    invalid,
    ok,
    put,
    schema,
    shape_b,
)  # fmt: skip
from ..matching import BOOLEAN, avatar, has, like

MADE = {
    "name": "<team>", "description": "", "can_view": True, "role": "member",
    "avatar": avatar("team"), "new_team": True,
}  # fmt: skip
ADDED = {
    "name": "<org>+<r>", "kind": "user", "is_robot": True, "avatar": avatar("robot"),
    "invited": False,
}  # fmt: skip
NO_MEMBER = shape_b("User <org>+<r> does not belong to team <team>")
IN_TEAM = [a_robot(), a_team(), put(MEMBER).gives(ok())]
NOWHERE = f"{ORG}/team/<team2>/members/<org>+<r>"

CASES = [
    case("4.2-put", "a new team has these keys", put(TEAM, {"role": "member"}).gives(ok(MADE))),
    case("4.2-put", "the second time it is not new", a_team(),
         put(TEAM, {"role": "member"}).gives(ok({**MADE, "new_team": False}))),
    *(case("4.2-put", f"the role {role} is taken",
           put(TEAM, {"role": role, "description": "d"}).gives(
        ok({**MADE, "role": role, "description": "d"}))) for role in ("member", "creator",
         "admin")),
    case("4.2-put", "another role replaces the first", a_team(),
         put(TEAM, {"role": "admin"}).gives(ok({**MADE, "role": "admin", "new_team": False}))),
    case("4.2-bad-name", "a bad name is 400 of shape B",
         put(f"{ORG}/team/<team>__X", {"role": "member"})
         .gives(shape_b(like("Invalid team name <team>__X: Namespace must match expression .*")))),
    case("4.2-role", "a role is required", put(TEAM, {})
         .gives(schema("'role' is a required property"))),
    case("4.2-delete", "a team is deleted", a_team(), delete(TEAM).gives(gone()),
         get(f"{TEAM}/members").gives(NOT_FOUND)),
    case("4.2-delete", "a missing team is 400",
         delete(TEAM).gives(shape_b("Team '<team>' is not a team in org '<org>'"))),
    case("4.2-member", "a robot is added at once", a_robot(), a_team(),
         put(MEMBER).gives(ok(ADDED)),
         get(f"{TEAM}/members").gives(ok(has(members=[ADDED])))),
    case("4.2-member", "a body may come with it", a_robot(), a_team(),
         put(MEMBER, {}).gives(ok(ADDED))),
    case("4.2-again", "the second time it is 400", *IN_TEAM,
         put(MEMBER).gives(shape_b("User <org>+<r> is already a member of team <team>"))),
    case("4.2-unknown", "an unknown robot is refused", a_team(),
         put(MEMBER).gives(invalid("Unknown user"))),
    case("4.2-unknown", "an unknown team is 404", a_robot(), put(NOWHERE).gives(NOT_FOUND)),
    case("4.2-leave", "a member is taken out", *IN_TEAM, delete(MEMBER).gives(gone()),
         get(f"{TEAM}/members").gives(ok(has(members=[])))),
    case("4.2-leave", "who is no member is 400", a_robot(), a_team(),
         delete(MEMBER).gives(NO_MEMBER)),
    case("4.2-leave", "an unknown user is 404", a_team(), delete(MEMBER).gives(NOT_FOUND)),
    case("4.2-leave", "an unknown team is 404", a_robot(), delete(NOWHERE).gives(NOT_FOUND)),
    case("4.2-members", "members are listed with the team's name", *IN_TEAM,
         get(f"{TEAM}/members").gives(ok(has(name="<team>", members=[ADDED], can_edit=BOOLEAN)))),
    case("4.2-members", "an empty team has none", a_team(),
         get(f"{TEAM}/members").gives(ok(has(members=[], can_edit=True)))),
    case("4.2-foreign", "with mailing off, a robot of another organization is accepted",
         an_organization(), a_robot(place="/api/v1/organization/<neworg>/robots"), a_team(),
         put(f"{TEAM}/members/<neworg>+<r>").gives(ok(has(name="<neworg>+<r>"))), mailing=False),
]  # fmt: skip
