"""Has everything that existed at the start been seen?"""

from __future__ import annotations

import pytest

from quayrobot.app.initial_lists import InitialLists


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def initial_lists(done) -> InitialLists:
    return InitialLists(["/a", "/b"], lambda: done.append("done"))


def test_empty_lists_are_complete_when_both_are_watched(initial_lists, done):
    initial_lists.watched("/a")

    assert done == []

    initial_lists.watched("/b")

    assert done == ["done"]


def test_lists_of_others_and_later_lists_do_not_matter(initial_lists, done):
    initial_lists.watched("/a")
    initial_lists.watched("/c")

    assert not initial_lists.complete

    initial_lists.watched("/b")
    initial_lists.watched("/a")

    assert initial_lists.complete
    assert done == ["done"]


def test_a_namespace_without_rights_holds_up_no_other(done):
    initial_lists = InitialLists(["/a", "/b"], lambda: done.append("done"), bounded=True)

    initial_lists.forbidden("/a")
    initial_lists.watched("/b")

    assert done == ["done"]


def test_rights_in_the_whole_cluster_are_waited_for(initial_lists, done):
    initial_lists.forbidden("/a")
    initial_lists.watched("/b")

    assert done == []
