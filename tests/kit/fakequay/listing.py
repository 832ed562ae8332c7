"""How does Quay list the robots of a namespace?"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller, administers, belongs, sees_all, unauthorized
from .places import Place, check_admin, place_of
from .replies import answer, shape_c, shape_e
from .state import Robot, State, rfc2822
from .views import team_avatar

_FALSE = {"false", "False", "FALSE", "0", "null", ""}


@dataclass(frozen=True, slots=True)
class Sight:
    """What of each robot is shown."""

    token: bool
    grants: bool


async def list_robots(state: State, request: Request, caller: Caller) -> Response:
    """GET .../robots"""
    place = place_of(request, caller)
    query = request.query_params
    sight = _sight(state, request, caller, place)
    token = sight.token and query.get("token", "true") not in _FALSE
    grants = sight.grants and query.get("permissions", "false") not in _FALSE
    limit = _limit(query.get("limit"))
    found = state.robots_of(place.owner) + state.look_alikes(place.owner)
    # Quay joins the tokens, also where it does not show them.
    robots = _in_quays_order([each for each in found if each.token])
    if grants:
        items = _with_grants(state, robots, limit)
    else:
        items = [_listed(state, robot) for robot in robots[:limit]]
    if token:
        for item in items:
            item["token"] = state.robots[item["name"]].token
    return answer({"robots": items})


def _sight(state: State, request: Request, caller: Caller, place: Place) -> Sight:
    if place.is_user:
        check_admin(state, request, caller, place)
        return Sight(token=True, grants=True)
    if administers(state, caller, place.owner):
        return Sight(token=True, grants=True)
    if sees_all(state, caller):
        at_least = state.settings.at_least
        return Sight(token=not at_least("3.19"), grants=at_least("3.17"))
    if belongs(state, caller, place.owner):
        return Sight(token=False, grants=False)
    raise unauthorized(request, caller)


def _with_grants(state: State, robots: list[Robot], limit: int | None) -> list[dict[str, Any]]:
    """Limit as the join does: a row for each repository with each team of each robot."""
    repositories, teams = _repositories_of(state), _teams_of(state)
    items = []
    left = limit
    for robot in robots:
        if left is not None and left <= 0:
            break
        joined = product(repositories.get(robot.name, [None]), teams.get(robot.name, [None]))
        rows = list(islice(joined, left))
        left = None if left is None else left - len(rows)
        items.append(_listed(state, robot) | _grants(rows))
    return items


def _grants(rows: list[tuple[str | None, str | None]]) -> dict[str, Any]:
    teams = dict.fromkeys(team for _, team in rows if team)
    return {
        "teams": [{"name": team, "avatar": team_avatar(team)} for team in teams],
        "repositories": list(dict.fromkeys(name for name, _ in rows if name)),
    }


def _repositories_of(state: State) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for repository in state.repositories.values():
        for user in repository.users:
            found.setdefault(user, []).append(repository.name)
    return found


def _teams_of(state: State) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for organization in state.organizations.values():
        for team in organization.teams.values():
            for member in team.members:
                found.setdefault(member, []).append(team.name)
    return found


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
