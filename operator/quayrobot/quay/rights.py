"""
Which calls read and change what a robot may do?

Quay tells rights from three sides: the list of robots shows repositories and
teams without roles, a repository's own list shows the roles, prototypes are
the organization's default permissions. Changes are upserts where Quay has
them; where it answers "already so", that is success here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from ..model.errors import Ambiguous, Conflict, Reason, Refused, Unfinished
from ..model.names import OwnerName, RobotName
from ..model.world import DefaultSeen
from .answers import message_of, parse_json, says_absent, says_not_found
from .grants_wire import (
    CREATORS,
    parse_grants,
    parse_members,
    parse_prototype,
    parse_prototypes,
    parse_roles,
    parse_roles_of,
    parse_teams,
    shows_role,
)
from .transport import Reply
from .wire import failure, not_understood, wait_asked_s

__all__ = ["ONE_ROBOT", "Rights", "Send"]

ONE_ROBOT = "the scope user:admin beside org:admin, of an administrator of the organization"
REPO_ADMIN = "the scope repo:admin, of an administrator of the repository"
ROBOT_GONE = ("Invalid username", "Unknown user", "Missing delegate user")


class Send(Protocol):
    """Makes one call under the connection's budget."""

    def __call__(
        self,
        operation: str,
        method: str,
        path: tuple[str, ...],
        *,
        body: object = None,
        query: str = "",
    ) -> Awaitable[Reply]:
        """Return the reply; raises QuayRobotError where there is none."""


