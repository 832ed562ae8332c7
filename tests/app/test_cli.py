"""What can be typed?"""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from quayrobot.app.cli import app
from quayrobot.app.settings import ENV_PREFIX, Settings

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def typed(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200", "NO_COLOR": "1"})
    return result.exit_code, ANSI.sub("", result.output)


@pytest.mark.parametrize("setting", Settings.model_fields)
def test_every_setting_is_a_flag_and_a_variable(setting):
    _, said = typed("run", "--help")

    assert f"--{setting.replace('_', '-')}" in said
    assert f"{ENV_PREFIX}{setting.upper()}" in said


def test_a_wrong_setting_is_named_without_what_was_typed():
    code, said = typed("run", "--log-level", "supersecret")

    assert code == 2
    assert "log-level: " in said
    assert "supersecret" not in said


def test_version_is_printed():
    assert typed("version")[0] == 0
