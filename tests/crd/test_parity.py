"""
Do the schema and the models accept the same objects?

Both sides read the same counter-examples. What the model does not refuse by
itself is written down here, each with the reason why that is no harm.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from quayrobot.model.errors import InvalidSpec
from quayrobot.model.resources.base import Part
from quayrobot.model.resources.parse import parse_connection, parse_robot
from quayrobot.model.resources.parse_clusterrobot import parse_cluster_robot

from .cases import FULL, Case, cases, whole
from .cases_labels import WORDS as LABEL_WORDS
from .cases_places import NAME_WORDS, PORT_WORDS
from .conftest import Api, collection
from .schema import BY_KIND, root_of

CREATED = [each for each in cases() if each.before is None]
Fits = Callable[[Case], bool]
# Where the schema refuses and the model does not.
DIFFERENCES: dict[str, Fits] = {
    "the API server names objects, not the model": lambda case: case.rule.path == ".metadata.name",
    "one link or ServiceAccount named twice is one": lambda case: (
        case.rule.keyword == "unique" and "serviceAccounts" in case.rule.path
    ),
    # One that is stored stops nobody: it selects what it did, or its write alone is refused.
    "an older object may say what no label can": lambda case: case.words in LABEL_WORDS,
    "an older rule goes on to match nothing": lambda case: case.words == (NAME_WORDS,),
    # Its other names, and Quay itself, are reached.
    "an older registry host may have a port that is none": lambda case: (
        case.words == (PORT_WORDS,) and ".registryHost" in case.rule.path
    ),
    # It asked for none when it was stored, and goes on to do so.
    "an older object has an empty list of Secrets": lambda case: (
        case.rule.path == "" and case.words == ("give noSecret: true",)
    ),
}


def accepts(body) -> bool:
    kind, spec = body["kind"], body.get("spec", {})
    try:
        if kind == "QuayRobot":
            parse_robot(body["metadata"]["name"], spec)
        elif kind == "ClusterQuayRobot":
            parse_cluster_robot(spec)
        else:
            parse_connection(kind, spec)
    except InvalidSpec:
        return False
    return True


def difference(case: Case) -> str | None:
    return next((why for why, fits in DIFFERENCES.items() if fits(case)), None)


@pytest.mark.parametrize("case", CREATED, ids=lambda each: each.id)
def test_the_model_accepts_what_the_schema_accepts(case: Case):
    assert accepts(case.good)


@pytest.mark.parametrize("case", CREATED, ids=lambda each: each.id)
def test_the_model_refuses_what_the_schema_refuses_save_for_a_written_list(case: Case):
    assert accepts(case.bad) is (difference(case) is not None)


def test_every_written_difference_is_one():
    used = {difference(each) for each in CREATED}

    assert set(DIFFERENCES) <= used


def test_the_template_is_a_robots_spec():
    robot = root_of(BY_KIND["QuayRobot"])["properties"]["spec"]
    template = root_of(BY_KIND["ClusterQuayRobot"])["properties"]["spec"]["properties"]["template"]

    assert {**template["properties"]["spec"], "description": ""} == {**robot, "description": ""}


MINIMAL = {
    "QuayRobot": {"organization": "acme"},
    "QuayConnection": {"url": "https://q", "credentials": {"secretRef": {"name": "t"}}},
    "ClusterQuayConnection": {
        "url": "https://q",
        "credentials": {"secretRef": {"name": "t", "namespace": "quay"}},
        "access": [
            {
                "namespaces": {"matchExpressions": [{"key": "a", "operator": "Exists"}]},
                "organizations": ["acme"],
            }
        ],
    },
    "ClusterQuayRobot": {
        "namespaceSelectors": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}],
        "template": {"spec": {"organization": "acme"}},
    },
}


def parsed(kind: str, spec) -> Part:
    if kind == "ClusterQuayRobot":
        return parse_cluster_robot(spec)
    return parse_robot("ci", spec) if kind == "QuayRobot" else parse_connection(kind, spec)


@pytest.mark.parametrize("kind", MINIMAL)
@pytest.mark.parametrize("source", ["minimal", "full"])
def test_the_defaults_that_are_stored_are_those_of_the_model(
    kind, source, api: Api, shared_namespace: str
):
    spec = MINIMAL[kind] if source == "minimal" else FULL[kind]
    answer = api.create(collection(kind, shared_namespace), whole(kind, spec), dry=True)

    assert answer.status_code == 201, answer.text
    assert parsed(kind, answer.json()["spec"]) == parsed(kind, spec)


@pytest.mark.parametrize("kind", MINIMAL)
def test_what_is_declared_is_stored_as_it_was_declared(kind, api: Api, shared_namespace: str):
    answer = api.create(collection(kind, shared_namespace), whole(kind), dry=True)

    assert answer.json()["spec"] == FULL[kind]
