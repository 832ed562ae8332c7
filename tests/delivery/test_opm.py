"""Does OLM's own tool take the catalog, and read the bundle as the catalog says it is?"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .programs import program
from .test_olm import NAME, VERSION, made

__all__ = ["made"]

CATALOG = Path("catalog") / NAME / "catalog.yaml"
Body = dict[str, Any]


def opm(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(program("opm")), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def by_schema(text: str, schema: str) -> Body:
    (found,) = (each for each in yaml.safe_load_all(text) if each["schema"] == schema)
    return dict(found)


def kinds(bundle: Body) -> list[Body]:
    """Return the properties that OLM resolves by, in an order of their own."""
    about = [each for each in bundle["properties"] if each["type"] in {"olm.gvk", "olm.package"}]
    return sorted(about, key=json.dumps)


def test_opm_takes_the_catalog(made: Path):
    done = opm("validate", made / "catalog")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("defaultChannel: preview", "defaultChannel: stable", "stable"),
        (f"- name: {NAME}.v{VERSION}\n", f"- name: {NAME}.v0.0.1\n", "not found in any channel"),
    ],
)
def test_it_would_find_a_fault(made: Path, tmp_path: Path, old: str, new: str, said: str):
    shutil.copytree(made / "catalog", tmp_path / "catalog")
    text = (tmp_path / CATALOG).read_text()
    assert old in text
    (tmp_path / CATALOG).write_text(text.replace(old, new))

    done = opm("validate", tmp_path / "catalog")
    assert done.returncode != 0
    assert said in done.stderr


def test_opm_reads_the_bundle_as_the_catalog_says_it_is(made: Path):
    done = opm("render", made / "bundle", "--output=yaml")
    assert done.returncode == 0, done.stderr

    theirs = by_schema(done.stdout, "olm.bundle")
    ours = by_schema((made / CATALOG).read_text(), "olm.bundle")
    assert (theirs["name"], theirs["package"]) == (ours["name"], ours["package"])
    assert kinds(theirs) == kinds(ours) != []
