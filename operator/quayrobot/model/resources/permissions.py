"""
Which rights does a robot have?

Roles on repositories, memberships of teams, and default permissions: roles on
repositories that somebody makes later. Names are Quay's own, without the
organization in front.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ..names import OWNER_PATTERN
from .base import ATOMIC, Part, Rule, in_words, rules
from .patterns import REPOSITORY_PATTERN, TEAM_PATTERN

__all__ = [
    "CREATOR_PATTERN",
    "ROLES",
    "UNMANAGED_RIGHTS_WORDS",
    "DefaultGrant",
    "GrantsState",
    "Permissions",
    "RepositoryGrant",
    "Role",
    "TeamName",
]

Role = Literal["read", "write", "admin"]
ROLES: tuple[Role, ...] = ("read", "write", "admin")

# A user, or a robot by its full name.
CREATOR_PATTERN = OWNER_PATTERN.removesuffix("$") + r"(\+[a-z0-9]+([._-][a-z0-9]+)*)?$"

RepositoryName = Annotated[
    str,
    StringConstraints(pattern=REPOSITORY_PATTERN, max_length=255),
    Field(json_schema_extra=in_words(REPOSITORY_PATTERN)),
]
CreatorName = Annotated[str, StringConstraints(pattern=CREATOR_PATTERN, max_length=255)]
TeamName = Annotated[
    str,
    StringConstraints(pattern=TEAM_PATTERN, min_length=2, max_length=255),
    Field(json_schema_extra=in_words(TEAM_PATTERN)),
]


class RepositoryGrant(Part):
    """A role on one repository of the robot's own organization or user."""

    name: RepositoryName
    """The repository, without the organization."""
    role: Role
    """The robot's role."""


class DefaultGrant(Part):
    """A role on every repository that is made later; *creator* limits it to one maker."""

    role: Role
    """The robot's role on repositories created later."""
    creator: CreatorName | None = None
    """
    Applies only to repositories that this user creates, or this robot of the organization (by its
    full name). If omitted, to all.
    """


ONE_PER_CREATOR = Rule(
    rule="self.all(a, self.exists_one(b, (has(a.creator) ? a.creator : '') == "
    "(has(b.creator) ? b.creator : '')))",
    message="defaults must not name one creator (or none) twice",
)


UNMANAGED_RIGHTS_WORDS = (
    "permissions.mode: Unmanaged leaves the robot's rights as they are: give no repositories, "
    "teams or defaults with it"
)
UNMANAGED_BARE = Rule(
    rule="!has(self.mode) || self.mode != 'Unmanaged' || "
    "((!has(self.repositories) || size(self.repositories) == 0) && "
    "(!has(self.teams) || size(self.teams) == 0) && "
    "(!has(self.defaults) || size(self.defaults) == 0))",
    message=UNMANAGED_RIGHTS_WORDS,
)


class Permissions(Part):
    """All rights of a robot (Exact), some of them (Additive), or none of ours (Unmanaged)."""

    mode: Literal["Exact", "Additive", "Unmanaged"] = "Exact"
    """
    `Exact` revokes what is not declared, `Additive` only what the operator granted. `Unmanaged`
    leaves all permissions alone, also those that the operator granted.
    """
    repositories: Annotated[
        list[RepositoryGrant],
        Field(
            max_length=128,
            json_schema_extra={
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
            },
        ),
    ] = []
    """Roles on existing repositories."""
    teams: Annotated[
        list[TeamName], Field(max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"})
    ] = []
    """Teams of the organization to which the robot belongs."""
    defaults: Annotated[
        list[DefaultGrant], Field(max_length=16, json_schema_extra=rules(ONE_PER_CREATOR))
    ] = []
    """Roles on repositories created later (Quay's default permissions)."""

    model_config = Part.model_config | {"json_schema_extra": rules(UNMANAGED_BARE) | ATOMIC}


class GrantsState(Part):
    """What we put there, stored before the grant, so that it can be taken back."""

    repositories: tuple[RepositoryGrant, ...] = ()
    """Roles on repositories."""
    teams: tuple[str, ...] = ()
    """Team memberships."""
    defaults: tuple[DefaultGrant, ...] = ()
    """Roles on repositories created later (Quay's default permissions)."""
