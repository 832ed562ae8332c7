"""How does Quay answer about robots of organizations and of users?"""

from __future__ import annotations

import json
import random
import re
import uuid
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, administers, belongs, sees_all, unauthorized
from .replies import answer, nothing, shape_a, shape_b, shape_c, shape_e
from .state import Robot, State, rfc2822

NAME = re.compile(r"^([a-z0-9]+(?:[._-][a-z0-9]+)*)$")
ABSENT = "Could not find robot with specified username"
_FALSE = {"false", "False", "FALSE", "0", "null", ""}


@dataclass(frozen=True, slots=True)
class Place:
    """The namespace that a path means: an organization, or the caller's own."""

    owner: str
    is_user: bool

    def full(self, short: str) -> str:
        return f"{self.owner}+{short}"


def place_of(request: Request, caller: Caller) -> Place:
    """Return the namespace that *request* is about."""
    name = request.path_params.get("org")
    return Place(caller.user or "", is_user=True) if name is None else Place(name, is_user=False)


async def list_robots(state: State, request: Request, caller: Caller) -> Response:
    """GET .../robots"""
    place = place_of(request, caller)
    admin, reader = _may_read(state, request, caller, place)
    query = request.query_params
    permissions = query.get("permissions", "false") not in _FALSE
    with_token = query.get("token", "true") not in _FALSE
    limit = _limit(query.get("limit"))
    robots = state.robots_of(place.owner) + state.look_alikes(place.owner)
    robots = _in_quays_order(robots)
    items = []
    for robot in robots:
        rows = _rows(state, robot) if permissions and (admin or reader) else 1
        if limit is not None and limit <= 0:
            break
        item = _listed(state, robot)
        if with_token and admin:
            item["token"] = robot.token
        if permissions and (admin or reader):
            item |= {"teams": [], "repositories": []}
        items.append(item)
        limit = None if limit is None else limit - rows
    return answer({"robots": items})


async def get_robot(state: State, request: Request, caller: Caller) -> Response:
    """GET .../robots/<short>"""
    place = place_of(request, caller)
    admin, _ = _may_read(state, request, caller, place, single=True)
    robot = _find(state, place, request.path_params["short"])
    shown = _shown(robot)
    if not admin:
        del shown["token"]
    return answer(shown)


async def create_robot(state: State, request: Request, caller: Caller) -> Response:
    """PUT .../robots/<short>: creates only; an unreadable body counts as none."""
    place, short = place_of(request, caller), request.path_params["short"]
    if place.is_user:
        _check_admin(state, request, caller, place)
    body = await _create_body(request)
    _check_admin(state, request, caller, place)
    if not place.is_user and place.owner not in state.organizations:
        raise shape_b(f"Organization does not exist: {place.owner}")
    if state.settings.robots_disallow:
        words = "Robot accounts have been disabled. Please contact your administrator."
        raise shape_a(request, "invalid_request", words)
    _check_name(request, short)
    name = place.full(short)
    if name in state.robots:
        raise shape_a(request, "invalid_request", f"Existing robot with name: {name}")
    if len(name) > 255:
        raise shape_b("value too long for type character varying(255)\n")
    robot = Robot(
        name=name,
        created=int(state.now()),
        token=state.make_robot_token(),
        description=body.get("description") or "",
        metadata=body.get("unstructured_metadata") or {},
    )
    state.robots[name] = robot
    return answer(
        {**_shown(robot), "unstructured_metadata": body.get("unstructured_metadata")}, 201
    )


