"""Which situations does a case need that are more than one plain request?"""

from __future__ import annotations

import base64
import functools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.kit.fakequay import FakeQuay

from .language import Check, Do, Step, ok, post
from .matching import fill
from .target import Target

Names = dict[str, Any]


@functools.cache
def stranger() -> RSAKey:
    """Return a key that nobody trusts."""
    return RSAKey.generate_key(2048, {"kid": "stranger"})


def a_jwt(header: dict[str, Any] | None = None, **claims: Any) -> Do:
    """Make a JWT of a stranger as `<jwt>`; None leaves a claim out."""
    now = int(time.time())
    said = {"iss": "https://xx", "sub": "s", "iat": now, "exp": now + 600} | claims
    said = {name: value for name, value in said.items() if value is not None}
    head = {"alg": "RS256", "kid": "stranger"} | (header or {})
    return Do("a JWT of a stranger", lambda _: {"jwt": jwt.encode(head, said, stranger())})


def a_token(**changes: Any) -> Do:
    """Make a token of the issuer as `<jwt>`; times are seconds from now."""

    def work(names: Names) -> Names:
        now = int(time.time())
        said = dict(changes)
        for claim in ("iat", "exp", "nbf"):
            if isinstance(said.get(claim), int):
                said[claim] += now
        if "iss" in said and said["iss"] is not None:
            said["iss"] = said["iss"].replace("<issuer>", names["target"].issuer.url)
        if said.get("key") == "stranger":
            said["key"] = stranger()
        return {"jwt": names["target"].issuer.token(**said)}

    return Do("a token of the issuer", work)


def an_issuer_that_says(**discovery: Any) -> Do:
    """Change the issuer's discovery document until the case's end."""

    def work(names: Names) -> Names:
        names["target"].issuer.discovery = fill(discovery, names)
        return {}

    return Do("the issuer's discovery", work)


def claims(of: str, name: str = "claims") -> Do:
    """Keep the claims of the saved token *of* as `<name>`, believing nothing."""

    def work(names: Names) -> Names:
        header, payload = names[of].split(".")[:2]
        return {name: _decoded(payload), f"{name}_header": _decoded(header)}

    return Do(f"the claims of {of}", work)


def _decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def tampered(of: str) -> Do:
    """Spoil the signature of the saved token *of*."""

    def work(names: Names) -> Names:
        start, _, signature = names[of].rpartition(".")
        return {of: f"{start}.{signature[::-1]}"}

    return Do(f"{of} tampered with", work)


def later(seconds: float) -> Do:
    """Let Quay's time be later (the double's alone), until `later(0)`."""

    def work(names: Names) -> Names:
        names["target"].double.admin("clock", shift_s=seconds)
        return {}

    return Do(f"{seconds} s later", work)


def by_hand(call: str, **fields: Any) -> Do:
    """Do by hand what no API can (the double's alone)."""

    def work(names: Names) -> Names:
        return {"by_hand": names["target"].double.admin(call, **fill(fields, names))}

    return Do(call, work)


# Tokens -----------------------------------------------------------------------


def an_application(org: str = "org") -> Step:
    """Make an application of an organization."""
    path = f"/api/v1/organization/<{org}>/applications"
    return post(path, {"name": "<app>"}).gives(ok()).saving(client_id="client_id")


def minted(scope: str, org: str = "org", **body: Any) -> Step:
    """Mint a token of the application as `<minted>` and `<minted_token>`."""
    path = f"/api/v1/organization/<{org}>/applications/<client_id>/tokens"
    step = post(path, {"name": "<app>", "scope": scope, **body}).gives(ok())
    return step.saving(minted=lambda reply: reply.json(), minted_token="token")


def dead(kind: str) -> Do:
    """Have a token that died, as `<revoked>` or `<expired>`; one of each is enough for all."""

    def work(names: Names) -> Names:
        target: Target = names["target"]
        if kind not in target.minted:
            target.minted[kind] = _dead(target, kind)
        return {kind: target.minted[kind]}

    return Do(f"a token that is {kind}", work)


def _dead(target: Target, kind: str) -> str:
    root = f"/api/v1/organization/{target.org}/applications/{target.application}/tokens"
    life = 1 if kind == "expired" else 600
    body = {"name": "dying", "scope": "org:admin,user:admin", "expiration": life}
    made = target.ask("POST", root, json=body).json()
    if kind == "expired":
        time.sleep(1.2)
    else:
        target.ask("DELETE", f"{root}/{made['uuid']}").raise_for_status()
    return str(made["token"])


# Sessions ---------------------------------------------------------------------


def session_begun() -> Do:
    """Begin a session: `<cookie>` and `<csrf>`."""
    return Do("a session", lambda names: _begin(names["target"]))


def signed_in() -> Do:
    """Begin a session and sign in."""

    def work(names: Names) -> Names:
        target: Target = names["target"]
        begun = _begin(target)
        assert target.user is not None
        user, password = target.user
        headers = {"Cookie": begun["cookie"], "X-CSRF-Token": begun["csrf"]}
        body = {"username": user, "password": password}
        reply = target.send("POST", "/api/v1/signin", headers=headers, json=body)
        assert reply.json()["success"] is True
        cookie = _cookie(reply) or begun["cookie"]
        return {"cookie": cookie, "csrf": reply.headers["X-Next-CSRF-Token"]}

    return Do("a session that is signed in", work)


