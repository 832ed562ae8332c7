"""
Does the API server refuse what each rule is there to refuse, in words that help?

Every rule of the generated schema has a counter-example that is refused with a
message that tells what to write, and a neighbour that is accepted.
"""

from __future__ import annotations

import uuid

import pytest

from .cases import FULL, Case, cases, whole
from .conftest import Api, collection
from .schema import RuleName, rules

ALL = cases()
CREATED = [each for each in ALL if each.before is None]
UPDATED = [each for each in ALL if each.before is not None]


# The API server's own words, where a schema has refused before any rule was looked at.
_NOT_CHECKED = "<nil>: Invalid value: null: some validation rules were not checked"


def says(answer, case: Case) -> str:
    """Return the message of a refusal; it must be one that tells what to write."""
    assert answer.status_code == 422, answer.text
    message: str = answer.json()["message"]
    missing = [each for each in case.words if each.lower() not in message.lower()]
    assert missing == [], message
    assert "<nil>" not in message.replace(_NOT_CHECKED, "")
    return message


def test_every_rule_has_a_counter_example():
    told = {each.rule for each in ALL}

    assert {str(each) for each in set(rules()) - told} == set()


def test_a_new_rule_would_be_missed():
    odd = RuleName("QuayRobot", ".spec.description", "pattern")

    assert odd not in {each.rule for each in ALL}
    assert len(rules()) > 100


@pytest.mark.parametrize("case", CREATED, ids=lambda each: each.id)
def test_a_counter_example_is_refused_with_help(case: Case, api: Api, shared_namespace: str):
    path = collection(case.rule.kind, shared_namespace)

    says(api.create(path, case.bad, dry=True), case)


@pytest.mark.parametrize("case", CREATED, ids=lambda each: each.id)
def test_its_neighbour_is_accepted(case: Case, api: Api, shared_namespace: str):
    path = collection(case.rule.kind, shared_namespace)
    answer = api.create(path, case.good, dry=True, fieldValidation="Strict")

    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("case", UPDATED, ids=lambda each: each.id)
def test_an_edit_that_may_not_be_is_refused_and_its_neighbour_accepted(
    case: Case, api: Api, namespace: str
):
    path = collection(case.rule.kind, namespace)
    one = f"{path}/{case.bad['metadata']['name']}"
    assert api.create(path, case.before).status_code == 201
    try:
        says(api.edit(one, case.bad, dry=True), case)

        assert api.edit(one, case.good).status_code == 200
    finally:
        # One of a cluster kind would be in the way of other tests.
        api.call("DELETE", one)


# Tricks: dropped, changed, set again --------------------------------------------------

