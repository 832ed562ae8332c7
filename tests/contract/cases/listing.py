"""Section 1.3: how are robots listed?"""

from __future__ import annotations

from ..language import (
    ABSENT,
    CRASH,
    FORBIDDEN,
    NEW_ORG,
    NO_ORG,
    ROBOTS,
    a_grant,
    a_repository,
    a_robot,
    a_team,
    an_organization,
    case,
    get,
    ok,
    put,
    shape_c,
)  # fmt: skip
from ..matching import (
    DATE,
    TOKEN,
    avatar,
    counted,
    each,
    exactly_once,
    has,
    lacking,
    unordered,
)  # fmt: skip

BASE = {"name": "<org>+<r>", "created": DATE, "last_accessed": None, "description": ""}
GRANTS = {"teams": [], "repositories": []}
NEW = f"{NEW_ORG}/robots"
IN_NEW = "/api/v1/organization/<neworg>"
TRUE = ["true", "True", "1", "yes", "banana"]
FALSE = ["false", "False", "FALSE", "0", "null", ""]


def _item(**more: object) -> object:
    return ok({"robots": exactly_once({**BASE, **more})})


def _member(robot: str, team: str) -> object:
    return put(f"{IN_NEW}/team/<{team}>/members/<neworg>+<{robot}>").gives(ok())


def _full(*robots: str) -> list:
    """Robots that all have three repositories and two teams."""
    steps = [an_organization(), a_team("team", "neworg"), a_team("team2", "neworg")]
    steps += [a_repository(name, "neworg") for name in ("repo", "repo2", "repo3")]
    for robot in robots:
        steps.append(a_robot(robot, place=NEW))
        steps += [a_grant("read", robot, name, "neworg") for name in ("repo", "repo2", "repo3")]
        steps += [_member(robot, "team"), _member(robot, "team2")]
    return steps


