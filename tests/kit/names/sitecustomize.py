"""
What does the network call its machines, as far as a test decides?

Python imports this at its start where PYTHONPATH names the folder: the names in
the file that TEST_NAMES names are resolved as it says there (one without addresses is
not known), others as always. TEST_ZOO names a deliberate bug to switch on.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import uvloop

_real = uvloop.Loop.getaddrinfo


def _known() -> dict[str, list[str]]:
    names: dict[str, list[str]] = json.loads(Path(os.environ["TEST_NAMES"]).read_text())
    return names


async def _resolve(self: Any, host: Any, port: Any, **options: Any) -> Any:
    known = _known()
    name = str(host).rstrip(".").lower()
    if name not in known:
        return await _real(self, host, port, **options)
    if not known[name]:
        raise socket.gaierror(socket.EAI_NONAME, "as the test says")
    return [
        (
            socket.AF_INET6 if ":" in address else socket.AF_INET,
            socket.SOCK_STREAM,
            6,
            "",
            (address, int(port)),
        )
        for address in known[name]
    ]


if os.environ.get("TEST_ZOO"):
    from tests.sieve.zoo import BELIEVES
    from tests.zoo.bugs import BUGS

    (BUGS | {BELIEVES.row: BELIEVES})[os.environ["TEST_ZOO"]].switch_on()

if "TEST_NAMES" in os.environ:
    uvloop.Loop.getaddrinfo = _resolve
