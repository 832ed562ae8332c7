"""The ways of Helm, in both its majors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

from tests.delivery.helm import Helm, later_chart
from tests.kit.operating import NAMESPACE

from ..site import ROOT
from .way import LATER, NOW, Version, Way

__all__ = ["Helm3", "Helm4"]


class _Helm(Way):
    program: ClassVar[str]

    def install(self) -> None:
        """Install the chart, with the release's namespace."""
        self._helm().install(self._values(NOW), "--wait", "--timeout=120s")
        self.site.wait_operator()

    def upgrade(self) -> None:
        """Upgrade to a chart whose definitions are later."""
        chart = later_chart(self.folder)
        self._helm(chart).upgrade(self._values(LATER), "--wait", "--timeout=120s")
        self.site.wait_operator()

    def roll_back(self) -> None:
        """Go back to the first revision."""
        self._helm().on_release("rollback", "1", "--wait", "--timeout=120s")
        self.site.wait_operator()

    def remove(self) -> None:
        """Uninstall the release, then delete what Helm keeps."""
        self._helm().on_release("uninstall", "--wait", "--timeout=120s")
        crds = ROOT / "deploy" / "crds"
        self.site.plane.kubectl("delete", "-k", str(crds), "--timeout=60s")
        self.site.plane.kubectl("delete", "namespace", NAMESPACE, "--timeout=110s")

    def _helm(self, chart: Path | None = None) -> Helm:
        helm = Helm(Path(os.environ[f"WAYS_{self.program}"]), self.folder, self.site.plane)
        if chart is not None:
            helm.chart = chart
        return helm

    def _values(self, version: Version) -> dict[str, Any]:
        image = {"repository": self.image, "tag": version.tag}
        return {"image": image, "workers": version.workers}


class Helm3(_Helm):
    """Helm 3."""

    name = "Helm 3"
    program = "HELM3"


class Helm4(_Helm):
    """Helm 4."""

    name = "Helm 4"
    program = "HELM4"
