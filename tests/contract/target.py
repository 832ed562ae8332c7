"""
Which Quay is asked, and what can it show?

A `Target` is a Quay seen from outside, with the credentials of a few roles.
What it can show is found out by asking. The double is one more Quay, of which
a case may also change the settings and do by hand what no API can.
"""

from __future__ import annotations

import secrets
import ssl
import string
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.kit import canary
from tests.kit.fakequay import FakeQuay
from tests.kit.oidc_service import OidcService

from .issuer import Issuer
from .matching import MARK

__all__ = ["NEEDS", "SCOPES", "Target", "target_of"]

SCOPES = (
    "repo:read", "repo:write", "repo:admin", "repo:create",
    "user:read", "user:admin", "org:admin", "super:user",
)  # fmt: skip
# What a case may need, and the words with which it is skipped where that is missing.
NEEDS = {
    "mint": "this Quay has no application tokens (3.18), or QUAY_TOKEN may not make them",
    "organizations": "QUAY_TOKEN may not make organizations (user:admin)",
    "federation": "this Quay has no federation of robots (3.13)",
    "user-federation": "this Quay has no federation of user robots (3.18)",
    "user": "QUAY_TOKEN may not see user robots (user:admin)",
    "super": "needs QUAY_SUPERUSER_TOKEN, and FEATURE_SUPERUSERS_FULL_ACCESS: true",
    "reader": "needs QUAY_READONLY_TOKEN of a global read-only superuser",
    "member": "needs QUAY_MEMBER_TOKEN of a member of QUAY_ORG who does not own it",
    "session": "needs QUAY_USER and QUAY_PASSWORD of a user of the database",
    "jwt": "needs QUAY_JWT of a login service that Quay trusts, of an owner of QUAY_ORG",
    "sign-on": "needs a login service that Quay trusts and whose tokens this suite makes",
    "issuer": "needs an issuer of OIDC tokens that Quay can reach and trusts",
    "double": "needs what no API of Quay can bring about",
}

# What the settings that a case asks for are called in Quay's own configuration.
KEYS = {
    "anonymous_access": "FEATURE_ANONYMOUS_ACCESS",
    "behind_proxy": "nginx in front",
    "mailing": "FEATURE_MAILING",
    "programmatic_bootstrap": "FEATURE_PROGRAMMATIC_BOOTSTRAP",
    "rate_limits": "FEATURE_RATE_LIMITS",
    "robots_disallow": "ROBOTS_DISALLOW",
    "superusers_full_access": "FEATURE_SUPERUSERS_FULL_ACCESS",
}


def _configured(settings: Mapping[str, Any]) -> list[str]:
    return [f"{KEYS[name]}: {str(value).lower()}" for name, value in settings.items()]


@dataclass
class Target:
    """A Quay, the tokens of each role, and what it has (see NEEDS)."""

    url: str
    org: str
    tokens: dict[str, str]
    verify: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    user: tuple[str, str] | None = None
    issuer: Issuer | None = None
    service: OidcService | None = None
    service_key: Any = None
    double: FakeQuay | None = None
    has: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    minted: dict[str, str] = field(default_factory=dict)
    application: str = ""
    owner: str = ""
    number: int = field(default_factory=lambda: 10**7 + secrets.randbelow(9 * 10**7))
    left: list[str] = field(default_factory=list)
    folder: Path = Path()

    @property
    def prefix(self) -> str:
        """What the name of everything begins with that this run makes."""
        return f"qc{self.number}"

    @property
    def host(self) -> str:
        """What Quay calls itself at the registry."""
        return urlsplit(self.url).netloc

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask, on a connection of its own, and follow nothing."""
        return httpx.request(
            method, f"{self.url}{path}", verify=self.verify, timeout=60, **options
        )

    def ask(self, method: str, path: str, role: str = "owner", **options: Any) -> httpx.Response:
        """Ask as *role*."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        return self.send(method, path, headers=headers, **options)

    def lack(self, needs: frozenset[str], settings: Mapping[str, Any]) -> str | None:
        """Return why a case cannot be shown here, or None."""
        for need in sorted(needs):
            if need not in self.has:
                return NEEDS.get(need) or f"QUAY_TOKEN lacks the scope {need}"
        if settings and self.double is None:
            return f"needs a Quay with {', '.join(_configured(settings))}"
        return None

    def token(self, scopes: str) -> str:
        """Return a token with only these *scopes* (comma between them)."""
        if scopes not in self.minted:
            path = f"/api/v1/organization/{self.org}/applications/{self.application}/tokens"
            body = {"name": f"{self.prefix}-{scopes}"[:255], "expiration": 7200}
            role = "super" if "super:user" in scopes else "owner"
            reply = self.ask("POST", path, role, json={**body, "scope": scopes})
            self.minted[scopes] = reply.raise_for_status().json()["token"]
            self.secrets.add(self.minted[scopes])
        return self.minted[scopes]

    @contextmanager
    def configured(self, settings: Mapping[str, Any]) -> Iterator[None]:
        """Change the double's settings for a while."""
        if self.double is None:
            yield
            return
        before = self.double.double.state.settings
        self.double.admin("settings", **settings)
        try:
            yield
        finally:
            self.double.double.state.settings = before
            self.double.admin("clock", shift_s=0)
            self._restore_service()
            if self.issuer is not None:
                self.issuer.discovery = {}

    def _restore_service(self) -> None:
        if self.service is not None and self.double is not None:
            self.service.key = self.service_key
            self.service.up()
            self.double.admin("sign-on/forget", cold=True)

    def mask(self, text: str) -> str:
        """Return *text* without any secret that is known here."""
        for each in sorted(self.secrets | set(self.tokens.values()), key=len, reverse=True):
            text = text.replace(each, MARK)
        return text


