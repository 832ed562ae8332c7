"""
What has been observed, and how reliable is it?

A read ends in one of a few words, and the difference between them is what
keeps robots alive: Unlooked (nobody asked yet), Unknown (asked, no usable
answer), Missing (a list lacks it: a suspicion), Absent (Quay said so about
this one), Present. Only Absent may be followed by a create, only Present and
proven by a write or a delete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

from .address_policy import Address
from .errors import Contested, QuayRobotError
from .marker import Marker, read_marker
from .secrecy import Token

__all__ = [
    "Absent",
    "AccountSeen",
    "Contest",
    "DefaultSeen",
    "GrantsSeen",
    "GrantsView",
    "HostSeen",
    "Missing",
    "Password",
    "Present",
    "RobotSeen",
    "RobotView",
    "SecretSeen",
    "Seen",
    "Unknown",
    "Unlooked",
    "UserSeen",
]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Unlooked:
    """Nobody has asked yet, or what was known is no longer true."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Asked, and the answer tells nothing; *error* says why."""

    error: QuayRobotError


@dataclass(frozen=True, slots=True)
class Missing:
    """A list lacks it. A suspicion, not a proof."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The other side said of this very thing that it is not there."""


@dataclass(frozen=True, slots=True)
class Present(Generic[T_co]):
    """It is there, as *value* says."""

    value: T_co


Seen = Unlooked | Unknown | Missing | Absent | Present[T_co]
HostSeen = Unknown | Absent | Present[tuple[Address, ...]]


@dataclass(frozen=True, slots=True)
class RobotSeen:
    """
    One robot as Quay shows it.

    *metadata* is None when it comes from a list, which never shows it;
    *token* is None when the reader may not see it. *created* is
    RFC 3339 (resolution: one second).
    """

    full_name: str
    created: str
    token: Token | None = None
    description: str = ""
    last_used_on: str | None = None
    metadata: Mapping[str, object] | None = None

    @property
    def marker(self) -> Marker | None:
        """The marker it carries; None for none, and while metadata is not read."""
        return None if self.metadata is None else read_marker(self.metadata)

    def without_token(self) -> RobotSeen:
        """Return it with no more than the digest of its token."""
        return self if self.token is None else replace(self, token=self.token.without_value())

    def same_as(self, other: RobotSeen) -> bool:
        """Return whether *other* is this very robot with this very token."""
        return (
            self.token is not None and self.token == other.token and self.created == other.created
        )


@dataclass(frozen=True, slots=True)
class Password:
    """What Quay gave in exchange for a ServiceAccount's token: works until *expires_at*."""

    token: Token
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class UserSeen:
    """Whose the connection's token is, and which organizations that user administers."""

    name: str
    administers: tuple[str, ...] = ()


RobotView = Unlooked | Unknown | Missing | Absent | Present[RobotSeen]


@dataclass(frozen=True, slots=True)
class DefaultSeen:
    """A default permission (Quay: prototype) of a robot; *id* is None where it was not read."""

    role: str
    creator: str | None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class GrantsSeen:
    """
    The rights of one robot; a role is None where only the grant itself was seen.

    *creators* are the organization's teams whose members may create repositories,
    None where that was not read.
    """

    repositories: Mapping[str, str | None] = field(default_factory=dict)
    teams: frozenset[str] = frozenset()
    defaults: tuple[DefaultSeen, ...] = ()
    creators: frozenset[str] | None = None


GrantsView = Unlooked | Unknown | Present[GrantsSeen]


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """
    A ServiceAccount, as far as it names Secrets.

    *declared* says whose manifest names a list of it, as far as the API server notes that.
    """

    namespace: str
    name: str
    uid: str
    version: str
    links: Mapping[str, tuple[str, ...]]
    declared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecretSeen:
    """
    One Secret as the cluster shows it, without its bytes.

    *digests* maps each data key to the digest of its bytes. *our_labels* and
    *our_annotations* are the keys that our field manager set. *finalizers* are who has
    to let it go while it is *deleting*.
    """

    namespace: str
    name: str
    uid: str
    version: str
    type: str
    controller_uid: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    digests: Mapping[str, str]
    our_labels: frozenset[str] = frozenset()
    our_annotations: frozenset[str] = frozenset()
    immutable: bool = False
    deleting: bool = False
    finalizers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contest:
    """What others set back of one object: fields whose repair is *held* now, and what is told."""

    held: frozenset[str]
    error: Contested


@dataclass(frozen=True, slots=True)
class ConnectionSeen:
    """
    A connection that can be used: where it leads, under which name images are pulled.

    *in_doubt* says that it is not known whether a Quay answers there now.
    """

    kind: str
    namespace: str | None
    name: str
    uid: str
    origin: str
    registry_hosts: tuple[str, ...]
    guarded: bool = True
    terminating: bool = False
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class NamespaceSeen:
    """
    A namespace as the rules see it; *labels* None: they could not be read.

    Its *version* is no part of what it says, nor its *uid*; that is empty where it was not seen.
    """

    name: str
    labels: Mapping[str, str] | None = field(default_factory=dict)
    terminating: bool = False
    version: str = field(default="0", compare=False)
    uid: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Claimant:
    """
    A resource that names a robot; *holds* says that it made or adopted it already.

    *guarded* says that it has our finalizer: it may have made it, and died before
    it could say so. *contested* are the full names of the robots that both name.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    created: datetime
    holds: bool
    guarded: bool = False
    contested: frozenset[str] = frozenset()