async def delete_robot(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../robots/<short>: 204 is no proof."""
    place = place_of(request, caller)
    _check_admin(state, request, caller, place)
    name = place.full(request.path_params["short"])
    robot = state.robots.get(name)
    if robot is None:
        raise shape_b(ABSENT)
    if robot.mirror:
        raise shape_a(request, "invalid_request", "Robot is being used by a mirror")
    if not robot.sticky:
        del state.robots[name]
    return nothing()


async def regenerate(state: State, request: Request, caller: Caller) -> Response:
    """POST .../robots/<short>/regenerate: the old token dies at once."""
    place = place_of(request, caller)
    _check_admin(state, request, caller, place)
    robot = _find(state, place, request.path_params["short"])
    robot.token = state.make_robot_token()
    robot.avatar = uuid.uuid4().hex
    shown = _shown(robot)
    del shown["unstructured_metadata"]
    return answer(shown)


async def robot_permissions(state: State, request: Request, caller: Caller) -> Response:
    """GET .../robots/<short>/permissions: needs user:admin also for organizations."""
    place = place_of(request, caller)
    if "user:admin" not in caller.scopes and not sees_all(state, caller):
        raise unauthorized(request, caller)
    if not place.is_user and not (administers(state, caller, place.owner)):
        words = (
            "You don't have the permission to access the requested resource. It is either "
            "read-protected or not readable by the server."
        )
        raise shape_c(403, words)
    _find(state, place, request.path_params["short"])
    return answer({"permissions": []})


# Rights -----------------------------------------------------------------


def _may_read(
    state: State, request: Request, caller: Caller, place: Place, *, single: bool = False
) -> tuple[bool, bool]:
    if place.is_user:
        if "user:admin" not in caller.scopes:
            raise unauthorized(request, caller)
        return True, True
    admin = administers(state, caller, place.owner)
    reader = sees_all(state, caller)
    if admin or reader or (not single and belongs(state, caller, place.owner)):
        return admin, reader
    raise unauthorized(request, caller)


def _check_admin(state: State, request: Request, caller: Caller, place: Place) -> None:
    allowed = (
        "user:admin" in caller.scopes if place.is_user else administers(state, caller, place.owner)
    )
    if not allowed:
        raise unauthorized(request, caller)


# Bodies -----------------------------------------------------------------


async def _create_body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    if body is None:
        return {}
    _check_schema(request, body)
    return body


def _check_schema(request: Request, body: Any) -> None:
    if not isinstance(body, dict):
        raise shape_a(request, "invalid_request", f"{body!r} is not of type 'object'\n\n...")
    description = body.get("description", "")
    if not isinstance(description, str):
        words = f"{description!r} is not of type 'string'\n\n..."
        raise shape_a(request, "invalid_request", words)
    if len(description) > 255:
        raise shape_a(request, "invalid_request", f"{description!r} is too long\n\n...")
    if not isinstance(body.get("unstructured_metadata", {}), dict):
        words = f"{body['unstructured_metadata']!r} is not of type 'object'\n\n..."
        raise shape_a(request, "invalid_request", words)


def _check_name(request: Request, short: str) -> None:
    start = f"The name for the robot '{short}' is invalid: Namespace must "
    if not NAME.fullmatch(short):
        words = f"{start}match expression {NAME.pattern}"
        raise shape_a(request, "invalid_request", words)
    if not 2 <= len(short) <= 255:
        words = f"{start}be between 2 and 255 characters in length"
        raise shape_a(request, "invalid_request", words)


def _find(state: State, place: Place, short: str) -> Robot:
    if not place.is_user and place.owner not in state.organizations:
        raise shape_b(f"Organization does not exist: {place.owner}")
    robot = state.robots.get(place.full(short))
    if robot is None:
        raise shape_b(ABSENT)
    return robot


def _shown(robot: Robot) -> dict[str, Any]:
    return {
        "name": robot.name,
        "created": rfc2822(robot.created),
        "last_accessed": rfc2822(robot.last_accessed),
        "description": robot.description,
        "token": robot.token,
        "unstructured_metadata": robot.metadata,
    }


def _listed(state: State, robot: Robot) -> dict[str, Any]:
    shown = state.settings.last_accessed_shown
    return {
        "name": robot.name,
        "created": rfc2822(robot.created),
        "last_accessed": rfc2822(robot.last_accessed) if shown else None,
        "description": robot.description,
    }


def _in_quays_order(robots: list[Robot]) -> list[Robot]:
    # Never used first, then the latest; ties fall differently each time.
    shuffled = random.sample(robots, len(robots))
    return sorted(shuffled, key=lambda each: -(each.last_accessed or float("inf")))


def _rows(_state: State, _robot: Robot) -> int:
    # With permissions, limit counts join rows: repositories times teams.
    return 1


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        limit = int(text)
    except ValueError:
        words = "If specified, the number of robots to return."
        raise shape_c(400, {"limit": words}) from None
    if limit < 0:
        raise shape_e()
    return limit or None
