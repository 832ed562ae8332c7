"""Is a text that no token can be told apart from one that Quay has to judge?"""

from __future__ import annotations

import base64

import pytest

from quayrobot.engine.connection.api_access import token_fault
from quayrobot.model.secrecy import Token
from tests.kit.canary import oauth_token


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "wrong", ['"{}"', "'{}'", "${}", "{}\\n", "[{}]", "{}\0", "\x1b{}", "{}=a"]
)
def test_what_no_token_has_is_told_before_a_call(wrong):
    assert "without quotes" in token_fault(Token(wrong.format(oauth_token())))


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_token_of_quay_that_was_encoded_twice_is_told_before_a_call(end):
    assert "in base64 twice" in token_fault(Token(encoded(oauth_token() + end)))


@pytest.mark.parametrize(
    "text",
    [oauth_token(), f"a.b-c_d~e+f/{oauth_token()}==", encoded("\xff" * 40), encoded("short"), "x"],
    ids=["of Quay", "of another kind", "bytes", "a word", "one letter"],
)
def test_what_may_be_a_token_is_left_to_quay(text):
    assert token_fault(Token(text)) == ""
