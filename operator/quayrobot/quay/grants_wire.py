"""
What do Quay's replies about rights mean?

A list that holds anything else than rights is no list of them: what was left
out silently would be taken for a right that is not there, and given again.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..model.errors import Reason, Refused
from ..model.names import OwnerName
from ..model.world import DefaultSeen
from .answers import parse_json
from .paths import needed
from .transport import Reply
from .wire import not_understood

CREATORS = {"creator", "admin"}

__all__ = [
    "CREATORS",
    "parse_grants",
    "parse_members",
    "parse_prototype",
    "parse_prototypes",
    "parse_roles",
    "parse_roles_of",
    "parse_teams",
    "shows_role",
]


def parse_grants(
    reply: Reply, owner: OwnerName, *, scope: str
) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """
    Return repositories and teams of every robot of *owner* in *reply*, by full name.

    Raises:
        Refused: The reply leaves them out, as it does for lesser tokens.
        TryLater: The reply is no list of robots.
    """
    found = {}
    for item in _items(reply, "robots"):
        name = item.get("name")
        if not isinstance(name, str):
            raise not_understood(reply, write=False)
        if not name.startswith(f"{owner.name}+"):
            continue
        if "repositories" not in item or "teams" not in item:
            what = needed(scope, signed_on=reply.signed_on)
            msg = f"Quay does not show the rights of robots to this connection; this needs {what}"
            raise Refused(Reason.INSUFFICIENT_SCOPE, msg)
        found[name] = (
            _names(reply, item["repositories"]),
            _names(reply, item["teams"], key="name"),
        )
    return found


def _names(reply: Reply, items: object, *, key: str | None = None) -> frozenset[str]:
    """Return the texts in *items*, or those under *key* of each."""
    listed = items if isinstance(items, list) else [None]
    if key is not None:
        listed = [each.get(key) if isinstance(each, Mapping) else None for each in listed]
    names = frozenset(each for each in listed if isinstance(each, str))
    if not all(isinstance(each, str) for each in listed):
        raise not_understood(reply, write=False)
    return names


def parse_roles(reply: Reply) -> dict[str, str]:
    """
    Return the roles in a repository's list of user permissions, by full name.

    Raises:
        TryLater: The reply is no such list.
    """
    body = parse_json(reply)
    listed = body.get("permissions") if isinstance(body, Mapping) else None
    if not isinstance(listed, Mapping):
        raise not_understood(reply, write=False)
    roles = {name: role for name, each in listed.items() if (role := _role(each)) is not None}
    if len(roles) < len(listed):
        raise not_understood(reply, write=False)
    return roles


def parse_roles_of(reply: Reply) -> dict[str, str]:
    """
    Return the roles of the one robot that *reply* is about, by repository.

    Raises:
        TryLater: The reply is no list of a robot's rights.
    """
    found = {}
    for item in _items(reply, "permissions"):
        repository, role = item.get("repository"), _role(item)
        name = repository.get("name") if isinstance(repository, Mapping) else None
        if not isinstance(name, str) or role is None:
            raise not_understood(reply, write=False)
        found[name] = role
    return found


def parse_teams(reply: Reply, owner: OwnerName, *, scope: str) -> dict[str, str]:
    """
    Return the teams in *reply*, an organization, with their roles.

    Raises:
        Refused: The reply leaves them out, as it does for lesser tokens.
        TryLater: The reply is not this organization.
    """
    body = parse_json(reply)
    if not isinstance(body, Mapping) or body.get("name") != owner.name:
        raise not_understood(reply, write=False)
    teams = body.get("teams")
    if not isinstance(teams, Mapping):
        what = needed(scope, signed_on=reply.signed_on)
        msg = f"Quay does not show the teams to this connection; this needs {what}"
        raise Refused(Reason.INSUFFICIENT_SCOPE, msg)
    roles = {name: role for name, each in teams.items() if (role := _role(each)) is not None}
    if len(roles) < len(teams):
        raise not_understood(reply, write=False)
    return roles


def parse_members(reply: Reply, team: str) -> frozenset[str]:
    """
    Return the names of the members of *team* that *reply* lists.

    Raises:
        TryLater: The reply is no such list.
    """
    body = parse_json(reply)
    if not isinstance(body, Mapping) or body.get("name") != team:
        raise not_understood(reply, write=False)
    return _names(reply, body.get("members"), key="name")


def _role(item: object) -> str | None:
    role = item.get("role") if isinstance(item, Mapping) else None
    return role if isinstance(role, str) else None


def shows_role(reply: Reply, name: str | None, role: str) -> bool:
    """Return whether *reply* shows that who is called *name* has *role* now."""
    body = parse_json(reply)
    shown = reply.status == 200 and _role(body) == role
    return shown and isinstance(body, Mapping) and (name is None or body.get("name") == name)


def parse_prototypes(reply: Reply, owner: OwnerName) -> dict[str, tuple[DefaultSeen, ...]]:
    """
    Return the default permissions whose delegate is a robot of *owner*, by its full name.

    Raises:
        TryLater: The reply is no list of prototypes.
    """
    found: dict[str, tuple[DefaultSeen, ...]] = {}
    for item in _items(reply, "prototypes"):
        parsed = _prototype(item)
        if parsed is None:
            raise not_understood(reply, write=False)
        if parsed[0].startswith(f"{owner.name}+"):
            found[parsed[0]] = (*found.get(parsed[0], ()), parsed[1])
    return found


def parse_prototype(reply: Reply) -> tuple[str, DefaultSeen] | None:
    """Return delegate and default permission that *reply* shows, None where it shows none."""
    body = parse_json(reply)
    return _prototype(body) if isinstance(body, Mapping) else None


def _prototype(item: Mapping[str, object]) -> tuple[str, DefaultSeen] | None:
    delegate, creator = item.get("delegate"), item.get("activating_user", "")
    role, name, key = _role(item), None, item.get("id")
    # A team's name has no `+`, so it is never taken for a robot. No set: a list has no hash.
    if isinstance(delegate, Mapping) and delegate.get("kind") in ("user", "team"):
        name = delegate.get("name")
    if not isinstance(name, str) or role is None or not isinstance(key, str):
        return None
    if creator is None:
        return name, DefaultSeen(role, None, key)
    # One of which it is not shown whose repositories it is for is not for everybody's.
    by = creator.get("name") if isinstance(creator, Mapping) else None
    return (name, DefaultSeen(role, by, key)) if isinstance(by, str) else None


def _items(reply: Reply, key: str) -> list[Mapping[str, object]]:
    body = parse_json(reply)
    items = body.get(key) if isinstance(body, Mapping) else None
    if not isinstance(items, list) or not all(isinstance(each, Mapping) for each in items):
        raise not_understood(reply, write=False)
    return items