class Rights:
    """Reads and changes the rights of robots through one connection."""

    def __init__(self, send: Send, scope: Callable[[OwnerName], str]) -> None:
        self._send, self._scope = send, scope

    async def list_grants(
        self, owner: OwnerName
    ) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
        """
        Return repositories and teams of every robot of *owner*, by full name.

        Raises:
            Refused: The token sees the robots, but not their rights.
            Unfinished: It is too slow or too large.
        """
        query = "permissions=true&token=false"
        reply = await self._send("robot.list-grants", "GET", _robots(owner), query=query)
        if reply.status == 200:
            return parse_grants(reply, owner, scope=self._scope(owner))
        if reply.status == 504:
            # Of whoever stands before Quay and waits less long than we do.
            msg = "Quay cannot be reached: it answered 504"
            raise Unfinished(Reason.QUAY_UNREACHABLE, msg, retry_after=wait_asked_s(reply))
        raise failure(reply, write=False, scope=self._scope(owner))

    async def roles_of(self, robot: RobotName) -> dict[str, str]:
        """
        Return the role of *robot* on each repository that it has one on; {} for no robot.

        Raises:
            Refused: The token lacks user:admin, which Quay asks for here beside org:admin.
        """
        path = (*_robots(robot.owner), robot.short, "permissions")
        reply = await self._send("robot.permissions", "GET", path)
        if reply.status == 200:
            return parse_roles_of(reply)
        if says_absent(reply):
            return {}
        raise failure(reply, write=False, scope=ONE_ROBOT)

    async def creators(self, owner: OwnerName) -> frozenset[str]:
        """
        Return the teams of the organization whose members may create repositories.

        Raises:
            Refused: The token does not see the teams.
        """
        roles = await self.teams(owner)
        return frozenset(name for name, role in roles.items() if role in CREATORS)

    async def teams(self, owner: OwnerName) -> dict[str, str]:
        """
        Return the teams of the organization with their roles.

        Raises:
            Refused: The token does not see the teams.
        """
        path = ("api", "v1", "organization", owner.name)
        reply = await self._send("organization.get", "GET", path)
        if reply.status == 200:
            return parse_teams(reply, owner, scope=self._scope(owner))
        raise failure(reply, write=False, scope=self._scope(owner))

    async def roles(self, owner: OwnerName, repository: str) -> dict[str, str]:
        """Return the role of every robot and user on one repository; {} for none there."""
        path = (*_repository(owner, repository), "permissions", "user", "")
        reply = await self._send("repository.list-roles", "GET", path)
        if reply.status == 200:
            return parse_roles(reply)
        raise failure(reply, write=False, scope=REPO_ADMIN)

    async def defaults(self, owner: OwnerName) -> dict[str, tuple[DefaultSeen, ...]]:
        """Return the default permissions of every robot of *owner*, by full name."""
        reply = await self._send("prototype.list", "GET", _prototypes(owner))
        if reply.status == 200:
            return parse_prototypes(reply, owner)
        raise failure(reply, write=False, scope=self._scope(owner))

    async def give_role(self, robot: RobotName, repository: str, role: str) -> None:
        """
        Give *robot* the role on *repository*.

        Raises:
            Refused: RepositoryNotFound; Quay answers 500 for that, so it is asked for then.
        """
        path = _role_path(robot, repository)
        reply = await self._send("repository.give-role", "PUT", path, body={"role": role})
        if shows_role(reply, robot.full, role):
            return
        _check_robot(reply)
        if reply.status == 500:
            await self.check_repository(robot.owner, repository)
        raise failure(reply, write=True, scope=REPO_ADMIN)

    async def check_repository(self, owner: OwnerName, repository: str) -> None:
        """
        Return when the repository is there.

        Raises:
            Refused: RepositoryNotFound.
        """
        if not await self._repository_exists(owner, repository):
            msg = f"there is no repository {owner.name}/{repository} in Quay"
            before, _, inner = repository.partition(f"{owner.name}/")
            if inner and (not before or before.endswith("/")):
                what = "registry and organization" if before else "the organization"
                msg += f" (write {inner}, without {what})"
            elif "/" in repository:
                msg += f" (a robot has roles on repositories of {owner.name} alone)"
            raise Refused(Reason.REPOSITORY_NOT_FOUND, msg)

    async def take_role(self, robot: RobotName, repository: str) -> None:
        """Remove the role of *robot* on *repository*; it may be gone already."""
        reply = await self._send("repository.take-role", "DELETE", _role_path(robot, repository))
        none = reply.status == 400 and message_of(reply).startswith(
            "User does not have permission"
        )
        if reply.status == 204 or none:
            return
        raise failure(reply, write=True, scope=REPO_ADMIN)

    async def join_team(self, robot: RobotName, team: str) -> None:
        """
        Make *robot* a member of *team*; it may be one already.

        Raises:
            Refused: TeamNotFound.
        """
        reply = await self._send("team.join", "PUT", _member(robot, team))
        already = reply.status == 400 and "already a member" in message_of(reply)
        if _shows_member(reply, robot) or already:
            return
        _check_robot(reply)
        if says_not_found(reply):
            raise _no_team(robot.owner, team)
        raise failure(reply, write=True, scope=self._scope(robot.owner))

    async def check_team(self, owner: OwnerName, team: str) -> None:
        """
        Return when the team is there.

        Raises:
            Refused: TeamNotFound.
        """
        await self.members(owner, team)

    async def members(self, owner: OwnerName, team: str) -> frozenset[str]:
        """
        Return the names of who is in the team, robots by their full names.

        Raises:
            Refused: TeamNotFound.
        """
        path = ("api", "v1", "organization", owner.name, "team", team, "members")
        reply = await self._send("team.list", "GET", path)
        if says_not_found(reply):
            raise _no_team(owner, team)
        if reply.status == 200:
            return parse_members(reply, team)
        raise failure(reply, write=False, scope=self._scope(owner))

    async def leave_team(self, robot: RobotName, team: str) -> None:
        """Remove *robot* from *team*; it may be out already."""
        reply = await self._send("team.leave", "DELETE", _member(robot, team))
        outside = reply.status == 400 and "does not belong" in message_of(reply)
        if reply.status == 204 or says_not_found(reply) or outside:
            return
        raise failure(reply, write=True, scope=self._scope(robot.owner))

    async def give_default(self, robot: RobotName, role: str, creator: str | None) -> DefaultSeen:
        """
        Make a default permission and return it; Quay makes a second one when asked twice.

        Raises:
            Ambiguous: It may have been made: look before anything else.
            Refused: There is no such creator.
        """
        body: dict[str, object] = {
            "role": role,
            "delegate": {"kind": "user", "name": robot.full},
        }
        if creator is not None:
            body["activating_user"] = {"name": creator}
        reply = await self._send("prototype.create", "POST", _prototypes(robot.owner), body=body)
        seen = parse_prototype(reply) if reply.status == 200 else None
        if seen is not None and seen[0] == robot.full:
            return await self._for_creator(robot, seen[1], creator)
        _check_robot(reply)
        if message_of(reply).startswith("Unknown activating user"):
            msg = f"there is no user {creator} in Quay, named as creator of a default permission"
            raise Refused(Reason.INVALID_SPEC, msg)
        raise failure(reply, write=True, scope=self._scope(robot.owner))

    async def _for_creator(
        self, robot: RobotName, made: DefaultSeen, creator: str | None
    ) -> DefaultSeen:
        """A Quay on MySQL takes Bob for bob: what it shows would never be what is declared."""
        if made.creator == creator:
            return made
        await self.take_default(robot, made)
        msg = f"the creator {creator} of a default permission has another name in Quay (its case?)"
        raise Refused(Reason.INVALID_SPEC, msg)

    async def change_default(self, robot: RobotName, seen: DefaultSeen, role: str) -> None:
        """
        Give the default permission *seen* another role.

        Raises:
            Conflict: It is gone.
        """
        path = (*_prototypes(robot.owner), seen.id or "")
        reply = await self._send("prototype.change", "PUT", path, body={"role": role})
        if shows_role(reply, None, role):
            return
        if says_not_found(reply):
            raise Conflict(Reason.QUAY_ANSWER_NOT_UNDERSTOOD, "a default permission was deleted")
        raise failure(reply, write=True, scope=self._scope(robot.owner))

    async def take_default(self, robot: RobotName, seen: DefaultSeen) -> None:
        """Delete the default permission *seen*; it may be gone already."""
        path = (*_prototypes(robot.owner), seen.id or "")
        reply = await self._send("prototype.delete", "DELETE", path)
        if reply.status == 204 or says_not_found(reply):
            return
        raise failure(reply, write=True, scope=self._scope(robot.owner))

    async def _repository_exists(self, owner: OwnerName, repository: str) -> bool:
        reply = await self._send("repository.get", "GET", _repository(owner, repository))
        body = parse_json(reply)
        shown = body.get("name") if isinstance(body, Mapping) else None
        if reply.status == 200 and shown == repository:
            return True
        if says_not_found(reply):
            return False
        if reply.status in {401, 403, 429}:
            raise failure(reply, write=False, scope=REPO_ADMIN)
        raise not_understood(reply, write=False)


