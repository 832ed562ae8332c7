"""What may a test do to the double behind its back? Everything under /__admin/."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .accounts import add_organization
from .beginnings import write_bootstrap_token
from .repositories import add_repository
from .state import ALL_SCOPES, OAuth, Prototype, Robot, Team

if TYPE_CHECKING:
    from .application import Double

Fields = dict[str, Any]
LONG_S = 10 * 365 * 86400
_SETS = {
    "superusers", "readonly_superusers", "robots_whitelist", "restricted_users_whitelist",
}  # fmt: skip


def routes(double: Double) -> list[Route]:
    """Return the routes of the admin side."""
    return [
        Route(f"/__admin/{name}", _serve(double, call), methods=["POST"])
        for name, call in CALLS.items()
    ]


def _serve(
    double: Double, call: Callable[[Double, Fields], Any]
) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        raw = await request.body()
        fields = await request.json() if raw else {}
        return JSONResponse(call(double, fields))

    return serve


def make_organization(double: Double, fields: Fields) -> None:
    """Make an organization with *owners* and *members*, and those users."""
    owners, members = set(fields.get("owners", ["admin"])), set(fields.get("members", []))
    double.state.users |= owners | members
    add_organization(double.state, fields["name"], owners, members)


def delete_organization(double: Double, fields: Fields) -> None:
    """Remove an organization, as an administrator of Quay would."""
    double.state.drop_organization(fields["name"])


def make_user(double: Double, fields: Fields) -> None:
    """Make the user *name*, who may sign in with *password* where one is given."""
    double.state.users.add(fields["name"])
    if "password" in fields:
        double.state.passwords[fields["name"]] = fields["password"]


def disable_user(double: Double, fields: Fields) -> None:
    """Disable the user *name*, or enable it where *enabled* is true."""
    if fields.get("enabled"):
        double.state.disabled.discard(fields["name"])
    else:
        double.state.disabled.add(fields["name"])


def forget_keys(double: Double, fields: Fields) -> None:
    """
    Drive the keys of login services out, as another service's token or an hour does.

    With *cold* also where they are found, as a restart does.
    """
    double.state.sign_on_keys.key = None
    if fields.get("cold"):
        double.state.sign_on_keys.discovered.clear()


def make_token(double: Double, fields: Fields) -> str:
    """Make an OAuth token of *user* with *scopes* (default: all) and return it."""
    user = fields.get("user", "admin")
    double.state.users.add(user)
    value = fields.get("value") or double.state.make_oauth_token()
    scopes = frozenset(fields.get("scopes", ALL_SCOPES))
    expires = double.state.now() + fields.get("life_s", LONG_S)
    double.state.oauth[value] = OAuth(user, scopes, expires)
    return value


def revoke_token(double: Double, fields: Fields) -> None:
    """Revoke an OAuth token."""
    double.state.oauth[fields["token"]].revoked = True


def make_robot(double: Double, fields: Fields) -> str:
    """Make a robot by hand and return its token; *created* is null for a very old one."""
    created = fields.get("created", double.state.now())
    robot = Robot(
        name=fields["name"],
        created=None if created is None else int(created),
        token=fields.get("token") or double.state.make_robot_token(),
        description=fields.get("description", ""),
        metadata=fields.get("metadata", {}),
        sticky=fields.get("sticky", False),
        mirror=fields.get("mirror", False),
    )
    double.state.robots[robot.name] = robot
    return robot.token


def change_robot(double: Double, fields: Fields) -> None:
    """
    Set *sticky* (a delete does nothing) or *mirror* (a delete is refused) of a robot.

    *halved*: a deletion was cut off when it had deleted its token.
    """
    robot = double.state.robots[fields["name"]]
    robot.sticky = fields.get("sticky", robot.sticky)
    robot.mirror = fields.get("mirror", robot.mirror)
    robot.token = "" if fields.get("halved") else robot.token


def delete_robot(double: Double, fields: Fields) -> None:
    """Delete a robot by hand, with all that hangs on it."""
    double.state.drop_robot(fields["name"])


def regenerate_robot(double: Double, fields: Fields) -> str:
    """Regenerate a robot's token by hand and return it."""
    robot = double.state.robots[fields["name"]]
    robot.token = double.state.make_robot_token()
    return robot.token


def show_robot(double: Double, fields: Fields) -> Fields | None:
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


def show_robots(double: Double, _fields: Fields) -> list[str]:
    """Return the names of all robots."""
    return sorted(double.state.robots)


def make_repository(double: Double, fields: Fields) -> None:
    """Make the repository *namespace*/*name*; *creator* is nobody where not given."""
    creator, public = fields.get("creator"), fields.get("public", False)
    add_repository(double.state, fields["namespace"], fields["name"], creator, public=public)


def delete_repository(double: Double, fields: Fields) -> None:
    """Remove a repository."""
    double.state.repositories.pop(f"{fields['namespace']}/{fields['name']}", None)


def make_team(double: Double, fields: Fields) -> None:
    """Make the team *name* of *org* with *role* and *members*."""
    team = Team(
        fields["name"], fields.get("role", "member"), members=set(fields.get("members", []))
    )
    double.state.organizations[fields["org"]].teams[team.name] = team


