"""`python -m tests.node.ways`: build what a node and the tools need, then measure on one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.delivery.programs import built

from ..__main__ import on_a_node

TOOLS = ("helm3", "helm4", "flux")


def command(_: Path) -> tuple[str, ...]:
    """Return what is run where the node is."""
    return (sys.executable, "-m", "tests.node.ways.measure", *sys.argv[1:])


if __name__ == "__main__":
    for tool in TOOLS:
        os.environ[f"WAYS_{tool.upper()}"] = str(built(tool))
    sys.exit(on_a_node(command))
