"""Does Grafana know each field of the board?"""

from __future__ import annotations

import json
import subprocess

from .helm import ROOT
from .programs import program

BOARD = (ROOT / "deploy" / "monitoring" / "dashboard.json").read_text()


def read_by_grafanas_model(board: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("board")], input=board, capture_output=True, text=True, check=False
    )


def test_grafanas_model_knows_each_field_of_the_board():
    said = read_by_grafanas_model(BOARD)

    assert said.stderr == ""
    assert int(said.stdout) == len(json.loads(BOARD)["panels"])


def test_the_model_finds_a_mistyped_field_of_a_panel_and_of_a_query():
    board = json.loads(BOARD)
    panel = board["panels"][0]
    panel["gridpos"] = panel.pop("gridPos")
    panel["targets"][0]["legend"] = "{{state}}"

    said = read_by_grafanas_model(json.dumps(board))

    assert "unexpected field 'gridpos'" in said.stderr
    assert "unexpected field 'legend'" in said.stderr
