"""What tests of the delivery share: the real Helm of both majors."""

from __future__ import annotations

from pathlib import Path

import pytest

from .helm import Helm
from .programs import program


@pytest.fixture(params=["helm4", "helm3"])
def helm(request: pytest.FixtureRequest, tmp_path: Path) -> Helm:
    return Helm(program(request.param), tmp_path)
