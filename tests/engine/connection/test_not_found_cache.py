"""Is what is not there in Quay asked for by one, and believed for a while only?"""

from __future__ import annotations

import pytest

from quayrobot.engine.connection.not_found_cache import NotFoundCache
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.names import OwnerName
from tests.engine.conftest import Clock

ACME, OTHER = OwnerName("organization", "acme"), OwnerName("organization", "other")
NONE = Refused(Reason.REPOSITORY_NOT_FOUND, "there is no repository")
TARGET = "repository app"


@pytest.fixture
def cache(clock: Clock) -> NotFoundCache:
    return NotFoundCache(clock=clock)


def test_what_is_not_there_is_remembered_for_a_while(cache, clock):
    cache.note(ACME, TARGET, NONE, for_s=100)

    assert cache.recall(ACME, TARGET) is NONE
    assert cache.recall(ACME, "repository lib") is None
    assert cache.recall(OTHER, TARGET) is None
    clock.now += 100
    assert cache.recall(ACME, TARGET) is None


def test_what_came_meanwhile_is_not_missing(cache):
    cache.note(ACME, TARGET, NONE, for_s=100)
    cache.found(ACME, TARGET)

    assert cache.recall(ACME, TARGET) is None


def test_a_missing_right_is_not_a_missing_thing(cache):
    cache.note(ACME, TARGET, Refused(Reason.INSUFFICIENT_SCOPE, "no right"), for_s=100)

    assert cache.recall(ACME, TARGET) is None
