"""Resolve the dependencies anew and write them with hashes; no registry is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMON = (
    "pip", "compile", "--quiet", "--upgrade", "--universal", "--generate-hashes",
    "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--python-version", "3.11",
    "pyproject.toml",
)  # fmt: skip
UV = Path(sys.executable).with_name("uv")


def main() -> None:
    """Write requirements/run.txt and requirements/dev.txt."""
    for target, extra in (("run", ()), ("dev", ("--group", "dev"))):
        command = (UV, *COMMON, *extra, "--output-file", f"requirements/{target}.txt")
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
