"""Which outside identities may be a robot? The configuration, read and replaced as a whole."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .callers import Caller
from .journal import record
from .places import check_admin, find, may_read, place_of
from .replies import answer, invalid, nothing
from .schemas import FEDERATION, body_of
from .state import State


async def get_federation(state: State, request: Request, caller: Caller) -> Response:
    """GET .../federation: a bare array."""
    place = place_of(request, caller)
    may_read(state, request, caller, place)
    return answer(find(state, place, request.path_params["short"]).federation)


async def set_federation(state: State, request: Request, caller: Caller) -> Response:
    """POST .../federation: replaces the whole list."""
    place, short = place_of(request, caller), request.path_params["short"]
    body = await body_of(request, FEDERATION)
    check_admin(state, request, caller, place)
    entries = [_entry(state, each) for each in body]
    _check(state, request, entries)
    robot = find(state, place, short)
    robot.federation = entries
    record(state, request, caller, "create_robot_federation", place.owner,
           robot=short, config=entries)  # fmt: skip
    return answer(entries)


async def delete_federation(state: State, request: Request, caller: Caller) -> Response:
    """DELETE .../federation: 204 also when there is none."""
    place, short = place_of(request, caller), request.path_params["short"]
    check_admin(state, request, caller, place)
    find(state, place, short).federation = []
    record(state, request, caller, "delete_robot_federation", place.owner, robot=short)
    return nothing()


def _entry(state: State, said: dict[str, Any]) -> dict[str, Any]:
    entry = {"issuer": said["issuer"], "subject": said["subject"]}
    if state.settings.audiences_kept:
        entry |= {key: said[key] for key in ("id", "api_scopes") if key in said}
        entry["audiences"] = said.get("audiences", ["quay"])
    return entry


def _check(state: State, request: Request, entries: list[dict[str, Any]]) -> None:
    seen: set[object] = set()
    for each in entries:
        issuer, subject = each["issuer"], each["subject"]
        if not issuer or not subject:
            raise invalid(request, "Missing one or more required fields (issuer, subject)")
        if not issuer.startswith(("http://", "https://")):
            raise invalid(request, "Issuer must be a URL (http:// or https://)")
        # Before 3.18 two different pairs whose texts join alike were one.
        by_pair = state.settings.at_least("3.18")
        key: object = (issuer, subject) if by_pair else f"{issuer}:{subject}"
        if key in seen:
            raise invalid(request, "Duplicate federation config entry")
        seen.add(key)
