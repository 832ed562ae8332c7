"""How does Quay answer about organizations and about the caller?"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, administers, unauthorized
from .replies import answer, shape_a
from .state import State


async def get_organization(state: State, request: Request, caller: Caller) -> Response:
    """GET /api/v1/organization/<org>: open to anybody, with less for them."""
    name = request.path_params["org"]
    organization = state.organizations.get(name)
    if organization is None:
        raise shape_a(request, "not_found", "Not Found")
    member = caller.user in (organization.owners | organization.members)
    return answer(
        {
            "name": name,
            "email": "",
            "avatar": {"name": name, "hash": "", "color": "#969696", "kind": "org"},
            "is_admin": administers(state, caller, name),
            "is_member": member,
        }
    )


async def get_user(_state: State, request: Request, caller: Caller) -> Response:
    """GET /api/v1/user/: 401 also for a token with too little scope."""
    if not caller.scopes & {"user:read", "user:admin"}:
        words = "Requires authentication"
        raise shape_a(request, "invalid_token", words, session_required=False) from None
    return answer({"anonymous": False, "username": caller.user, "verified": True})


async def delete_organization(state: State, request: Request, caller: Caller) -> Response:
    """DELETE /api/v1/organization/<org>: its robots go at once."""
    name = request.path_params["org"]
    if not administers(state, caller, name):
        raise unauthorized(request, caller)
    drop_organization(state, name)
    return Response(None, 204, headers={"Content-Type": "application/json"})


def drop_organization(state: State, name: str) -> None:
    """Remove an organization and all that is in it."""
    state.organizations.pop(name, None)
    for robot in state.robots_of(name):
        del state.robots[robot.name]
