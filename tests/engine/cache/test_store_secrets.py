"""Which resources does a Secret wake?"""

from __future__ import annotations

import pytest

from quayrobot.engine.cache.store import Store
from quayrobot.engine.workqueue.keys import Lane, ResourceKey
from tests.kit.canary import scan

from .test_store import CI, robot, secret, see, with_meta

# Secrets ----------------------------------------------------------------------


def test_a_secret_wakes_the_resource_that_controls_it(store):
    see(store, robot())

    assert see(store, secret(), kind="Secret") == [(CI, Lane.DRIFT)]
    assert [each.name for each in store.secrets_of("shop", "uid-ci")] == ["ci"]


def test_a_secret_that_did_not_change_wakes_nobody(store):
    see(store, robot())
    body = secret()
    see(store, body, kind="Secret")

    assert see(store, body, kind="Secret") == []


def test_a_secret_that_goes_wakes_its_owner(store):
    see(store, robot())
    see(store, secret(), kind="Secret")

    assert see(store, secret(version=2), "DELETED", "Secret") == [(CI, Lane.DRIFT)]
    assert store.secret("shop", "ci") is None


def test_a_retained_secret_wakes_the_resource_that_its_annotation_names(store):
    see(store, robot())
    note = {"annotations": {"quayrobot.io/owner": "QuayRobot/shop/ci"}}

    woken = see(store, secret("kept", owner_uid=None, **note), kind="Secret")

    assert woken == [(CI, Lane.DRIFT)]


@pytest.mark.parametrize("note", ["", "QuayRobot/shop", "a/b/c/d", "QuayRobot/shop/unknown"])
def test_an_annotation_that_names_nobody_wakes_nobody(note, store):
    see(store, robot())

    odd = secret("x", owner_uid=None, annotations={"quayrobot.io/owner": note})
    assert see(store, odd, kind="Secret") == []


def test_a_name_that_was_taken_and_is_free_again_wakes_who_wants_it(store):
    see(store, robot(secrets=[{"name": "wanted"}]))
    taken = secret("wanted", owner_uid="uid-somebody")
    see(store, taken, kind="Secret")

    assert see(store, with_meta(taken, resourceVersion="2"), "DELETED", "Secret") == [
        (CI, Lane.DRIFT)
    ]


def test_a_name_is_free_again_also_when_its_owner_only_gave_it_up(store):
    see(store, robot(secrets=[{"name": "wanted"}]))
    other = ResourceKey("QuayRobot", "shop", "other")
    see(store, robot(other))
    taken = secret("wanted", owner_uid="uid-other")
    see(store, taken, kind="Secret")

    woken = see(store, with_meta(taken, resourceVersion="2"), "DELETED", "Secret")

    assert set(woken) == {(CI, Lane.DRIFT), (other, Lane.DRIFT)}


def test_the_default_name_is_wanted_too(store):
    see(store, robot())

    assert see(store, secret("ci", owner_uid=None), kind="Secret") == [(CI, Lane.DRIFT)]
    assert see(store, secret("other", owner_uid=None), kind="Secret") == []


def test_an_older_secret_is_dropped(store):
    see(store, secret(version=10), kind="Secret")
    see(store, secret(version=9, labels={"old": "x"}), kind="Secret")

    assert store.secret("shop", "ci").labels == {}


def test_our_own_answer_is_kept_unless_the_watch_knows_more(store):
    see(store, secret(version=10), kind="Secret")
    newest = store.secret("shop", "ci")
    other = Store()
    see(other, secret(version=9), kind="Secret")

    store.keep_secret(other.secret("shop", "ci"))
    assert store.secret("shop", "ci") is newest
    other.keep_secret(newest)
    assert other.secret("shop", "ci") is newest
    other.drop_secret("shop", "ci")
    assert other.secret("shop", "ci") is None
    assert other.secret_names() == ()


def test_the_store_keeps_no_bytes_of_a_secret(store):
    see(store, secret(), kind="Secret")

    assert scan(repr(vars(store))) == []
    assert store.secret_names() == (("shop", "ci", "1"),)
