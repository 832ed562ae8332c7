"""What must not be printed, and what is printed instead?"""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given, strategies

from quayrobot.app.redaction import MASK, PLAIN, SHAPES, mask, mask_text, shown_exception
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.secrecy import Token
from tests.kit.canary import oauth_token, robot_token, scan

ROBOT = robot_token()
BASIC = base64.b64encode(f"acme+ci:{ROBOT}".encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"got {ROBOT}.", id="a robot's token"),
        pytest.param(f"token={oauth_token()};", id="an application token"),
        pytest.param(f"Authorization: Bearer {oauth_token()}", id="a bearer header"),
        pytest.param(f"authorization: basic {BASIC}", id="a basic header"),
        pytest.param(f'{{"auths":{{"q":{{"auth":"{BASIC}"}}}}}}', id="a docker config"),
        pytest.param(f'{{\\"password\\": \\"{ROBOT}\\"}}', id="json in json"),
        pytest.param(f"https://acme+ci:{ROBOT}@quay.example/v2/", id="a URL"),
        pytest.param(base64.b64encode(ROBOT.encode()).decode(), id="base64 of a token"),
        pytest.param(f"b'{ROBOT}'", id="repr of bytes"),
    ],
)
def test_a_credential_in_a_text_is_masked(text):
    shown = mask_text(text)

    assert MASK in shown
    assert scan(shown) == []


def test_a_web_token_is_masked():
    assert f"sent {MASK} on" == mask_text("sent eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln on")


@pytest.mark.parametrize(
    "text",
    [
        "sha256:" + hashlib.sha256(b"x").hexdigest(),
        hashlib.sha1(b"x").hexdigest(),
        "acme+ci in ClusterQuayConnection default",
        "/api/v1/organization/acme/robots/ci?permissions=true&token=false",
        "0f0c3c1e-5a0c-4b8e-9a52-2f2a8c1b7d11",
        "basic authentication is not used",
    ],
)
def test_what_is_no_credential_stays_readable(text):
    assert text == mask_text(text)


def test_structures_are_masked_inside():
    shown = mask({"a": [Token(ROBOT), {"b": ROBOT}], "c": (1, None, ROBOT.encode())})

    assert shown == {"a": [MASK, {"b": MASK}], "c": [1, None, MASK]}


def test_a_long_text_is_cut():
    assert len(mask_text("word " * 10_000)) < 5000


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:  # noqa: BLE001 - it is handed back
        return caught


def test_a_foreign_exception_is_shown_without_its_words():
    (shown,) = shown_exception(raised(ValueError(f"body was {ROBOT}")))

    assert shown["type"] == "builtins.ValueError"
    assert scan(str(shown)) == []
    assert shown["frames"][0].startswith("tests/app/test_redaction.py:")


def test_our_own_error_is_shown_with_its_words_and_its_cause_without():
    error = Refused(Reason.ACCESS_DENIED, "the rules say no")
    shown = shown_exception(raised(error, raised(OSError("secret words"))))

    assert shown[0]["message"] == "the rules say no"
    assert shown[1]["type"] == "builtins.OSError"
    assert "secret words" not in str(shown)


def test_a_chain_that_bites_its_tail_ends():
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first

    assert len(shown_exception(first)) == 5


@given(text=strategies.from_regex(PLAIN, fullmatch=True))
def test_what_is_taken_for_plain_has_no_shape(text: str):
    assert [shape.pattern for shape, _ in SHAPES if shape.search(text)] == []