@contextmanager
def target_of(environment: Mapping[str, str], folder: Path) -> Iterator[Target]:
    """Yield the Quay that *environment* names, else a double of one."""
    make = _real if environment.get("QUAY_URL") else _doubled
    with make(environment, folder) as target:
        _find_out(target)
        try:
            yield target
        finally:
            _clear(target)


@contextmanager
def _real(environment: Mapping[str, str], _folder: Path) -> Iterator[Target]:
    roles = {
        "owner": "QUAY_TOKEN", "super": "QUAY_SUPERUSER_TOKEN",
        "reader": "QUAY_READONLY_TOKEN", "member": "QUAY_MEMBER_TOKEN", "jwt": "QUAY_JWT",
    }  # fmt: skip
    tokens = {role: environment[name] for role, name in roles.items() if environment.get(name)}
    ca = environment.get("QUAY_CA")
    user = (environment.get("QUAY_USER", ""), environment.get("QUAY_PASSWORD", ""))
    yield Target(
        environment["QUAY_URL"].rstrip("/"),
        environment["QUAY_ORG"],
        tokens,
        verify=ssl.create_default_context(cafile=ca or None),
        user=user if all(user) else None,
    )


@contextmanager
def _doubled(_environment: Mapping[str, str], folder: Path) -> Iterator[Target]:
    with FakeQuay() as quay, Issuer(folder) as issuer, OidcService(folder / "oidc") as service:
        quay.double.state.make_robot_token = canary.robot_token
        quay.double.state.make_oauth_token = _mixed_token
        password = secrets.token_urlsafe(12)
        quay.admin("settings", superusers=["root"], superusers_full_access=True,
                   readonly_superusers=["auditor"], hostname=urlsplit(quay.url).netloc,
                   oidc_ca=str(_both(issuer.ca, service.ca, folder)))  # fmt: skip
        quay.admin("organization", name="contract", owners=["owner"], members=["member"])
        quay.admin("user", name="owner", password=password)
        users = {"owner": "owner", "super": "root", "reader": "auditor", "member": "member"}
        tokens = {
            role: quay.admin("token", user=user, value=canary.oauth_token())
            for role, user in users.items()
        }
        tokens["jwt"] = _trusted(quay, service)
        yield Target(
            quay.url, "contract", tokens, user=("owner", password), issuer=issuer, double=quay,
            folder=folder, service=service, service_key=service.key,
        )  # fmt: skip


def _both(one: Path, other: Path, folder: Path) -> Path:
    """Return a file with both authorities."""
    both = folder / "authorities.pem"
    both.write_text(one.read_text() + other.read_text())
    return both


def _trusted(quay: FakeQuay, service: OidcService) -> str:
    """Have the double trust *service*; return a JWT of a user there who owns the organization."""
    trusted = {"prefix": "contract", "server": service.url, "client_id": "quay"}
    quay.admin("settings", sign_on=(trusted,))
    quay.double.state.sign_on_users["contract", "operator"] = "signed_on"
    quay.admin("user", name="signed_on")
    quay.admin("team/member", org="contract", team="owners", member="signed_on")
    return service.token(exp=int(time.time()) + 7200)


