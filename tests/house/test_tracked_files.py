"""Do the files that we publish name only what belongs to the project?"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# go.mod and go.sum are lists of module paths, which look like hosts.
NOT_PROSE = {
    f"tests/{module}/{name}"
    for module in ("controlplane", "node/programs")
    for name in ("go.mod", "go.sum")
}


def spelled(text: str) -> str:
    """Return *text* without its tildes: this file must not be its own first finding."""
    return text.replace("~", "")


FORBIDDEN = {
    "a machine path": re.compile(
        spelled(r"(?<![\w.])/(?:wo~rk|ho~me/\w+|ro~ot|Us~ers/\w+)/"),
    ),
    "a package registry's host": re.compile(
        spelled(
            r"py~pi\.org|python~hosted|(?:pro~xy|sum)\.golang|artif~actory|dev~pi\b|npm~js\.org|"
            r"--(?:extra-)?index~-url[= ]"
        ),
        re.IGNORECASE,
    ),
    "the workplace": re.compile(
        spelled(
            r"\b(?:this|another|a helper) ses~sion\b|ses~sion of the project|BRI~EF\.md|"
            r"shared/(?:refer~ence|des~ign)"
        ),
        re.IGNORECASE,
    ),
}


@cache
def tracked() -> dict[str, str]:
    """Return the text of every tracked file that is text, by its path."""
    listed = subprocess.run(
        ("git", "ls-files", "-z"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    paths = [each for each in listed.stdout.split("\0") if each and (ROOT / each).is_file()]
    texts = {each: (ROOT / each).read_bytes() for each in paths}
    return {path: raw.decode() for path, raw in texts.items() if b"\0" not in raw}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what):
    pattern = FORBIDDEN[what]
    found = [
        f"{path}:{number}"
        for path, text in tracked().items()
        if path not in NOT_PROSE
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]

    assert found == []


@pytest.mark.parametrize(
    ("what", "planted"),
    [
        ("a machine path", "see /wo~rk/main/x"),
        ("a machine path", "`/ho~me/me/code`"),
        ("a package registry's host", "https://py~pi.org/simple"),
        ("a package registry's host", "pip install --index~-url https://x"),
        ("the workplace", "as this ses~sion found"),
    ],
)
def test_a_planted_word_would_be_found(what, planted):
    assert FORBIDDEN[what].search(spelled(planted))


@pytest.mark.parametrize("word", ["/api/v1/user/", "/home", "repository", "a session of kopf"])
def test_an_innocent_word_is_left_alone(word):
    assert not any(each.search(word) for each in FORBIDDEN.values())


@pytest.mark.parametrize("name", ["run", "dev", "mutants"])
def test_a_requirements_file_holds_hashes_and_no_host(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    pins = [each for each in text.split("\n") if each and each[0] not in " #"]
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]

    assert len(pins) == len(blocks) > 10
    assert [each.split("\n")[0] for each in blocks if "--hash=sha256:" not in each] == []
    assert [each for each in pins if not re.match(r"^[A-Za-z0-9._\[\],-]+==[^ ]+", each)] == []
    assert "://" not in text
    assert "-index" not in text


def test_every_run_time_dependency_is_also_pinned_for_development():
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        return set(re.findall(r"^([A-Za-z0-9._-]+==[^ ;\\]+)", text, flags=re.MULTILINE))

    assert pins("run") - pins("dev") == set()
