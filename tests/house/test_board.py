"""
Does the Grafana board stand up to what a linter of boards asks, and does it name what there is?

Grafana's own linter is a Go module that not everybody can have; these are its rules that matter
here. That each query has data, a real Prometheus says (`tests/delivery/test_watching.py`).
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from quayrobot.app.metrics import Metrics

MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
BOARD: dict[str, Any] = json.loads((MONITORING / "dashboard.json").read_text())
PANELS: list[dict[str, Any]] = BOARD["panels"]
RULES = [
    rule
    for group in yaml.safe_load((MONITORING / "rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS = 24


@pytest.mark.parametrize("panel", PANELS, ids=lambda each: each["title"])
def test_a_panel_says_what_it_shows_in_which_unit_and_asks_the_source_that_was_chosen(panel):
    assert panel["title"][0].isupper()
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    assert [each["datasource"] for each in (panel, *panel["targets"])] == [SOURCE] * (
        1 + len(panel["targets"])
    )
    assert all(each["legendFormat"] for each in panel["targets"])


def test_no_two_panels_are_of_one_name_or_in_one_place():
    for key in ("id", "title"):
        assert len({each[key] for each in PANELS}) == len(PANELS)
    for panel in PANELS:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= COLUMNS
    places = [
        set(
            itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
        )
        for at in (each["gridPos"] for each in PANELS)
    ]
    assert len(set().union(*places)) == sum(map(len, places))


def test_every_variable_is_used_and_no_other():
    text = json.dumps(PANELS)
    used = set(re.findall(r"\$\{?([a-z]+)", text))

    assert used == {each["name"] for each in BOARD["templating"]["list"]}


def test_board_and_rules_name_numbers_that_there_are():
    shown = text_string_to_metric_families(Metrics().render().decode())
    known = {f"{each.name}{end}" for each in shown for end in ("", "_total", "_bucket", "_count")}
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    queries = [rule["expr"] for rule in RULES]
    queries += [target["expr"] for panel in PANELS for target in panel["targets"]]
    named = set(re.findall(r"\bquayrobot[_:][a-z0-9_:]+", " ".join(queries)))

    assert named - known - recorded == set()
    assert recorded
