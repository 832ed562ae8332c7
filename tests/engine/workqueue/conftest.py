"""A queue whose time a test sets."""

from __future__ import annotations

import pytest

from quayrobot.engine.workqueue.queue import Queue


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> Queue:
    return Queue(clock=clock, jitter=lambda: 0.0)
