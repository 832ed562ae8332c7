"""
How is a request sent through a proxy?

To an https Quay through a tunnel (CONNECT), of which the proxy sees host and
port alone; to an http Quay in absolute form. The proxy is dialled at an address
that was looked at, and is the only one that resolves Quay's name. What it says
for itself is put into words, and is never taken for an answer of Quay's.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.request import (  # type: ignore[attr-defined]
    getproxies_environment,
    proxy_bypass_environment,
)

import httpx

from ..model.address_policy import Address
from ..model.errors import InvalidSpec, Reason
from ..model.secrecy import Token
from .trust import trusting

__all__ = ["DIAL", "ProxyServer", "ThroughProxy", "ignored_proxy", "login_refused", "proxy_said"]

# The extension of a request that says at which address the proxy is dialled.
DIAL = "quayrobot_dial"
_MEANINGS = {
    403: "does not allow connections to",
    502: "cannot reach",
    503: "cannot reach",
    504: "cannot reach",
}


@dataclass(frozen=True, slots=True)
class ProxyServer:
    """Where a proxy is (scheme, host, port), whom to trust as it, and who we are to it."""

    origin: str
    ca_bundle: str | None = None
    login: tuple[Token, Token] | None = field(default=None, repr=False)

    @property
    def url(self) -> httpx.URL:
        """
        Its origin, taken apart.

        Raises:
            InvalidSpec: Its host cannot be one.
        """
        try:
            return httpx.URL(self.origin)
        except httpx.InvalidURL:
            msg = "proxy.url: its host can be neither a name nor an address"
            raise InvalidSpec(Reason.INVALID_SPEC, msg) from None

    @property
    def place(self) -> str:
        """Its host and port, for messages."""
        return self.origin.partition("://")[2]


class ThroughProxy(httpx.AsyncBaseTransport):
    """Carries each request through *proxy*, dialled at the address that the request names."""

    def __init__(self, proxy: ProxyServer, trust: ssl.SSLContext) -> None:
        """
        *trust* is for what is behind the proxy.

        Raises:
            InvalidSpec: The proxy's bundle holds no certificate.
        """
        self._url, self._trust = proxy.url, trust
        self._own = None
        if self._url.scheme == "https":
            self._own = trusting(proxy.ca_bundle, "the bundle of proxy.caBundleRef")
        self._login = proxy.login

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request*; the connection is not kept."""
        address: Address = request.extensions[DIAL]
        login = self._login and (self._login[0].reveal(), self._login[1].reveal())
        way = httpx.AsyncHTTPTransport(
            verify=self._trust,
            trust_env=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
            proxy=httpx.Proxy(
                self._url.copy_with(host=str(address)), ssl_context=self._own, auth=login
            ),
        )
        return await way.handle_async_request(request)


def proxy_said(error: httpx.ProxyError, proxy: ProxyServer, target: str) -> str:
    """Return what a proxy's refusal to connect to *target* (host and port) means."""
    # The client library hands on the status line without the version.
    digits = str(error)[:3]
    status = int(digits) if digits.isascii() and digits.isdigit() else 0
    if status == 407:
        return login_refused(proxy)
    if status in _MEANINGS:
        return f"the proxy {proxy.place} {_MEANINGS[status]} {target} (it answered {status})"
    return f"the proxy {proxy.place} opens no tunnel to {target} (it answered {status})"


def login_refused(proxy: ProxyServer) -> str:
    """Return what a 407 means."""
    if proxy.login is None:
        return f"the proxy {proxy.place} needs credentials (407): give proxy.credentialsRef"
    return f"the proxy {proxy.place} refused the credentials of proxy.credentialsRef (407)"


def ignored_proxy(url: httpx.URL) -> str:
    """Return the variable of the environment that names a proxy for *url*; '' for none."""
    found = getproxies_environment()
    if proxy_bypass_environment(url.host, found):
        return ""
    scheme = next((each for each in (url.scheme, "all") if each in found), "")
    return f"{scheme}_proxy".upper() if scheme else ""
