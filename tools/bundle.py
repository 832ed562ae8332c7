"""
How is a bundle made for images that have a name already?

As files in a folder, from which `docker build` makes the bundle's image. A release
has the same files with names that nobody pulls from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from olm import olm_files
from olm_csv import NAME, About
from release import ROOT, VERSION, commit_time, kustomized


def main() -> None:
    """Write the files of a bundle and a catalog."""
    parser = argparse.ArgumentParser(description="Write a bundle and a catalog for OLM.")
    parser.add_argument("version")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--channel", default="preview")
    for each in ("image", "bundle-image", "replaces", "skip-range", "homepage"):
        parser.add_argument(f"--{each}", default="")
    asked = vars(parser.parse_args())
    version, folder = asked["version"], asked.pop("folder")
    if VERSION.fullmatch(version) is None:
        raise SystemExit("say a version such as 0.2.0 or 0.2.0-rc.1: make bundle VERSION=0.2.0")
    if folder.exists():
        raise SystemExit(f"{folder} is there already; remove it to make that bundle again")
    asked["image"] = asked["image"] or f"{NAME}:{version}"
    asked["bundle_image"] = asked["bundle_image"] or f"{NAME}-bundle:v{version}"
    objects = list(kustomized(ROOT / "deploy" / "manifests", version))
    for name, data in olm_files(About(when=commit_time(), **asked), objects).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main()
