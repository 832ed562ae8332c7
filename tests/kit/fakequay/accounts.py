"""How does Quay answer about organizations and about the caller?"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from .callers import (
    Caller,
    administers,
    check_administers,
    is_superuser,
    may_create_in,
    unauthorized,
)
from .journal import record
from .places import name_problem
from .replies import answer, invalid, not_found, nothing, shape_a
from .schemas import ORGANIZATION, body_of
from .state import Organization, State, Team
from .views import avatar, team_view


async def get_organization(state: State, request: Request, caller: Caller) -> Response:
    """GET /api/v1/organization/<org>: open to anybody, with less for them."""
    name = request.path_params["org"]
    organization = state.organizations.get(name)
    if organization is None:
        raise not_found(request)
    admin = administers(state, caller, name)
    member = caller.user in organization.everybody()
    shown = {
        "name": name,
        "email": organization.email if admin else "",
        "avatar": avatar(name, "org"),
        "is_admin": admin,
        "is_member": member,
    }
    if member or admin:
        shown |= {
            "can_create_repo": may_create_in(state, caller, name),
            "teams": {each.name: team_view(each) for each in organization.teams.values()},
            "ordered_teams": list(organization.teams),
        }
    return answer(shown)


async def get_user(state: State, request: Request, caller: Caller) -> Response:
    """GET /api/v1/user/: 401 also for a token with too little scope."""
    if not caller.scopes & {"user:read", "user:admin"}:
        words = "Requires authentication"
        raise shape_a(request, "invalid_token", words, session_required=False) from None
    mine = [
        {
            "name": each.name,
            "avatar": avatar(each.name, "org"),
            "can_create_repo": may_create_in(state, caller, each.name),
            "is_org_admin": caller.user in each.owners,
        }
        for each in state.organizations.values()
        if caller.user in each.everybody()
    ]
    shown = {"anonymous": False, "username": caller.user, "verified": True}
    return answer(shown | {"organizations": mine})


async def create_organization(state: State, request: Request, caller: Caller) -> Response:
    """POST /api/v1/organization/: answers with one word."""
    body = await body_of(request, ORGANIZATION)
    only = state.settings.superusers_make_organizations_only
    if "user:admin" not in caller.scopes or (only and not is_superuser(state, caller)):
        raise unauthorized(request, caller)
    name = body["name"]
    if name in state.organizations or name in state.users:
        raise invalid(request, "A user or organization with this name already exists")
    if state.is_leaving(name):
        raise invalid(request, "Username is not available")
    if state.settings.mailing and not body.get("email"):
        raise invalid(request, "Email address is required")
    problem = name_problem(name)
    if problem is not None:
        raise invalid(request, f"Invalid namespace {name}: {problem}")
    add_organization(state, name, {caller.user or ""}, email=body.get("email", ""))
    record(state, request, caller, "org_create", name, namespace=name)
    return answer("Created", 201)


def add_organization(
    state: State, name: str, owners: set[str], members: set[str] | None = None, *, email: str = ""
) -> Organization:
    """Make an organization; whoever is in its team `owners` administers it."""
    organization = Organization(name, set(members or ()), email)
    organization.teams["owners"] = Team("owners", "admin", members=set(owners))
    state.organizations[name] = organization
    return organization


async def delete_organization(state: State, request: Request, caller: Caller) -> Response:
    """DELETE /api/v1/organization/<org>: its robots go at once."""
    name = request.path_params["org"]
    check_administers(state, request, caller, name)
    if name not in state.organizations:
        raise not_found(request)
    state.drop_organization(name)
    state.leave(name)
    return nothing()
