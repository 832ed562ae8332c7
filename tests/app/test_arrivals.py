"""Has everything that existed at the start been seen?"""

from __future__ import annotations

import pytest

from quayrobot.app.arrivals import Arrivals


@pytest.fixture
def done() -> list[str]:
    return []


@pytest.fixture
def arrivals(done) -> Arrivals:
    return Arrivals(["/a", "/b"], lambda: done.append("done"))


def body(uid: str) -> dict:
    return {"metadata": {"uid": uid}}


def page(*uids: str) -> dict:
    return {"items": [body(uid) for uid in uids]}


def test_empty_lists_are_complete_when_both_are_watched(arrivals, done):
    arrivals.watched("/a")

    assert done == []

    arrivals.watched("/b")

    assert done == ["done"]


def test_what_was_listed_has_to_be_seen(arrivals, done):
    arrivals.listed("/a", page("1", "2"))
    arrivals.seen(body("1"))
    arrivals.watched("/a")
    arrivals.watched("/b")

    assert not arrivals.complete

    arrivals.seen(body("2"))

    assert done == ["done"]


def test_lists_of_others_and_later_lists_do_not_matter(arrivals, done):
    arrivals.listed("/c", page("1"))
    arrivals.watched("/a")
    arrivals.watched("/b")
    arrivals.listed("/a", page("9"))
    arrivals.watched("/a")

    assert done == ["done"]


def test_a_namespace_without_rights_holds_up_no_other(done):
    arrivals = Arrivals(["/a", "/b"], lambda: done.append("done"), bounded=True)

    arrivals.forbidden("/a")
    arrivals.watched("/b")

    assert done == ["done"]


def test_rights_in_the_whole_cluster_are_waited_for(arrivals, done):
    arrivals.forbidden("/a")
    arrivals.watched("/b")

    assert done == []
