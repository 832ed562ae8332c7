"""What does a Quay know? Users, organizations, robots, repositories, tokens and its settings."""

from __future__ import annotations

import functools
import secrets
import string
import time
import uuid
from collections.abc import Callable
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
    # None: it is older than this column of Quay's.
    created: float | None
    token: str
    description: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    last_accessed: float | None = None
    avatar: str = field(default_factory=lambda: uuid.uuid4().hex)
    sticky: bool = False
    mirror: bool = False
    federation: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class OAuth:
    """One OAuth application token: whose it is, what it may, until when."""

    user: str
    scopes: frozenset[str]
    expires: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    revoked: bool = False
    name: str = ""
    client_id: str = ""
    application: str = ""
    created: float = 0.0
    bootstrap: bool = False


@dataclass(slots=True)
class Team:
    """One team of an organization; robots are members like users."""

    name: str
    role: str = "member"
    description: str = ""
    members: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Prototype:
    """One default permission; *creator* is whose new repositories it is for (None: all)."""

    id: str
    role: str
    delegate: str
    kind: str
    creator: str | None = None


@dataclass(slots=True)
class Repository:
    """One repository and who was granted what on it."""

    namespace: str
    name: str
    public: bool = False
    description: str = ""
    # The robot of its mirror, by its full name.
    mirror: str | None = None
    users: dict[str, str] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its name with its namespace."""
        return f"{self.namespace}/{self.name}"


@dataclass(slots=True)
class Organization:
    """One organization: its teams, default permissions, applications; *members* are in no team."""

    name: str
    members: set[str] = field(default_factory=set)
    email: str = ""
    teams: dict[str, Team] = field(default_factory=dict)
    prototypes: dict[str, Prototype] = field(default_factory=dict)
    applications: dict[str, str] = field(default_factory=dict)

    @property
    def owners(self) -> set[str]:
        """Those in a team whose role is admin."""
        return self.having("admin")

    def having(self, role: str) -> set[str]:
        """Return the members of the teams with *role*."""
        found: set[str] = set()
        for team in self.teams.values():
            if team.role == role:
                found |= team.members
        return found

    def everybody(self) -> set[str]:
        """Return all members of the organization."""
        return self.members.union(*(team.members for team in self.teams.values()))


@dataclass(slots=True)
class SignOnKeys:
    """The keys of login services as a process keeps them: one for all, and who was asked."""

    key: Any = None
    name: tuple[str, str] = ("", "")
    until: float = 0.0
    discovered: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Settings:
    """The part of Quay's configuration that changes robot behaviour."""

    hostname: str = "127.0.0.1"
    version: str = "3.19"
    superusers: frozenset[str] = frozenset()
    superusers_full_access: bool = False
    superusers_make_organizations_only: bool = False
    readonly_superusers: frozenset[str] = frozenset()
    restricted_users: bool = False
    restricted_users_whitelist: frozenset[str] = frozenset()
    robots_disallow: bool = False
    robots_whitelist: frozenset[str] = frozenset()
    readonly: bool = False
    # How long the worker that collects garbage leaves the name of a deleted organization taken.
    namespace_gc_s: float = 60.0
    repo_mirror: bool = True
    anonymous_access: bool = True
    last_accessed_shown: bool = True
    last_accessed_threshold_s: float = 60.0
    mailing: bool = False
    require_team_invite: bool = True
    user_initialize: bool = True
    programmatic_bootstrap: bool = False
    bootstrap_owner: str = ""
    bootstrap_path: str = ""
    bootstrap_life_s: float = 3600.0
    # Whether who calls from this machine counts as being inside Quay's container.
    bootstrap_loopback: bool = True
    token_maximum: int | None = None
    oidc_ca: str | None = None
    # Each `X_LOGIN_CONFIG`: prefix, server, client_id; audiences and allowed_clients if any.
    sign_on: tuple[dict[str, Any], ...] = ()
    user_creation: bool = True
    federated_life_s: int = 3600
    rate_limits: bool = False
    rate_per_s: float = 5.0
    rate_burst: int = 25
    behind_proxy: bool = True
    # As on MySQL, which takes ACME for acme (known of MySQL, not tried with a Quay).
    names_without_case: bool = False
    realistic: bool = False
    workers: int = 2
    # As its default branch does since autumn 2026: an identity has audiences, and more.
    audiences_kept: bool = False
    call_cost_s: float = 0.2
    sign_on_cost_s: float = 0.019

    def at_least(self, version: str) -> bool:
        """Tell whether this Quay is of *version* or later."""
        return _numbers(self.version) >= _numbers(version)


