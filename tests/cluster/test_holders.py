"""Is it told who holds what we let go, and in names alone?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.cluster.holders import held_by

OURS, THEIRS = "quayrobot.io/finalizer", "example.com/audit"
GONE_AT = "2026-11-28T09:00:00Z"


def meta(*finalizers: str, deleting: bool = True) -> dict[str, Any]:
    return {"finalizers": list(finalizers)} | ({"deletionTimestamp": GONE_AT} if deleting else {})


@pytest.mark.parametrize(
    ("of", "words"),
    [
        pytest.param(meta(THEIRS), f"held by the finalizer {THEIRS}", id="one"),
        pytest.param(
            meta("orphan", THEIRS), f"held by the finalizers {THEIRS}, orphan", id="two, by name"
        ),
        pytest.param(
            meta("e", "d", "c", "b", "a"), "held by the finalizers a, b, c, 2 more", id="many"
        ),
        pytest.param(meta("free text!"), "held by the finalizer another one", id="no name"),
        pytest.param(meta(OURS, THEIRS), "", id="we hold it too"),
        pytest.param(meta(THEIRS, deleting=False), "", id="not deleted"),
        pytest.param(meta(), "", id="nobody"),
        pytest.param({"deletionTimestamp": GONE_AT}, "", id="no list"),
    ],
)
def test_who_holds_it(of: dict[str, Any], words: str):
    assert held_by(of) == words
