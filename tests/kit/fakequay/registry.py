"""How does the registry side let robots in? The ping, and the login at /v2/auth."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .state import State

LIFE_S = 3600
_ISSUED: dict[str, float] = {}


async def ping(state: State, request: Request) -> Response:
    """GET /v2/: what every registry client asks first."""
    headers = {"Docker-Distribution-API-Version": "registry/2.0", **_challenge(request)}
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        return Response("true", 401, headers, media_type="text/html")
    if scheme.lower() == "bearer" and _ISSUED.get(value, 0) > state.now():
        return Response("true", 200, headers, media_type="text/html")
    return JSONResponse({"error": "Invalid bearer token format"}, 401, headers)


async def auth(state: State, request: Request) -> Response:
    """GET /v2/auth: Basic credentials in, a token of an hour out."""
    user, password = _basic(request)
    refusal = _refusal(state, user, password)
    if refusal is not None:
        error = {"code": "UNAUTHORIZED", "detail": {}, "message": refusal}
        return JSONResponse({"errors": [error]}, 401, _challenge(request))
    robot = state.robots[user]
    now = state.now()
    if robot.last_accessed is None or now - robot.last_accessed > 60:
        robot.last_accessed = now
    token = secrets.token_urlsafe(48)
    _ISSUED[token] = now + LIFE_S
    return JSONResponse({"token": token})


def _refusal(state: State, user: str, password: str) -> str | None:
    robot = state.robots.get(user)
    if robot is None:
        return "Could not find robot with specified username"
    if state.settings.robots_disallow and user not in state.settings.robots_whitelist:
        return "Robot account have been disabled. Please contact your administrator."
    if robot.token != password:
        return f"Could not find robot with username: {user} and supplied password."
    return None


def _basic(request: Request) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _challenge(request: Request) -> dict[str, str]:
    where: Any = request.url
    host = f"{where.scheme}://{where.netloc}"
    return {"WWW-Authenticate": f'Bearer realm="{host}/v2/auth",service="{where.netloc}"'}