@functools.cache
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@dataclass
class Images:
    """What was pushed to one Quay, in memory."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    # By repository and reference, a tag or a digest: the type and the bytes.
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)

    def tags(self, repository: str) -> list[str]:
        """Return the tags of *repository*."""
        mine = (reference for name, reference in self.manifests if name == repository)
        return sorted(each for each in mine if ":" not in each)


class State:
    """All that a Quay knows; *now* is the wall clock, shifted where a test wants it."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        self.passwords: dict[str, str] = {}
        self.organizations: dict[str, Organization] = {}
        self.robots: dict[str, Robot] = {}
        self.repositories: dict[str, Repository] = {}
        self.oauth: dict[str, OAuth] = {}
        self.leaving: dict[str, float] = {}
        self.sessions: dict[str, dict[str, str]] = {}
        self.sign_on_users: dict[tuple[str, str], str] = {}
        self.sign_on_keys = SignOnKeys()
        self.disabled: set[str] = set()
        self.logs: list[dict[str, Any]] = []
        self.settings = Settings()
        self.images = Images()
        self.make_robot_token = robot_token
        self.make_oauth_token = oauth_token
        # Where Quay keeps its bootstrap token besides the file, before it answers.
        self.deliver_bootstrap: Callable[[str], None] = lambda _value: None
        self.shift_s = 0.0

    def now(self) -> float:
        """Return Quay's own time."""
        return time.time() + self.shift_s

    def spelled(self, name: str) -> str:
        """Return the user or organization that *name* finds, as it is stored."""
        if not self.settings.names_without_case:
            return name
        known = (*self.organizations, *self.users)
        return next((each for each in known if each.lower() == name.lower()), name)

    def robots_of(self, owner: str) -> list[Robot]:
        """Return the robots whose name begins with `<owner>+`."""
        start = f"{owner}+"
        return [each for name, each in self.robots.items() if name.startswith(start)]

    def look_alikes(self, owner: str) -> list[Robot]:
        """Return robots of other namespaces that Quay's list matches too: `_` is a wildcard."""
        return [each for name, each in self.robots.items() if _resembles(name, owner)]

    def leave(self, name: str) -> None:
        """Keep the name of an organization that was deleted until the garbage is collected."""
        self.leaving[name] = self.now() + self.settings.namespace_gc_s

    def is_leaving(self, name: str) -> bool:
        """Tell whether an organization of that *name* was deleted and is garbage still."""
        return self.leaving.get(name, 0.0) > self.now()

    def repositories_of(self, namespace: str) -> list[Repository]:
        """Return the repositories of *namespace*."""
        return [each for each in self.repositories.values() if each.namespace == namespace]

    def drop_robot(self, name: str) -> None:
        """Remove a robot with all its grants, memberships and default permissions."""
        self.robots.pop(name, None)
        for repository in self.repositories.values():
            repository.users.pop(name, None)
        for organization in self.organizations.values():
            for team in organization.teams.values():
                team.members.discard(name)
            for each in list(organization.prototypes.values()):
                if name in {each.delegate, each.creator}:
                    del organization.prototypes[each.id]

    def drop_organization(self, name: str) -> None:
        """Remove an organization and all that is in it."""
        self.organizations.pop(name, None)
        for robot in self.robots_of(name):
            self.drop_robot(robot.name)
        for repository in self.repositories_of(name):
            del self.repositories[repository.path]


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


def iso8601(moment: float | None) -> str | None:
    """Return *moment* as Quay's application tokens show it, with microseconds and Z."""
    if moment is None:
        return None
    text = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"{text}Z"
