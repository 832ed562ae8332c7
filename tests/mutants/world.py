"""
Where are mutants made and tried?

In a folder of its own: the package, the tests of the rules and what these need. The program that
makes them, mutmut, is installed beside it and never into the development environment (ADR 0026).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from itertools import groupby
from pathlib import Path

from tests.kit.beside import install_beside

from .verdict import Outcome

__all__ = ["MODULES", "RULES", "RESTS_ON", "every", "run"]

ROOT = Path(__file__).parents[2]
RULES = ROOT / "operator" / "quayrobot" / "plan"
FOLDER = ROOT / "build" / "mutants"
PROGRAM = ROOT / "build" / "mutmut"
# Figures of a run hold while these stay as they are.
RESTS_ON = ("operator/quayrobot/plan", "tests/plan")
REQUIREMENTS = ROOT / "requirements" / "mutants.txt"
# The modules of the rules whose mutants are tried: what is claimed is what is run.
MODULES = (
    "cluster_robot/copies",
    "cluster_robot/members",
    "cluster_robot/status",
    "cluster_robot/targets",
    "credentials/contest",
    "credentials/digests",
    "credentials/keyless",
    "credentials/links",
    "credentials/rehearsal",
    "credentials/render",
    "credentials/renewal",
    "credentials/secrets",
    "credentials/unrepaired",
    "decide",
    "inventory",
    "jitter",
    "rights/access",
    "rights/by_quay",
    "rights/federation",
    "rights/grants",
    "rights/issuers",
    "robot/claim",
    "robot/creation",
    "robot/deletion",
    "robot/owner",
    "robot/proof",
    "robot/slots",
    "rotation/overlap",
    "rotation/rotation",
    "rotation/schedule",
    "scene",
    "words/consequences",
    "words/dry_run",
    "words/explain",
    "words/manifest",
    "words/news",
    "words/status",
)
# Modules that the tests of another room are about, too.
ALSO = {
    "credentials/secrets": ("robot", "rotation"),
    "credentials/unrepaired": ("words",),
    "robot/creation": ("rotation",),
    "robot/slots": ("rotation",),
}
NEEDED = (
    "tests/__init__.py",
    "tests/plan",
    "tests/kit/__init__.py",
    "tests/kit/canary.py",
    "tests/kit/examples.py",
    "tests/kit/kstatus.py",
    "tests/kit/statuslint.py",
    "deploy/argocd",
)
CONFIGURATION = """\
[tool.pytest.ini_options]
addopts = "--strict-markers --strict-config"
markers = ["rotates: a test in which a credential is replaced on purpose"]

[tool.mutmut]
source_paths = ["quayrobot"]
also_copy = ["deploy"]
only_mutate = {paths}
pytest_add_cli_args = ["-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
track_dependencies = false
use_git_change_detection = false
use_setproctitle = false
"""


def every() -> list[str]:
    """Return all modules of the rules, those too that are not held to it yet."""
    found = (each.relative_to(RULES).with_suffix("") for each in RULES.rglob("*.py"))
    return sorted(str(each) for each in found if each.name != "__init__")


def run(modules: tuple[str, ...]) -> list[Outcome]:
    """
    Try every mutant of *modules*, and return what came of each.

    Raises:
        CalledProcessError: mutmut could not be had, or the tests fail without a mutant.
    """
    install_beside(REQUIREMENTS, PROGRAM)
    groups = groupby(modules, key=_tests)
    return [each for tests, inside in groups for each in _run_tests(tests, tuple(inside))]


def _tests(module: str) -> tuple[str, ...]:
    """Return the folders of the tests that are about *module*: others reach it, but slowly."""
    room = module.rpartition("/")[0]
    return tuple(f"tests/plan/{each}" for each in (room, *ALSO.get(module, ())))


def _run_tests(tests: tuple[str, ...], modules: tuple[str, ...]) -> list[Outcome]:
    """Hold *modules* against *tests*."""
    _lay_out(tests, modules)
    environment = os.environ | {
        "PYTHONPATH": str(PROGRAM),
        "EXAMPLES": "5",
        "SHRINK": "no",
        # The rules need none of its plugins.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    driver = Path(__file__).with_name("driver.py")
    subprocess.run(
        ("nice", "-n", os.environ.get("NICE", "15"), sys.executable, driver, *modules),
        cwd=FOLDER,
        env=environment,
        check=True,
    )
    return [Outcome(**each) for each in json.loads((FOLDER / "outcomes.json").read_text())]


def _lay_out(tests: tuple[str, ...], modules: tuple[str, ...]) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    no_cache = shutil.ignore_patterns("__pycache__")
    shutil.copytree(RULES.parent, FOLDER / "quayrobot", ignore=no_cache)
    for name in NEEDED:
        place = FOLDER / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place, ignore=no_cache)
        else:
            shutil.copy2(ROOT / name, place)
    paths = json.dumps([f"quayrobot/plan/{each}.py" for each in modules])
    (FOLDER / "pyproject.toml").write_text(
        CONFIGURATION.format(paths=paths, tests=json.dumps(tests))
    )
