"""Do the workflows stand up to the linter of their field?"""

from __future__ import annotations

import re
import subprocess

import yaml

from .helm import ROOT
from .programs import program

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))


def test_actionlint_finds_nothing():
    command = [program("actionlint"), "-shellcheck=", "-pyflakes=", *WORKFLOWS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert len(WORKFLOWS) >= 2
    assert done.returncode == 0, done.stdout


def test_every_target_that_a_pipeline_makes_is_there():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    paths = [*WORKFLOWS, ROOT / "deploy" / "tekton" / "pipeline.yaml", ROOT / ".ci" / "run"]
    made = {
        name
        for path in paths
        for name in re.findall(r"^\s*make ([a-z]+)", path.read_text(), re.MULTILINE)
    }

    assert {"release", "check", "test"} <= made <= targets


def test_the_tasks_of_the_tekton_pipeline_are_there():
    path = ROOT / "deploy" / "tekton" / "pipeline.yaml"
    bodies = list(yaml.safe_load_all(path.read_text()))
    tasks = {each["metadata"]["name"]: each["spec"] for each in bodies if each["kind"] == "Task"}
    (pipeline,) = (each["spec"] for each in bodies if each["kind"] == "Pipeline")

    assert {each["taskRef"]["name"] for each in pipeline["tasks"]} == set(tasks)
    for each in pipeline["tasks"]:
        asked = {param["name"] for param in tasks[each["taskRef"]["name"]].get("params", [])}
        assert asked == {param["name"] for param in each.get("params", [])}
