"""How long does Quay ask to wait?"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from quayrobot.quay.transport import Reply
from quayrobot.quay.wire import (
    retry_after_s,
    wait_asked_s,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def refusal(**more) -> Reply:
    return Reply(429, "text/html; charset=utf-8", b"", **more)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("5", 5.0),
        ("0", None),
        ("-5", None),
        ("99999", 600.0),
        ("Tue, 24 Nov 2026 03:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 02:00:00 GMT", None),
    ],
)
def test_how_long_quay_asks_to_wait(text, seconds):
    assert retry_after_s(text, NOW) == seconds


def test_a_date_without_a_clock_is_no_wait():
    assert retry_after_s("Tue, 24 Nov 2026 03:00:30 GMT") is None


@pytest.mark.parametrize(
    ("date", "seconds"),
    [("Tue, 24 Nov 2026 03:00:00 GMT", 30.0), ("Tue, 24 Nov 2026 03:00:40 GMT", None)],
)
def test_a_date_is_of_the_clock_of_who_names_it(date, seconds):
    answered = parsedate_to_datetime(date)
    paused = refusal(retry_after="Tue, 24 Nov 2026 03:00:30 GMT", answered=answered)

    assert wait_asked_s(paused) == seconds


@pytest.mark.parametrize("text", ["9" * 400, "1 Jan 99999999999999999999 00:00:00"])
def test_a_wait_without_end_is_capped_or_no_wait(text):
    assert retry_after_s(text, NOW) in {None, 600.0}
