"""What breaks the rules on the proxy of a connection, and what is accepted beside it?"""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

PLACE = ".spec.proxy"


def full(place: Body) -> Body:
    """Return a proxy that says everything; *place* is what references need beside a name."""
    return {
        "url": "https://proxy.example:3128",
        "caBundleRef": {"kind": "Secret", "name": "ca", "key": "ca.crt", **place},
        "credentialsRef": {"name": "p", **place},
    }


def told(place: Body) -> dict[tuple[str, int], tuple[list[Body], list[Body], str]]:
    """Return what breaks each rule, its neighbours, and the words, by path and number."""
    secure, plain = full(place), {"url": "http://proxy.example:3128"}
    literal = "https://[2001:db8::1]"
    return {
        (".spec", 4): (
            [{"url": literal, "proxy": plain}, {"url": f"{literal}:8443", "proxy": secure}],
            [{"url": "https://192.0.2.1", "proxy": plain}, {"proxy": {"url": "https://[::1]:1"}}],
            "must be a name or an IPv4 address",
        ),
        (PLACE, 0): (
            [{"proxy": {**plain, "caBundleRef": {"name": "ca", **place}}}],
            [
                {"proxy": secure},
                {"proxy": {**plain, "credentialsRef": {"name": "p", **place}}},
                {"proxy": {"url": "https://proxy.example"}},
            ],
            "is for the certificate of an https proxy",
        ),
    }
