"""How does automation get an OAuth token? Applications of an organization and their tokens."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, check_administers, is_superuser, unauthorized
from .journal import record
from .replies import answer, invalid, not_found, nothing, shape_c
from .schemas import APPLICATION_TOKEN, NAMED, body_of
from .state import ALL_SCOPES, OAuth, Organization, State, iso8601

LONGEST_S = 10 * 365 * 86400
PAGE = 20


async def list_applications(state: State, request: Request, caller: Caller) -> Response:
    """GET /api/v1/organization/<org>/applications"""
    organization = _entered(state, request, caller)
    found = [_application(key, name) for key, name in organization.applications.items()]
    return answer({"applications": found})


async def create_application(state: State, request: Request, caller: Caller) -> Response:
    """POST .../applications"""
    name = (await body_of(request, NAMED))["name"]
    organization = _entered(state, request, caller)
    client_id = uuid.uuid4().hex[:20].upper()
    organization.applications[client_id] = name
    return answer(_application(client_id, name))


async def delete_application(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../applications/<client_id>: its tokens die with it."""
    organization = _entered(state, request, caller)
    client_id = _client_id(request, organization)
    del organization.applications[client_id]
    for value in [value for value, each in state.oauth.items() if each.client_id == client_id]:
        del state.oauth[value]
    return nothing()


async def list_tokens(state: State, request: Request, caller: Caller) -> Response:
    """GET .../applications/<client_id>/tokens: without the secrets."""
    organization = _entered(state, request, caller)
    client_id = _client_id(request, organization)
    tokens = _tokens(state, client_id)
    start = request.query_params.get("next_page", "").removeprefix("page-")
    first = int(start) if start.isdigit() else 0
    body: dict[str, Any] = {"tokens": [_shown(each) for each in tokens[first : first + PAGE]]}
    if len(tokens) > first + PAGE:
        body["next_page"] = f"page-{first + PAGE}"
    return answer(body)


async def create_token(state: State, request: Request, caller: Caller) -> Response:
    """POST .../tokens: shows the secret this once."""
    body = await body_of(request, APPLICATION_TOKEN)
    organization = _entered(state, request, caller)
    client_id = _client_id(request, organization)
    scopes = _scopes(state, request, caller, body["scope"])
    maximum = state.settings.token_maximum
    if maximum is not None and len(_tokens(state, client_id)) >= maximum:
        raise invalid(request, "The application has reached its maximum number of tokens")
    value, now = state.make_oauth_token(), state.now()
    made = OAuth(
        user=caller.user or "",
        scopes=scopes,
        expires=now + min(body.get("expiration", LONGEST_S), LONGEST_S),
        name=body["name"],
        client_id=client_id,
        application=organization.applications[client_id],
        created=now,
    )
    state.oauth[value] = made
    record(state, request, caller, "create_oauth_api_token", organization.name, name=made.name)
    return answer({**_shown(made), "token": value})


async def delete_token(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../tokens/<uuid>"""
    organization = _entered(state, request, caller)
    client_id = _client_id(request, organization)
    for value, each in state.oauth.items():
        if each.client_id == client_id and each.id == request.path_params["uuid"]:
            del state.oauth[value]
            record(state, request, caller, "revoke_oauth_api_token", organization.name,
                   name=each.name)  # fmt: skip
            return nothing()
    raise not_found(request)


def _scopes(state: State, request: Request, caller: Caller, text: str) -> frozenset[str]:
    wanted = frozenset(text.replace(",", " ").split())
    unknown = sorted(wanted - ALL_SCOPES)
    if unknown or not wanted:
        raise shape_c(400, f"Invalid scope: {unknown[0] if unknown else text}")
    beyond = "super:user" in wanted and not is_superuser(state, caller)
    if wanted - caller.scopes or beyond:
        raise unauthorized(request, caller)
    return wanted


def _entered(state: State, request: Request, caller: Caller) -> Organization:
    name = request.path_params["org"]
    check_administers(state, request, caller, name)
    organization = state.organizations.get(name)
    if organization is None:
        raise not_found(request)
    return organization


def _client_id(request: Request, organization: Organization) -> str:
    client_id: str = request.path_params["client_id"]
    if client_id not in organization.applications:
        raise not_found(request)
    return client_id


def _tokens(state: State, client_id: str) -> list[OAuth]:
    return [each for each in state.oauth.values() if each.client_id == client_id]


def _application(client_id: str, name: str) -> dict[str, Any]:
    return {"client_id": client_id, "name": name, "description": "", "application_uri": ""}


def _shown(each: OAuth) -> dict[str, Any]:
    return {
        "uuid": each.id,
        "name": each.name,
        "scope": " ".join(sorted(each.scopes)),
        "expires_at": iso8601(each.expires),
        "created": iso8601(each.created),
        "created_by": each.user,
        "last_accessed": None,
    }
