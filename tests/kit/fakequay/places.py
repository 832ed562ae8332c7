"""Which namespace and robot does a path mean, and may the caller go there?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request

from .callers import Caller, administers, sees_all, unauthorized
from .replies import shape_a, shape_b
from .state import Robot, State

NAME = re.compile(r"^([a-z0-9]+(?:[._-][a-z0-9]+)*)$")
ABSENT = "Could not find robot with specified username"


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


def check_admin(state: State, request: Request, caller: Caller, place: Place) -> None:
    """Refuse a caller who may not write here."""
    allowed = (
        _may_own(state, request, caller)
        if place.is_user
        else administers(state, caller, place.owner)
    )
    if not allowed:
        raise unauthorized(request, caller)


def _may_own(state: State, request: Request, caller: Caller) -> bool:
    settings = state.settings
    restricted = (
        settings.restricted_users
        and request.method not in {"GET", "HEAD"}
        and caller.user not in settings.restricted_users_whitelist
    )
    return "user:admin" in caller.scopes and not restricted


def may_read(state: State, request: Request, caller: Caller, place: Place) -> bool:
    """Tell whether the caller administers the place (False: may only look); refuse others."""
    if place.is_user:
        check_admin(state, request, caller, place)
        return True
    if administers(state, caller, place.owner):
        return True
    if sees_all(state, caller):
        return False
    raise unauthorized(request, caller)


def find(state: State, place: Place, short: str) -> Robot:
    """Return the robot, or refuse as Quay does: never with 404."""
    if not place.is_user and place.owner not in state.organizations:
        raise shape_b(f"Organization does not exist: {place.owner}")
    robot = state.robots.get(place.full(short))
    if robot is None:
        raise shape_b(ABSENT)
    return robot


def name_problem(name: str) -> str | None:
    """Return what Quay says of a name that it does not take; robots and namespaces alike."""
    if not NAME.fullmatch(name):
        return f"Namespace must match expression {NAME.pattern}"
    if not 2 <= len(name) <= 255:
        return "Namespace must be between 2 and 255 characters in length"
    return None


def check_robot_name(request: Request, short: str) -> None:
    """Refuse a robot's name that is none."""
    problem = name_problem(short)
    if problem is not None:
        words = f"The name for the robot '{short}' is invalid: {problem}"
        raise shape_a(request, "invalid_request", words)
