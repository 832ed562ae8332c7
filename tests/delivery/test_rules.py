"""Do the alerts speak when they should, and does each say what to do?"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from quayrobot.app.metrics import Metrics
from tests.house.test_links import anchors

from .helm import ROOT
from .programs import missing

MONITORING = ROOT / "deploy" / "monitoring"
CASES = Path(__file__).with_name("rules_test.yaml")


def rules(kind: str = "alert") -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


@pytest.fixture(scope="module")
def promtool() -> str:
    """Return the real promtool; CI must have it."""
    found = shutil.which("promtool")
    if found is None:
        missing("promtool is not installed; it is in Debian's package prometheus")
    return found


def test_each_alert_speaks_and_is_silent_in_time(promtool: str, tmp_path: Path):
    shutil.copy(MONITORING / "rules.yaml", tmp_path)
    shutil.copy(CASES, tmp_path)

    for words in (("check", "rules", "rules.yaml"), ("test", "rules", CASES.name)):
        done = subprocess.run(
            [promtool, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_alert_is_without_a_case_and_no_case_without_an_alert():
    # promtool is content with a case about an alert that no rule has.
    tests = yaml.safe_load(CASES.read_text())["tests"]
    asked = [case for test in tests for case in test["alert_rule_test"]]
    silent = {each["alertname"] for each in asked if not each["exp_alerts"]}
    speaking = {each["alertname"] for each in asked if each["exp_alerts"]}

    assert silent == speaking == {rule["alert"] for rule in rules()}


def test_each_alert_has_its_section():
    for rule in rules():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert anchor == rule["alert"].lower()
        assert anchor in anchors(ROOT / page)


def test_promtool_finds_the_metrics_well_named(promtool: str):
    metrics = Metrics(version="1.2.3")
    metrics.called("robot.get", 200, 0.1)
    shown = metrics.render()

    done = subprocess.run(
        [promtool, "check", "metrics"], input=shown, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert list(text_string_to_metric_families(shown.decode()))
