"""How does one get in at all? The first user, a session, and the bootstrap token."""

from __future__ import annotations

import json
import os
import secrets
import string
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .callers import Caller, unauthorized
from .replies import answer, shape_b, shape_d, shape_f
from .state import ALL_SCOPES, OAuth, State

INITIAL_LIFE_S = 9000
_ALPHABET = string.ascii_uppercase + string.digits
_LOOPBACK = {"127.0.0.1", "::1"}


async def initialize(state: State, request: Request) -> Response:
    """POST /api/v1/user/initialize: once, on an empty Quay."""
    if not state.settings.user_initialize:
        raise shape_f(405)
    if state.users:
        raise shape_b("Cannot initialize user in a non-empty database")
    body = await request.json()
    user = body["username"]
    state.users.add(user)
    state.passwords[user] = body["password"]
    shown = {
        "username": user,
        "email": body.get("email"),
        "encrypted_password": secrets.token_hex(),
    }
    if body.get("access_token"):
        shown["access_token"] = _mint(state, user, INITIAL_LIFE_S)
    return JSONResponse(shown)


async def csrf_token(state: State, request: Request) -> Response:
    """GET /csrf_token: begins a session."""
    key, session = secrets.token_hex(16), {"csrf": secrets.token_urlsafe(32)}
    state.sessions[key] = session
    response = JSONResponse({"csrf_token": session["csrf"]})
    response.set_cookie("session", key, httponly=True, samesite="lax")
    return response


async def sign_in(state: State, request: Request) -> Response:
    """POST /api/v1/signin: the session is the user's from now on."""
    session = state.sessions.get(request.cookies.get("session", ""))
    if session is None or request.headers.get("x-csrf-token") != session["csrf"]:
        raise shape_d(403, "CSRF token was invalid or missing.")
    body = await request.json()
    user = body.get("username")
    if user not in state.passwords or state.passwords[user] != body.get("password"):
        wrong = {"message": "Invalid Username or Password", "invalidCredentials": True}
        return JSONResponse({**wrong, "needsEmailVerification": False}, 403)
    session |= {"user": user, "csrf": secrets.token_urlsafe(32)}
    return JSONResponse({"success": True}, headers={"X-Next-CSRF-Token": session["csrf"]})


async def renew(state: State, request: Request) -> Response:
    """POST /api/v1/bootstrap/renew: the new token goes to the file, the old one dies."""
    settings = state.settings
    if not (settings.programmatic_bootstrap and settings.at_least("3.18")):
        raise shape_f(405)
    _, _, value = request.headers.get("authorization", "").partition(" ")
    found = state.oauth.get(value)
    if found is None or found.revoked:
        raise shape_d(403, "CSRF token was invalid or missing.")
    if not found.bootstrap:
        raise unauthorized(request, Caller(found.user, found.scopes))
    local = settings.bootstrap_loopback and _from_loopback(request)
    if found.expires <= state.now() and not local:
        raise unauthorized(request, Caller())
    write_bootstrap_token(state)
    return answer({"status": "rotated"})


def _from_loopback(request: Request) -> bool:
    return request.client is not None and request.client.host in _LOOPBACK


def write_bootstrap_token(state: State) -> None:
    """Put a fresh bootstrap token into its file, as Quay does when it starts."""
    settings = state.settings
    for value in [value for value, each in state.oauth.items() if each.bootstrap]:
        del state.oauth[value]
    if not settings.programmatic_bootstrap:
        return
    value = _mint(state, settings.bootstrap_owner, settings.bootstrap_life_s, bootstrap=True)
    path = Path(settings.bootstrap_path)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"access_token": value}, file)
    state.deliver_bootstrap(value)


def _mint(state: State, user: str, life_s: float, *, bootstrap: bool = False) -> str:
    state.users.add(user)
    value = state.make_oauth_token().upper()
    value = "".join(each if each in _ALPHABET else secrets.choice(_ALPHABET) for each in value)
    state.oauth[value] = OAuth(user, ALL_SCOPES, state.now() + life_s, bootstrap=bootstrap)
    return value