ORG = {"organization": "acme"}
TRICKS = {
    "the robot's name is dropped and set again": (
        {**ORG, "robotName": "cd"},
        [ORG, {**ORG, "robotName": "ce"}],
    ),
    "the robot's name is set to the default and then changed": (
        ORG,
        [{**ORG, "robotName": "ci"}, {**ORG, "robotName": "cd"}],
    ),
    "the organization becomes a user and an organization again": (
        ORG,
        [{"user": "acme"}, {"organization": "other"}],
    ),
    "the organization is dropped and set again": (ORG, [{}, {"organization": "other"}]),
    "the list of Secrets is dropped and set again": (
        {**ORG, "secrets": [{"name": "ci", "format": "Opaque"}]},
        [ORG, {**ORG, "secrets": [{"name": "ci", "format": "BasicAuth"}]}],
    ),
    "the default Secret is declared and then changed": (
        ORG,
        [
            {**ORG, "secrets": [{"name": "ci"}]},
            {**ORG, "secrets": [{"name": "ci", "format": "Opaque"}]},
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_changes_what_may_not_change(trick, api: Api, namespace: str):
    before, steps = TRICKS[trick]
    path = collection("QuayRobot", namespace)
    first = api.create(path, whole("QuayRobot", before)).json()

    answers = [api.edit(f"{path}/ci", whole("QuayRobot", each)).status_code for each in steps]

    assert 422 in answers
    after = api.call("GET", f"{path}/ci").json()["spec"]
    assert effective(after) == effective(first["spec"])


def effective(spec) -> tuple[object, ...]:
    """Return what may not change, with the defaults that depend on the name `ci`."""
    secrets = spec.get("secrets", [{"name": "ci", "format": "DockerConfigJson"}])
    formats = {each["name"]: each.get("format", "DockerConfigJson") for each in secrets}
    return spec.get("organization"), spec.get("user"), spec.get("robotName", "ci"), formats


def test_a_merge_patch_with_null_is_no_way_around(api: Api, namespace: str):
    path = collection("QuayRobot", namespace)
    api.create(path, whole("QuayRobot", {**ORG, "robotName": "cd"}))

    dropped = api.call("PATCH", f"{path}/ci", {"spec": {"robotName": None}})
    swapped = api.call("PATCH", f"{path}/ci", {"spec": {"organization": None, "user": "acme"}})

    assert (dropped.status_code, swapped.status_code) == (422, 422)


# Shape ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FULL)
def test_a_field_that_is_none_is_refused_as_kubectl_asks(kind, api: Api, shared_namespace: str):
    body = whole(kind, {**FULL[kind], "organisation": "x"})

    answer = api.create(
        collection(kind, shared_namespace), body, dry=True, fieldValidation="Strict"
    )

    assert answer.status_code == 400
    assert 'unknown field "spec.organisation"' in answer.json()["message"]


@pytest.mark.parametrize("kind", FULL)
def test_the_definition_is_structural_and_served(kind, api: Api):
    plural = collection(kind, "x").rsplit("/", 1)[1]
    body = api.call(
        "GET", f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.quayrobot.io"
    ).json()
    conditions = {each["type"]: each["status"] for each in body["status"]["conditions"]}

    assert conditions["Established"] == conditions["NamesAccepted"] == "True"
    assert conditions.get("NonStructuralSchema", "False") == "False"


def test_a_status_is_written_through_its_subresource_only(api: Api, namespace: str):
    path = collection("QuayRobot", namespace)
    api.create(path, {**whole("QuayRobot", ORG), "status": {"pending": ["x"]}})
    said = {"status": {"pending": ["description"], "conditions": [
        {"type": "FutureType", "status": "Maybe", "reason": "odd reason"}]}}  # fmt: skip

    unseen = {"observedGeneration": -1}
    assert api.call("PATCH", f"{path}/ci", said).json()["status"] == unseen
    after = api.call("PATCH", f"{path}/ci/status", {**said, "spec": {"suspend": True}}).json()
    assert after["status"] == unseen | said["status"]
    assert after["spec"]["suspend"] is False


def test_an_edit_of_the_spec_is_a_new_generation_and_a_status_is_none(api: Api, namespace: str):
    path = collection("QuayRobot", namespace)
    api.create(path, whole("QuayRobot", ORG))

    api.call("PATCH", f"{path}/ci/status", {"status": {"pending": ["x"]}})
    assert api.call("GET", f"{path}/ci").json()["metadata"]["generation"] == 1
    api.edit(f"{path}/ci", whole("QuayRobot", {**ORG, "suspend": True}))
    assert api.call("GET", f"{path}/ci").json()["metadata"]["generation"] == 2


def test_a_short_name_leads_to_the_kind(api: Api, control_plane, namespace: str):
    name = f"n{uuid.uuid4().hex[:8]}"
    api.create(collection("QuayRobot", namespace), whole("QuayRobot", ORG, name=name))

    # The short name first: kubectl looks again for a kind that it misses, not for a category.
    table = control_plane.kubectl("get", "qr", "-n", namespace, "-o", "wide")
    shown = control_plane.kubectl("get", "quay", "-n", namespace, "-o", "name")

    assert f"quayrobot.quayrobot.io/{name}" in shown
    assert table.split("\n")[0].split()[:4] == ["NAME", "ROBOT", "READY", "REASON"]
