"""Section 4.4: organizations and repositories."""

from __future__ import annotations

from ..language import (
    FORBIDDEN,
    NEW_ORG,
    NO_ORG,
    NOT_FOUND,
    ORG,
    REPOSITORY,
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
    schema,
)  # fmt: skip
from ..matching import has, holding, like
from ..situations import later

POST = "/api/v1/organization/"
REPO = {"namespace": "<org>", "repository": "<repo>", "visibility": "private", "description": ""}
CREATED = {"namespace": "<org>", "name": "<repo>", "kind": "image"}
BAD_ORGS = {"a capital": "<neworg>X", "a double dash": "<neworg>--x", "one character": "x"}
BAD_REPOS = {"a capital": "<repo>X", "a dot first": ".<repo>", "a double slash": "<repo>//x"}
GOOD_REPOS = {"a slash": "<repo>/x", "dots and dashes": "<repo>.x--y__z"}


def _org(name: str) -> dict:
    return {"name": name, "email": f"{name}@example.com"}


CASES = [
    case("4.4-get", "nobody sees less, but sees it",
         get(ORG).by("anonymous").gives(ok(has(name="<org>", is_admin=False)))),
    case("4.4-get", "its owner hears that he is",
         get(ORG).gives(ok(has(name="<org>", is_admin=True)))),
    case("4.4-get", "a member hears that he is no administrator",
         get(ORG).by("member").gives(ok(has(is_admin=False)))),
    case("4.4-get", "a missing one is a true 404", get(NO_ORG).gives(NOT_FOUND)),
    case("4.4-get", "also for nobody", get(NO_ORG).by("anonymous").gives(NOT_FOUND)),
    case("4.4-post", "the answer is one word",
         post(POST, _org("<neworg>")).gives(ok("Created", 201)),
         get(NEW_ORG).gives(ok(has(is_admin=True)))),
    case("4.4-post", "an organization of that name is in the way", an_organization(),
         post(POST, _org("<neworg>")).gives(
             invalid("A user or organization with this name already exists"))),
    case("4.4-post", "so is a user of that name", post(POST, _org("<owner>")).gives(
        invalid("A user or organization with this name already exists")),
         needs="organizations user"),
    *(case("4.4-post", f"a name with {words} is refused", post(POST, _org(name)).gives(
        invalid(like(f"Invalid namespace {name}: .+"))), needs="organizations")
      for words, name in BAD_ORGS.items()),
    case("4.4-delete", "it is gone with all that is in it", an_organization(),
         a_robot(place=f"{NEW_ORG}/robots"), delete(NEW_ORG).gives(gone()),
         get(NEW_ORG).gives(NOT_FOUND)),
    case("4.4-delete", "its name is taken until the garbage is collected",
         an_organization(), delete(NEW_ORG).gives(gone()),
         post(POST, _org("<neworg>")).gives(invalid("Username is not available"),
                                            ok("Created", 201))),
    case("4.4-delete", "then it is free, its robots and teams are gone",
         an_organization(),
         a_robot(place=f"{NEW_ORG}/robots"), a_team(org="neworg"), delete(NEW_ORG).gives(gone()),
         post(POST, _org("<neworg>")).gives(invalid("Username is not available")),
         later(61.0), an_organization(), get(f"{NEW_ORG}/robots").gives(ok({"robots": []})),
         get(f"{NEW_ORG}/team/<team>/members").gives(NOT_FOUND), later(0.0), needs="double"),
    case("4.4-teams", "its teams are shown with their roles", a_team(role="creator"),
         get(ORG).gives(ok(has(teams=holding("<team>", has(role="creator")))))),
    case("4.4-repository", "it is made with three keys", post("/api/v1/repository", REPO).gives(
        ok(CREATED, 201))),
    case("4.4-repository", "one that is there is in the way", a_repository(),
         post("/api/v1/repository", REPO).gives(invalid("Repository already exists"))),
    *(case("4.4-repository", f"a name with {words} is refused",
           post("/api/v1/repository", {**REPO, "repository": name}).gives(
               invalid("Invalid repository name"))) for words, name in BAD_REPOS.items()),
    *(case("4.4-repository", f"a name with {words} is taken",
           post("/api/v1/repository", {**REPO, "repository": name}).gives(
               ok({**CREATED, "name": name}, 201))) for words, name in GOOD_REPOS.items()),
    case("4.4-repository", "a description is required", post(
        "/api/v1/repository", {key: REPO[key] for key in REPO if key != "description"}).gives(
        schema("'description' is a required property"))),
    case("4.4-repository", "a missing namespace is refused to a normal user",
         post("/api/v1/repository", {**REPO, "namespace": "<noorg>"}).by("normal")
         .gives(FORBIDDEN)),
    case("4.4-repository", "a public one is shown as such", a_repository(visibility="public"),
         get(REPOSITORY).gives(ok(has(is_public=True)))),
]  # fmt: skip
