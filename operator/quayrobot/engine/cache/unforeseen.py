"""
What if an object cannot be taken in, by a fault of ours?

It is logged, and the next is taken in: raised, it would end the watch that showed it, or
the pass whose write held it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

__all__ = ["logged"]

log = structlog.get_logger(__name__)


@contextmanager
def logged(kind: str) -> Iterator[None]:
    """Log what goes wrong while objects of *kind* are taken in."""
    try:
        yield
    except Exception as unforeseen:
        log.error("watch.failed", exc_info=unforeseen, kind=kind)  # noqa: TRY400
