"""How does Quay answer about one robot of an organization or a user?"""

from __future__ import annotations

import json
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, administers, sees_all, unauthorized
from .journal import record
from .places import ABSENT, check_admin, check_robot_name, find, may_read, place_of
from .replies import PROTECTED, answer, invalid, nothing, shape_b, shape_c, shape_e
from .schemas import ROBOT, check, is_json
from .state import Robot, State, rfc2822


async def get_robot(state: State, request: Request, caller: Caller) -> Response:
    """GET .../robots/<short>"""
    place = place_of(request, caller)
    admin = may_read(state, request, caller, place)
    shown = _shown(find(state, place, request.path_params["short"]))
    if not shown["token"]:
        raise shape_e()
    if not admin and state.settings.at_least("3.19"):
        del shown["token"]
    return answer(shown)


async def create_robot(state: State, request: Request, caller: Caller) -> Response:
    """PUT .../robots/<short>: creates only; an unreadable body counts as none."""
    place, short = place_of(request, caller), request.path_params["short"]
    if place.is_user:
        check_admin(state, request, caller, place)
    body = await _create_body(request)
    check_admin(state, request, caller, place)
    if not place.is_user and place.owner not in state.organizations:
        raise shape_b(f"Organization does not exist: {place.owner}")
    if state.settings.robots_disallow:
        words = "Robot accounts have been disabled. Please contact your administrator."
        raise invalid(request, words)
    check_robot_name(request, short)
    name = place.full(short)
    if name in state.robots:
        raise invalid(request, f"Existing robot with name: {name}")
    if len(name) > 255:
        raise shape_b("value too long for type character varying(255)\n")
    robot = _made(state, name, body)
    metadata = body.get("unstructured_metadata")
    record(state, request, caller, "create_robot", place.owner, robot=short,
           description=robot.description, unstructured_metadata=metadata)  # fmt: skip
    return answer({**_shown(robot), "unstructured_metadata": metadata}, 201)


def _made(state: State, name: str, body: dict[str, Any]) -> Robot:
    robot = Robot(
        name=name,
        created=int(state.now()),
        token=state.make_robot_token(),
        description=body.get("description") or "",
        metadata=body.get("unstructured_metadata") or {},
    )
    state.robots[name] = robot
    return robot


async def delete_robot(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../robots/<short>: 204 is no proof."""
    place, short = place_of(request, caller), request.path_params["short"]
    check_admin(state, request, caller, place)
    robot = state.robots.get(place.full(short))
    if robot is None:
        raise shape_b(ABSENT)
    mirrors = state.repositories.values()
    if robot.mirror or any(each.mirror == robot.name for each in mirrors):
        raise invalid(request, "Robot is being used by a mirror")
    if not robot.sticky:
        state.drop_robot(robot.name)
    record(state, request, caller, "delete_robot", place.owner, robot=short)
    return nothing()


async def regenerate(state: State, request: Request, caller: Caller) -> Response:
    """POST .../robots/<short>/regenerate: the old token dies at once."""
    place, short = place_of(request, caller), request.path_params["short"]
    check_admin(state, request, caller, place)
    robot = find(state, place, short)
    robot.token = state.make_robot_token()
    robot.avatar = uuid.uuid4().hex
    shown = _shown(robot)
    del shown["unstructured_metadata"]
    record(state, request, caller, "regenerate_robot_token", place.owner, robot=short)
    return answer(shown)


async def robot_permissions(state: State, request: Request, caller: Caller) -> Response:
    """GET .../robots/<short>/permissions: needs user:admin also for organizations."""
    place = place_of(request, caller)
    reader = sees_all(state, caller)
    if "user:admin" not in caller.scopes and not reader:
        raise unauthorized(request, caller)
    if not (place.is_user or reader or administers(state, caller, place.owner)):
        raise shape_c(403, PROTECTED)
    robot = find(state, place, request.path_params["short"])
    grants = [
        {
            "repository": {"name": each.name, "is_public": each.public},
            "role": each.users[robot.name],
        }
        for each in state.repositories_of(place.owner)
        if robot.name in each.users
    ]
    return answer({"permissions": grants})


async def _create_body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if not is_json(request):
        return {}
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    if body is None:
        return {}
    check(request, body, ROBOT)
    return body


def _shown(robot: Robot) -> dict[str, Any]:
    return {
        "name": robot.name,
        "created": rfc2822(robot.created),
        "last_accessed": rfc2822(robot.last_accessed),
        "description": robot.description,
        "token": robot.token,
        "unstructured_metadata": robot.metadata,
    }
