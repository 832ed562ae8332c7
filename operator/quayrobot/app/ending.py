"""
How does the process end, even if something hangs?

When a watch ends with an error (its definition was deleted), kopf leaves others behind that
take no cancellation, and an event loop waits for them forever. By then the Lease is given
back and nothing is written any more, so the process is ended without them: whoever started
it starts it again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Awaitable
from types import TracebackType
from typing import Self, TypeVar

import structlog

__all__ = ["Ending"]

DoneT = TypeVar("DoneT")
END_S = 5.0
FAILED = 1

log = structlog.get_logger(__name__)


class Ending:
    """While its context is open, what is left END_S after `last` has ended is cut off."""

    def __init__(self, seconds: float = END_S) -> None:
        self._timer = threading.Timer(seconds, _cut_off)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()

    async def last(self, work: Awaitable[DoneT]) -> DoneT:
        """Await *work*, after which only leftovers run."""
        try:
            return await work
        finally:
            self._timer.start()


def _cut_off() -> None:
    log.warning("operator.cut_off")
    logging.shutdown()
    os._exit(FAILED)
