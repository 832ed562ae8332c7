"""
How does krew get the plugin?

By an archive and a manifest with its address and checksum. The archive has the
wheel, the locked dependencies with their hashes, and a launcher that puts both
into a virtual environment at its first start.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LAUNCHER = "kubectl-quayrobot"
PLUGIN = "quayrobot"


def krew_files(wheel: Path) -> dict[str, bytes]:
    """Return what the archive holds, by name."""
    return {
        LAUNCHER: (ROOT / "deploy" / "krew" / LAUNCHER).read_bytes(),
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
        "run.txt": (ROOT / "requirements" / "run.txt").read_bytes(),
        wheel.name: wheel.read_bytes(),
    }


def krew_manifest(version: str, archive: Path, downloads: str) -> dict[str, Any]:
    """Return the manifest of the plugin whose *archive* is found below *downloads*, an address."""
    systems = {"key": "os", "operator": "In", "values": ["darwin", "linux"]}
    return {
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
        "kind": "Plugin",
        "metadata": {"name": PLUGIN},
        "spec": {
            "version": f"v{version}",
            "homepage": downloads.partition("/releases/")[0],
            "shortDescription": "Status and plans of Quay robot accounts",
            "description": (
                "Shows how QuayRobots stand and what helps where they do not, tells what the\n"
                "quay-robot-operator would do and why, and asks for new credentials.\n"
            ),
            "caveats": "It needs Python 3.11 or newer; its first start installs its parts.\n",
            "platforms": [
                {
                    "selector": {"matchExpressions": [systems]},
                    "uri": f"{downloads.rstrip('/')}/{archive.name}",
                    "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
                    "bin": LAUNCHER,
                }
            ],
        },
    }
