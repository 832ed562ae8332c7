"""Do moments that Quay wrote, and those that an earlier version stored, become one text?"""

from __future__ import annotations

import pytest

from quayrobot.model.times import as_rfc3339


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 23 Nov 2026 07:53:29 -0000", "2026-11-23T07:53:29Z"),
        ("Mon, 23 Nov 2026 07:53:29 GMT", "2026-11-23T07:53:29Z"),
        ("Mon, 23 Nov 2026 08:53:29 +0100", "2026-11-23T07:53:29Z"),
        ("2026-11-23T07:53:29Z", "2026-11-23T07:53:29Z"),
        ("2026-11-23T08:53:29+01:00", "2026-11-23T07:53:29Z"),
        ("then", "then"),
        ("Mon, 1 Jan 99999999999999999999 00:00:00 -0000",) * 2,
    ],
)
def test_a_moment_is_told_as_kubernetes_tells_it_and_other_text_stays(text, moment):
    assert as_rfc3339(text) == moment
