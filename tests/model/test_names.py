"""Are the names legal that Quay takes, and no others?"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.names import OwnerName, RobotName, is_robot_short_name

# Quay's own rule, said as it is there.
QUAY = re.compile(r"([a-z0-9]+(?:[._-][a-z0-9]+)*)\Z")


@pytest.mark.parametrize(
    "name", ["ci", "12", "a-b", "a.b_c-d", "x" * 255, "0a", "a0.b1"], ids=lambda each: each[:20]
)
def test_a_name_that_quay_takes(name):
    assert is_robot_short_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "a", "A1", "a--b", "a..b", "a__b", "-a", "a-", ".a", "a.", "a+b", "a/b", "a b", "ab\n",
     "\nab", "é1", "..", "a\x00b", "x" * 256, "a-_b", "\uff41\uff42", "a%2fb"],
)  # fmt: skip
def test_a_name_that_quay_refuses(name):
    assert not is_robot_short_name(name)


@given(st.text(alphabet="ab0A-_.+/ \n", max_size=8))
def test_the_grammar_is_quays(name):
    assert is_robot_short_name(name) == (QUAY.match(name) is not None and 2 <= len(name) <= 255)


@given(st.from_regex(QUAY, fullmatch=True))
def test_whatever_quay_matches_is_taken_from_two_characters_on(name):
    assert is_robot_short_name(name) == (2 <= len(name) <= 255)


def test_a_full_name_logs_in():
    assert RobotName(OwnerName("organization", "acme"), "ci").full == "acme+ci"


def test_an_organization_and_a_user_of_one_name_are_two():
    assert OwnerName("organization", "acme") != OwnerName("user", "acme")
