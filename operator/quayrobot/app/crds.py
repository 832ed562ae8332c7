"""How do the definitions of our kinds come to the files that users apply?"""

from __future__ import annotations

from pathlib import Path

import yaml

from ..model.crd import DEFINITIONS, crd

__all__ = ["render_crds", "write_crds"]

HEADER = "# Generated from the models by `make crds`; do not edit.\n"


def render_crds() -> dict[str, str]:
    """Return the text of each definition by its file name."""
    return {f"{each.plural}.yaml": HEADER + _yaml(crd(each)) for each in DEFINITIONS}


def write_crds(folder: Path) -> list[Path]:
    """Write all definitions into *folder* and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in render_crds().items():
        path = folder / name
        path.write_text(text)
        paths.append(path)
    return paths


def _yaml(body: object) -> str:
    return yaml.safe_dump(body, sort_keys=False, width=99, allow_unicode=False)
