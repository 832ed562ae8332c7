"""Whose note of where a robot is about to be made counts?"""

from __future__ import annotations

import pytest

from quayrobot.model.birthplace import birthplace_noted, birthplace_of

ORIGIN = "https://quay.example.com:443"


def test_a_note_is_read_for_the_resource_that_it_was_written_for():
    assert birthplace_of(birthplace_noted("uid-1", ORIGIN), "uid-1") == ORIGIN


def test_a_copy_with_another_uid_takes_no_note_along():
    assert birthplace_of(birthplace_noted("uid-1", ORIGIN), "uid-2") is None


@pytest.mark.parametrize(
    "text",
    ["", "uid-1", "uid-1 ", "uid-1 quay.example.com", "uid-1 https://q/path", "uid-1 https://a b",
     "uid-1 https://u@q", "uid-1 https://" + 400 * "q", "uid-1 https://q:443\nReady"],
)  # fmt: skip
def test_what_is_no_origin_is_no_note(text):
    assert birthplace_of({"quayrobot.io/made-at": text}, "uid-1") is None
