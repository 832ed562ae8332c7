"""Does the suite leave a Quay that is not ours as it was, and does it show what differs there?"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import canary
from tests.kit.fakequay import FakeQuay

ROOT = Path(__file__).parents[2]


@pytest.fixture
def theirs() -> Iterator[FakeQuay]:
    """Yield a Quay of somebody else, an old one, with things in it."""
    with FakeQuay() as quay:
        quay.double.state.make_robot_token = canary.robot_token
        quay.admin("settings", version="3.13", hostname=quay.url.removeprefix("http://"))
        quay.admin("organization", name="theirs", owners=["ann"])
        quay.admin("robot", name="theirs+precious", description="ours, not yours")
        quay.admin("repository", namespace="theirs", name="app")
        quay.admin("grant", repository="theirs/app", user="theirs+precious", role="write")
        quay.admin("team", org="theirs", name="people", members=["ann", "theirs+precious"])
        yield quay


def run(quay: FakeQuay, *arguments: str) -> subprocess.CompletedProcess[str]:
    token = quay.admin("token", user="ann", value=canary.oauth_token())
    named = {"QUAY_URL": quay.url, "QUAY_TOKEN": token, "QUAY_ORG": "theirs"}
    environment = {**os.environ, **named}
    environment.pop("PYTEST_CURRENT_TEST", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "tests/contract/test_contract.py", *arguments],
        cwd=ROOT, env=environment, text=True, capture_output=True, timeout=300, check=False,
    )  # fmt: skip


def contents(quay: FakeQuay) -> dict[str, object]:
    state = quay.double.state
    return {
        "robots": {name: quay.admin("robot/show", name=name) for name in state.robots},
        "grants": quay.admin("grants", name="theirs+precious"),
        "organizations": {
            name: (sorted(each.teams), sorted(each.applications), sorted(each.prototypes))
            for name, each in state.organizations.items()
        },
        "repositories": {name: dict(each.users) for name, each in state.repositories.items()},
    }


def test_a_strange_quay_is_left_as_it_was_and_what_it_lacks_is_skipped_by_name(theirs: FakeQuay):
    before = contents(theirs)

    # What a call costs is no matter of answers, and this Quay's calls are cheap.
    done = run(theirs, "-k", "not 0.3-cost")

    assert done.returncode == 0, done.stdout[-4000:]
    assert contents(theirs) == before
    said, _, summary = done.stdout.partition("the contract, asked of")
    assert re.search(r"of \d+ cases \d+ will be skipped:", said)
    assert re.search(r"  +\d+ needs QUAY_JWT ", said)
    assert re.search(r"  +\d+ needs QUAY_MEMBER_TOKEN ", said)
    same = int(re.search(r"same (\d+)   different 0   skipped \d+", summary)[1])
    assert same > 200
    assert "this Quay has no application tokens (3.18)" in summary
    assert "needs a Quay with ROBOTS_DISALLOW: true" in summary
    assert "LEFT BEHIND" not in summary
    touched = [entry.path for entry in theirs.calls() if entry.effect]
    assert [path for path in touched if "precious" in path] == []


def test_what_differs_is_shown_side_by_side_without_secrets(theirs: FakeQuay):
    body = json.dumps({"name": "theirs+somebody-else", "token": canary.robot_token()})
    theirs.admin("fault", operation="robot.get", kind="answer", status=200, body=body, count=-1)

    done = run(theirs, "-k", "1.4-keys")

    assert done.returncode == 1
    assert "different: 1.4-keys: one robot has the six keys of its creation" in done.stdout
    assert re.search(r"expected +\| got", done.stdout)
    assert "theirs+somebody-else" in done.stdout
    assert "***" in done.stdout
    assert canary.scan(done.stdout + done.stderr) == []
