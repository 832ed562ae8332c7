"""With what does this Quay sign, and what does it accept as its own?"""

from __future__ import annotations

import functools
import uuid
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from .state import State

LIFE_S = 3600
ISSUER = "quay"


@functools.cache
def instance_key() -> RSAKey:
    """Return the key of this process; a restart makes another, as a new Quay would."""
    return RSAKey.generate_key(2048, {"use": "sig", "kid": uuid.uuid4().hex})


def sign(state: State, subject: str, access: object, life_s: int = LIFE_S) -> str:
    """Return a token of an hour, or of *life_s* seconds, for *subject*."""
    now, key = int(state.now()), instance_key()
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": state.settings.hostname,
        "nbf": now,
        "iat": now,
        "exp": now + life_s,
        "sub": subject,
        "access": access,
        "context": {"version": 2, "entity_kind": "robot", "entity_reference": subject},
    }
    return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": key.kid}, claims, key)


def verified(state: State, token: str) -> dict[str, Any] | None:
    """Return the claims of a token that is ours and alive, else None."""
    try:
        claims = jwt.decode(token, instance_key(), algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        return None
    alive = claims.get("aud") == state.settings.hostname and claims["exp"] > state.now()
    return claims if alive else None
