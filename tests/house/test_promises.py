"""Is what the house promises to its users there: definitions, reasons with a cure, commands?"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from quayrobot.app.cli import app
from quayrobot.app.crds import render_crds, write_crds
from quayrobot.model.errors import Reason
from tools.argocd import FOLDER, SOURCE, render_argocd

ROOT = Path(__file__).parents[2]
CRDS = ROOT / "deploy" / "crds"
OPERATIONS = ROOT / "docs" / "operations.md"
TARGETS = {
    "help", "setup", "check", "test", "demo", "playground", "crds", "contract", "image", "node",
}  # fmt: skip


def test_the_shipped_definitions_are_those_of_the_models():
    shipped = {path.name: path.read_text() for path in CRDS.glob("*.yaml")}
    shipped.pop("kustomization.yaml")

    assert render_crds() == shipped, "run `make crds`"


def test_the_kustomization_lists_every_definition():
    listed = yaml.safe_load((CRDS / "kustomization.yaml").read_text())["resources"]

    assert sorted(render_crds()) == sorted(listed)


def test_definitions_are_written_where_asked(tmp_path):
    written = write_crds(tmp_path / "deep" / "er")

    assert {path.name: path.read_text() for path in written} == render_crds()


def test_there_is_a_command_that_writes_the_definitions():
    names = {each.name or each.callback.__name__ for each in app.registered_commands}

    assert {"run", "crds", "version"} <= names


def operations() -> str:
    assert OPERATIONS.exists(), "docs/operations.md, with a cure for every reason, is missing"
    return OPERATIONS.read_text()


@pytest.mark.parametrize("reason", Reason)
def test_operations_md_has_a_line_for_the_reason(reason):
    # A heading, a row of a table or an item of a list that begins with the reason.
    line = re.compile(rf"^(?:#+|\||[-*])\s*[`*]*{reason}\b", re.MULTILINE)

    assert line.search(operations()), f"docs/operations.md has no line for the reason {reason}"


def test_operations_md_tells_of_no_reason_that_does_not_exist():
    told = set(re.findall(r"^#+\s*`([A-Z][A-Za-z]+)`\s*$", operations(), re.MULTILINE))

    assert told - {str(each) for each in Reason} == set()


def test_a_reason_is_camel_case_and_named_like_its_constant():
    for reason in Reason:
        assert re.fullmatch(r"(?:[A-Z][a-z]+)+", reason)
        assert re.sub(r"(?<!^)(?=[A-Z])", "_", reason).upper() == reason.name


@pytest.fixture(scope="module")
def help_text() -> str:
    done = subprocess.run(
        ("make", "--no-print-directory", "help"),
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_help_lists_the_target(target, help_text):
    assert re.search(rf"^make {target} +\S", help_text, re.MULTILINE)


def test_help_lists_every_target_that_can_be_made(help_text):
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)
    assert phony is not None
    rules = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))

    assert set(phony[1].split()) == rules
    assert rules == set(re.findall(r"^make ([a-z0-9-]+)", help_text, re.MULTILINE))


def test_help_is_what_make_says_when_asked_nothing():
    assert ".DEFAULT_GOAL := help" in (ROOT / "Makefile").read_text()


def test_the_health_scripts_of_argo_cd_are_there_for_every_kind():
    shipped = {
        path.relative_to(FOLDER).as_posix(): path.read_text()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name != "README.md" and path != SOURCE
    }

    assert render_argocd() == shipped, "run `make crds`"


def test_the_settings_of_argo_cd_hold_the_scripts_to_the_letter():
    settings = yaml.safe_load((FOLDER / "argocd-cm.yaml").read_text())["data"]

    assert set(settings.values()) == {SOURCE.read_text()}
    assert all(key.startswith("resource.customizations.health.quayrobot.io_") for key in settings)
