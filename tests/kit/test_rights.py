"""Is a right that is missed, or never used, noticed?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from .controlplane.plane import AuditEntry
from .rights import ROLE, UNSEEN, USER, Ledger, ledger_of, note_rights, rights_in, verdict

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def _asked(verb: str, resource: str, sub: str = "", *, forbidden: bool = False, user: str = USER):
    code = 403 if forbidden else 200
    return AuditEntry(verb, user, resource, sub, "a", "b", code, "/", NOW, forbidden)


class _Config:
    def __init__(self) -> None:
        self.stash = pytest.Stash()


def _ledger(*entries: AuditEntry, bounded: bool = False) -> Ledger:
    config = _Config()
    note_rights(config, entries, bounded=bounded)  # type: ignore[arg-type]
    return ledger_of(config)  # type: ignore[arg-type]


def test_what_was_used_and_what_was_forbidden_is_told_apart():
    ledger = _ledger(
        _asked("get", "secrets"),
        _asked("update", "quayrobots", "status"),
        _asked("list", "pods", forbidden=True),
        _asked("list", "nodes", user="somebody"),
    )

    assert ledger == Ledger({"get secrets", "update quayrobots/status"}, {"list pods"})


def test_what_is_forbidden_on_purpose_is_no_right_that_is_missed():
    assert _ledger(_asked("list", "pods", forbidden=True), bounded=True) == Ledger()


def test_a_right_that_is_missed_fails_any_run():
    missed = Ledger({"get secrets"}, {"list pods"})

    assert verdict(missed, {"get secrets"}, whole=False) == [
        "a right that the operator lacks: list pods"
    ]


def test_a_right_that_was_never_used_fails_the_whole_run_only():
    ledger, shipped = Ledger({"get secrets"}), {"get secrets", "list secrets"}

    assert verdict(ledger, shipped, whole=False) == []
    assert verdict(ledger, shipped, whole=True) == [
        "a right that the operator never used: list secrets"
    ]
    assert verdict(Ledger(), shipped, whole=True) == []


def test_what_no_request_shows_is_not_called_unused():
    assert verdict(Ledger({"get secrets"}), {"get secrets", *UNSEEN}, whole=True) == []
    assert rights_in(ROLE) >= UNSEEN.keys()


def test_the_shipped_rights_are_read():
    assert {"get secrets", "update quayrobots/status", "create events"} <= rights_in(ROLE)
