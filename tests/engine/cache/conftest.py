"""A store that saw nothing yet."""

from __future__ import annotations

import pytest

from quayrobot.engine.cache.store import Store


@pytest.fixture
def store() -> Store:
    return Store()