def _shows_member(reply: Reply, robot: RobotName) -> bool:
    body = parse_json(reply)
    return reply.status == 200 and isinstance(body, Mapping) and body.get("name") == robot.full


def _no_team(owner: OwnerName, team: str) -> Refused:
    msg = f"there is no team {team} in the organization {owner.name}"
    return Refused(Reason.TEAM_NOT_FOUND, msg)


def _check_robot(reply: Reply) -> None:
    if reply.status == 400 and message_of(reply).startswith(ROBOT_GONE):
        msg = "the robot went while it was given a right"
        raise Ambiguous(Reason.ROBOT_NOT_FOUND, msg)


def _robots(owner: OwnerName) -> tuple[str, ...]:
    if owner.kind == "user":
        return ("api", "v1", "user", "robots")
    return ("api", "v1", "organization", owner.name, "robots")


def _repository(owner: OwnerName, repository: str) -> tuple[str, ...]:
    return ("api", "v1", "repository", owner.name, *repository.split("/"))


def _role_path(robot: RobotName, repository: str) -> tuple[str, ...]:
    return (*_repository(robot.owner, repository), "permissions", "user", robot.full)


def _member(robot: RobotName, team: str) -> tuple[str, ...]:
    return ("api", "v1", "organization", robot.owner.name, "team", team, "members", robot.full)


def _prototypes(owner: OwnerName) -> tuple[str, ...]:
    return ("api", "v1", "organization", owner.name, "prototypes")
