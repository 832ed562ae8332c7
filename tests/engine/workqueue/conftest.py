"""A queue whose time a test sets."""

from __future__ import annotations

import pytest

from quayrobot.engine.workqueue.queue import Queue
from tests.engine.conftest import Clock


@pytest.fixture
def queue(clock: Clock) -> Queue:
    return Queue(clock=clock, jitter=lambda: 0.0)