def _mixed_token() -> str:
    alphabet = string.ascii_letters + string.digits
    rest = "".join(secrets.choice(alphabet) for _ in range(40 - len(canary.CORE)))
    return canary.CORE + rest


# What it has --------------------------------------------------------------------


def _find_out(target: Target) -> None:
    probes: dict[str, Callable[[Target], bool]] = {
        "owner": _is_owner,
        "user": _has_user_robots,
        "mint": _can_mint,
        "organizations": _can_make_organizations,
        "federation": lambda it: _has_federation(it, f"organization/{it.org}"),
        "user-federation": lambda it: _has_federation(it, "user"),
        "super": lambda it: _is_super(it, "super"),
        # Superusers may hand on what others may not.
        "plain": lambda it: it.ask("GET", "/api/v1/superuser/users/").status_code != 200,
        "reader": lambda it: "reader" in it.tokens,
        "member": lambda it: "member" in it.tokens,
        "session": lambda it: it.user is not None,
        "issuer": lambda it: it.issuer is not None,
        "jwt": lambda it: "jwt" in it.tokens and _is_admin(it, "jwt"),
        "sign-on": lambda it: it.service is not None,
        "double": lambda it: it.double is not None,
    }
    if "super" not in target.tokens and _is_super(target, "owner"):
        # It can be had from what there is: the owner is a superuser.
        target.tokens["super"] = target.tokens["owner"]
    target.has |= {name for name, probe in probes.items() if probe(target)}
    if "owner" not in target.has:
        raise RuntimeError("QUAY_TOKEN does not administer the robots of QUAY_ORG")
    if "user" in target.has:
        target.has.add("user:admin")
    if "mint" in target.has:
        target.has |= {scope for scope in SCOPES if _has_scope(target, scope)}
    _choose_normal(target)


def _is_owner(target: Target) -> bool:
    reply = target.ask("GET", "/api/v1/user/")
    target.owner = reply.json().get("username", "") if reply.status_code == 200 else ""
    return _is_admin(target, "owner")


def _is_admin(target: Target, role: str) -> bool:
    reply = target.ask("GET", f"/api/v1/organization/{target.org}", role)
    return reply.status_code == 200 and reply.json().get("is_admin") is True


def _has_user_robots(target: Target) -> bool:
    return bool(target.owner) and target.ask("GET", "/api/v1/user/robots").status_code == 200


def _can_mint(target: Target) -> bool:
    root = f"/api/v1/organization/{target.org}/applications"
    reply = target.ask("POST", root, json={"name": f"{target.prefix}-application"})
    if reply.status_code != 200:
        return False
    target.application = reply.json()["client_id"]
    return _has_scope(target, "org:admin")


def _has_scope(target: Target, scope: str) -> bool:
    if scope == "super:user" and "super" not in target.tokens:
        return False
    try:
        target.token(scope)
    except (httpx.HTTPStatusError, ValueError, KeyError):
        return False
    return True


def _can_make_organizations(target: Target) -> bool:
    name = f"{target.prefix}-probe"
    body = {"name": name, "email": f"{name}@example.com"}
    if target.ask("POST", "/api/v1/organization/", json=body).status_code != 201:
        return False
    return target.ask("DELETE", f"/api/v1/organization/{name}").status_code == 204


def _has_federation(target: Target, place: str) -> bool:
    path = f"/api/v1/{place}/robots/{target.prefix}-none/federation"
    return target.ask("GET", path).status_code == 400


def _is_super(target: Target, role: str) -> bool:
    path = f"/api/v1/organization/{target.prefix}-none/robots"
    return role in target.tokens and target.ask("GET", path, role).status_code == 200


def _choose_normal(target: Target) -> None:
    # Many answers differ for those to whom everything is open.
    if not _is_super(target, "owner"):
        target.tokens["normal"] = target.tokens["owner"]
        target.has.add("normal")
    elif "mint" in target.has:
        mine = [scope for scope in SCOPES if scope in target.has and scope != "super:user"]
        target.tokens["normal"] = target.token(",".join(mine))
        target.has.add("normal")


def _clear(target: Target) -> None:
    if target.application:
        path = f"/api/v1/organization/{target.org}/applications/{target.application}"
        reply = target.ask("DELETE", path)
        if reply.status_code not in {204, 404}:
            target.left.append(f"application {target.prefix}-application: {reply.status_code}")
