"""How is the operator told what to do?"""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from quayrobot.app.settings import Settings


def test_the_whole_cluster_is_served_by_default(monkeypatch):
    monkeypatch.delenv("QUAYROBOT_NAMESPACES", raising=False)

    assert Settings().clusterwide


def test_namespaces_are_read_from_the_environment_once_each(monkeypatch):
    monkeypatch.setenv("QUAYROBOT_NAMESPACES", "team-a, team-b,team-a")

    assert Settings().namespaces == ("team-a", "team-b")


def test_a_flag_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("QUAYROBOT_HEALTH_PORT", "9000")

    assert Settings(health_port=9001).health_port == 9001


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"namespaces": ("team-*",)}, id="a pattern is not a namespace"),
        pytest.param({"log_level": "loud"}, id="a level that does not exist"),
        pytest.param({"health_port": 70000}, id="a port that does not exist"),
        pytest.param({"workers": 0}, id="nobody to work"),
    ],
)
def test_a_wrong_setting_is_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)
