"""
Which calls do we make to Quay?

One method per call, each returning what was seen or raising by consequence.
No method repeats a call: a repeated write is decided by who looked first, and
the queue repeats reads. Every call passes the connection's budget.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from ..model.errors import (
    Ambiguous,
    InvalidSpec,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
)
from ..model.names import OwnerName, RobotName
from ..model.resources.federation import IdentityState
from ..model.secrecy import Token
from ..model.world import Absent, Password, Present, RobotSeen, UserSeen
from .answers import (
    is_answer,
    lacks_right,
    message_of,
    parse_json,
    refuses_token,
    says_absent,
    says_not_found,
)
from .bearer import Bearer, StaticBearer
from .bootstrap import Bootstrap
from .exchange import EXCHANGE_PATH, exchange_refusal, issuer_unreachable, parse_password
from .identities import Identities
from .limits import CallPermit, Limits
from .paths import robot_path, robots_path, scope_of
from .rate_limiter import Urgency, tenant, urgency
from .rights import Rights
from .transport import Endpoint, Reply, Transport
from .wire import (
    check_spelling,
    failure,
    is_read_only,
    not_understood,
    parse_list,
    parse_robot,
    parse_user,
    wait_asked_s,
)

__all__ = ["Observer", "QuayClient"]

_BACKGROUND = {"robot.list", "robot.list-grants", "repository.list-roles", "prototype.list"}
_EXCHANGE = "federation.exchange"
# An organization is shown to anybody, and an exchange is no call of the token's.
_OPEN_TO_ANYBODY = {"organization.get", _EXCHANGE}
# A list takes as long as it is, and an exchange as the issuer.
_UNEVEN = {*_BACKGROUND, _EXCHANGE}
P = ParamSpec("P")
T = TypeVar("T")
_FIX = "a robot of that name exists in Quay"


class Observer(Protocol):
    """Receives every call that was made."""

    def called(self, operation: str, status: int | str, seconds: float) -> None:
        """Record one call: its operation, its HTTP status or failure, its duration."""

    def waited(self, how: Urgency, seconds: float) -> None:
        """Record how long a call waited for its turn."""


def _recognizing(
    call: Callable[Concatenate[QuayClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[QuayClient, P], Coroutine[Any, Any, T]]:
    """Have *call* tell whether its answer was one that a Quay gives."""

    async def told(self: QuayClient, /, *args: P.args, **named: P.kwargs) -> T:
        try:
            answer = await call(self, *args, **named)
        except QuayRobotError as error:
            if error.reason is Reason.QUAY_ANSWER_NOT_UNDERSTOOD:
                self._recognized(error)
            raise
        self._recognized(None)
        return answer

    told.__doc__ = call.__doc__
    return told


class QuayClient:
    """Quay's REST API through one connection."""

    def __init__(
        self,
        endpoint: Endpoint,
        token: Token | Bearer,
        *,
        limits: Limits,
        observer: Observer,
        accepted: Callable[[], None] = lambda: None,
        recognized: Callable[[QuayRobotError | None], None] = lambda _error: None,
    ) -> None:
        """
        *accepted* is told of every answer that only a good token gets.

        *recognized* is told whether what answers is a Quay: of None where it spoke as
        one, else of what was not understood.
        """
        self._accepted, self._recognized = accepted, recognized
        self._transport = Transport(endpoint)
        self._bearer = StaticBearer(token) if isinstance(token, Token) else token
        self._limits = limits
        self._observer = observer
        # What time Quay had at its last answer, by its own clock.
        self.date: datetime | None = None
        self.rights = Rights(self._send, scope_of)
        self.identities = Identities(self._send)
        self.bootstrap = Bootstrap(self._send)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._transport.aclose()

    async def check_addresses(self) -> None:
        """
        Resolve Quay's name, and raise if it leads to a refused address.

        Raises:
            Refused: It does.
        """
        await self._transport.check_addresses()

    @_recognizing
    async def get_robot(self, name: RobotName) -> Present[RobotSeen] | Absent:
        """Return the robot with its metadata, or Absent where Quay says that there is none."""
        reply = await self._send("robot.get", "GET", robot_path(name))
        if reply.status == 200:
            return Present(parse_robot(reply, name, write=False))
        if says_absent(reply):
            return Absent()
        raise failure(reply, write=False, scope=scope_of(name.owner))

    @_recognizing
    async def create_robot(
        self, name: RobotName, description: str, metadata: Mapping[str, object]
    ) -> RobotSeen:
        """
        Create the robot and return it with its token; Quay never updates one here.

        Raises:
            Ambiguous: Look before anything else; `refusal` says what the
                answer means if the look finds no robot.
            InvalidSpec: Quay spells the organization otherwise; there is no robot.
        """
        body = {"description": description, "unstructured_metadata": dict(metadata)}
        reply = await self._send("robot.create", "PUT", robot_path(name), body=body)
        if reply.status == 201:
            return await self._made(reply, name)
        if reply.status == 400:
            refusal = _create_refusal(reply)
            raise Ambiguous(refusal.reason, refusal.message, refusal=refusal)
        raise failure(reply, write=True, scope=scope_of(name.owner))

    async def _made(self, reply: Reply, name: RobotName) -> RobotSeen:
        try:
            return parse_robot(reply, name, write=True)
        except InvalidSpec:
            # Made a moment ago by this very call, under a name that nobody asked for.
            await self.delete_robot(name)
            raise

    async def regenerate(self, name: RobotName) -> RobotSeen:
        """
        Replace the robot's token and return the robot with the new one; the old one ends at once.

        Raises:
            Ambiguous: It may have been made: look before anything else.
        """
        reply = await self._send("robot.regenerate", "POST", (*robot_path(name), "regenerate"))
        if reply.status == 200:
            return parse_robot(reply, name, write=True)
        if says_absent(reply):
            msg = f"the robot {name.full} no longer exists"
            raise Ambiguous(Reason.ROBOT_NOT_FOUND, msg)
        raise failure(reply, write=True, scope=scope_of(name.owner))

    async def federation(self, name: RobotName) -> tuple[IdentityState, ...]:
        """Return the outside identities of the robot, as Identities.read."""
        return await self.identities.read(name)

    async def set_federation(
        self, name: RobotName, identities: Iterable[IdentityState]
    ) -> tuple[IdentityState, ...]:
        """Replace the outside identities of the robot, as Identities.replace."""
        return await self.identities.replace(name, identities)

    async def exchange(
        self, name: RobotName, token: Token, now: Callable[[], datetime]
    ) -> Password:
        """
        Return a password of the robot in exchange for an outside identity's *token*.

        Raises:
            Refused: NotSupported, or ExchangeRefused where Quay does not accept the token.
            TryLater: Quay or the token's issuer cannot be reached, or Quay failed.
        """
        try:
            reply = await self._send(_EXCHANGE, "GET", EXCHANGE_PATH, login=(name.full, token))
        except TryLater as error:
            # Without a proxy before it Quay answers an issuer that is away with nothing at all.
            if error.reason is not Reason.QUAY_UNREACHABLE or not self._quay_itself(error):
                raise
            raise issuer_unreachable() from None
        if reply.status == 200:
            return parse_password(reply, now())
        if reply.status in {404, 405} and await self.identities.are_unknown(name):
            raise Refused(
                Reason.NOT_SUPPORTED, "this version of Quay does not exchange tokens for robots"
            )
        raise exchange_refusal(reply, name)

    async def delete_robot(self, name: RobotName) -> None:
        """Ask Quay to delete the robot; only a following look proves that it is gone."""
        reply = await self._send("robot.delete", "DELETE", robot_path(name))
        if reply.status == 204 or says_absent(reply):
            return
        if reply.status == 400 and "mirror" in message_of(reply).lower():
            msg = (
                f"Quay keeps the robot {name.full}: a repository mirror uses it; "
                "give the mirror another robot"
            )
            raise Refused(Reason.DELETION_BLOCKED, msg)
        raise failure(reply, write=True, scope=scope_of(name.owner))

    @_recognizing
    async def list_robots(self, owner: OwnerName) -> dict[str, RobotSeen]:
        """Return all robots of *owner* by full name, with tokens where they may be seen."""
        reply = await self._send("robot.list", "GET", robots_path(owner))
        if reply.status == 200:
            return parse_list(reply, owner)
        raise failure(reply, write=False, scope=scope_of(owner))

    @_recognizing
    async def organization_exists(self, owner: OwnerName) -> bool:
        """
        Return whether the organization exists; Quay answers this one with a true 404.

        Raises:
            QuayRobotError: The answer does not tell.
        """
        path = ("api", "v1", "organization", owner.name)
        reply = await self._send("organization.get", "GET", path)
        body = parse_json(reply)
        shown = body.get("name") if isinstance(body, Mapping) else None
        if reply.status == 200 and shown == owner.name:
            return True
        if reply.status == 200 and isinstance(shown, str):
            check_spelling(shown, owner)
        if says_not_found(reply):
            return False
        raise failure(reply, write=False, scope=scope_of(owner))

    @_recognizing
    async def user(self) -> UserSeen:
        """
        Return the user that the token belongs to, and what it administers.

        Raises:
            Refused: The token may not see it.
            Denied: Quay does not know the token.
        """
        reply = await self._send("user.get", "GET", ("api", "v1", "user", ""))
        unseen = refuses_token(reply) and reply.content_type == "application/json"
        if unseen and not reply.signed_on:
            raise await self._unseen_user()
        if reply.status == 200 and (seen := parse_user(reply)) is not None:
            return seen
        raise failure(reply, write=False, scope="user:read")

    async def _unseen_user(self) -> QuayRobotError:
        """Return why the user is not shown: Quay answers a dead token like a lesser one."""
        path = robots_path(OwnerName("user", ""))
        reply = await self._send("robot.list", "GET", path, query="token=false&limit=1")
        if reply.status == 200 or lacks_right(reply):
            msg = "the connection's token cannot show its user; this needs user:admin or user:read"
            return Refused(Reason.INSUFFICIENT_SCOPE, msg)
        return failure(reply, write=False, scope="user:read")

    async def _send(
        self,
        operation: str,
        method: str,
        path: tuple[str, ...],
        *,
        body: object = None,
        query: str = "",
        login: tuple[str, Token] | None = None,
    ) -> Reply:
        if login is not None:
            return await self._call(operation, method, path, login, body=body, query=query)
        token = await self._bearer.token()
        reply = await self._call(operation, method, path, (None, token), body=body, query=query)
        if reply.status == 401 and self._bearer.refused(token, reply):
            # Nothing was done: Quay looks at the token before anything else.
            token = await self._bearer.token()
            reply = await self._call(
                operation, method, path, (None, token), body=body, query=query
            )
        return replace(reply, signed_on=not isinstance(self._bearer, StaticBearer))

    async def _call(
        self,
        operation: str,
        method: str,
        path: tuple[str, ...],
        login: tuple[str | None, Token],
        *,
        body: object,
        query: str,
    ) -> Reply:
        user, token = login
        # A list serves all: no namespace's crowd is before it.
        whose = "" if operation in _BACKGROUND else tenant()
        async with self._limits.permit(_urgency(operation), whose) as permit:
            begun = monotonic()
            try:
                reply = await self._transport.send(
                    method, path, token=token, user=user, body=body, query=query
                )
            except QuayRobotError as error:
                self._observer.called(operation, error.reason, monotonic() - begun)
                self._failed(permit, operation, error)
                raise
            self.date = reply.answered
            self._observer.called(operation, reply.status, monotonic() - begun)
            if operation != _EXCHANGE or reply.status != 502 or self._limits.open:
                permit.answered(
                    reply.status,
                    wait_asked_s(reply),
                    write=method != "GET",
                    read_only=is_read_only(reply),
                )
            if reply.status < 300 and reply.waited_s is not None and operation not in _UNEVEN:
                permit.took(operation, reply.waited_s)
            if operation not in _OPEN_TO_ANYBODY and is_answer(reply):
                self._accepted()
            return reply

    def _quay_itself(self, error: QuayRobotError) -> bool:
        """Return whether Quay took the request and answers others."""
        return error.may_have_left and not self._limits.open

    def _failed(self, permit: CallPermit, operation: str, error: QuayRobotError) -> None:
        # An exchange fails like Quay itself where only the issuer cannot be reached: one
        # cluster's issuer must not close the connection for everybody.
        if operation != _EXCHANGE or self._limits.open:
            permit.failed(error)


def _urgency(operation: str) -> Urgency:
    """Lists serve many and can wait, unless somebody waits for this one."""
    mine = urgency()
    if operation not in _BACKGROUND:
        return mine
    return Urgency.REPAIR if mine is Urgency.ASKED else Urgency.BACKGROUND


def _create_refusal(reply: Reply) -> QuayRobotError:
    text = message_of(reply)
    if text.startswith(("Existing robot with name", "duplicate key value")):
        return TryLater(Reason.ROBOT_EXISTS, _FIX)
    if text.startswith("Robot accounts have been disabled"):
        return Refused(Reason.NOT_SUPPORTED, "robot accounts are disabled in this Quay")
    if text.startswith(("The name for the robot", "value too long")):
        return InvalidSpec(Reason.INVALID_SPEC, "Quay does not accept the robot's name")
    if text.startswith("Organization does not exist"):
        return Refused(Reason.ORGANIZATION_NOT_FOUND, "the organization does not exist in Quay")
    return not_understood(reply, write=False)
