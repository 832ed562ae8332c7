"""Is a text of the wrong shape told what to write, and never quoted?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.model.errors import InvalidSpec
from quayrobot.model.resources.parse import parse_connection, parse_robot
from quayrobot.model.resources.patterns import PATTERN_WORDS

ACME: dict[str, Any] = {"organization": "acme"}
READS = {"repositories": [{"name": "quay.io/acme/app:1", "role": "read"}]}
OPENS = {"interval": "24h", "window": {"schedule": "@daily", "duration": "1h"}}
TRUSTS = {"identities": [{"issuer": "http://ci.example", "subject": "x"}]}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"permissions": READS}, "permissions.repositories[0].name: give the repository's name"),
        ({"rotation": OPENS}, "rotation.window.schedule: give five fields of cron"),
        ({"rotation": {"interval": "30d"}}, "rotation.interval: write durations like 90s"),
        ({"federation": TRUSTS}, "issuer: give an issuer that starts with https://"),
    ],
    ids=["repository", "schedule", "duration", "issuer"],
)
def test_a_robot_is_told_what_to_write(fields, told):
    with pytest.raises(InvalidSpec) as caught:
        parse_robot("ci", ACME | fields)

    assert told in caught.value.message
    for quoted in ("quay.io", "@daily", "30d", "http://"):
        assert quoted not in caught.value.message


@pytest.mark.parametrize("url", ["quay.example", "https://quay.example/api/v1"])
def test_a_connection_is_told_what_to_write(url):
    with pytest.raises(InvalidSpec) as caught:
        parse_connection(
            "QuayConnection", {"url": url, "credentials": {"secretRef": {"name": "t"}}}
        )

    assert "url: give https://host or https://host:port, without a path" in caught.value.message
    assert "example" not in caught.value.message


def test_words_stay_one_short_line():
    assert [each for each in PATTERN_WORDS.values() if len(each) > 120 or "\n" in each] == []
