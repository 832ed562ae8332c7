"""Which situations does a case need that is about JWTs of a login service?"""

from __future__ import annotations

from typing import Any

from .language import Do
from .matching import fill
from .situations import stranger

__all__ = ["a_login_service", "a_sign_on_token", "its_keys"]

Names = dict[str, Any]
WHO = "someone"


def a_login_service(server: str = "<service>", **config: Any) -> Do:
    """Have Quay trust a login service under a fresh prefix (the double's alone)."""

    def work(names: Names) -> Names:
        target = names["target"]
        said = {"prefix": names["r"], "client_id": "contract", **config}
        said["server"] = server.replace("<service>", target.service.url)
        target.double.admin("settings", sign_on=(said,))
        target.double.admin("sign-on/forget", cold=True)
        return {"service": target.service.url, "kid": target.service.key.kid}

    return Do("a login service", work)


def a_sign_on_token(*, header: dict[str, Any] | None = None, of: str = "", **claims: Any) -> Do:
    """
    Make a token of the login service as `<jwt>`; None leaves a part out.

    Times are seconds from now. *of* a stranger: signed with a key that nobody knows.
    """

    def work(names: Names) -> Names:
        service = names["target"].service
        said = {"aud": "contract", "sub": f"{WHO}-{names['r']}"} | fill(claims, names)
        for each in ("iat", "exp", "nbf"):
            if isinstance(said.get(each), int):
                said[each] += int(names["target"].double.double.state.now())
        before, service.header = service.header, {"typ": "JWT", **(header or {})}
        try:
            key = stranger() if of == "stranger" else None
            return {"jwt": service.token(said.pop("sub"), key, **said)}
        finally:
            service.header = before

    return Do("a token of the login service", work)


def its_keys(*, away: bool = False, replaced: bool = False, forgotten: bool = False) -> Do:
    """Change what can be had of the login service's keys until the case's end."""

    def work(names: Names) -> Names:
        target = names["target"]
        if away:
            target.service.down()
        if replaced:
            target.service.rotate()
        if forgotten:
            target.double.admin("sign-on/forget")
        return {}

    return Do("the login service's keys", work)
