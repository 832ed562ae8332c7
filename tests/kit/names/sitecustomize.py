"""
What does the network call its machines, and what time is it, as far as a test decides?

Python imports this at its start where PYTHONPATH names the folder: the names in
the file that TEST_NAMES names are resolved as it says there (one without addresses is
not known), others as always. TEST_CLOCK names a file with the seconds by which the
process's clock is ahead. TEST_ZOO names a deliberate bug to switch on.
"""

from __future__ import annotations

import json
import os
import socket
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import Any

import uvloop

READ_THE_CLOCK = ("app/leader_election", "app/wiring", "quay/transport")

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


def _step_clocks(file: Path) -> None:
    """Have all who ask for the time of day get that of a clock that is wrong."""

    class Stepped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=float(file.read_text()))

    for each in READ_THE_CLOCK:
        module = import_module(f"quayrobot.{each.replace('/', '.')}")
        module.datetime = Stepped  # type: ignore[attr-defined]


if "TEST_CLOCK" in os.environ:
    _step_clocks(Path(os.environ["TEST_CLOCK"]))

if os.environ.get("TEST_ZOO"):
    from tests.sieve.zoo import BELIEVES
    from tests.zoo.bugs import BUGS

    (BUGS | {BELIEVES.row: BELIEVES})[os.environ["TEST_ZOO"]].switch_on()

if "TEST_NAMES" in os.environ:
    uvloop.Loop.getaddrinfo = _resolve
