"""Is what was deleted unseen found by the next list, and nothing else taken for deleted?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.engine.cache.store import Store
from quayrobot.engine.cache.tombstones import versions
from quayrobot.engine.controller.gaps import Gaps


def secret(name: str, version: int, namespace: str = "shop") -> dict[str, Any]:
    meta = {"namespace": namespace, "name": name, "uid": f"uid-of-{name}"}
    return {"metadata": meta | {"resourceVersion": str(version)}}


def page(version: int, *items: dict[str, Any], more: str = "") -> dict[str, Any]:
    return {"metadata": {"resourceVersion": str(version), "continue": more}, "items": list(items)}


@pytest.fixture
def store() -> Store:
    made = Store()
    for each in (secret("one", 5), secret("two", 6), secret("three", 7, "other")):
        made.observe("Secret", "ADDED", each)
    return made


@pytest.fixture
def gaps(store: Store) -> Gaps:
    return Gaps(store, store.observe)


def names(store: Store) -> set[str]:
    return {name for _, name in versions(store, "Secret")}


def test_what_a_list_lacks_is_gone(gaps: Gaps, store: Store):
    gaps.listed("Secret", "", page(9, secret("two", 6)))

    assert names(store) == {"two"}


def test_the_pages_of_a_list_count_together(gaps: Gaps, store: Store):
    gaps.listed("Secret", "", page(9, secret("one", 5), more="next"))

    assert names(store) == {"one", "two", "three"}

    gaps.listed("Secret", "", page(9, secret("three", 7, "other")))

    assert names(store) == {"one", "three"}


def test_a_list_that_broke_off_says_nothing(gaps: Gaps, store: Store):
    gaps.listed("Secret", "", page(9, secret("one", 5), more="next"))

    gaps.listed("Secret", "", page(10, secret("two", 6), more="next"))
    gaps.listed("Secret", "", page(10, secret("three", 7, "other")))

    assert names(store) == {"two", "three"}


def test_what_was_made_since_stays(gaps: Gaps, store: Store):
    gaps.listed("Secret", "", page(9, secret("one", 5), secret("two", 6), more="next"))
    store.observe("Secret", "ADDED", secret("new", 10))
    store.observe("Secret", "MODIFIED", secret("three", 11, "other"))

    gaps.listed("Secret", "", page(9))

    assert names(store) == {"one", "two", "three", "new"}


def test_a_list_from_before_what_is_known_takes_nothing(gaps: Gaps, store: Store):
    gaps.listed("Secret", "", page(5))

    assert names(store) == {"two", "three"}


def test_a_list_of_one_namespace_says_nothing_of_others(gaps: Gaps, store: Store):
    gaps.listed("Secret", "shop", page(9))

    assert names(store) == {"three"}


def test_a_list_of_another_kind_says_nothing(gaps: Gaps, store: Store):
    gaps.listed("Namespace", "", page(9))

    assert names(store) == {"one", "two", "three"}