def set_member(double: Double, fields: Fields) -> None:
    """Put *member* into *team* of *org*, or take it out where *absent* is true."""
    members = double.state.organizations[fields["org"]].teams[fields["team"]].members
    if fields.get("absent"):
        members.discard(fields["member"])
    else:
        members.add(fields["member"])


def set_grant(double: Double, fields: Fields) -> None:
    """Set *role* of *user* (or *team*) on *repository* (`ns/name`); None takes it away."""
    repository = double.state.repositories[fields["repository"]]
    granted = repository.teams if "team" in fields else repository.users
    name = fields.get("team") or fields["user"]
    if fields.get("role") is None:
        granted.pop(name, None)
    else:
        granted[name] = fields["role"]


def set_mirror(double: Double, fields: Fields) -> None:
    """Make *repository* (`ns/name`) a mirror that *robot* writes to; None: a mirror no more."""
    repository = double.state.repositories[fields["repository"]]
    repository.mirror = fields.get("robot")
    if repository.mirror is not None and repository.users.get(repository.mirror) != "admin":
        repository.users[repository.mirror] = "write"


def make_prototype(double: Double, fields: Fields) -> None:
    """
    Make a default permission of *org* for the user or robot *delegate*, by hand.

    It is for what *creator* makes, where one is given.
    """
    creator = fields.get("creator")
    made = Prototype(uuid.uuid4().hex, fields["role"], fields["delegate"], "user", creator)
    double.state.organizations[fields["org"]].prototypes[made.id] = made


def show_grants(double: Double, fields: Fields) -> Fields:
    """Return what the robot *name* was given: repositories, teams, default permissions."""
    robot, state = fields["name"], double.state
    owner = robot.split("+", 1)[0]
    organizations = state.organizations.values()
    return {
        "repositories": {
            each.name if each.namespace == owner else each.path: each.users[robot]
            for each in state.repositories.values()
            if robot in each.users
        },
        "teams": sorted(
            team.name for org in organizations for team in org.teams.values()
            if robot in team.members
        ),
        "prototypes": [
            {"id": each.id, "role": each.role, "creator": each.creator}
            for org in organizations for each in org.prototypes.values()
            if each.kind == "user" and each.delegate == robot
        ],
    }  # fmt: skip


def show_federation(double: Double, fields: Fields) -> list[Fields]:
    """Return the outside identities of the robot *name*."""
    return double.state.robots[fields["name"]].federation


def set_federation(double: Double, fields: Fields) -> None:
    """Set the outside identities of the robot *name* to *entries*."""
    double.state.robots[fields["name"]].federation = list(fields["entries"])


def set_settings(double: Double, fields: Fields) -> None:
    """Change Quay's configuration."""
    changes = {key: frozenset(value) if key in _SETS else value for key, value in fields.items()}
    double.state.settings = replace(double.state.settings, **changes)


def start_bootstrap(double: Double, _fields: Fields) -> None:
    """Do what Quay does at its start: put a bootstrap token into its file."""
    write_bootstrap_token(double.state)


def set_clock(double: Double, fields: Fields) -> None:
    """Shift Quay's time by *shift_s* seconds."""
    double.state.shift_s = fields["shift_s"]


def add_fault(double: Double, fields: Fields) -> None:
    """Have calls fail; see Fault."""
    lagging = fields.get("kind") == "lag"
    double.faults.add(**fields, replica=double.freeze() if lagging else None)


def clear_faults(double: Double, _fields: Fields) -> None:
    """Have nothing fail any more."""
    double.faults.waiting.clear()


def show_ledger(double: Double, fields: Fields) -> list[Fields]:
    """Return the calls from number *since* on."""
    return double.ledger.dump(fields.get("since", 0))


def show_logs(double: Double, fields: Fields) -> list[Fields]:
    """Return the rows of the audit log of the namespace *name*."""
    return [row for row in double.state.logs if row["namespace"] == fields["name"]]


CALLS: dict[str, Callable[[Double, Fields], Any]] = {
    "organization": make_organization,
    "organization/delete": delete_organization,
    "user": make_user,
    "user/disable": disable_user,
    "sign-on/forget": forget_keys,
    "token": make_token,
    "token/revoke": revoke_token,
    "robot": make_robot,
    "robot/change": change_robot,
    "robot/delete": delete_robot,
    "robot/regenerate": regenerate_robot,
    "robot/show": show_robot,
    "robots": show_robots,
    "repository": make_repository,
    "repository/delete": delete_repository,
    "team": make_team,
    "team/member": set_member,
    "grant": set_grant,
    "grants": show_grants,
    "mirror": set_mirror,
    "prototype": make_prototype,
    "federation": show_federation,
    "federation/set": set_federation,
    "settings": set_settings,
    "bootstrap": start_bootstrap,
    "clock": set_clock,
    "fault": add_fault,
    "faults/clear": clear_faults,
    "ledger": show_ledger,
    "logs": show_logs,
}
