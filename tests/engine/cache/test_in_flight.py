"""Is our own write no news even if it is shown before it is answered, and all else news?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.cluster.secrets import secret_seen
from quayrobot.engine.cache.in_flight import InFlight
from quayrobot.engine.cache.store import Request, Store
from quayrobot.engine.workqueue.keys import Lane, ResourceKey
from quayrobot.model.names import FINALIZER

KEY = ResourceKey("QuayRobot", "shop", "ci")
PLACE = ("Secret", "shop", "ci")
# An object of this version cannot be taken in.
BAD = "13"


class Watch:
    """Shows objects to a store, past what is in flight."""

    def __init__(self) -> None:
        self.store, self.in_flight = Store(), InFlight()
        self.woken: list[Request] = []
        self.in_flight.take_in = self._take_in
        self._take_in("QuayRobot", None, robot(1))
        self.woken.clear()

    def show(self, kind: str, event_type: str, body: dict[str, Any]) -> None:
        if not self.in_flight.holds_back(kind, event_type, body):
            self._take_in(kind, event_type, body)

    def _take_in(self, kind: str, event_type: str | None, body: dict[str, Any]) -> None:
        if event_type == "ADDED" and body["metadata"]["resourceVersion"] == BAD:
            raise ValueError("s3cret")
        self.woken += self.store.observe(kind, event_type, body)


def robot(version: int, **meta: object) -> dict[str, Any]:
    there = {"namespace": "shop", "name": "ci", "uid": "uid-1", "resourceVersion": str(version)}
    at = {"creationTimestamp": "2026-11-24T00:00:00Z", "generation": 1}
    return {"metadata": {**there, **at, **meta}, "spec": {"organization": "acme"}}


def secret(version: int, name: str = "ci") -> dict[str, Any]:
    owner = {"uid": "uid-1", "controller": True}
    there = {"namespace": "shop", "name": name, "uid": f"uid-{name}"}
    return {"metadata": {**there, "resourceVersion": str(version), "ownerReferences": [owner]}}


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_a_secret_of_ours_that_is_shown_before_the_answer_wakes_nobody(watch):
    with watch.in_flight.writing(PLACE):
        watch.show("Secret", "ADDED", secret(5))
        watch.store.keep_secret(secret_seen(secret(5)))

    assert watch.woken == []
    assert watch.store.secret("shop", "ci").version == "5"


def test_a_finalizer_of_ours_that_is_shown_before_the_answer_wakes_nobody(watch):
    ours = robot(5, finalizers=[FINALIZER])
    with watch.in_flight.writing(("QuayRobot", "shop", "ci")):
        watch.show("QuayRobot", "MODIFIED", ours)
        watch.store.observe("QuayRobot", None, ours)

    assert watch.woken == []


def test_without_an_answer_what_was_shown_is_news(watch):
    def write() -> None:
        with watch.in_flight.writing(PLACE):
            watch.show("Secret", "ADDED", secret(5))
            raise TimeoutError

    with pytest.raises(TimeoutError):
        write()

    assert watch.woken == [(KEY, Lane.DRIFT)]


def test_what_somebody_did_meanwhile_is_news_after_the_answer(watch):
    with watch.in_flight.writing(PLACE):
        watch.show("Secret", "ADDED", secret(5))
        watch.show("Secret", "DELETED", secret(6))
        watch.store.keep_secret(secret_seen(secret(5)))

        assert watch.woken == []

    assert watch.woken == [(KEY, Lane.DRIFT)]
    assert watch.store.secret("shop", "ci") is None


def test_other_objects_and_later_ones_are_news_at_once(watch):
    with watch.in_flight.writing(PLACE), watch.in_flight.writing(None):
        watch.show("Secret", "ADDED", secret(5, "other"))

        assert watch.woken == [(KEY, Lane.DRIFT)]

    watch.show("Secret", "ADDED", secret(6))

    assert watch.woken == [(KEY, Lane.DRIFT)] * 2


def test_the_last_of_two_writes_lets_go(watch):
    with watch.in_flight.writing(PLACE):
        with watch.in_flight.writing(PLACE):
            watch.show("Secret", "ADDED", secret(5))

        assert watch.woken == []

    assert watch.woken == [(KEY, Lane.DRIFT)]


def test_an_object_that_cannot_be_taken_in_fails_no_write_and_holds_up_no_other(watch, caplog):
    with watch.in_flight.writing(PLACE):
        watch.show("Secret", "ADDED", secret(int(BAD)))
        watch.show("Secret", "MODIFIED", secret(14))

    assert watch.store.secret("shop", "ci").version == "14"
    (told,) = (each.msg for each in caplog.records if each.levelname == "ERROR")
    assert (told["event"], told["kind"]) == ("watch.failed", "Secret")
    assert not watch.in_flight.holds_back("Secret", "MODIFIED", secret(15))
