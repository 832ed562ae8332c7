"""What can be typed?"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from quayrobot.app.cli import app
from quayrobot.app.plugin import app as plugin
from quayrobot.app.settings import ENV_PREFIX, Settings
from quayrobot.app.version import installed_version
from tests.kit.canary import oauth_token

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def typed(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200", "NO_COLOR": "1"})
    return result.exit_code, ANSI.sub("", result.output)


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_is_a_flag_and_a_variable(setting):
    _, said = typed("run", "--help")

    assert f"--{setting.replace('_', '-')}" in said
    assert f"{ENV_PREFIX}{setting.upper()}" in said


@pytest.mark.parametrize(
    "words", [["-o", "wide"], ["--nosuch"], ["-f"], ["pod/ci"], ["ci", "--as-group", "devs"]]
)
def test_wrong_usage_of_plan_is_no_exit_code_that_says_something_is_to_be_done(words):
    assert CliRunner().invoke(plugin, ["plan", *words]).exit_code == 1


@pytest.mark.parametrize("text", ["", "---\n"])
def test_a_plan_of_no_manifest_is_a_mistake(text):
    done = CliRunner().invoke(plugin, ["plan", "-f", "-"], input=text)

    assert done.exit_code == 1
    assert "no manifest" in done.output


@pytest.mark.parametrize("words", [["-o", "wide"], ["pod/ci"], ["--kubeconfig", "/nowhere"]])
def test_a_status_that_could_not_be_asked_for_is_not_the_exit_code_of_robots_in_trouble(words):
    assert CliRunner().invoke(plugin, ["status", *words]).exit_code == 2


@pytest.mark.parametrize("words", [["--service-account", "x"], ["--kubeconfig", "/nowhere"]])
def test_a_check_that_could_not_begin_is_not_the_exit_code_of_something_wrong(words):
    assert typed("check", *words)[0] == 2


def test_a_wrong_setting_is_named_without_what_was_typed():
    code, said = typed("run", "--log-level", "supersecret")

    assert code == 2
    assert "log-level: " in said
    assert "supersecret" not in said


@pytest.mark.parametrize("asked", ["version", "--version"])
def test_version_is_printed(asked):
    assert typed(asked) == (0, f"{installed_version()}\n")


def test_the_plugin_has_a_version_too():
    result = CliRunner().invoke(plugin, ["--version"])

    assert (result.exit_code, result.output) == (0, f"{installed_version()}\n")


@pytest.mark.parametrize(
    ("program", "word", "instead"),
    [
        (app, "status", "kubectl quayrobot status"),
        (app, "rotate", "kubectl quayrobot rotate"),
        (plugin, "check", "quayrobot check"),
        (plugin, "version", "kubectl quayrobot --version"),
    ],
)
def test_a_command_of_the_other_program_is_named_with_its_program(program, word, instead):
    result = CliRunner().invoke(program, [word, "x"])

    assert result.exit_code == 1
    assert result.output.endswith(f"has no command {word}: use {instead}\n")


@pytest.mark.parametrize("seconds", ["0", "-1", "5m"])
def test_a_rotation_is_not_requested_with_a_timeout_that_is_none(seconds):
    result = CliRunner().invoke(plugin, ["rotate", "ci", "--wait", f"--timeout={seconds}"])

    assert result.exit_code == 2
    assert "'--timeout'" in result.output


WHERE_AND_AS_WHOM = {
    "--user", "--cluster", "--context", "--kubeconfig", "--server", "--as", "--as-group",
    "--as-uid", "--request-timeout",
}  # fmt: skip
COMMANDS = [(plugin, "status"), (plugin, "plan"), (plugin, "rotate"), (app, "import"),
            (app, "check")]  # fmt: skip


@pytest.mark.parametrize(("program", "command"), COMMANDS)
def test_every_command_has_the_options_of_kubectl_that_say_where_to_and_as_whom(program, command):
    said = CliRunner().invoke(program, [command, "--help"], env={"COLUMNS": "80"}).output

    assert set(re.findall("--[a-z-]+", said)) >= WHERE_AND_AS_WHOM


@pytest.mark.parametrize(("program", "command"), COMMANDS)
def test_a_token_on_the_command_line_is_refused_with_the_way_out(program, command):
    token = oauth_token()

    done = CliRunner().invoke(program, [command, f"--token={token}"], env={"COLUMNS": "200"})

    assert done.exit_code == (1 if command == "plan" else 2)
    assert "--user" in done.output
    assert token not in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--as-group", "devs"], "need --as"),
        (["--as-uid", "7"], "need --as"),
        (["--server", "api.example.com"], "begins with https://"),
        (["--request-timeout", "soon"], "such as 5s"),
    ],
)
def test_an_option_that_means_nothing_is_told_before_anything_is_asked(words, told):
    done = CliRunner().invoke(plugin, ["status", *words])

    assert done.exit_code == 2
    assert told in done.output


def commands() -> list[tuple[Any, list[str]]]:
    """Return each program with each of its commands, and without one."""
    names = [
        (program, each.name or each.callback.__name__)
        for program in (app, plugin)
        for each in program.registered_commands
    ]
    return [(app, []), (plugin, []), *((program, [name]) for program, name in names)]


@pytest.mark.parametrize(
    ("program", "command"),
    [
        pytest.param(*each, id=f"{number}-{'-'.join(each[1])}")
        for number, each in enumerate(commands())
    ],
)
def test_help_reads_well_at_80_columns(program, command):
    said = CliRunner().invoke(program, [*command, "--help"], env={"COLUMNS": "80"}).output

    assert max(map(len, said.splitlines())) <= 80
    # What does not fit is cut off, so that a summary has to be short.
    assert "..." not in said.replace("[ARGS]...", "").replace("[NAME]...", "")


@pytest.mark.parametrize(
    ("program", "command", "example"),
    [
        (plugin, "status", "  kubectl quayrobot status -n team-a\n"),
        (plugin, "plan", "  kubectl quayrobot plan -f robots.yaml\n"),
        (plugin, "rotate", "  kubectl quayrobot rotate ci -n team-a --wait\n"),
        (app, "import", "  quayrobot import --organization acme -n team-a > robots.yaml\n"),
        (app, "check", "  quayrobot check\n"),
    ],
    ids=["status", "plan", "rotate", "import", "check"],
)
def test_help_shows_examples_line_by_line(program, command, example):
    said = CliRunner().invoke(program, [command, "--help"], env={"COLUMNS": "80"}).output

    assert "Examples:\n" in said
    assert example in said.replace("\n    ", "\n  ")


LOOKS_UP = """
import asyncio, os, uvloop
from quayrobot.app.cli import make_room_for_lookups

async def threads():
    # Loopback by number: no name service is asked, but a thread is.
    await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)
    return len(os.listdir("/proc/self/task"))

make_room_for_lookups()
print(uvloop.run(threads()))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted on Linux")
def test_names_that_hang_leave_threads_for_others():
    done = subprocess.run(
        [sys.executable, "-c", LOOKS_UP], capture_output=True, text=True, check=True, timeout=60
    )

    assert int(done.stdout) > 60
