"""Do the commands say against each reason what docs/operations.md says?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from quayrobot.app.commands.report.cures import cure_of, page_of
from quayrobot.model.errors import Reason

ROOT = Path(__file__).parents[2]


def test_the_shipped_cures_are_those_of_the_page():
    said = subprocess.run(
        (sys.executable, ROOT / "tools" / "cures.py"), capture_output=True, text=True, check=True
    ).stdout
    shipped = (ROOT / "operator/quayrobot/app/commands/report/cures.json").read_text()

    assert said == shipped, "run `make cures`"
    assert set(map(str, Reason)) == set(json.loads(shipped))


@pytest.mark.parametrize("reason", Reason)
def test_each_cure_is_one_plain_line(reason):
    cure = cure_of(reason)

    assert cure.endswith(".")
    assert [each for each in ("\n", "`", "](") if each in cure] == []
    assert page_of(reason) == f"docs/operations.md#{reason.lower()}"


def test_an_unknown_reason_has_no_cure():
    assert not cure_of("FromTheFuture")
    assert not page_of("FromTheFuture")
