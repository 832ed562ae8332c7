"""What is granted on repositories that are made later? Default permissions."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, administers, check_administers, sees_all, unauthorized
from .journal import record
from .replies import answer, invalid, not_found, nothing, shape_b
from .schemas import PERMISSION, PROTOTYPE, body_of
from .state import Organization, Prototype, Repository, State
from .views import knows, team_avatar, user_view


async def list_prototypes(state: State, request: Request, caller: Caller) -> Response:
    """GET /api/v1/organization/<org>/prototypes: all of them."""
    name = request.path_params["org"]
    if not (administers(state, caller, name) or sees_all(state, caller)):
        raise unauthorized(request, caller)
    organization = _organization(state, request)
    found = [_shown(state, organization, each) for each in organization.prototypes.values()]
    return answer({"prototypes": found})


async def create_prototype(state: State, request: Request, caller: Caller) -> Response:
    """POST .../prototypes: nothing keeps the same one from being made twice."""
    body = await body_of(request, PROTOTYPE)
    check_administers(state, request, caller, request.path_params["org"])
    organization = _organization(state, request)
    creator = body.get("activating_user", {}).get("name")
    creator = None if creator is None else state.spelled(creator)
    if creator is not None and not knows(state, creator):
        raise invalid(request, "Unknown activating user")
    delegate, kind = body["delegate"]["name"], body["delegate"]["kind"]
    if kind == "team" and delegate not in organization.teams:
        # Quay shows a tuple here where it meant to format.
        tuple_ = ("Team does not exist: %s/%s", organization.name, delegate)
        raise shape_b(str(tuple_))
    if kind == "user" and not knows(state, delegate):
        raise invalid(request, "Missing delegate user or team")
    made = Prototype(str(uuid.uuid4()), body["role"], delegate, kind, creator)
    organization.prototypes[made.id] = made
    _record(state, request, caller, "create_prototype_permission", made)
    return answer(_shown(state, organization, made))


async def update_prototype(state: State, request: Request, caller: Caller) -> Response:
    """PUT .../prototypes/<id>: only the role."""
    role = (await body_of(request, PERMISSION))["role"]
    check_administers(state, request, caller, request.path_params["org"])
    organization = _organization(state, request)
    found = _prototype(request, organization)
    before, found.role = found.role, role
    _record(state, request, caller, "modify_prototype_permission", found, original_role=before)
    return answer(_shown(state, organization, found))


async def delete_prototype(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../prototypes/<id>"""
    check_administers(state, request, caller, request.path_params["org"])
    organization = _organization(state, request)
    found = _prototype(request, organization)
    del organization.prototypes[found.id]
    _record(state, request, caller, "delete_prototype_permission", found)
    return nothing()


def grant_defaults(
    organization: Organization, repository: Repository, creator: str | None
) -> None:
    """Grant what the default permissions say; one for this creator beats one for all."""
    fitting = [
        each for each in organization.prototypes.values() if each.creator in {None, creator}
    ]
    for each in sorted(fitting, key=lambda one: one.creator is not None):
        granted = repository.teams if each.kind == "team" else repository.users
        if each.delegate != creator:
            granted[each.delegate] = each.role


def _organization(state: State, request: Request) -> Organization:
    organization = state.organizations.get(request.path_params["org"])
    if organization is None:
        raise not_found(request)
    return organization


def _prototype(request: Request, organization: Organization) -> Prototype:
    found = organization.prototypes.get(request.path_params["prototype"])
    if found is None:
        raise not_found(request)
    return found


def _shown(state: State, organization: Organization, each: Prototype) -> dict[str, Any]:
    delegate: dict[str, Any] = (
        {"name": each.delegate, "kind": "team", "avatar": team_avatar(each.delegate)}
        if each.kind == "team"
        else user_view(state, organization, each.delegate)
    )
    creator = user_view(state, organization, each.creator) if each.creator else None
    return {"activating_user": creator, "delegate": delegate, "role": each.role, "id": each.id}


def _record(
    state: State, request: Request, caller: Caller, kind: str, each: Prototype, **more: Any
) -> None:
    metadata = {
        "prototypeid": each.id,
        "username": caller.user,
        "activating_username": each.creator,
        "role": each.role,
        f"delegate_{each.kind}": each.delegate,
        **more,
    }
    record(state, request, caller, kind, request.path_params["org"], **metadata)
