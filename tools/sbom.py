"""
What is the operator made of?

The locked packages, as CycloneDX on standard output; for `make image`, which needs
no more than Python's own library. Usage: sbom.py VERSION
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NAME = "quay-robot-operator"
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)((?:.*\\\n)*.*)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
Body = dict[str, Any]


def sbom(version: str) -> Body:
    """Return what the operator is made of, from the locked file, as CycloneDX."""
    locked = (ROOT / "requirements" / "run.txt").read_text()
    components = [
        {
            "type": "library",
            "name": name,
            "version": number,
            "purl": f"pkg:pypi/{name.lower().replace('_', '-')}@{number}",
            "properties": [
                {"name": "locked:sha256", "value": each} for each in _HASH.findall(rest)
            ],
        }
        for name, number, rest in _LOCKED.findall(locked)
    ]
    own = {"type": "application", "name": NAME, "version": version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
    }


if __name__ == "__main__":
    print(json.dumps(sbom(sys.argv[1]), indent=1))
