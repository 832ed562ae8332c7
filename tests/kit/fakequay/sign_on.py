"""Whose is a JWT of an OIDC service that Quay trusts? The user is made on the first call."""

from __future__ import annotations

import re
import urllib.error
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import RSAKey

from .oidc import ALGORITHMS, LEEWAY_S, Crash, NotValid, fetch, is_signed, unverified
from .replies import shape_d, shape_e, shape_f
from .state import State

TYPES = {"jwt", "at+jwt"}
KEY_LIFE_S = 3600.0
HOP_S = 60.0


def is_sign_on(token: str) -> bool:
    """Tell whether *token* goes to single sign-on: a JWT whose header has a type."""
    try:
        header, _ = unverified(token)
    except Crash:
        return False
    return str(header.get("typ", "")).lower() in TYPES


def user_of(state: State, token: str) -> str:
    """Return the name of the user that *token* stands for; refuse as Quay does."""
    header, claims = unverified(token)
    issuer = claims.get("iss")
    if not issuer:
        raise shape_d(401, "Token does not contain issuer")
    service = _service(state, str(issuer))
    if service is None:
        raise shape_d(401, f"Issuer {issuer} not configured")
    try:
        _check(state, service, token, header, claims)
    except NotValid as error:
        raise shape_d(401, str(error)) from None
    except Crash:
        raise shape_e() from None
    if "sub" not in claims:
        raise shape_e()
    return _user(state, service, claims)


def _service(state: State, issuer: str) -> dict[str, Any] | None:
    for each in state.settings.sign_on:
        if each["server"].rstrip("/") == issuer.rstrip("/"):
            return each
    return None


def _check(
    state: State,
    service: dict[str, Any],
    token: str,
    header: dict[str, Any],
    claims: dict[str, Any],
) -> None:
    if header.get("alg") not in ALGORITHMS:
        raise NotValid("The specified alg value is not allowed")
    if not header.get("kid"):
        raise NotValid("Missing kid header")
    if not is_signed(token, _key(state, service, str(header["kid"]))):
        # A key that may have been replaced is forgotten, for good tokens too.
        state.sign_on_keys.key = None
        if not is_signed(token, _key(state, service, str(header["kid"]))):
            state.sign_on_keys.key = None
            raise NotValid("Signature verification failed")
    _check_claims(service, claims, state.now())


def _check_claims(service: dict[str, Any], claims: dict[str, Any], now: float) -> None:
    for name in ("exp", "iat", "aud"):
        if name not in claims:
            raise NotValid(f'Token is missing the "{name}" claim')
    if claims["iat"] > now + LEEWAY_S:
        raise NotValid("The token is not yet valid (iat)")
    if claims["exp"] <= now - LEEWAY_S:
        raise NotValid("Signature has expired")
    named = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if not {service["client_id"], *service.get("audiences", ())} & set(named):
        raise NotValid("Audience doesn't match")
    allowed = service.get("allowed_clients")
    if allowed and "azp" in claims and claims["azp"] not in allowed:
        raise NotValid("Authorized party doesn't match")


def _key(state: State, service: dict[str, Any], kid: str) -> RSAKey:
    memory, server = state.sign_on_keys, service["server"].rstrip("/")
    if memory.key is not None and memory.name == (server, kid) and state.now() < memory.until:
        return memory.key
    cold = server not in memory.discovered
    try:
        if cold:
            found = _get(state, f"{server}/.well-known/openid-configuration")
            memory.discovered[server] = found["jwks_uri"]
        keys = _get(state, memory.discovered[server]).get("keys", [])
    except (urllib.error.URLError, OSError) as error:
        if cold:
            raise shape_f(502) from None
        raise NotValid(_no_connection(memory.discovered[server])) from error
    for each in keys:
        if each.get("kty") == "RSA" and each.get("kid") == kid:
            memory.key, memory.name = RSAKey.import_key(each), (server, kid)
            memory.until = state.now() + KEY_LIFE_S
            return memory.key
    raise NotValid(f"Public key {kid} not found")


def _get(state: State, url: str) -> dict[str, Any]:
    if not url.startswith("https://"):
        raise Crash
    return fetch(url, state.settings.oidc_ca, HOP_S)


def _no_connection(url: str) -> str:
    parts = urlsplit(url)
    return (
        f"HTTPSConnectionPool(host='{parts.hostname}', port={parts.port}): Max retries exceeded "
        f"with url: {parts.path} (Caused by NewConnectionError('Failed to establish a new "
        "connection: [Errno 111] Connection refused'))"
    )


def _user(state: State, service: dict[str, Any], claims: dict[str, Any]) -> str:
    known = (service["prefix"], str(claims["sub"]))
    if known not in state.sign_on_users:
        settings = state.settings
        if settings.mailing and not (claims.get("email") and claims.get("email_verified")):
            raise shape_d(401, "A verified email address is required to login with this service")
        if not settings.user_creation:
            words = "User creation is disabled. Please contact your administrator to gain access."
            raise shape_d(401, words)
        state.sign_on_users[known] = _free_name(
            state, str(claims.get("preferred_username") or claims["sub"])
        )
        state.users.add(state.sign_on_users[known])
    return state.sign_on_users[known]


def _free_name(state: State, wanted: str) -> str:
    """Make *wanted* legal; a name that is taken gets a suffix, it never becomes that user."""
    legal = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_") or "user"
    name, number = legal, 1
    while name in state.users or name in state.organizations:
        number += 1
        name = f"{legal}{number}"
    return name
