"""How are durations written? As Go writes them: `90s`, `5m`, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta

__all__ = ["DURATION_PATTERN", "DURATION_WORDS", "LENGTH_MAX", "parse_duration"]

DURATION_PATTERN = r"^([0-9]+(h|m|s))+$"
DURATION_WORDS = "write durations like 90s, 5m or 1h30m, and days in hours"
_PART = re.compile(r"([0-9]+)(h|m|s)")
LENGTH_MAX = 32
_LONGEST_S = 100 * 365 * 86400
_UNIT_S = {"h": 3600, "m": 60, "s": 1}


def parse_duration(text: str) -> timedelta:
    """
    Return the duration that *text* says.

    Raises:
        ValueError: *text* is not a Go duration of hours, minutes and seconds.
    """
    # The schema bounds the length too; a number of any length is no duration.
    if len(text) > LENGTH_MAX or not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(DURATION_WORDS)

    seconds = sum(int(n) * _UNIT_S[unit] for n, unit in _PART.findall(text))
    return timedelta(seconds=min(seconds, _LONGEST_S))
