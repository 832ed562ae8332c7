"""Can a Token be printed by accident?"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import logging
import pickle
import pprint
import string
import traceback

import orjson
import pytest

from quayrobot.model.actions import CreateSecret, SecretWanted
from quayrobot.model.secrecy import Token, digest_of
from quayrobot.model.world import Present, RobotSeen
from tests.kit.canary import password, robot_token, scan

SHOWN = {
    "repr": repr,
    "str": str,
    "f-string": lambda token: f"{token}",
    "f-string with repr": lambda token: f"{token!r:>40}",
    "format with a width": lambda token: format(token, ">200"),
    "percent": lambda token: "%s %r %a" % (token, token, token),  # noqa: UP031
    "str.format": "{0} {0!r}".format,
    "template": lambda token: string.Template("$t").substitute(t=token),
    "in a list": lambda token: str([token]),
    "in a dict": lambda token: repr({"token": token}),
    "pprint": pprint.pformat,
    "in an exception": lambda token: "".join(traceback.format_exception(ValueError(token))),
    "in a robot": lambda token: repr(Present(RobotSeen("acme+ci", "now", token))),
    "in an action": lambda token: repr(CreateSecret(wanted(token))),
    "json with default": lambda token: json.dumps({"t": token}, default=str),
    "ascii": ascii,
}


def wanted(token: Token) -> SecretWanted:
    return SecretWanted("shop", "ci", "Opaque", {"password": token}, {}, {}, True, "k", "n", "u")


@pytest.mark.parametrize("made", [robot_token, password])
@pytest.mark.parametrize("how", SHOWN)
def test_a_token_hides_itself(how, made):
    assert scan(SHOWN[how](Token(made()))) == []


@pytest.mark.parametrize(
    "carry",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        json.dumps,
        orjson.dumps,
        lambda token: dataclasses.asdict(wanted(token)),
        vars,
        iter,
        len,
        bytes,
    ],
)
def test_a_token_cannot_be_carried_out(carry):
    with pytest.raises(TypeError) as raised:
        carry(Token(robot_token()))

    assert scan(str(raised.value)) == []


def test_a_logged_token_is_masked(caplog):
    token = Token(robot_token())

    logging.getLogger("quayrobot.x").warning("got %s", token)

    assert "Token(***)" in caplog.text


def test_reveal_is_the_one_way_out():
    secret = robot_token()

    assert Token(secret).reveal() == secret


def test_equal_secrets_are_equal_tokens_and_nothing_else_is():
    secret, other = robot_token(), robot_token()

    assert Token(secret) == Token(secret)
    assert len({Token(secret), Token(secret), Token(other)}) == 2
    assert Token(secret) != secret
    assert Token(secret) != Token(other)


def test_a_digest_is_public_and_stable():
    secret = robot_token()
    expected = "sha256:" + hashlib.sha256(secret.encode()).hexdigest()

    assert Token(secret).digest == digest_of(secret) == expected
    assert scan(expected) == []


def test_a_token_cannot_be_changed_by_a_new_attribute():
    with pytest.raises(AttributeError):
        Token(robot_token()).note = "x"


def test_a_credential_that_was_dropped_can_be_compared_and_nothing_else():
    whole = Token("x" * 64)

    dropped = whole.without_value()

    assert (dropped, hash(dropped), dropped.digest) == (whole, hash(whole), whole.digest)
    assert (whole.dropped, dropped.dropped) == (False, True)
    with pytest.raises(TypeError, match="dropped"):
        dropped.reveal()
