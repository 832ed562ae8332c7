"""What does the operator say while it works, and what does it never say?"""

from __future__ import annotations

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from kopf._cogs.clients.errors import APIServerError

from quayrobot.app import logs
from quayrobot.app.logs import VOCABULARY, configure_logs
from quayrobot.engine.robot.effects import EFFECTS
from quayrobot.model.secrecy import Token
from tests.kit.canary import robot_token, scan

SOURCES = Path(logs.__file__).parents[1]
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("quayrobot")
    before = (list(root.handlers), root.level, ours.level)
    yield io.StringIO()
    root.handlers[:], root.level, ours.level = before
    logging.captureWarnings(capture=False)
    logging.getLogger().manager._clear_cache()


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_and_logger(stream):
    configure_logs("info", "json", stream)
    structlog.get_logger("quayrobot.engine").info("pass.done", key="team-a/ci")
    (line,) = lines(stream)

    assert (
        line["event"],
        line["level"],
        line["logger"],
        line["key"],
    ) == ("pass.done", "info", "quayrobot.engine", "team-a/ci")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])


def test_the_level_is_obeyed(stream):
    configure_logs("warning", "json", stream)
    structlog.get_logger("quayrobot.engine").info("pass.done")

    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "name", ["httpx", "httpcore.http11", "kubernetes.client.rest", "kopf.objects", "asyncio"]
)
def test_libraries_that_print_what_they_carry_are_mute_even_at_debug(stream, name):
    configure_logs("debug", "json", stream)
    logging.getLogger(name).info("response body: %s", "words")

    assert stream.getvalue() == ""


def test_a_library_that_speaks_up_is_masked_too(stream):
    configure_logs("debug", "json", stream)
    logging.getLogger("kopf.objects").error("failed with %s", robot_token())
    (line,) = lines(stream)

    assert line["event"] == "failed with ***"


SAID = "words of the\nAPI server"


@pytest.mark.parametrize(
    ("before", "quoted", "shown"),
    [
        (
            "Request attempt #1 failed; will retry: GET https://x/api/v1 -> ",
            repr(APIServerError({"message": SAID}, status=503, headers={})),
            "APIServerError (status=503)",
        ),
        (
            "Request attempt #2 failed; escalating: GET https://x/api -> ",
            repr(ValueError(SAID)),
            "ValueError",
        ),
        ("Watcher for quayrobots has failed", f": {SAID}", ""),
        (
            "Throttling for 1 seconds due to an unexpected error: ",
            repr(KeyError(SAID)),
            "KeyError",
        ),
    ],
)
def test_what_the_shell_quotes_of_an_exception_is_its_type(stream, before, quoted, shown):
    configure_logs("info", "json", stream)
    logging.getLogger("kopf._cogs.clients.api").error("%s%s", before, quoted)
    (line,) = lines(stream)

    assert line["event"] == before + shown


@pytest.mark.parametrize("style", ["json", "console"])
def test_no_credential_is_printed_in_either_style(stream, style):
    configure_logs("debug", style, stream)
    token = robot_token()
    log = structlog.get_logger("quayrobot.engine")
    log.info("robot.created", token=Token(token), body={"token": token}, raw=token.encode())

    assert scan(stream.getvalue()) == []
    assert "***" in stream.getvalue()


def test_an_exception_is_shown_without_its_words_and_locals(stream):
    configure_logs("debug", "json", stream)
    try:
        local = robot_token()
        raise ValueError(f"body: {local}")
    except ValueError:
        structlog.get_logger("quayrobot.engine").exception("pass.failed")
        logging.getLogger("kopf.objects").exception("Handler failed.")
    ours, theirs = lines(stream)

    assert ours["exception"][0]["type"] == "builtins.ValueError"
    assert theirs["exception"][0]["type"] == "builtins.ValueError"
    assert scan(stream.getvalue()) == []
    assert "body" not in stream.getvalue()


def said_in(source: Path) -> Iterator[str]:
    methods = {"debug", "info", "warning", "error", "exception", "critical"}
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="log"), attr=method), args=[event, *_]
            ) if method in methods:
                yield event.value if isinstance(event, ast.Constant) else ast.unparse(event)
            case ast.Call(func=ast.Name(id="_Obstacle"), args=[ast.Constant(value=event), *_]):
                yield event


def test_the_vocabulary_is_what_the_code_says_and_what_the_docs_explain():
    said = {event for source in SOURCES.rglob("*.py") for event in said_in(source)}
    # What is no constant is one of the effects: of a robot's actions, or of a copy's.
    variables = {"event", "word", "obstacle.event"}
    assert {each for each in said if "." not in each} <= variables
    said = said - variables | set(EFFECTS.values())
    table = (DOCS / "operations.md").read_text().partition("\n## Logs\n")[2].partition("\n## ")[0]
    explained = set(re.findall(r"`([a-z]+\.[a-z_]+)`", table))

    assert said == VOCABULARY
    assert explained == VOCABULARY
