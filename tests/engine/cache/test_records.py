"""Where was a robot made, as its resource's record tells after a crash?"""

from __future__ import annotations

from typing import Any

from quayrobot.engine.cache.records import RobotRecord

HERE, THERE = "https://quay.example.com:443", "https://other.example.com:443"


def record(
    *, note: str | None = f"uid-1 {HERE}", guarded: bool = True, **status: Any
) -> RobotRecord:
    """Return the record of a resource with *status* and *note*, *guarded* by our finalizer."""
    meta: dict[str, Any] = {
        "name": "ci", "namespace": "shop", "uid": "uid-1", "resourceVersion": "1",
        "creationTimestamp": "2026-11-24T03:00:00Z",
        "finalizers": ["quayrobot.io/finalizer"] if guarded else [],
        "annotations": {"team": "a"} | ({"quayrobot.io/made-at": note} if note else {}),
    }  # fmt: skip
    spec = {"organization": "acme", "connectionRef": {"kind": "QuayConnection", "name": "own"}}
    return RobotRecord("QuayRobot", {"metadata": meta, "spec": spec, "status": status})


def test_the_note_beside_the_finalizer_tells_where_until_the_status_does():
    made = record().status.connection

    assert made is not None
    assert (made.kind, made.name, made.origin) == ("QuayConnection", "own", HERE)
    assert record().stored_status.connection is None


def test_what_the_status_says_stands_above_the_note():
    known = {"kind": "QuayConnection", "name": "own", "origin": THERE}

    assert record(connection=known).status.connection.origin == THERE


def test_without_our_finalizer_or_for_another_life_a_note_says_nothing():
    assert record(guarded=False).status.connection is None
    assert record(note=f"uid-0 {HERE}").status.connection is None
    assert record(note=None).status.connection is None
