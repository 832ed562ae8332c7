"""Would a leak be found? Each form is planted in each sink."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import urllib.parse
from collections.abc import Callable

import pytest

from tests.kit import canary
from tests.kit.canary import CORE, CanaryWatch, LogSink, scan


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def docker_config(token: str) -> str:
    return json.dumps(
        {"auths": {"quay.example": {"auth": coded(f"acme+ci:{token}"), "username": "acme+ci"}}}
    )


FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda token: f"token {token} used",
    "first 12 characters": lambda token: f"token {token[:12]}...",
    "base64 at offset 0": coded,
    "base64 at offset 1": lambda token: coded("x" + token),
    "base64 at offset 2": lambda token: coded("xy" + token),
    "base64 for URLs": lambda token: base64.urlsafe_b64encode(token.encode()).decode(),
    "base64 wrapped": lambda token: base64.encodebytes((token * 2).encode()).decode(),
    "url-encoded": lambda token: f"https://quay.example/?t={urllib.parse.quote(token, safe='')}",
    "every byte url-encoded": lambda token: "".join(f"%{ord(c):02X}" for c in token),
    "basic auth": lambda token: f"Authorization: Basic {coded(f'acme+robot:{token}')}",
    "docker config": docker_config,
    "docker config as Secret data": lambda token: coded(docker_config(token)),
    "json": lambda token: json.dumps({"token": token}),
    "json in json": lambda token: json.dumps(json.dumps({"token": token})),
    "repr": lambda token: repr({"token": token}),
    "repr of bytes": lambda token: repr(token.encode()),
    "hex": lambda token: token.encode().hex(),
}
MADE = {
    "robot token": canary.robot_token,
    "oauth token": canary.oauth_token,
    "password": canary.password,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("made", MADE)
def test_every_form_of_a_credential_is_found(form, made):
    planted = FORMS[form](MADE[made]().replace("\u00e9", "e"))

    assert scan(planted) != []


@pytest.mark.parametrize("form", FORMS)
def test_a_leak_into_any_sink_is_found(form):
    planted = FORMS[form](canary.robot_token())
    watch = CanaryWatch()
    watch.add("events", lambda: [f"Normal Created {planted}"])
    watch.add("metrics", f"x_total{{name={planted!r}}} 1".encode)

    assert {"events", "metrics"} == {leak.sink for leak in watch.leaks()}


@pytest.mark.parametrize("form", FORMS)
def test_a_leak_into_a_log_argument_is_found(form):
    sink = LogSink()
    text = FORMS[form](canary.robot_token())
    sink.handle(logging.LogRecord("lib", logging.DEBUG, "f", 1, "got %s", (text,), None))

    assert [leak for line in sink.lines for leak in scan(line)] != []


def test_a_digest_is_no_leak():
    token = canary.robot_token()
    watch = CanaryWatch()
    watch.add("status", lambda: "sha256:" + hashlib.sha256(token.encode()).hexdigest())

    watch.check()


def test_a_found_leak_fails_and_does_not_repeat_the_credential():
    token = canary.robot_token()
    watch = CanaryWatch()
    watch.add("status", lambda: f"message: {token}")

    with pytest.raises(AssertionError, match="credential was printed") as raised:
        watch.check()

    assert CORE not in str(raised.value)


def test_the_shapes_are_those_of_the_registry():
    assert (len(canary.robot_token()), len(canary.oauth_token())) == (64, 40)
    assert canary.robot_token() != canary.robot_token()
