"""
What surrounds an operator that somebody wants to lead astray?

Listeners where attacks would lead it, proxies in its environment, and a
resolver and a clock that a test can change while it runs.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from .witness import Witness

__all__ = ["Surroundings"]

NAMES = Path(__file__).parent / "names"
# Tenants' connections are kept from this one address; the double of Quay is elsewhere.
REFUSED = "127.0.0.4"
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


class Surroundings:
    """The witnesses and the names of one operator; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "names.json"
        self._file.write_text("{}")
        self._clock = folder / "clock"
        self.clock_ahead_by(0)
        self._stack = ExitStack()
        self.proxy = Witness("127.0.0.2")
        self.elsewhere = Witness("127.0.0.3")
        self.inside = Witness(REFUSED)
        self.witnesses = (self.proxy, self.elsewhere, self.inside)

    def __enter__(self) -> Self:
        for each in self.witnesses:
            self._stack.enter_context(each)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def flags(self) -> tuple[str, ...]:
        """The settings that keep tenants from the witness inside."""
        return (f"--tenant-refused-networks={REFUSED}/32",)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the operator's process."""
        names = {"PYTHONPATH": str(NAMES), "TEST_NAMES": str(self._file)}
        return names | dict.fromkeys(_PROXIES, self.proxy.url)

    def clock_ahead_by(self, seconds: float) -> None:
        """Step the clock of an operator that has `clock` in its environment."""
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self._clock)

    @property
    def clock(self) -> dict[str, str]:
        """What an operator has in its environment whose clock can be stepped."""
        return {"TEST_CLOCK": str(self._clock)}

    def name(self, **addresses: list[str]) -> None:
        """Have the resolver answer for `<key>.test` from now on; no address: not known."""
        known = json.loads(self._file.read_text())
        known |= {f"{key}.test": found for key, found in addresses.items()}
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(known))
        fresh.replace(self._file)

    def visits(self) -> int:
        """Return how many connections came to any witness so far."""
        return sum(len(each.heard) for each in self.witnesses)
