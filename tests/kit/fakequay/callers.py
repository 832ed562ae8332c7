"""Who calls, and what may they do? Rights are the token's scopes within the user's own rights."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse

from .replies import Refusal, shape_a, shape_d
from .sign_on import is_sign_on, user_of
from .state import ALL_SCOPES, Repository, State

LEVELS = {"read": 1, "write": 2, "admin": 3}
_BROWSER = re.compile(r"^Mozilla/|Chrome/|Safari/|Firefox/|Opera/")
_SCOPE_LEVELS = {"repo:read": 1, "repo:write": 2, "repo:admin": 3}


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request (None: anonymous) and the token's scopes."""

    user: str | None = None
    scopes: frozenset[str] = frozenset()
    token_id: str | None = None
    client_id: str = ""
    application: str = ""
    session: str | None = None
    signed_on: bool = False


NOBODY = Caller()


def caller_of(state: State, request: Request) -> Caller:
    """Return who calls; a wrong, expired or revoked token is simply nobody."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return _by_session(state, request)
    if is_sign_on(value):
        return _signed_on(state, request, value)
    found = state.oauth.get(value)
    if found is None or found.user in state.disabled:
        return NOBODY
    if found.revoked or found.expires <= state.now():
        return NOBODY
    return Caller(found.user, found.scopes, found.id, found.client_id, found.application)


def _by_session(state: State, request: Request) -> Caller:
    key = request.cookies.get("session")
    session = state.sessions.get(key or "")
    if session is None:
        return NOBODY
    user = session.get("user")
    return Caller(user, ALL_SCOPES if user else frozenset(), session=key)


def _signed_on(state: State, request: Request, value: str) -> Caller:
    user = user_of(state, value)
    if user in state.disabled:
        raise shape_a(request, "invalid_token", "Requires authentication")
    # All rights of the user: no scopes narrow them.
    return Caller(user, ALL_SCOPES, signed_on=True)


def check_browser(request: Request) -> None:
    """Refuse a browser that was led here by another site."""
    agent = request.headers.get("user-agent", "")
    asked = request.headers.get("x-requested-with", "").lower() == "xmlhttprequest"
    if request.method == "GET" and _BROWSER.search(agent) and not asked:
        words = (
            "API calls must be invoked with an X-Requested-With header if called from a browser"
        )
        raise shape_d(400, words)


def check_entry(state: State, request: Request, caller: Caller) -> None:
    """Do what Quay does before any method: forgery, anonymity, read-only mode."""
    reading = request.method in {"GET", "HEAD", "OPTIONS"}
    if not reading and not _is_unforged(state, request, caller):
        raise shape_d(403, "CSRF token was invalid or missing.", caller.user)
    if caller.user is None and not state.settings.anonymous_access:
        raise shape_d(401, "Anonymous access is not allowed")
    if not reading and state.settings.readonly:
        raise _read_only()


def _is_unforged(state: State, request: Request, caller: Caller) -> bool:
    if caller.session is None:
        return caller.user is not None
    return request.headers.get("x-csrf-token") == state.sessions[caller.session]["csrf"]


def _read_only() -> Refusal:
    words = (
        "System is currently read-only. Pulls will succeed but all write operations are "
        "currently suspended."
    )
    return Refusal(JSONResponse({"is_readonly": True, "message": words}, 503))


def is_superuser(state: State, caller: Caller) -> bool:
    """Tell whether the caller acts as one: the scope is needed too."""
    return (
        caller.user in state.settings.superusers
        and caller.user not in state.settings.readonly_superusers
        and "super:user" in caller.scopes
    )


def has_full_access(state: State, caller: Caller) -> bool:
    """Tell whether every namespace is open to the caller."""
    return state.settings.superusers_full_access and is_superuser(state, caller)


def sees_all(state: State, caller: Caller) -> bool:
    """Tell whether the caller is a global read-only superuser."""
    return caller.user in state.settings.readonly_superusers and "super:user" in caller.scopes


def administers(state: State, caller: Caller, name: str) -> bool:
    """Tell whether the caller may administer the organization *name*."""
    if has_full_access(state, caller):
        return True
    organization = state.organizations.get(name)
    return (
        organization is not None
        and "org:admin" in caller.scopes
        and caller.user in organization.owners
        and caller.user not in state.settings.readonly_superusers
    )


def belongs(state: State, caller: Caller, name: str) -> bool:
    """Tell whether the caller is a member whose token shows it."""
    organization = state.organizations.get(name)
    inside = organization is not None and caller.user in organization.everybody()
    return inside and bool(caller.scopes & {"org:admin", "repo:create"})


def may_create_in(state: State, caller: Caller, namespace: str) -> bool:
    """Tell whether the caller may make repositories in *namespace*."""
    if has_full_access(state, caller):
        return True
    if namespace == caller.user:
        return bool(caller.scopes & {"repo:create", "user:admin"})
    organization = state.organizations.get(namespace)
    if organization is None or not caller.scopes & {"org:admin", "repo:create"}:
        return False
    return caller.user in (organization.owners | organization.having("creator"))


def level_of(state: State, user: str, namespace: str, repository: Repository | None) -> int:
    """Return what *user*, or robot, may do with a repository: 0 to 3; no scopes considered."""
    organization = state.organizations.get(namespace)
    if user == namespace or (organization is not None and user in organization.owners):
        return LEVELS["admin"]
    if repository is None:
        return 0
    teams = [] if organization is None else organization.teams.values()
    roles = [repository.teams.get(team.name) for team in teams if user in team.members]
    roles.append(repository.users.get(user))
    best = max((LEVELS[role] for role in roles if role), default=0)
    return max(best, 1 if repository.public else 0)


def may_touch(
    state: State, caller: Caller, namespace: str, repository: Repository | None, need: str
) -> bool:
    """Tell whether the caller's token gives *need* (a role) on the repository."""
    if has_full_access(state, caller):
        return True
    if need == "read" and (sees_all(state, caller) or (repository and repository.public)):
        return True
    if caller.user is None:
        return False
    by_scope = max((_SCOPE_LEVELS.get(scope, 0) for scope in caller.scopes), default=0)
    own = level_of(state, caller.user, namespace, repository)
    return min(by_scope, own) >= LEVELS[need]


def unauthorized(request: Request, caller: Caller, **extra: object) -> Refusal:
    """Return Quay's refusal: 401 for nobody, 403 for somebody."""
    if caller.user is None:
        return shape_a(request, "invalid_token", "Requires authentication", **extra)
    return shape_a(request, "insufficient_scope", "Unauthorized", **extra)


def check_administers(state: State, request: Request, caller: Caller, name: str) -> None:
    """Refuse a caller who may not administer the organization *name*."""
    if not administers(state, caller, name):
        raise unauthorized(request, caller)
