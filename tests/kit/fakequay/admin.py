"""What may a test do to the double behind its back? Everything under /__admin/."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .accounts import drop_organization
from .state import ALL_SCOPES, OAuth, Organization, Robot, oauth_token

if TYPE_CHECKING:
    from .application import Double

LONG_S = 10 * 365 * 86400
_SETS = {"superusers", "readonly_superusers", "robots_whitelist"}


def routes(double: Double) -> list[Route]:
    """Return the routes of the admin side."""
    calls: dict[str, Callable[[Double, dict[str, Any]], Any]] = {
        "organization": make_organization,
        "organization/delete": delete_organization,
        "token": make_token,
        "token/revoke": revoke_token,
        "robot": make_robot,
        "robot/delete": delete_robot,
        "robot/regenerate": regenerate_robot,
        "robot/show": show_robot,
        "robots": show_robots,
        "settings": set_settings,
        "clock": set_clock,
        "fault": add_fault,
        "faults/clear": clear_faults,
        "ledger": show_ledger,
    }
    return [
        Route(f"/__admin/{name}", _serve(double, call), methods=["POST"])
        for name, call in calls.items()
    ]


def _serve(
    double: Double, call: Callable[[Double, dict[str, Any]], Any]
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        raw = await request.body()
        fields = await request.json() if raw else {}
        return JSONResponse(call(double, fields))

    return serve


def make_organization(double: Double, fields: dict[str, Any]) -> None:
    """Make an organization with *owners* and *members*, and those users."""
    owners, members = set(fields.get("owners", ["admin"])), set(fields.get("members", []))
    double.state.users |= owners | members
    name = fields["name"]
    double.state.organizations[name] = Organization(name, owners, members)


def delete_organization(double: Double, fields: dict[str, Any]) -> None:
    """Remove an organization, as an administrator of Quay would."""
    drop_organization(double.state, fields["name"])


def make_token(double: Double, fields: dict[str, Any]) -> str:
    """Make an OAuth token of *user* with *scopes* (default: all) and return it."""
    user = fields.get("user", "admin")
    double.state.users.add(user)
    value = fields.get("value") or oauth_token()
    scopes = frozenset(fields.get("scopes", ALL_SCOPES))
    expires = double.state.now() + fields.get("life_s", LONG_S)
    double.state.oauth[value] = OAuth(user, scopes, expires)
    return value


def revoke_token(double: Double, fields: dict[str, Any]) -> None:
    """Revoke an OAuth token."""
    double.state.oauth[fields["token"]].revoked = True


def make_robot(double: Double, fields: dict[str, Any]) -> str:
    """Make a robot by hand and return its token."""
    robot = Robot(
        name=fields["name"],
        created=int(fields.get("created", double.state.now())),
        token=fields.get("token") or double.state.make_robot_token(),
        description=fields.get("description", ""),
        metadata=fields.get("metadata", {}),
        sticky=fields.get("sticky", False),
        mirror=fields.get("mirror", False),
    )
    double.state.robots[robot.name] = robot
    return robot.token


def delete_robot(double: Double, fields: dict[str, Any]) -> None:
    """Delete a robot by hand."""
    double.state.robots.pop(fields["name"], None)


def regenerate_robot(double: Double, fields: dict[str, Any]) -> str:
    """Regenerate a robot's token by hand and return it."""
    robot = double.state.robots[fields["name"]]
    robot.token = double.state.make_robot_token()
    return robot.token


def show_robot(double: Double, fields: dict[str, Any]) -> dict[str, Any] | None:
    """Return a robot with its token, or None."""
    robot = double.state.robots.get(fields["name"])
    if robot is None:
        return None
    return {
        "name": robot.name,
        "token": robot.token,
        "created": robot.created,
        "description": robot.description,
        "metadata": robot.metadata,
        "last_accessed": robot.last_accessed,
    }


def show_robots(double: Double, _fields: dict[str, Any]) -> list[str]:
    """Return the names of all robots."""
    return sorted(double.state.robots)


def set_settings(double: Double, fields: dict[str, Any]) -> None:
    """Change Quay's configuration."""
    changes = {key: frozenset(value) if key in _SETS else value for key, value in fields.items()}
    double.state.settings = replace(double.state.settings, **changes)


def set_clock(double: Double, fields: dict[str, Any]) -> None:
    """Shift Quay's time by *shift_s* seconds."""
    double.state.shift_s = fields["shift_s"]


def add_fault(double: Double, fields: dict[str, Any]) -> None:
    """Have calls fail; see Fault."""
    double.faults.add(**fields)


def clear_faults(double: Double, _fields: dict[str, Any]) -> None:
    """Have nothing fail any more."""
    double.faults.waiting.clear()


def show_ledger(double: Double, fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the calls from number *since* on."""
    return double.ledger.dump(fields.get("since", 0))
