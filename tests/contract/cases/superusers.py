"""Section 3.2: what may a superuser?"""

from __future__ import annotations

from ..language import (
    DEFAULTS,
    FEDERATION,
    FORBIDDEN,
    GRANT,
    REPOSITORY,
    ROBOT,
    ROBOTS,
    TEAM,
    a_repository,
    a_robot,
    case,
    delete,
    get,
    gone,
    ok,
    post,
    put,
)  # fmt: skip
from ..matching import TOKEN, both, exactly_once, has, lacking
from ..situations import superuser_without_scope

READS = {
    "a list": ROBOTS, "one robot": ROBOT, "a robot's permissions": f"{ROBOT}/permissions",
    "a federation": FEDERATION, "default permissions": DEFAULTS,
    "repository permissions": f"{REPOSITORY}/permissions/user/",
}  # fmt: skip
WRITES = {
    "making a robot": put(f"{ROBOTS}/<r2>"), "deleting one": delete(ROBOT),
    "regenerating one": post(f"{ROBOT}/regenerate"),
    "setting its federation": post(FEDERATION, [{"issuer": "https://x", "subject": "s"}]),
    "granting": put(GRANT, {"role": "read"}), "making a team": put(TEAM, {"role": "member"}),
}  # fmt: skip
CALLS = {
    "reads a robot": get(ROBOT).gives(ok(has(token=TOKEN))),
    "lists robots with tokens": get(ROBOTS).gives(
        ok({"robots": exactly_once(has(name="<org>+<r>", token=TOKEN))})),
    "regenerates": post(f"{ROBOT}/regenerate").gives(ok(has(token=TOKEN))),
    "deletes": delete(ROBOT).gives(gone()),
    "grants": put(GRANT, {"role": "admin"}).gives(ok(has(role="admin"))),
    "makes a team": put(TEAM, {"role": "member"}).gives(ok()),
}  # fmt: skip
REFUSED = {
    "a list": get(ROBOTS), "a robot": get(ROBOT), "a creation": put(f"{ROBOTS}/<r2>"),
    "a deletion": delete(ROBOT),
}  # fmt: skip
FURNISHED = [a_robot(), a_repository()]

CASES = [
    *(case("3.2-full-access", f"with full access a superuser {name} anywhere",
           *FURNISHED, step.by("super")) for name, step in CALLS.items()),
    *(case("3.2-limited", f"without it, {name} of another organization is refused",
           a_robot(), step.by("super").gives(FORBIDDEN), superusers_full_access=False)
      for name, step in REFUSED.items()),
    *(case("3.2-scope", f"without the scope, {name} of another organization is refused",
           a_robot(), superuser_without_scope(), step.by("bearer:<unscoped>").gives(FORBIDDEN),
           needs="super organizations mint")
      for name, step in REFUSED.items()),
    *(case("3.2-reader", f"a global read-only superuser reads {name}",
           *FURNISHED, get(path).by("reader").gives(ok())) for name, path in READS.items()),
    case("3.2-reader", "it sees no token in a list",
         a_robot(), get(ROBOTS).by("reader").gives(
             ok({"robots": exactly_once(both(has(name="<org>+<r>"), lacking("token")))}))),
    case("3.2-reader", "it sees no token of one robot",
         a_robot(), get(ROBOT).by("reader").gives(ok(lacking("token")))),
    *(case("3.2-reader", f"{name} is refused to it",
           *FURNISHED, step.by("reader").gives(FORBIDDEN)) for name, step in WRITES.items()),
]  # fmt: skip
