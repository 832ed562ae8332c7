"""Is a token of an outside issuer genuine? Discovery, keys and signature, as Quay verifies."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.request
from typing import Any

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import RSAKey

LEEWAY_S = 30
TIMEOUT_S = 5
ALGORITHMS = ["RS256", "RS384"]


class NotValid(Exception):
    """The token does not hold; the text is the reason."""


class Crash(Exception):
    """Quay does not foresee this: it answers 500."""


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Return header and claims of *token*, believing nothing.

    Raises:
        Crash: It is no JWT at all.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise Crash
    try:
        header, claims = (_decoded(part) for part in parts[:2])
    except ValueError:
        raise Crash from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise Crash
    return header, claims


def verify(token: str, ca_file: str | None, now: float) -> None:
    """
    Verify a token whose issuer is known to be configured.

    Raises:
        NotValid: It is not genuine, or its time is not now.
        Crash: Quay has no answer for this.
        OSError: The issuer cannot be reached.
    """
    header, claims = unverified(token)
    keys = _keys(claims["iss"], ca_file)
    _check_header(header)
    if header["kid"] not in keys:
        raise Crash
    if not is_signed(token, keys[header["kid"]]):
        # A key that was just rotated deserves a second look.
        keys = _keys(claims["iss"], ca_file)
        if header["kid"] not in keys or not is_signed(token, keys[header["kid"]]):
            raise NotValid("Signature verification failed")
    _check_times(claims, now)


def _check_header(header: dict[str, Any]) -> None:
    if header.get("alg") not in ALGORITHMS:
        raise NotValid("The specified alg value is not allowed")
    if not header.get("kid"):
        raise NotValid("Missing kid header")


def _keys(issuer: str, ca_file: str | None) -> dict[str, RSAKey]:
    if not issuer.startswith("https://"):
        raise Crash
    base = issuer.rstrip("/")
    discovery = fetch(f"{base}/.well-known/openid-configuration", ca_file)
    named = str(discovery.get("issuer", ""))
    if named.rstrip("/") != base:
        raise NotValid(f"Issuer '{issuer}' not in configured issuers: ['{named}']")
    found = fetch(discovery["jwks_uri"], ca_file).get("keys", [])
    return {each["kid"]: RSAKey.import_key(each) for each in found if each.get("kty") == "RSA"}


def fetch(url: str, ca_file: str | None, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
    """
    Return the JSON at *url*.

    Raises:
        Crash: It is none, or no page is there.
        OSError: Nobody answers.
    """
    context = ssl.create_default_context(cafile=ca_file)
    try:
        with urllib.request.urlopen(url, timeout=timeout_s, context=context) as reply:
            return json.loads(reply.read())
    except urllib.error.HTTPError as error:
        error.close()
        raise Crash from None
    except ValueError:
        raise Crash from None


def is_signed(token: str, key: RSAKey) -> bool:
    """Tell whether *key* signed *token*."""
    try:
        jws.deserialize_compact(token, key, algorithms=ALGORITHMS)
    except BadSignatureError:
        return False
    except JoseError as error:
        raise NotValid(error.error) from None
    return True


def _check_times(claims: dict[str, Any], now: float) -> None:
    for name in ("exp", "iat"):
        if name not in claims:
            raise NotValid(f'Token is missing the "{name}" claim')
        if not isinstance(claims[name], int | float):
            raise NotValid(f"The {name} claim must be a number")
    if claims["iat"] > now + LEEWAY_S:
        raise NotValid("The token is not yet valid (iat)")
    if claims["exp"] <= now - LEEWAY_S:
        raise NotValid("Signature has expired")


def _decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
