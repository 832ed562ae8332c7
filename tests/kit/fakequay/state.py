"""What does a Quay know? Users, organizations, robots, OAuth tokens, and its own settings."""

from __future__ import annotations

import secrets
import string
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

ALL_SCOPES = frozenset(
    {
        "repo:read", "repo:write", "repo:admin", "repo:create",
        "user:read", "user:admin", "org:admin", "super:user",
    }
)  # fmt: skip
_ROBOT_ALPHABET = string.ascii_uppercase + string.digits


def robot_token() -> str:
    """Return 64 characters [A-Z0-9], as Quay makes them."""
    return "".join(secrets.choice(_ROBOT_ALPHABET) for _ in range(64))


def oauth_token() -> str:
    """Return 40 characters, as Quay makes application tokens."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(40))


@dataclass(slots=True)
class Robot:
    """One robot account."""

    name: str
    created: float
    token: str
    description: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    last_accessed: float | None = None
    avatar: str = field(default_factory=lambda: uuid.uuid4().hex)
    sticky: bool = False
    mirror: bool = False


@dataclass(slots=True)
class OAuth:
    """One OAuth application token: whose it is, what it may, until when."""

    user: str
    scopes: frozenset[str]
    expires: float
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    revoked: bool = False


@dataclass(slots=True)
class Organization:
    """One organization and the names of those who own or are in it."""

    name: str
    owners: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Settings:
    """The part of Quay's configuration that changes robot behaviour."""

    hostname: str = "127.0.0.1"
    superusers: frozenset[str] = frozenset()
    superusers_full_access: bool = False
    readonly_superusers: frozenset[str] = frozenset()
    robots_disallow: bool = False
    robots_whitelist: frozenset[str] = frozenset()
    readonly: bool = False
    anonymous_access: bool = True
    last_accessed_shown: bool = True


class State:
    """All that a Quay knows; *now* is the wall clock, shifted where a test wants it."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        self.organizations: dict[str, Organization] = {}
        self.robots: dict[str, Robot] = {}
        self.oauth: dict[str, OAuth] = {}
        self.settings = Settings()
        self.make_robot_token = robot_token
        self.shift_s = 0.0

    def now(self) -> float:
        """Return Quay's own time."""
        return time.time() + self.shift_s

    def robots_of(self, owner: str) -> list[Robot]:
        """Return the robots whose name begins with `<owner>+`."""
        return [each for each in self.robots.values() if each.name.startswith(f"{owner}+")]

    def look_alikes(self, owner: str) -> list[Robot]:
        """Return robots of other namespaces that Quay's list matches too: `_` is a wildcard."""
        return [each for each in self.robots.values() if _resembles(each.name, owner)]


def _resembles(name: str, owner: str) -> bool:
    other = name.split("+", 1)[0]
    if other == owner or len(other) != len(owner):
        return False
    pairs = zip(owner.lower(), other.lower(), strict=True)
    return all(mine in {"_", theirs} for mine, theirs in pairs)


def rfc2822(moment: float | None) -> str | None:
    """Return *moment* as Quay writes dates, with a literal -0000 zone."""
    if moment is None:
        return None
    text = format_datetime(datetime.fromtimestamp(moment, UTC))
    return text.replace("+0000", "-0000")