def _begin(target: Target) -> Names:
    reply = target.send("GET", "/csrf_token")
    return {"cookie": _cookie(reply), "csrf": reply.json()["csrf_token"]}


def _cookie(reply: Any) -> str:
    return "; ".join(f"{name}={value}" for name, value in reply.cookies.items())


# A Quay of its own --------------------------------------------------------------


def initialized() -> Do:
    """Initialize an empty Quay twice: `<first>`, `<second>` and what its token may."""

    def work(_names: Names) -> Names:
        with FakeQuay() as quay:
            fresh = Target(quay.url, "none", {})
            body = {"username": "first", "password": "password", "email": "a@example.com"}
            path = "/api/v1/user/initialize"
            first = fresh.send("POST", path, json={**body, "access_token": True})
            second = fresh.send("POST", path, json=body)
            fresh.tokens["owner"] = first.json()["access_token"]
            org = fresh.ask(
                "POST", "/api/v1/organization/", json={"name": "acme", "email": "b@example.com"}
            )
            quay.admin("clock", shift_s=8990)
            early = fresh.ask("GET", "/api/v1/user/").status_code
            quay.admin("clock", shift_s=9010)
            late = fresh.ask("GET", "/api/v1/user/").status_code
        return {
            "first": first.json(),
            "second": [second.status_code, second.json()],
            "lives": [org.status_code, early, late],
        }

    return Do("an empty Quay is initialized", work)


# Other ------------------------------------------------------------------------


def spent(path: str) -> Do:
    """Call until the limit is used up."""

    def work(names: Names) -> Names:
        target: Target = names["target"]
        for _ in range(200):
            if target.ask("GET", path.replace("<org>", target.org)).status_code == 429:
                break
        return {}

    return Do("the limit is used up", work)


def long_name(length: int, *, whole: bool = False) -> Do:
    """Make a name of *length* characters as `<long>`; *whole*: with its organization."""

    def work(names: Names) -> Names:
        size = length - len(names["org"]) - 1 if whole else length
        return {"long": f"{names['r']}-".ljust(size, "x")[:size]}

    return Do(f"a name of {length} characters", work)


def metadata_of(name: str, total: int) -> Check:
    """Expect the saved metadata to be nearly *total* bytes."""
    return Check(f"{name} is whole", lambda names: total - 100 < len(names[name]["k"]) <= total)


def time_of(role: str) -> Callable[[Names], bool]:
    """Tell whether calls take the time of a hash (for a role) or not (for nobody)."""

    def work(names: Names) -> bool:
        target: Target = names["target"]
        path = f"/api/v1/organization/{target.org}"
        with target.configured({"realistic": True}):
            taken = min(_timed(target, path, role) for _ in range(3))
        return taken < 0.1 if role == "anonymous" else taken > 0.1

    return work


def _timed(target: Target, path: str, role: str) -> float:
    begun = time.monotonic()
    if role == "anonymous":
        target.send("GET", path)
    else:
        target.ask("GET", path, role)
    return time.monotonic() - begun


def among(one: str, many: str) -> Check:
    """Expect a saved value to be one of those saved as a list."""
    return Check(f"{one} is among {many}", lambda names: names[one] in names[many])


def distinct(many: str) -> Check:
    """Expect all values of a saved list to differ."""
    return Check(f"{many} all differ", lambda names: len(set(names[many])) == len(names[many]))


def lives_an_hour(name: str) -> Check:
    """Expect saved claims to end 3600 s after their beginning."""
    return Check(
        f"{name} last an hour", lambda names: names[name]["exp"] - names[name]["iat"], 3600
    )


def superuser_without_scope() -> Do:
    """Mint a token of the superuser with org:admin alone, as `<unscoped>`."""

    def work(names: Names) -> Names:
        target: Target = names["target"]
        root = f"/api/v1/organization/{target.org}/applications/{target.application}/tokens"
        body = {"name": "without super:user", "scope": "org:admin", "expiration": 600}
        reply = target.ask("POST", root, "super", json=body)
        return {"unscoped": reply.raise_for_status().json()["token"]}

    return Do("a superuser's token without its scope", work)


def years_from_now(name: str, years: int) -> Check:
    """Expect a saved application token to end in about *years* years."""

    def work(names: Names) -> int:
        end = datetime.fromisoformat(names[name]["expires_at"])
        return round((end - datetime.now(UTC)).days / 365)

    return Check(f"{name} ends in {years} years", work, years)


def bootstrapped(*, again: bool = False, off: bool = False) -> Do:
    """Start Quay with a bootstrap token: `<file>` and `<bootstrap>`; *again*: read it only."""

    def work(names: Names) -> Names:
        target: Target = names["target"]
        assert target.double is not None
        path = target.folder / "quay-machine-token.json"
        target.double.admin("settings", programmatic_bootstrap=not off, bootstrap_owner="root",
                            bootstrap_path=str(path))  # fmt: skip
        if not again:
            target.double.admin("bootstrap")
        if off:
            return {}
        body = json.loads(path.read_text())
        mode = path.stat().st_mode & 0o777
        return {"file": [mode, body], "bootstrap": body["access_token"]}

    return Do("a Quay with a bootstrap token", work)
