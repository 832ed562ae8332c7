"""Section 4.3: default permissions, which Quay calls prototypes."""

from __future__ import annotations

from ..language import (
    DEFAULTS,
    FORBIDDEN,
    NEW_ORG,
    NO_ORG,
    NOT_FOUND,
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
)  # fmt: skip
from ..matching import UUID, avatar, exactly_once, has

NOBODY = "00000000-0000-0000-0000-000000000000"
DELEGATE = {"name": "<org>+<r>", "kind": "user"}
BODY = {"role": "write", "delegate": DELEGATE}
USER = {
    "name": "<org>+<r>", "is_robot": True, "kind": "user", "is_org_member": True,
    "avatar": avatar("robot"),
}  # fmt: skip
MADE = {"activating_user": None, "delegate": USER, "role": "write", "id": UUID}
ONE = f"{DEFAULTS}/<id>"
NEW_BODY = {"role": "write", "delegate": {"name": "<neworg>+<r>", "kind": "user"}}
NEW = f"{NEW_ORG}/prototypes"
NEW_ROBOT = a_robot(place=f"{NEW_ORG}/robots")
NEW_GRANT = "/api/v1/repository/<neworg>/<repo>/permissions/user/<neworg>+<r>"
BY_OWNER = {"activating_user": {"name": "<owner>"}}


def _made(body: object = BODY, path: str = DEFAULTS) -> object:
    return post(path, body).gives(ok()).saving(id="id")


CASES = [
    case("4.3-list", "one is listed with these keys", an_organization(), NEW_ROBOT,
         _made(NEW_BODY, NEW),
         get(NEW).gives(ok({"prototypes": [
             {**MADE, "delegate": {**USER, "name": "<neworg>+<r>"}}]}))),
    case("4.3-list", "a team is shown by name and picture", an_organization(),
         a_team(org="neworg"),
         _made({"role": "read", "delegate": {"name": "<team>", "kind": "team"}}, NEW),
         get(NEW).gives(ok({"prototypes": [{
             "activating_user": None, "role": "read", "id": UUID,
             "delegate": {"name": "<team>", "kind": "team", "avatar": avatar("team")}}]}))),
    case("4.3-list", "without any the list is empty", an_organization(),
         get(NEW).gives(ok({"prototypes": []}))),
    case("4.3-post", "the answer is 200 with the object", a_robot(),
         post(DEFAULTS, BODY).gives(ok(MADE))),
    case("4.3-post", "an activating user is shown", a_robot(),
         post(DEFAULTS, {**BODY, **BY_OWNER}).gives(
             ok({**MADE, "activating_user": has(name="<owner>", is_robot=False, kind="user")})),
         needs="user"),
    case("4.3-post", "null as activating user is refused", a_robot(),
         post(DEFAULTS, {**BODY, "activating_user": None}).gives(
             schema("None is not of type 'object'"))),
    case("4.3-twice", "the same twice is two", a_robot(), _made(),
         post(DEFAULTS, BODY).gives(ok()).saving(second="id"),
         get(DEFAULTS).gives(ok({"prototypes": exactly_once(has(id="<id>"))})),
         get(DEFAULTS).gives(ok({"prototypes": exactly_once(has(id="<second>"))}))),
    case("4.3-errors", "an unknown robot is refused",
         post(DEFAULTS, BODY).gives(invalid("Missing delegate user or team"))),
    case("4.3-errors", "an unknown team is a tuple",
         post(DEFAULTS, {"role": "read", "delegate": {"name": "<team>", "kind": "team"}}).gives(
             shape_b("('Team does not exist: %s/%s', '<org>', '<team>')"))),
    case("4.3-errors", "an unknown activating user is refused", a_robot(),
         post(DEFAULTS, {**BODY, "activating_user": {"name": "<nothing>"}}).gives(
             invalid("Unknown activating user"))),
    case("4.3-errors", "a superuser hears that there is no organization",
         get(f"{NO_ORG}/prototypes").by("super").gives(NOT_FOUND)),
    case("4.3-errors", "others are refused", get(f"{NO_ORG}/prototypes").by("normal")
         .gives(FORBIDDEN)),
    case("4.3-change", "the role is changed", a_robot(), _made(),
         put(ONE, {"role": "admin"}).gives(ok({**MADE, "role": "admin"}))),
    case("4.3-change", "one is deleted", a_robot(), _made(), delete(ONE).gives(gone()),
         delete(ONE).gives(NOT_FOUND)),
    case("4.3-change", "an unknown one is 404 at PUT",
         put(f"{DEFAULTS}/{NOBODY}", {"role": "read"}).gives(NOT_FOUND)),
    case("4.3-change", "an unknown one is 404 at DELETE",
         delete(f"{DEFAULTS}/{NOBODY}").gives(NOT_FOUND)),
    case("4.3-foreign", "a robot of another organization is accepted", an_organization(),
         NEW_ROBOT,
         post(DEFAULTS, NEW_BODY).gives(ok(has(delegate=has(name="<neworg>+<r>"))))),
    case("4.3-later", "it holds for a repository made later", an_organization(), NEW_ROBOT,
         _made(NEW_BODY, NEW), a_repository(org="neworg"),
         get(NEW_GRANT).gives(ok(has(role="write")))),
    case("4.3-later", "it does not hold for one made before", an_organization(), NEW_ROBOT,
         a_repository(org="neworg"), _made(NEW_BODY, NEW),
         get(NEW_GRANT).gives(shape_b("User does not have permission for repo."))),
    case("4.3-later", "duplicates make one grant", an_organization(), NEW_ROBOT,
         _made(NEW_BODY, NEW), _made(NEW_BODY, NEW), a_repository(org="neworg"),
         get(NEW_GRANT).gives(ok(has(role="write")))),
    case("4.3-later", "one for this user beats one for all", an_organization(), NEW_ROBOT,
         _made({**NEW_BODY, "role": "read", **BY_OWNER}, NEW), _made(NEW_BODY, NEW),
         a_repository(org="neworg"), get(NEW_GRANT).gives(ok(has(role="read"))), needs="user"),
]  # fmt: skip
