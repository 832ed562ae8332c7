"""How does Quay answer about the mirror that a repository is?"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, may_touch, unauthorized
from .journal import record
from .places import ABSENT
from .replies import answer, not_found, shape_b
from .repositories import split
from .schemas import MIRROR, body_of
from .state import Repository, State


async def get_mirror(state: State, request: Request, caller: Caller) -> Response:
    """GET /api/v1/repository/<ns>/<repo>/mirror"""
    repository = _entered(state, request, caller)
    if repository.mirror is None:
        raise not_found(request)
    return answer({"is_enabled": True, "robot_username": repository.mirror})


async def make_mirror(state: State, request: Request, caller: Caller) -> Response:
    """POST .../mirror: its robot gets write where it has none or can only read."""
    repository = _entered(state, request, caller)
    robot = (await body_of(request, MIRROR))["robot_username"]
    if repository.mirror is not None:
        namespace, name = repository.namespace, repository.name
        words = f"Mirror configuration already exits for repository {namespace}/{name}"
        return answer({"detail": words}, 409)
    if robot not in state.robots:
        raise shape_b(ABSENT)
    if not robot.startswith(f"{repository.namespace}+"):
        raise shape_b("Invalid robot")
    repository.mirror = robot
    if repository.users.get(robot) not in {"write", "admin"}:
        repository.users[robot] = "write"
    record(state, request, caller, "repo_mirror_config_changed", repository.namespace,
           repo=repository.name, changed="external_reference")  # fmt: skip
    return answer("", 201)


def _entered(state: State, request: Request, caller: Caller) -> Repository:
    namespace, name = split(request)
    repository = state.repositories.get(f"{namespace}/{name}")
    if not may_touch(state, caller, namespace, repository, "admin"):
        raise unauthorized(request, caller)
    if repository is None or not state.settings.repo_mirror:
        raise not_found(request)
    return repository
