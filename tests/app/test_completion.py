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
        (["rotate", "ci", "-o", ""], [], NO_FILES),
        (["nothing", ""], [], NO_FILES),
        (["status", "--request-timeout", ""], [], NO_FILES),
        (["status", "pod/"], [], NO_FILES),
    ],
)
def test_words_are_completed_as_kubectl_reads_it(words, found, number):
    told, how = suggestions(words)

    assert [each.split("\t")[0] for each in told] == found
    assert how == number


CONFIG = """
current-context: b
contexts: [{name: b, context: {cluster: k, user: u}}, {name: a, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {}}, {name: v, user: {}}]
"""


@pytest.mark.parametrize(
    ("option", "found"),
    [("--context", ["a", "b"]), ("--user", ["u", "v"]), ("--cluster", ["k"])],
)
def test_what_the_kubeconfig_has_is_suggested_without_asking_anybody(tmp_path, option, found):
    path = tmp_path / "config"
    path.write_text(CONFIG)

    assert suggestions(["plan", f"--kubeconfig={path}", option, ""]) == (found, NO_FILES)


@pytest.mark.parametrize("content", ["no: [yaml", "users: [{}]", "contexts: 7", ""])
@pytest.mark.parametrize("words", [["status", ""], ["plan", "cqr/"], ["status", "-n", ""],
                                   ["rotate", "--user", ""]])  # fmt: skip
def test_a_kubeconfig_that_is_none_is_no_suggestion_and_no_word(
    tmp_path, monkeypatch, capfd, content, words
):
    path = tmp_path / "config"
    path.write_text(content)
    monkeypatch.setenv("KUBECONFIG", str(path))

    assert suggestions(words) == ([], NO_FILES)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("words", [["status", ""], ["status", "-n", ""]])
def test_a_cluster_that_is_away_is_no_suggestion_and_no_word(tmp_path, words):
    path = tmp_path / "config"
    path.write_text(CONFIG)
    program = Path(sys.executable).with_name("kubectl_complete-quayrobot")

    done = subprocess.run(
        [program, *words], env=os.environ | {"KUBECONFIG": str(path)}, capture_output=True,
        text=True, check=True, timeout=60,
    )  # fmt: skip

    assert (done.stdout.split(), done.stderr) == ([f":{NO_FILES}"], "")


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
