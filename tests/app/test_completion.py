"""What is suggested after `kubectl quayrobot`, as far as no cluster has to be asked?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from quayrobot.app.completion import NO_FILES, PLAIN, suggestions


@pytest.mark.parametrize(
    ("words", "found", "number"),
    [
        ([""], ["status", "plan", "rotate"], NO_FILES),
        (["st"], ["status"], NO_FILES),
        (["status", "--na"], ["--namespace"], NO_FILES),
        (["status", "-o", ""], ["text", "json", "yaml"], NO_FILES),
        (["plan", "-o", "y"], ["yaml"], NO_FILES),
        (["plan", "-f", ""], [], PLAIN),
        (["plan", "-n", ""], [], NO_FILES),
        (["nothing", ""], [], NO_FILES),
    ],
)
def test_words_are_completed_as_kubectl_reads_it(words, found, number):
    told, how = suggestions(words)

    assert [each.split("\t")[0] for each in told] == found
    assert how == number


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_and_what_the_script_asks_for(shell):
    # As the scripts themselves ask; no such shell has to be here.
    asked = {
        "COMP_WORDS": "quayrobot cr", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "quayrobot cr",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }  # fmt: skip

    def say(what: str) -> str:
        env = os.environ | asked | {"_QUAYROBOT_COMPLETE": f"{what}_{shell}"}
        program = Path(sys.executable).with_name("quayrobot")
        done = subprocess.run([program], env=env, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    assert f"_QUAYROBOT_COMPLETE=complete_{shell}" in say("source")
    assert "crds" in say("complete")
    assert "import" not in say("complete")
