"""How does a test run the real Prometheus over an operator?"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

from tests.kit.processes import free_port, start, stop, wait_for

JOB = "quay-robot-operator"
# What takes minutes in a cluster takes seconds here; what is compared stays as it is shipped.
HURRY = {"[5m]": "[15s]", "[10m]": "[15s]", "[15m]": "[20s]", "[1h]": "[30s]"}


def hurried(rules: str) -> str:
    """Return *rules* with seconds in place of minutes."""
    for slow, fast in HURRY.items():
        rules = rules.replace(slow, fast)
    return re.sub(r"for: \d+m", "for: 2s", rules)


class Prometheus:
    """A Prometheus that scrapes one address each second; a context manager."""

    def __init__(self, binary: str, folder: Path, target: str, rules: Path) -> None:
        self._port = free_port()
        self._folder = folder
        config = folder / "prometheus.yaml"
        (folder / "rules.yaml").write_text(hurried(rules.read_text()))
        config.write_text(
            yaml.safe_dump(
                {
                    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                    "rule_files": [str(folder / "rules.yaml")],
                    "scrape_configs": [
                        {"job_name": JOB, "static_configs": [{"targets": [target]}]}
                    ],
                }
            )
        )
        self._command = (
            binary,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
        )

    def __enter__(self) -> Self:
        self._process = start(self._command, log=self._folder / "prometheus.log")
        wait_for(self._ready, "Prometheus", timeout_s=40)
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what *expression* yields now."""
        words = urllib.parse.urlencode({"query": expression})
        found: list[dict[str, Any]] = self._get(f"query?{words}")["result"]
        return found

    def range(self, expression: str, begun: float, ended: float) -> list[dict[str, Any]]:
        """Return the series of *expression*, second by second, between two Unix times."""
        asked = {"query": expression, "start": begun, "end": ended, "step": "1s"}
        found: list[dict[str, Any]] = self._get(f"query_range?{urllib.parse.urlencode(asked)}")[
            "result"
        ]
        return found

    def alerts(self) -> set[str]:
        """Return which alerts fire."""
        listed = self._get("alerts")["alerts"]
        return {each["labels"]["alertname"] for each in listed if each["state"] == "firing"}

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def _get(self, path: str) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self._port}/api/v1/{path}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            body: dict[str, Any] = json.load(answer)
        assert body["status"] == "success", body
        data: dict[str, Any] = body["data"]
        return data


@dataclass
class Stopwatch:
    """How long each alert took to speak and to fall silent."""

    prometheus: Prometheus
    took: dict[str, list[float]] = field(default_factory=dict)

    def on(self, alert: str) -> None:
        """Wait until *alert* fires."""
        self._wait(alert, firing=True)

    def off(self, alert: str) -> None:
        """Wait until *alert* fires no more."""
        self._wait(alert, firing=False)

    def _wait(self, alert: str, *, firing: bool) -> None:
        begun = time.monotonic()
        wait_for(
            lambda: (alert in self.prometheus.alerts()) is firing,
            f"{alert} firing: {firing}; there are {self.prometheus.alerts()}",
            timeout_s=75,
            every_s=0.3,
        )
        self.took.setdefault(alert, []).append(round(time.monotonic() - begun, 1))

    def note(self, record: Callable[[str, object], None]) -> None:
        """Have *record* take down what each alert took."""
        for alert, (to_fire, to_resolve) in self.took.items():
            record(f"{alert}, seconds to fire and to resolve", (to_fire, to_resolve))
