"""Section 4.5: what does Quay grant by itself?"""

from __future__ import annotations

from ..language import (
    DEFAULTS,
    MEMBER,
    REPOSITORY,
    ROBOT,
    Step,
    a_repository,
    a_robot,
    a_team,
    case,
    delete,
    get,
    gone,
    invalid,
    login,
    ok,
    post,
    put,
    shape_b,
)  # fmt: skip
from ..matching import exactly_once, has

GRANTS = f"{ROBOT}/permissions"
PUSH = "repository:<org>/<repo>:pull,push"
USERS = f"{REPOSITORY}/permissions/user"
MINE, OTHERS = f"{USERS}/<org>+<r>", f"{USERS}/<org>+<r2>"
NONE = shape_b("User does not have permission for repo.")
MIRROR = f"{REPOSITORY}/mirror"
MIRRORED = {
    "external_reference": "registry.example.com/library/busybox",
    "sync_interval": 86400,
    "sync_start_date": "2036-01-01T00:00:00Z",
    "root_rule": {"rule_kind": "tag_glob_csv", "rule_value": ["latest"]},
    "robot_username": "<org>+<r>",
}


def _default(role: str, robot: str = "r", creator: str | None = None) -> Step:
    body = {"role": role, "delegate": {"name": f"<org>+<{robot}>", "kind": "user"}}
    if creator is not None:
        body["activating_user"] = {"name": f"<org>+<{creator}>"}
    return post(DEFAULTS, body).gives(ok())


def _role(path: str, role: str) -> Step:
    return get(path).gives(ok(has(role=role)))


CREATOR = [a_robot(), a_team(role="creator"), put(MEMBER).gives(ok())]
PUSHED = login(scope=PUSH).gives(ok())

CASES = [
    case("4.5-creator", "who may create is admin of what it pushes first",
         *CREATOR, PUSHED, _role(MINE, "admin")),
    case("4.5-creator", "its own default is not added beside it",
         *CREATOR, _default("read"), PUSHED, _role(MINE, "admin")),
    case("4.5-creator", "it is an ordinary role among the robot's",
         *CREATOR, PUSHED,
         get(GRANTS).gives(ok({"permissions": [
             {"repository": {"name": "<repo>", "is_public": False}, "role": "admin"}]})),
         needs="user:admin"),
    case("4.5-creator", "who may not create makes nothing",
         a_robot(), PUSHED, get(MINE).gives(NONE)),
    case("4.5-later", "what a robot makes is everybody's by their defaults",
         *CREATOR, a_robot("r2", token="token2"), _default("read", "r2"), PUSHED,
         _role(OTHERS, "read"), _role(MINE, "admin")),
    case("4.5-later", "what a user makes too, as an ordinary role",
         a_robot(), _default("read"), a_repository(), _role(MINE, "read"),
         delete(MINE).gives(gone()), get(MINE).gives(NONE)),
    case("4.5-robot-creator", "it is shown with its creator", a_robot(),
         a_robot("r2", token="token2"), _default("read", "r", "r2"),
         get(DEFAULTS).gives(ok({"prototypes": exactly_once(has(activating_user=has(
             name="<org>+<r2>", is_robot=True)))}))),
    case("4.5-robot-creator", "it holds for what that robot makes",
         *CREATOR, a_robot("r2", token="token2"), _default("read", "r2", "r"), PUSHED,
         _role(OTHERS, "read")),
    case("4.5-robot-creator", "it does not hold for what others make",
         a_robot(), a_robot("r2", token="token2"), _default("read", "r2", "r"), a_repository(),
         get(OTHERS).gives(NONE)),
    case("4.5-mirror", "its robot has write", a_robot(), a_repository(),
         post(MIRROR, MIRRORED).gives(ok(status=201)), _role(MINE, "write"), needs="double"),
    case("4.5-mirror", "a robot that has more keeps it", a_robot(), a_repository(),
         put(MINE, {"role": "admin"}).gives(ok()), post(MIRROR, MIRRORED).gives(ok(status=201)),
         _role(MINE, "admin"), needs="double"),
    case("4.5-mirror", "nobody keeps the write from being taken", a_robot(), a_repository(),
         post(MIRROR, MIRRORED).gives(ok(status=201)), delete(MINE).gives(gone()),
         get(MINE).gives(NONE), needs="double"),
    case("4.5-mirror 1.5-mirror", "the robot cannot be deleted", a_robot(), a_repository(),
         post(MIRROR, MIRRORED).gives(ok(status=201)),
         delete(ROBOT).gives(invalid("Robot is being used by a mirror")),
         delete(REPOSITORY).gives(gone()), delete(ROBOT).gives(gone()), needs="double"),
]  # fmt: skip
