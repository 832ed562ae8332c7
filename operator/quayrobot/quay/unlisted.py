"""
How are rights read if Quay does not list all robots with their rights?

Quay joins repositories and teams in that list, so that a large organization's is
too large or too slow, and it shows rights to nobody less than an administrator.
One robot's roles have an endpoint of their own, teams tell their members: small
calls all of them, and as many as there are robots and teams.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model.errors import QuayRobotError, Reason, Refused, TryLater, Unfinished
from ..model.names import OwnerName
from .rights import ONE_ROBOT, Rights

__all__ = ["is_of_list", "members_of_teams", "refused_too", "teams_of"]


def is_of_list(error: QuayRobotError) -> bool:
    """Return whether it may be the list alone that failed with *error*."""
    lacks = isinstance(error, Refused) and error.reason is Reason.INSUFFICIENT_SCOPE
    return lacks or isinstance(error, Unfinished)


async def members_of_teams(rights: Rights, owner: OwnerName) -> dict[str, frozenset[str]]:
    """
    Return who is in each team of *owner*, by the team's name.

    Raises:
        QuayRobotError: It could not be read.
    """
    if owner.kind == "user":
        return {}
    found = {}
    for team in sorted(await rights.teams(owner)):
        try:
            found[team] = await rights.members(owner, team)
        except Refused as error:
            # It went meanwhile, and with it what it gave.
            if error.reason is not Reason.TEAM_NOT_FOUND:
                raise
    return found


def teams_of(full_name: str, members: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return in which teams the robot called *full_name* is."""
    return frozenset(team for team, names in members.items() if full_name in names)


def refused_too(cause: QuayRobotError) -> QuayRobotError:
    """Return what is to be said where the list failed with *cause* and the token may no more."""
    if isinstance(cause, TryLater):
        msg = (
            f"{cause.message}, for the list of all robots with their rights; to read the rights "
            f"robot by robot the connection's token needs {ONE_ROBOT}"
        )
        return TryLater(cause.reason, msg, retry_after=cause.retry_after)
    msg = f"{cause.message}; to read those of one robot it needs {ONE_ROBOT}"
    return Refused(cause.reason, msg)
