"""
Is an API server reached past the proxy of the environment?

The client library knows names in NO_PROXY alone. What kubectl reaches without a
proxy beyond them, a command line is to reach too: this machine itself, and what
is in a range of addresses.
"""

from __future__ import annotations

import contextlib
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies_environment

__all__ = ["goes_past_proxy"]


def goes_past_proxy(server: str) -> bool:
    """
    Return whether kubectl would ask *server* (a URL) without the environment's proxy.

    The rules are those of golang.org/x/net/http/httpproxy 0.62.0.
    """
    try:
        url = urlsplit(server)
        port = url.port
    except ValueError:
        return False
    spared = getproxies_environment().get("no", "").lower().split(",")
    entries = [each.strip().removesuffix(f":{port}") for each in spared]
    return _is_here(url) or any(_names(each, url.hostname or "") for each in entries if each)


def _is_here(url: SplitResult) -> bool:
    address = _address(url.hostname or "")
    return address.is_loopback if address else url.hostname == "localhost"


def _names(entry: str, host: str) -> bool:
    if address := _address(host):
        with contextlib.suppress(ValueError):
            return address in ip_network(entry.strip("[]"), strict=False)
        return entry == "*"
    if entry.startswith("*."):
        return host.endswith(entry[1:])
    return entry in {"*", host} or host.endswith("." + entry.lstrip("."))


def _address(host: str) -> IPv4Address | IPv6Address | None:
    with contextlib.suppress(ValueError):
        return ip_address(host)
    return None
