"""Are durations read as Go writes them?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.durations import parse_duration

PARTS = {"h": 3600, "m": 60, "s": 1}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("0s", 0), ("1h1m1s", 3661), ("1s1h", 3601)],
)
def test_a_duration(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", "90", "90d", "1w", "-5s", "+5s", "1.5h", "5 m", "5m\n", " 5m", "5M", "h", "\u0665s",
     "5ms", "1h30"],
)  # fmt: skip
def test_what_is_no_duration_is_refused_with_words(text):
    with pytest.raises(ValueError, match="90s, 5m or 1h30m"):
        parse_duration(text)


@given(st.lists(st.tuples(st.integers(0, 9999), st.sampled_from("hms")), min_size=1, max_size=5))
def test_the_parts_of_a_duration_add_up(parts):
    text = "".join(f"{number}{unit}" for number, unit in parts)

    assert parse_duration(text).total_seconds() == sum(n * PARTS[unit] for n, unit in parts)


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_value_error(text):
    try:
        parse_duration(text)
    except ValueError as error:
        assert "days in hours" in str(error)  # noqa: PT017


def test_a_duration_of_more_than_a_life_is_bounded_and_one_too_long_to_read_is_refused():
    assert parse_duration("9" * 31 + "h") == timedelta(days=36500)
    with pytest.raises(ValueError, match="90s"):
        parse_duration("9" * 5000 + "h")
