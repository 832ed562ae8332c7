"""
What breaks the rules on the API credentials of connections, and what is accepted beside it?

A connection calls with an OAuth token or with a JWT of an OIDC service, so that
no single one can say everything: the full ones have the former.
"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

PLACE = ".spec.credentials"
_URL = (
    ["quay.example", "ftp://x", "https://", "https://x/?q", "https://u@x", "https://x:123456", ""],
    ["https://sso.example:8443/realms/quay", "https://[::1]/", "https://sso.example"],
)
_WORDS = (["", "a b", "é", "a\n"], ["quay", "https://quay.example?x=1"])
PATTERNS = {
    f"{PLACE}.issuer": _URL,
    f"{PLACE}.tokenURL": _URL,
    f"{PLACE}.clientID": (["", "é", "a\n"], ["quay robot operator", "0a1b"]),
    f"{PLACE}.audience": _WORDS,
    f"{PLACE}.scopes[]": ([*_WORDS[0], 'a"b', "a\\b"], ["openid", "api://quay/.default"]),
}
LONGEST = {
    f"{PLACE}.{name}": f"https://{'a' * 253}:65535/{'b' * 244}" for name in ("issuer", "tokenURL")
}
# A type cannot stand beside what belongs to the other one.
NOT_ALONE = {(f"{PLACE}.type", "OAuthToken")}
ONLY_OIDC = (
    "type", "issuer", "tokenURL", "clientID", "clientSecretRef", "serviceAccount", "audience",
    "scopes",
)  # fmt: skip


def oidc(place: Body, **changes: Any) -> Body:
    """Return full credentials of type OIDC; None leaves a field out."""
    full = {"type": "OIDC", "issuer": "https://sso.example", "clientID": "operator",
            "clientSecretRef": {"name": "s", "key": "client-secret", **place},
            "audience": "quay", "scopes": ["openid"]}  # fmt: skip
    return {key: value for key, value in (full | changes).items() if value is not None}


def base_of(path: str, place: Body) -> Body:
    """Return credentials that say something at *path*."""
    account = {"name": "operator", **place}
    if path.startswith(f"{PLACE}.serviceAccount"):
        return oidc(place, clientSecretRef=None, serviceAccount=account)
    if path == f"{PLACE}.tokenURL":
        return oidc(place, issuer=None, tokenURL="https://sso.example/token")
    return oidc(place)


def is_oidc(path: str) -> bool:
    """Tell whether *path* is one that an OAuth token has nothing to do with."""
    return any(
        path == f"{PLACE}.{each}" or path.startswith((f"{PLACE}.{each}.", f"{PLACE}.{each}["))
        for each in ONLY_OIDC
    )


def told(place: Body) -> list[tuple[list[Body], list[Body], str]]:
    """Return what breaks each rule on the credentials, its neighbours, and the words for it."""
    token, account = {"name": "t", **place}, {"name": "operator", **place}
    keyless = oidc(place, clientSecretRef=None, serviceAccount=account)
    good = [oidc(place), keyless, {"secretRef": token}, {"type": "OAuthToken", "secretRef": token}]
    renewal = {"type": "Bootstrap"}
    return [
        (
            [{}, {"secretRef": token, "issuer": "https://sso.example"},
             {"secretRef": token, "clientID": "x"}, {**oidc(place), "type": "OAuthToken"},
             {"secretRef": token, "serviceAccount": account},
             {"secretRef": token, "scopes": ["x"]},
             {"secretRef": token, "audience": "x"}, {"secretRef": token, "clientSecretRef": token},
             {"secretRef": token, "tokenURL": "https://sso.example"}],
            good,
            "need secretRef, and nothing that belongs to OIDC",
        ),
        (
            [oidc(place, secretRef=token), oidc(place, renewal=renewal)],
            good,
            "have no secretRef and no renewal",
        ),
        (
            [oidc(place, issuer=None), oidc(place, tokenURL="https://sso.example/token")],
            [*good, oidc(place, issuer=None, tokenURL="https://sso.example/token")],
            "exactly one of issuer and tokenURL",
        ),
        (
            [oidc(place, clientID=None), oidc(place, clientSecretRef=None),
             oidc(place, serviceAccount=account)],
            good,
            "exactly one of clientSecretRef and serviceAccount",
        ),
    ]  # fmt: skip
