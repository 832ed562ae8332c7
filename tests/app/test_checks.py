"""What does `quayrobot check` make of what it saw?"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from quayrobot.app.commands.checks import (
    RIGHTS,
    Right,
    State,
    judge_clock,
    judge_definition,
    judge_operators,
    judge_rights,
)
from quayrobot.model.crd import DEFINITIONS, crd

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ROLES = Path(__file__).parents[2] / "deploy" / "manifests" / "rbac.yaml"
ROBOTS = DEFINITIONS[0]


def served(**changes: Any) -> dict[str, Any]:
    """Return a definition as the API server shows it, defaults of its own included."""
    body = copy.deepcopy(crd(ROBOTS))
    body["spec"]["conversion"] = {"strategy": "None"}
    body["status"] = {"conditions": [{"type": "Established", "status": "True"}]}
    return body | changes


def deployment(name: str = "operator", replicas: int = 1, ready: int = 1) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "here", "name": name},
        "spec": {"replicas": replicas},
        "status": {"readyReplicas": ready},
    }


def test_the_rights_are_those_of_the_shipped_role():
    role = next(each for each in yaml.safe_load_all(ROLES.read_text()) if "rules" in each)
    shipped = {
        Right(group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }

    assert set(RIGHTS) == shipped


def test_the_definition_of_this_version_is_fine():
    assert judge_definition(ROBOTS, served()).state is State.FINE


def test_a_definition_that_is_missing_not_served_or_another_is_wrong():
    older = served()
    schema = older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    del schema["properties"]["spec"]["properties"]["suspend"]
    newer = served()
    schema = newer["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["later"] = {"type": "string"}

    assert judge_definition(ROBOTS, None).state is State.WRONG
    assert judge_definition(ROBOTS, served(status={})).state is State.WRONG
    assert judge_definition(ROBOTS, older).words.endswith("spec.properties.suspend.")
    assert judge_definition(ROBOTS, newer).words.endswith("spec.properties.later.")


def test_a_missing_right_is_named():
    verdict = judge_rights("it", [Right("", "secrets", "delete")])

    assert verdict.words == "It may not delete secrets."
    assert judge_rights("it", []).state is State.FINE
    assert judge_rights("it", None).state is State.UNSEEN


@pytest.mark.parametrize(
    ("there", "state"),
    [
        ([deployment()], State.FINE),
        ([], State.WRONG),
        ([deployment(replicas=0)], State.WRONG),
        ([deployment(ready=0)], State.WRONG),
        ([deployment(replicas=2)], State.DOUBTFUL),
        ([deployment(), deployment("other")], State.DOUBTFUL),
        (None, State.UNSEEN),
    ],
)
def test_one_operator_is_right(there, state):
    assert judge_operators(there).state is state


@pytest.mark.parametrize(
    ("date", "state"),
    [
        ("Tue, 24 Nov 2026 12:00:20 GMT", State.FINE),
        ("Tue, 24 Nov 2026 12:05:00 GMT", State.DOUBTFUL),
        ("Tue, 24 Nov 2026 11:00:00 GMT", State.DOUBTFUL),
        ("yesterday", State.UNSEEN),
        (None, State.UNSEEN),
    ],
)
def test_a_clock_that_is_off_is_told(date, state):
    assert judge_clock("Quay", date, NOW).state is state


def test_whatever_is_not_fine_says_what_helps():
    bad = [judge_definition(ROBOTS, None), judge_rights("it", None), judge_operators([])]

    assert all(each.cure.endswith(".") for each in bad)
