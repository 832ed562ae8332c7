"""
How far did a failed request get, and what does that mean?

What failed before Quay could see a byte was never sent, whatever it is; and
what failed at the proxy is the proxy's, not Quay's. The steps are those that
the HTTP library tells of.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

import httpx

from ..model.errors import Ambiguous, QuayRobotError, Reason, TryLater, Unfinished
from .proxy import ProxyServer, ignored_proxy, login_refused, proxy_said

__all__ = ["BODY_CAP", "Departure", "TooLarge"]

BODY_CAP = 64 * 1024 * 1024
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


# What OpenSSL says of a first answer that is none of TLS.
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")

# What it says, in lower case, of a certificate that it refuses; the first that fits counts.
_UNKNOWN = "its authority is not known: see caBundleRef"
_DISTRUST = {
    "has expired": "it has expired",
    "not yet valid": "it is not valid yet",
    "mismatch": "it is for another name",
    "self-signed": _UNKNOWN,
    "issuer": _UNKNOWN,
}


class TooLarge(httpx.ReadError):
    """An answer that is larger than is read."""


class Departure:
    """The way of one request to *url*, through *proxy* where there is one."""

    def __init__(self, url: httpx.URL, proxy: ProxyServer | None) -> None:
        self._url, self._proxy = url, proxy
        # The name that the name service is asked for, as long as it is.
        self.looking_up: str | None = None
        # Whether the first byte of the request may be on its way.
        self.begun = False
        self._asked = False
        self._tunnelled = False
        self._sent_at: float | None = None
        # Seconds from the last byte sent to the first byte of the answer.
        self.waited_s: float | None = None

    async def observe(self, event: str, info: Mapping[str, object]) -> None:
        """Take note of a step that the HTTP library tells of."""
        if event.endswith("send_request_headers.started"):
            if getattr(info.get("request"), "method", b"") == b"CONNECT":
                self._asked = True
            else:
                self.begun = True
        elif event == "proxy.start_tls.started":
            self._tunnelled = True
        elif event.endswith("send_request_body.complete"):
            self._sent_at = monotonic()
        elif event.endswith("receive_response_headers.complete") and self._sent_at is not None:
            # The last one counts: a proxy's answer to CONNECT comes before Quay's.
            self.waited_s = monotonic() - self._sent_at

    def failed(self, method: str, error: Exception) -> QuayRobotError:
        """Return what *error* means, which ended the request by *method*."""
        if self.begun and not isinstance(error, NEVER_SENT):
            return _cut_off(method, error)
        if self.looking_up is not None:
            return self.unreached(f"the name {self.looking_up} is not looked up in time")
        if self._proxy is not None and not self._tunnelled:
            return _away(self._at_proxy(self._proxy, error))
        if "CERTIFICATE" in str(error):
            return _away(f"its certificate was refused{_why_refused(error)}")
        return self.unreached(_no_connection(error))

    def refused_login(self) -> TryLater:
        """Return what a proxy's 407 means to a request in absolute form."""
        assert self._proxy is not None
        return _away(login_refused(self._proxy))

    def unreached(self, what: str) -> TryLater:
        """Return that there is no way, for *what* reason, and that a proxy may be missing."""
        variable = "" if self._proxy is not None else ignored_proxy(self._url)
        hint = f" ({variable} is set and not used: spec.proxy names a proxy)" if variable else ""
        return _away(f"{what}{hint}")

    def _at_proxy(self, proxy: ProxyServer, error: Exception) -> str:
        port = self._url.port or {"http": 80, "https": 443}[self._url.scheme]
        target = f"{self._url.host}:{port}"
        if isinstance(error, httpx.ProxyError):
            return proxy_said(error, proxy, target)
        if self._asked:
            what = "no answer in time" if _timed_out(error) else "it broke the connection"
            return f"the proxy {proxy.place} opens no tunnel to {target}: {what}"
        refused = "CERTIFICATE" in str(error)
        why = _why_refused(error)
        what = f"its certificate was refused{why}" if refused else _no_connection(error)
        return f"the proxy {proxy.place} cannot be reached: {what}"


def _away(what: str) -> TryLater:
    return TryLater(Reason.QUAY_UNREACHABLE, f"Quay cannot be reached: {what}").unsent()


def _why_refused(error: Exception) -> str:
    """Words of our own: those of the TLS library quote the certificate."""
    said = str(error).lower()
    return next((f" ({why})" for mark, why in _DISTRUST.items() if mark in said), "")


def _timed_out(error: Exception) -> bool:
    return isinstance(error, TimeoutError | httpx.TimeoutException)


def _no_connection(error: Exception) -> str:
    if any(each in str(error) for each in _NO_TLS):
        return "no connection, what answers there speaks no TLS (is https or the port wrong?)"
    return "no connection in time" if _timed_out(error) else "no connection"


def _cut_off(method: str, error: Exception) -> QuayRobotError:
    if isinstance(error, TooLarge):
        what = f"its answer is larger than {BODY_CAP // 1024**2} MiB"
    elif _timed_out(error):
        what = "no answer in time"
    else:
        what = "the connection broke"
        if method == "GET":
            return TryLater(Reason.QUAY_UNREACHABLE, f"Quay cannot be reached: {what}")
    msg = f"Quay cannot be reached: {what}"
    if method == "GET":
        return Unfinished(Reason.QUAY_UNREACHABLE, msg)
    return Ambiguous(Reason.QUAY_UNREACHABLE, msg, overdue=_timed_out(error))
