"""Do the workflows stand up to the linter of their field?"""

from __future__ import annotations

import re
import subprocess
from typing import Any

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


def tekton(kind: str) -> dict[str, dict[str, Any]]:
    bodies = yaml.safe_load_all((ROOT / "deploy" / "tekton" / "pipeline.yaml").read_text())
    return {each["metadata"]["name"]: each["spec"] for each in bodies if each["kind"] == kind}


def names(parts: list[dict[str, Any]] | None) -> set[str]:
    return {each["name"] for each in parts or ()}


def test_the_tasks_of_the_tekton_pipeline_are_there_and_get_what_they_ask_for():
    tasks, (pipeline,) = tekton("Task"), tekton("Pipeline").values()

    assert {each["taskRef"]["name"] for each in pipeline["tasks"]} == set(tasks)
    for each in pipeline["tasks"]:
        task = tasks[each["taskRef"]["name"]]
        assert names(task.get("params")) == names(each.get("params"))
        assert names(task.get("workspaces")) == names(each.get("workspaces"))
        given = {here["workspace"] for here in each.get("workspaces", ())}
        assert given <= names(pipeline["workspaces"])


def test_what_a_tekton_task_refers_to_is_declared():
    (pipeline,) = tekton("Pipeline").values()
    results = {
        f"tasks.{each['name']}.results.{result}"
        for each in pipeline["tasks"]
        for result in names(tekton("Task")[each["taskRef"]["name"]].get("results"))
    }
    for spec in (*tekton("Task").values(), pipeline):
        declared = {f"params.{each}" for each in names(spec.get("params"))}
        declared |= {f"workspaces.{each}.path" for each in names(spec.get("workspaces"))}
        declared |= {f"workspaces.{each}.bound" for each in names(spec.get("workspaces"))}
        declared |= {f"results.{each}.path" for each in names(spec.get("results"))}
        used = set(re.findall(r"\$\(([a-z][\w.-]+)\)", yaml.safe_dump(spec, width=10_000)))
        assert used
        assert used <= declared | results


def test_the_scripts_of_the_tekton_tasks_are_scripts_of_bash():
    scripts = [
        step["script"]
        for task in tekton("Task").values()
        for step in task["steps"]
        if "script" in step
    ]

    assert len(scripts) >= 3
    for each in scripts:
        subprocess.run(["bash", "-n"], input=each, text=True, check=True)
