"""Who may do what on one repository? Grants to users, robots and teams."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, may_touch, sees_all, unauthorized
from .journal import record
from .replies import answer, invalid, not_found, nothing, shape_b, shape_e
from .repositories import split
from .schemas import PERMISSION, body_of
from .state import Repository, State
from .views import is_member, knows, team_avatar, user_avatar

NO_USER = "User does not have permission for repo."
NO_TEAM = "Team does not have permission for repo."


async def list_users(state: State, request: Request, caller: Caller) -> Response:
    """GET .../permissions/user/: users and robots, by name."""
    repository = _entered(state, request, caller)
    users = {} if repository is None else repository.users
    found = {name: _user_shown(state, repository, name) for name in sorted(users)}
    return answer({"permissions": found})


async def get_user(state: State, request: Request, caller: Caller) -> Response:
    """GET .../permissions/user/<name>"""
    repository, name = _entered(state, request, caller), request.path_params["user"]
    if repository is None or name not in repository.users:
        raise shape_b(NO_USER)
    return answer(_user_shown(state, repository, name))


async def put_user(state: State, request: Request, caller: Caller) -> Response:
    """PUT .../permissions/user/<name>: an upsert; a missing repository is not foreseen."""
    repository, name = _entered(state, request, caller), request.path_params["user"]
    role = (await body_of(request, PERMISSION))["role"]
    namespace, _ = split(request)
    if not knows(state, name):
        raise invalid(request, f"Invalid username: {name}")
    if "+" in name and not name.startswith(f"{namespace}+"):
        raise invalid(request, f"Cannot add robot {name} under namespace {namespace}")
    if repository is None:
        raise shape_e()
    repository.users[name] = role
    _record(state, request, caller, "change_repo_permission", username=name, role=role)
    return answer(_user_shown(state, repository, name))


async def delete_user(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../permissions/user/<name>"""
    repository, name = _entered(state, request, caller), request.path_params["user"]
    if repository is None or name not in repository.users:
        raise invalid(request, NO_USER)
    del repository.users[name]
    _record(state, request, caller, "delete_repo_permission", username=name)
    return nothing()


async def get_transitive(state: State, request: Request, caller: Caller) -> Response:
    """GET .../permissions/user/<name>/transitive: the roles by any way, teams included."""
    repository, name = _entered(state, request, caller), request.path_params["user"]
    roles = [] if repository is None else _roles(state, repository, name)
    if not roles:
        raise not_found(request)
    return answer({"permissions": [{"role": role} for role in roles]})


def _roles(state: State, repository: Repository, name: str) -> list[str]:
    organization = state.organizations.get(repository.namespace)
    teams = [] if organization is None else organization.teams.values()
    by_team = [repository.teams.get(team.name) for team in teams if name in team.members]
    return [role for role in (repository.users.get(name), *by_team) if role]


async def list_teams(state: State, request: Request, caller: Caller) -> Response:
    """GET .../permissions/team/"""
    repository = _entered(state, request, caller)
    teams = {} if repository is None else repository.teams
    return answer({"permissions": {name: _team_shown(name, teams[name]) for name in teams}})


async def get_team(state: State, request: Request, caller: Caller) -> Response:
    """GET .../permissions/team/<team>"""
    repository, name = _entered(state, request, caller), request.path_params["team"]
    if repository is None or name not in repository.teams:
        raise shape_b(NO_TEAM)
    return answer({"role": repository.teams[name]})


async def put_team(state: State, request: Request, caller: Caller) -> Response:
    """PUT .../permissions/team/<team>"""
    repository, name = _entered(state, request, caller), request.path_params["team"]
    role = (await body_of(request, PERMISSION))["role"]
    namespace, _ = split(request)
    organization = state.organizations.get(namespace)
    if organization is None or name not in organization.teams:
        raise invalid(request, f"No team {name} in organization {namespace}")
    if repository is None:
        raise shape_e()
    repository.teams[name] = role
    _record(state, request, caller, "change_repo_permission", team=name, role=role)
    return answer(_team_shown(name, role))


async def delete_team(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../permissions/team/<team>"""
    repository, name = _entered(state, request, caller), request.path_params["team"]
    if repository is None or name not in repository.teams:
        raise invalid(request, NO_TEAM)
    del repository.teams[name]
    _record(state, request, caller, "delete_repo_permission", team=name)
    return nothing()


def _entered(state: State, request: Request, caller: Caller) -> Repository | None:
    """Return the repository for a caller who may; whether it exists is not asked before."""
    namespace, name = split(request)
    repository = state.repositories.get(f"{namespace}/{name}")
    looking = request.method in {"GET", "HEAD"} and sees_all(state, caller)
    if not (looking or may_touch(state, caller, namespace, repository, "admin")):
        raise unauthorized(request, caller)
    return repository


def _user_shown(state: State, repository: Repository | None, name: str) -> dict[str, Any]:
    assert repository is not None
    organization = state.organizations.get(repository.namespace)
    shown = {
        "role": repository.users[name],
        "name": name,
        "is_robot": "+" in name,
        "avatar": user_avatar(state, name),
    }
    if organization is not None:
        shown["is_org_member"] = is_member(organization, name)
    return shown


def _team_shown(name: str, role: str) -> dict[str, Any]:
    return {"role": role, "name": name, "avatar": team_avatar(name)}


def _record(state: State, request: Request, caller: Caller, kind: str, **metadata: Any) -> None:
    namespace, name = split(request)
    record(state, request, caller, kind, namespace, repo=name, namespace=namespace, **metadata)
