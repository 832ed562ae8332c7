"""How is an outside token changed into one of Quay's own?"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .callers import NOBODY
from .journal import record
from .oidc import Crash, NotValid, unverified, verify
from .places import ABSENT
from .replies import Refusal, not_found_page, shape_b, shape_e, shape_f
from .signing import sign
from .state import Robot, State


async def exchange(state: State, request: Request) -> Response:
    """GET /oauth2/federation/robot/token"""
    if not state.settings.at_least("3.13"):
        raise not_found_page()
    name, token = _credentials(request)
    robot = state.robots.get(name)
    if robot is None:
        raise shape_b(ABSENT)
    try:
        claims = await _verified(state, robot, token)
    except Crash:
        raise shape_e() from None
    except NotValid as error:
        raise shape_b(f"Invalid token: {error}") from None
    except OSError:
        # Quay's server drops the connection; the proxy answers in its place.
        raise shape_f(502) from None
    owner, _, short = name.partition("+")
    record(state, request, NOBODY, "federated_robot_token_exchange", owner, robot=short,
           issuer=claims["iss"], subject=claims["sub"])  # fmt: skip
    life_s = state.settings.federated_life_s
    return JSONResponse({"token": sign(state, name, {}, life_s)})


async def _verified(state: State, robot: Robot, token: str) -> dict[str, Any]:
    _, claims = unverified(token)
    if not robot.federation:
        raise shape_b("Robot does not have federated login configured")
    issuer = claims.get("iss")
    if not issuer:
        raise shape_b("Token does not contain issuer")
    entries = [each for each in robot.federation if each["issuer"] == issuer]
    subjects = {each["subject"] for each in entries}
    if not subjects:
        raise shape_b(f"issuer {issuer} not configured for this robot")
    await asyncio.to_thread(verify, token, state.settings.oidc_ca, state.now())
    # Of one issuer the last that has any counts for all.
    audiences = next((each["audiences"] for each in entries[::-1] if each.get("audiences")), None)
    if audiences and set(audiences).isdisjoint(_listed(claims.get("aud"))):
        raise shape_b("Invalid token: Audience doesn't match")
    if claims.get("sub") not in subjects:
        raise shape_b("Token does not match robot")
    return claims


def _listed(audience: Any) -> list[str]:
    return [audience] if isinstance(audience, str) else list(audience or [])


def _credentials(request: Request) -> tuple[str, str]:
    header = request.headers.get("authorization", "")
    if not header:
        raise _refused("No auth header")
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        raise _refused("Invalid basic auth header")
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    name, colon, token = text.partition(":")
    if not colon:
        raise _refused("Unexpected number of credentials found in basic auth header")
    if "+" not in name:
        raise _refused("Invalid robot")
    return name, token


def _refused(message: str) -> Refusal:
    return Refusal(JSONResponse({"error": message}, 401))
