"""How does Quay answer about teams and who is in them?"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, administers, check_administers, sees_all, unauthorized
from .journal import record
from .places import name_problem
from .replies import answer, invalid, not_found, nothing, shape_b
from .schemas import TEAM, body_of
from .state import Organization, State, Team
from .views import knows, member_view, team_view


async def put_team(state: State, request: Request, caller: Caller) -> Response:
    """PUT /api/v1/organization/<org>/team/<team>: an upsert."""
    body = await body_of(request, TEAM)
    organization, name = _entered(state, request, caller), request.path_params["team"]
    team = organization.teams.get(name)
    new = team is None
    if team is None:
        problem = name_problem(name)
        if problem is not None:
            raise shape_b(f"Invalid team name {name}: {problem}")
        team = organization.teams[name] = Team(name)
        record(state, request, caller, "org_create_team", organization.name, team=name)
    elif team.role != body["role"]:
        record(state, request, caller, "org_set_team_role", organization.name, team=name,
               role=body["role"])  # fmt: skip
    team.role = body["role"]
    team.description = body.get("description", team.description)
    return answer({**team_view(team), "new_team": new})


async def delete_team(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../team/<team>"""
    organization, name = _entered(state, request, caller), request.path_params["team"]
    if name not in organization.teams:
        raise shape_b(f"Team '{name}' is not a team in org '{organization.name}'")
    drop_team(state, organization, name)
    record(state, request, caller, "org_delete_team", organization.name, team=name)
    return nothing()


def drop_team(state: State, organization: Organization, name: str) -> None:
    """Remove a team with its grants and default permissions."""
    del organization.teams[name]
    for repository in state.repositories_of(organization.name):
        repository.teams.pop(name, None)
    for each in list(organization.prototypes.values()):
        if each.kind == "team" and each.delegate == name:
            del organization.prototypes[each.id]


async def list_members(state: State, request: Request, caller: Caller) -> Response:
    """GET .../team/<team>/members"""
    name = request.path_params["org"]
    admin = administers(state, caller, name)
    if not (admin or sees_all(state, caller)):
        raise unauthorized(request, caller)
    team = _team(state, request)
    members = [member_view(state, each) for each in sorted(team.members)]
    return answer({"name": team.name, "members": members, "can_edit": admin})


async def put_member(state: State, request: Request, caller: Caller) -> Response:
    """PUT .../members/<name>: refuses who is in it already; a robot is never invited."""
    check_administers(state, request, caller, request.path_params["org"])
    team, member = _team(state, request), request.path_params["member"]
    if not knows(state, member):
        raise invalid(request, "Unknown user")
    if member in team.members:
        raise shape_b(f"User {member} is already a member of team {team.name}")
    organization, settings = request.path_params["org"], state.settings
    strict = settings.mailing and settings.require_team_invite
    if strict and "+" in member and not member.startswith(f"{organization}+"):
        words = "Cannot add the specified robot to this team, as it is not a member of the "
        raise shape_b(f"{words}organization")
    team.members.add(member)
    record(state, request, caller, "org_add_team_member", organization, member=member,
           team=team.name)  # fmt: skip
    return answer(member_view(state, member))


async def delete_member(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../members/<name>"""
    organization = request.path_params["org"]
    check_administers(state, request, caller, organization)
    team, member = _team(state, request), request.path_params["member"]
    if not knows(state, member):
        raise not_found(request)
    if member not in team.members:
        raise shape_b(f"User {member} does not belong to team {team.name}")
    team.members.discard(member)
    record(state, request, caller, "org_remove_team_member", organization, member=member,
           team=team.name)  # fmt: skip
    return nothing()


def _entered(state: State, request: Request, caller: Caller) -> Organization:
    name = request.path_params["org"]
    check_administers(state, request, caller, name)
    organization = state.organizations.get(name)
    if organization is None:
        raise not_found(request)
    return organization


def _team(state: State, request: Request) -> Team:
    organization = state.organizations.get(request.path_params["org"])
    team = None if organization is None else organization.teams.get(request.path_params["team"])
    if team is None:
        raise not_found(request)
    return team
