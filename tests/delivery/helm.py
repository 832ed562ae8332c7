"""How does a test call the real Helm?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.kit.controlplane import ControlPlane
from tests.kit.operating import NAMESPACE

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "charts" / "quay-robot-operator"
RELEASE = "quay-robot-operator"
# The pod that a first install with connections waits for.
AWAITING = f"{RELEASE}-definitions"
Body = dict[str, Any]


class HelmFailed(Exception):
    """Helm ended with an error; the message is what it said."""


@dataclass
class Helm:
    """One program, with folders of its own; *plane* is the cluster that it is led to."""

    binary: Path
    home: Path
    plane: ControlPlane | None = None
    chart: Path = CHART
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, values: Body | None = None) -> str:
        """Run it and return its output."""
        more: tuple[str, ...] = ()
        if values is not None:
            file = self.home / "values.json"
            file.write_text(json.dumps(values))
            more = ("--values", str(file))
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), **self.environment}
        if self.plane is not None:
            env["KUBECONFIG"] = str(self.plane.kubeconfig)
        done = subprocess.run(
            [str(self.binary), *words, *more],
            env=env, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if done.returncode:
            raise HelmFailed(done.stderr.strip())
        return done.stdout

    def refused(self, *words: str, values: Body | None = None) -> str:
        """Run it, expect it to fail, and return what it said."""
        try:
            said = self(*words, values=values)
        except HelmFailed as error:
            return str(error)
        raise AssertionError(f"helm {' '.join(words)} was not refused: {said}")

    def rendered(self, values: Body | None = None, *words: str) -> list[Body]:
        """Return the objects of a release, as `helm template` writes them, without its test."""
        where = (RELEASE, str(self.chart), "-n", NAMESPACE, "--skip-tests")
        said = self("template", *where, *words, values=values)
        return [each for each in yaml.safe_load_all(said) if each]

    def install(self, values: Body | None = None, *words: str) -> str:
        """Install the chart."""
        return self(
            "install", RELEASE, str(self.chart), "-n", NAMESPACE, "--create-namespace", *words,
            values=values,
        )  # fmt: skip

    def upgrade(self, values: Body | None = None, *words: str) -> str:
        """Upgrade to the chart as it is."""
        return self("upgrade", RELEASE, str(self.chart), "-n", NAMESPACE, *words, values=values)

    def on_release(self, command: str, *words: str) -> str:
        """Run a command about the release."""
        return self(command, RELEASE, "-n", NAMESPACE, *words)


def later_chart(folder: Path) -> Path:
    """Return a chart of a later version, whose definition of QuayRobots has one column more."""
    chart = folder / "chart"
    shutil.copytree(CHART, chart)
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about | {"version": "0.2.0"}))
    path = chart / "files" / "crds" / "quayrobots.yaml"
    definition = yaml.safe_load(path.read_text())
    definition["spec"]["versions"][0]["additionalPrinterColumns"].append(
        {"name": "Later", "type": "date", "jsonPath": ".metadata.creationTimestamp"}
    )
    path.write_text(yaml.safe_dump(definition))
    return chart
