"""Resolve the dependencies anew and write them with hashes; no registry is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMON = (
    "pip", "compile", "--quiet", "--upgrade", "--universal", "--generate-hashes",
    "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--python-version", "3.11",
)  # fmt: skip
UV = Path(sys.executable).with_name("uv")
TARGETS = {
    "run": ("pyproject.toml",),
    "dev": ("pyproject.toml", "--group", "dev"),
    # Installed beside the development environment, so in the same versions where they share one.
    "picture": ("requirements/picture.in", "--constraint", "requirements/dev.txt"),
    "mutants": ("requirements/mutants.in", "--constraint", "requirements/dev.txt"),
}


def main() -> None:
    """Write the files of requirements/."""
    for target, asked in TARGETS.items():
        command = (UV, *COMMON, *asked, "--output-file", f"requirements/{target}.txt")
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
