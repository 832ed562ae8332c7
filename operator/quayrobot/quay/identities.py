"""
Which calls read and replace the outside identities of a robot?

Quay takes the whole list at once. What it keeps of an identity beside issuer and
subject (newer versions: the audiences that its tokens have to be for, what they may
do at the API) is not ours, so it goes back as it was read: without it Quay would
accept more, or something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..model.errors import Ambiguous, Reason, Refused
from ..model.names import RobotName
from ..model.resources.federation import IdentityState
from .answers import has_no_such_path, message_of, says_absent
from .paths import federation_path, scope_of
from .rights import Send
from .transport import Reply
from .wire import Entries, entry_of, failure, parse_identities

__all__ = ["Identities"]


class Identities:
    """Reads and replaces the outside identities of robots through one connection."""

    def __init__(self, send: Send) -> None:
        self._send = send
        # Of each robot the entries that hold more than issuer and subject.
        self._more: dict[RobotName, Mapping[IdentityState, Mapping[str, object]]] = {}

    def take(self, other: Identities) -> None:
        """Know what *other* read, of the same Quay with another token."""
        self._more = other._more

    async def read(self, name: RobotName) -> tuple[IdentityState, ...]:
        """
        Return the outside identities of the robot.

        Raises:
            Refused: NotSupported, this Quay has no federation for it.
        """
        reply = await self._send("federation.get", "GET", federation_path(name))
        if has_no_such_path(reply):
            raise _no_federation()
        return self._understood(reply, name, write=False)

    async def replace(
        self, name: RobotName, identities: Iterable[IdentityState]
    ) -> tuple[IdentityState, ...]:
        """
        Replace the outside identities of the robot, and return what Quay stored.

        What was read of those that stay goes back whole.

        Raises:
            Refused: NotSupported, or an issuer that Quay does not take.
        """
        more = self._more.get(name, {})
        body = [entry_of(each, more.get(each, {})) for each in identities]
        reply = await self._send("federation.set", "POST", federation_path(name), body=body)
        if reply.status == 405 and await self.are_unknown(name):
            raise _no_federation()
        return self._understood(reply, name, write=True)

    async def are_unknown(self, name: RobotName) -> bool:
        """Return whether Quay has no federation for the robot."""
        # A page is anybody's; where Quay has no such path of its API, it redirects a read of it.
        return has_no_such_path(await self._send("federation.get", "GET", federation_path(name)))

    def _understood(
        self, reply: Reply, name: RobotName, *, write: bool
    ) -> tuple[IdentityState, ...]:
        found = _entries(reply, name, write=write)
        more = {each: extra for each, extra in found if extra}
        if more:
            self._more[name] = more
        else:
            self._more.pop(name, None)
        return tuple(each for each, _ in found)


def _entries(reply: Reply, name: RobotName, *, write: bool) -> Entries:
    if reply.status == 200:
        return parse_identities(reply, write=write)
    if says_absent(reply):
        msg = f"the robot {name.full} no longer exists"
        raise Ambiguous(Reason.ROBOT_NOT_FOUND, msg)
    if reply.status == 400 and message_of(reply).startswith("Issuer must"):
        raise Refused(Reason.ISSUER_REFUSED, "Quay accepts only issuers with https://")
    raise failure(reply, write=write, scope=scope_of(name.owner))


def _no_federation() -> Refused:
    msg = "this version of Quay has no federation for this robot"
    return Refused(Reason.NOT_SUPPORTED, msg)
