"""Who calls, and what may they do? Rights are the token's scopes within the user's own rights."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse

from .replies import Refusal, shape_a, shape_d
from .state import State


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request (None: anonymous) and the token's scopes."""

    user: str | None = None
    scopes: frozenset[str] = frozenset()
    token_id: str | None = None


def caller_of(state: State, request: Request) -> Caller:
    """Return who calls; a wrong, expired or revoked token is simply nobody."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return Caller()
    if value.count(".") == 2:
        raise shape_d(401, "Token does not contain issuer")
    found = state.oauth.get(value)
    if found is None or found.revoked or found.expires <= state.now():
        return Caller()
    return Caller(found.user, found.scopes, found.id)


def check_entry(state: State, request: Request, caller: Caller) -> None:
    """Do what Quay does before any method: forgery, anonymity, read-only mode."""
    reading = request.method in {"GET", "HEAD", "OPTIONS"}
    if not reading and caller.user is None:
        raise shape_d(403, "CSRF token was invalid or missing.")
    if caller.user is None and not state.settings.anonymous_access:
        raise shape_d(401, "Anonymous access is not allowed")
    if not reading and state.settings.readonly:
        raise _read_only()


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
    return is_superuser(state, caller) and state.settings.superusers_full_access


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
    )


def belongs(state: State, caller: Caller, name: str) -> bool:
    """Tell whether the caller is a member whose token shows it."""
    organization = state.organizations.get(name)
    inside = organization is not None and caller.user in (
        organization.owners | organization.members
    )
    return inside and bool(caller.scopes & {"org:admin", "repo:create"})


def unauthorized(request: Request, caller: Caller, **extra: object) -> Refusal:
    """Return Quay's refusal: 401 for nobody, 403 for somebody."""
    if caller.user is None:
        return shape_a(request, "invalid_token", "Requires authentication", **extra)
    return shape_a(request, "insufficient_scope", "Unauthorized", **extra)
