"""Which paths does Quay have, with which methods, since which version?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from . import (
    accounts,
    applications,
    beginnings,
    exchange,
    federation,
    images,
    journal,
    listing,
    mirrors,
    permissions,
    prototypes,
    registry,
    repositories,
    robots,
    teams,
)
from .callers import Caller
from .state import State

Handler = Callable[[State, Request, Caller], Awaitable[Response]]
Plain = Callable[[State, Request], Awaitable[Response]]
ORGANIZATION = "/api/v1/organization/{org}"
REPOSITORY = "/api/v1/repository/{repository:path}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One path of the API: its methods, and the first version that has it."""

    path: str
    handlers: dict[str, Handler] = field(default_factory=dict)
    since: str = "3.0"


def _at(path: str, since: str = "3.0", **handlers: Handler) -> Resource:
    return Resource(path, handlers, since)


def _robots(root: str, federation_since: str) -> Iterator[Resource]:
    one = f"{root}/{{short}}"
    yield _at(one, GET=robots.get_robot, PUT=robots.create_robot, DELETE=robots.delete_robot)
    yield _at(root, GET=listing.list_robots)
    yield _at(f"{one}/regenerate", POST=robots.regenerate)
    yield _at(f"{one}/permissions", GET=robots.robot_permissions)
    yield _at(
        f"{one}/federation",
        since=federation_since,
        GET=federation.get_federation,
        POST=federation.set_federation,
        DELETE=federation.delete_federation,
    )


def _organizations() -> Iterator[Resource]:
    yield _at("/api/v1/organization/", POST=accounts.create_organization)
    yield _at(ORGANIZATION, GET=accounts.get_organization, DELETE=accounts.delete_organization)
    yield _at(f"{ORGANIZATION}/logs", GET=journal.show_logs)
    team = f"{ORGANIZATION}/team/{{team}}"
    yield _at(team, PUT=teams.put_team, DELETE=teams.delete_team)
    yield _at(f"{team}/members", GET=teams.list_members)
    yield _at(f"{team}/members/{{member}}", PUT=teams.put_member, DELETE=teams.delete_member)
    defaults = f"{ORGANIZATION}/prototypes"
    yield _at(defaults, GET=prototypes.list_prototypes, POST=prototypes.create_prototype)
    yield _at(
        f"{defaults}/{{prototype}}",
        PUT=prototypes.update_prototype,
        DELETE=prototypes.delete_prototype,
    )
    yield from _applications()


def _applications() -> Iterator[Resource]:
    root = f"{ORGANIZATION}/applications"
    one = f"{root}/{{client_id}}"
    yield _at(root, GET=applications.list_applications, POST=applications.create_application)
    yield _at(one, DELETE=applications.delete_application)
    yield _at(
        f"{one}/tokens", "3.18", GET=applications.list_tokens, POST=applications.create_token
    )
    yield _at(f"{one}/tokens/{{uuid}}", "3.18", DELETE=applications.delete_token)


def _repositories() -> Iterator[Resource]:
    yield _at("/api/v1/repository", POST=repositories.create_repository)
    yield _at("/api/v1/repository/")
    users, names = f"{REPOSITORY}/permissions/user", f"{REPOSITORY}/permissions/team"
    yield _at(f"{users}/{{user}}/transitive", GET=permissions.get_transitive)
    yield _at(f"{users}/", GET=permissions.list_users)
    yield _at(
        f"{users}/{{user}}",
        GET=permissions.get_user,
        PUT=permissions.put_user,
        DELETE=permissions.delete_user,
    )
    yield _at(f"{names}/", GET=permissions.list_teams)
    yield _at(
        f"{names}/{{team}}",
        GET=permissions.get_team,
        PUT=permissions.put_team,
        DELETE=permissions.delete_team,
    )
    yield _at(f"{REPOSITORY}/mirror", GET=mirrors.get_mirror, POST=mirrors.make_mirror)
    yield _at(REPOSITORY, GET=repositories.get_repository, DELETE=repositories.delete_repository)


def resources() -> list[Resource]:
    """Return all paths of the API, the most asked first."""
    return [
        *_robots(f"{ORGANIZATION}/robots", "3.13"),
        *_robots("/api/v1/user/robots", "3.18"),
        _at("/api/v1/user/", GET=accounts.get_user),
        *_organizations(),
        *_repositories(),
    ]


# Paths that exist only with a slash at the end; without it Quay redirects.
SLASHED = (
    "/api/v1/organization",
    "/api/v1/user",
    f"{REPOSITORY}/permissions/user",
    f"{REPOSITORY}/permissions/team",
)

# What is no resource of the API: the path, its one method, its handler.
PLAIN: tuple[tuple[str, str, Plain], ...] = (
    ("/v2/", "GET", registry.ping),
    ("/v2/auth", "GET", registry.auth),
    ("/v2/{repository:path}/tags/list", "GET", images.tags),
    ("/v2/{repository:path}/blobs/uploads/", "POST", images.begin_upload),
    ("/oauth2/federation/robot/token", "GET", exchange.exchange),
    ("/csrf_token", "GET", beginnings.csrf_token),
    ("/api/v1/signin", "POST", beginnings.sign_in),
    ("/api/v1/user/initialize", "POST", beginnings.initialize),
    ("/api/v1/bootstrap/renew", "POST", beginnings.renew),
)

# Of the registry side, by the methods that each knows.
IMAGES: tuple[tuple[str, tuple[str, ...], Plain], ...] = (
    ("/v2/{repository:path}/manifests/{reference}", ("GET", "PUT"), images.manifest),
    ("/v2/{repository:path}/blobs/uploads/{upload}", ("PATCH", "PUT"), images.upload),
    ("/v2/{repository:path}/blobs/{digest}", ("GET",), images.blob),
)