CASES = [
    *(case("1.3-booleans", f"token={value} is true", a_robot(),
           get(f"{ROBOTS}?token={value}").gives(_item(token=TOKEN))) for value in TRUE),
    *(case("1.3-booleans", f"token={value} is false", a_robot(),
           get(f"{ROBOTS}?token={value}").gives(_item())) for value in FALSE),
    case("1.3-booleans", "permissions=banana is true", a_robot(),
         get(f"{ROBOTS}?permissions=banana&token=false").gives(_item(**GRANTS))),
    *(case("1.3-booleans", f"permissions={value} is false", a_robot(),
           get(f"{ROBOTS}?permissions={value}&token=false").gives(_item())) for value in FALSE),
    case("1.3-keys", "by default a token is shown", a_robot(),
         get(ROBOTS).gives(_item(token=TOKEN))),
    case("1.3-keys", "without it four keys are left", a_robot(),
         get(f"{ROBOTS}?token=false").gives(_item())),
    case("1.3-keys", "with permissions two keys come, and the token", a_robot(),
         get(f"{ROBOTS}?permissions=true").gives(_item(token=TOKEN, **GRANTS))),
    case("1.3-keys", "with permissions and without token six keys are left", a_robot(),
         get(f"{ROBOTS}?permissions=true&token=false").gives(_item(**GRANTS))),
    case("1.3-keys", "the token is the robot's own", a_robot(),
         get(ROBOTS).gives(_item(token="<token>"))),
    *(case("1.3-no-metadata", f"metadata is not listed with {query}",
           a_robot(body={"unstructured_metadata": {"a": 1}}),
           get(f"{ROBOTS}?{query}").gives(ok({"robots": each(lacking("unstructured_metadata"))})))
      for query in ("token=true", "permissions=true&token=true", "token=false")),
    case("1.3-grants", "a team comes with its picture, a repository as a bare name",
         an_organization(), a_robot(place=NEW), a_repository(org="neworg"),
         a_grant(org="neworg"), a_team(org="neworg"), _member("r", "team"),
         get(f"{NEW}?permissions=true&token=false").gives(ok({"robots": [{
             **BASE, "name": "<neworg>+<r>", "repositories": ["<repo>"],
             "teams": [{"name": "<team>", "avatar": avatar("team")}]}]}))),
    case("1.3-grants", "a repository through a team is not listed",
         an_organization(), a_robot(place=NEW), a_repository(org="neworg"),
         a_team(org="neworg"), _member("r", "team"),
         put("/api/v1/repository/<neworg>/<repo>/permissions/team/<team>", {"role": "read"})
         .gives(ok()),
         get(f"{NEW}?permissions=true").gives(ok({"robots": [has(repositories=[])]}))),
    case("1.3-grants", "several of each are all listed", *_full("r"),
         get(f"{NEW}?permissions=true").gives(ok({"robots": [has(
             repositories=unordered("<repo>", "<repo2>", "<repo3>"),
             teams=unordered(has(name="<team>"), has(name="<team2>")))]}))),
    case("1.3-limit-robots", "without permissions it limits robots",
         an_organization(), *(a_robot(name, place=NEW) for name in ("r", "r2", "r3")),
         get(f"{NEW}?limit=2").gives(ok({"robots": counted(2)}))),
    case("1.3-limit-rows", "with permissions one row is one repository and one team",
         *_full("r"), get(f"{NEW}?permissions=true&limit=1").gives(
             ok({"robots": [has(repositories=counted(1), teams=counted(1))]}))),
    case("1.3-limit-rows", "as many rows as one robot has show that robot alone",
         *_full("r", "r2"), get(f"{NEW}?permissions=true&limit=6").gives(
             ok({"robots": [has(repositories=counted(3), teams=counted(2))]}))),
    case("1.3-limit-rows", "twice as many rows show two robots",
         *_full("r", "r2", "r3"), get(f"{NEW}?permissions=true&limit=12").gives(
             ok({"robots": counted(2, has(repositories=counted(3), teams=counted(2)))}))),
    case("1.3-limit-zero", "zero is no limit",
         an_organization(), a_robot("r", place=NEW), a_robot("r2", place=NEW),
         get(f"{NEW}?limit=0").gives(ok({"robots": counted(2)}))),
    case("1.3-limit-negative", "a negative limit crashes", get(f"{ROBOTS}?limit=-1").gives(CRASH)),
    case("1.3-limit-word", "a word as limit is a bad argument",
         get(f"{ROBOTS}?limit=abc").gives(
             shape_c(400, {"limit": "If specified, the number of robots to return."}))),
    case("1.3-order", "those never used come first",
         an_organization(), a_robot("r", place=NEW), a_robot("r2", place=NEW, token="token2"),
         a_robot("r3", place=NEW),
         get("/v2/auth?service=<host>").by(("<neworg>+<r2>", "<token2>")).gives(ok()),
         get(NEW).gives(ok({"robots": [has(last_accessed=None), has(last_accessed=None),
                                       has(name="<neworg>+<r2>", last_accessed=DATE)]}))),
    case("1.3-order", "a limit shows the never used",
         an_organization(), a_robot("r", place=NEW), a_robot("r2", place=NEW, token="token2"),
         get("/v2/auth?service=<host>").by(("<neworg>+<r2>", "<token2>")).gives(ok()),
         get(f"{NEW}?limit=1").gives(ok({"robots": [has(name="<neworg>+<r>")]}))),
    case("1.3-order", "the order of the rest is no promise",
         an_organization(), *(a_robot(name, place=NEW) for name in ("r", "r2", "r3")),
         get(NEW).gives(ok({"robots": unordered(
             *(has(name=f"<neworg>+<{name}>") for name in ("r", "r2", "r3")))}))),
    case("1.3-look-alikes", "a list may hold robots of a namespace that merely resembles",
         an_organization("under_score"), an_organization("underxscore"),
         a_robot("r", place="/api/v1/organization/<under_score>/robots"),
         a_robot("r2", place="/api/v1/organization/<underxscore>/robots"),
         get("/api/v1/organization/<under_score>/robots").gives(ok({"robots": unordered(
             has(name="<under_score>+<r>"), has(name="<underxscore>+<r2>"))})),
         needs="organizations"),
    case("1.3-look-alikes", "a look at one robot is exact",
         an_organization("under_score"), an_organization("underxscore"),
         a_robot("r", place="/api/v1/organization/<underxscore>/robots"),
         get("/api/v1/organization/<under_score>/robots/<r>").gives(ABSENT),
         needs="organizations"),
    case("1.3-member", "a member sees robots without token, teams and repositories",
         a_robot(), get(ROBOTS).by("member").gives(_item())),
    case("1.3-member", "its flags are ignored without a word",
         a_robot(), get(f"{ROBOTS}?permissions=true&token=true").by("member").gives(_item())),
    case("1.3-member", "so does an owner whose token may only create repositories",
         a_robot(), get(f"{ROBOTS}?permissions=true").by("scopes:repo:create").gives(_item())),
    case("1.3-reader", "a global read-only superuser sees grants but no token",
         a_robot(), get(f"{ROBOTS}?permissions=true&token=true").by("reader")
         .gives(_item(**GRANTS))),
    case("1.3-missing-org", "a superuser gets an empty list",
         get(f"{NO_ORG}/robots").by("super").gives(ok({"robots": []}))),
    case("1.3-missing-org", "others are refused",
         get(f"{NO_ORG}/robots").by("normal").gives(FORBIDDEN)),
]  # fmt: skip
