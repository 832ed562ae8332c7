"""`python -m tests.node.twice`: is an image that is built twice the same, byte by byte?"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tarfile
from pathlib import Path

from tests.kit.controlplane.build import PartMissing
from tests.kit.processes import run_folder

from .images import base_image, operator_image
from .parts import check_parts

# As `make image` does, with the date of the commit.
DATED = ("--no-cache", "--timestamp=1700000000")


def members(archive: Path) -> dict[str, int]:
    """Return what makes the image: layers and configuration, each named by its digest."""
    with tarfile.open(archive) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        [image] = json.load(manifest)
        return {name: tar.getmember(name).size for name in (image["Config"], *image["Layers"])}


def main() -> int:
    """Build both from nothing, print what they are made of, and return 1 where they differ."""
    try:
        check_parts()
    except PartMissing as error:
        print(f"SKIPPED: {error}", file=sys.stderr)
        return 1 if os.environ.get("REQUIRE_NODE") else 0
    folder = run_folder()
    try:
        base_image()
        first, second = (members(operator_image(folder, *DATED)) for _ in range(2))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, size in first.items():
        print(f"{name}  {size} bytes  {'same' if name in second else 'DIFFERENT'}")
    return 0 if first == second else 1


if __name__ == "__main__":
    sys.exit(main())
