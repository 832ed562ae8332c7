"""How does the registry side let robots in? The ping and the login at /v2/auth."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from joserfc.errors import JoseError
from joserfc.jws import extract_compact
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .callers import LEVELS, NOBODY, level_of
from .journal import record
from .replies import Refusal, shape_e
from .repositories import add_repository
from .signing import sign, verified
from .state import Repository, State

VERSION = {"Docker-Distribution-API-Version": "registry/2.0"}


async def ping(state: State, request: Request) -> Response:
    """GET /v2/: what every registry client asks first."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    headers = {**VERSION, **_challenge(request)}
    if not scheme:
        return Response("true", 401, headers, media_type="text/html")
    if scheme.lower() == "bearer" and verified(state, value) is not None:
        return Response("true", 200, VERSION, media_type="text/html")
    body = json.dumps({"error": "Invalid bearer token format"})
    return Response(body, 401, headers, media_type="text/html")


async def auth(state: State, request: Request) -> Response:
    """GET /v2/auth: Basic credentials in, a token of an hour out."""
    asked = request.query_params.getlist("scope")
    if "authorization" not in request.headers and asked:
        # Nobody in particular may pull what is public.
        return JSONResponse({"token": sign(state, "(anonymous)", _accesses(state, "", asked))})
    user, password = _basic(request)
    refusal = _refusal(state, user, password)
    if refusal is not None:
        raise challenged(request, refusal)
    robot, now = state.robots[user], state.now()
    threshold = state.settings.last_accessed_threshold_s
    if robot.last_accessed is None or now - robot.last_accessed > threshold:
        robot.last_accessed = now
    if not any(each.strip() for each in asked):
        owner, _, short = user.partition("+")
        record(state, request, NOBODY, "login_success", owner, kind="robot", type="v2auth",
               robot=short, useragent=request.headers.get("user-agent"))  # fmt: skip
    return JSONResponse({"token": sign(state, user, _accesses(state, user, asked))})


def _accesses(state: State, user: str, asked: list[str]) -> list[dict[str, Any]]:
    scopes = [each for text in asked for each in text.split()]
    found = (_access(state, user, scope) for scope in scopes)
    return [each for each in found if each]


def _access(state: State, robot: str, scope: str) -> dict[str, Any] | None:
    """Return what *robot* gets of *scope*: what it lacks is left out, without an error."""
    kind, _, rest = scope.partition(":")
    path, _, asked = rest.rpartition(":")
    if kind != "repository" or "/" not in path:
        return None
    namespace, _, name = path.partition("/")
    wanted = asked.split(",")
    repository = _for_push(state, robot, namespace, name, wanted)
    level = 0 if repository is None else _level(state, robot, repository)
    needs = {"pull": "read", "push": "write", "*": "admin"}
    actions = [each for each, need in needs.items() if each in wanted and level >= LEVELS[need]]
    return {"type": "repository", "name": path, "actions": actions}


def _level(state: State, robot: str, repository: Repository) -> int:
    own = level_of(state, robot, repository.namespace, repository) if robot else 0
    return max(own, LEVELS["read"] if repository.public else 0)


def _for_push(
    state: State, robot: str, namespace: str, name: str, wanted: list[str]
) -> Repository | None:
    """Return the repository; who may create repositories makes it by asking to push."""
    found = state.repositories.get(f"{namespace}/{name}")
    organization = state.organizations.get(namespace)
    if found is not None or "push" not in wanted or organization is None:
        return found
    if robot in organization.owners | organization.having("creator"):
        return add_repository(state, namespace, name, robot)
    return None


def _refusal(state: State, user: str, password: str) -> str | None:
    robot = state.robots.get(user)
    if robot is None:
        return "Could not find robot with specified username"
    if state.settings.robots_disallow and user not in state.settings.robots_whitelist:
        return "Robot account have been disabled. Please contact your administrator."
    if _is_typed_jwt(password):
        claims = verified(state, password)
        if claims is None:
            raise shape_e()
        return None if claims["sub"] == user else "Token does not match robot"
    if robot.token != password:
        return f"Could not find robot with username: {user} and supplied password."
    return None


def _is_typed_jwt(password: str) -> bool:
    try:
        return "typ" in extract_compact(password.encode()).headers()
    except (JoseError, ValueError):
        return False


def _basic(request: Request) -> tuple[str, str]:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def challenged(request: Request, message: str) -> Refusal:
    """Return the refusal that tells a client where to get a token."""
    error = {"code": "UNAUTHORIZED", "detail": {}, "message": message}
    return Refusal(JSONResponse({"errors": [error]}, 401, _challenge(request)))


def _challenge(request: Request) -> dict[str, str]:
    where: Any = request.url
    host = f"{where.scheme}://{where.netloc}"
    return {"WWW-Authenticate": f'Bearer realm="{host}/v2/auth",service="{where.netloc}"'}
