"""
Does what vanishes on its way ever ask for more than what was written?

A table: a field, what was there before, the form that replaces it (left out, empty, null), and
the way of applying it (server-side four times in a row, client-side twice, an update, a merge
patch). In each cell the API server either refuses and nothing changes, or the object comes to
mean what is written here, and applying it again changes nothing from the second time on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from quayrobot.model.crd import crd
from quayrobot.model.resources.parse import parse_robot
from quayrobot.model.resources.robot import permissions_of, secrets_of
from tests.kit.controlplane import ControlPlane

from .conftest import Api, collection
from .schema import BY_KIND, nodes

Body = dict[str, Any]
NAME = "ci"
APPLIED = {"Content-Type": "application/apply-patch+yaml"}
NONE, REFUSED, BEFORE = "gone", "refused", "as before"


def rights(spec: Any) -> Any:
    wanted = permissions_of(spec)
    return NONE if wanted is None else (len(wanted.repositories), wanted.teams, wanted.defaults)


def identities(spec: Any) -> Any:
    return NONE if spec.federation is None else len(spec.federation.identities)


def rotation(spec: Any) -> Any:
    return NONE if spec.rotation is None else (spec.rotation.interval, spec.rotation.strategy)


def secrets(spec: Any) -> Any:
    return sorted(secrets_of(NAME, spec))


def links(spec: Any) -> Any:
    return [each.links for each in secrets_of(NAME, spec)["x"].service_accounts]


def audiences(spec: Any) -> Any:
    return spec.credentials.audiences


def labels(spec: Any) -> Any:
    return secrets_of(NAME, spec)["x"].labels


def metadata(spec: Any) -> Any:
    return spec.metadata


@dataclass(frozen=True)
class Row:
    """
    One field: what it was, its forms, and what each may come to by each way.

    *spelled* puts a form into a spec. An expectation is by form: first for server-side apply,
    then for client-side apply and updates, then for a merge patch.
    """

    name: str
    meaning: Callable[[Any], Any]
    before: Body
    forms: dict[str, Body]
    expected: dict[str, tuple[Any, Any, Any]]
    rest: Body = field(default_factory=dict)


ORG = {"organization": "acme"}
NOTHING = (0, [], [])
READ = {"role": "read"}
OWN = {"name": "a", "links": ["secrets"]}
FEDERATED = {"type": "Federated", "serviceAccount": "a"}
RIGHTS = {
    "repositories": {"repositories": [{"name": "app", **READ}]},
    "teams": {"teams": ["creators"]},
    "defaults": {"defaults": [READ]},
    "an older additive": {"mode": "Additive", "teams": ["creators"]},
}


def block(name: str, emptied: Any) -> dict[str, Body]:
    return {"absent": {}, "empty": {name: emptied}, "null": {name: None}}


def inside(**places: Any) -> Body:
    return {"secrets": [{"name": "x", **places}]}


ROWS = [
    *(
        Row(
            f"permissions with {what}",
            rights,
            {"permissions": given},
            {**block("permissions", {}), "one scalar": {"permissions": {"mode": "Exact"}}},
            {
                "absent": (NONE, NONE, BEFORE),
                "empty": (NOTHING, NOTHING, BEFORE),
                "null": (REFUSED, NONE, NONE),
                "one scalar": (NOTHING, NOTHING, BEFORE),
            },
        )
        for what, given in RIGHTS.items()
    ),
    Row(
        "permissions.teams",
        rights,
        {"permissions": {"teams": ["creators"]}},
        block("permissions", {"teams": []}),
        {
            "absent": (NONE, NONE, BEFORE),
            "empty": (NOTHING, NOTHING, NOTHING),
            "null": (REFUSED, NONE, NONE),
        },
    ),
    Row(
        "federation",
        identities,
        {"federation": {"identities": [{"serviceAccount": "a"}]}},
        block("federation", {}),
        {
            "absent": (NONE, NONE, BEFORE),
            "empty": (0, 0, BEFORE),
            "null": (REFUSED, NONE, NONE),
        },
    ),
    Row(
        "rotation",
        rotation,
        {"rotation": {"strategy": "Overlap", "interval": "24h"}},
        block("rotation", {}),
        {
            "absent": (NONE, NONE, BEFORE),
            "empty": ((None, "InPlace"), (None, "InPlace"), BEFORE),
            "null": (REFUSED, NONE, NONE),
        },
        {"permissions": {"mode": "Exact"}},
    ),
    Row(
        "secrets of another name",
        secrets,
        {"secrets": [{"name": "x"}]},
        {**block("secrets", []), "said": {"noSecret": True, "secrets": None}},
        {
            "absent": (REFUSED, REFUSED, BEFORE),
            "empty": (REFUSED, REFUSED, REFUSED),
            "null": (REFUSED, REFUSED, REFUSED),
            "said": (REFUSED, [], []),
        },
    ),
    Row(
        "secrets, said outright",
        secrets,
        {"secrets": [{"name": "x"}]},
        {"absent": {"noSecret": True}},
        {"absent": ([], [], REFUSED)},
    ),
    Row(
        # The one that is there stays: nothing new appears, and from the second time on it is said.
        "secrets of the resource's name",
        secrets,
        {"secrets": [{"name": NAME}]},
        block("secrets", []),
        {
            "absent": ([NAME], [NAME], BEFORE),
            "empty": (REFUSED, REFUSED, REFUSED),
            "null": (REFUSED, [NAME], [NAME]),
        },
    ),
    Row(
        "secrets[].serviceAccounts[].links",
        links,
        inside(serviceAccounts=[OWN]),
        {
            "absent": inside(serviceAccounts=[{"name": "a"}]),
            "empty": inside(serviceAccounts=[{"name": "a", "links": []}]),
            "none": inside(serviceAccounts=[]),
        },
        {
            "absent": ([["imagePullSecrets"]],) * 3,
            "empty": (REFUSED, REFUSED, REFUSED),
            "none": ([], [], []),
        },
    ),
    Row(
        "credentials.audiences",
        audiences,
        {"credentials": {**FEDERATED, "audiences": ["elsewhere"]}},
        {
            "absent": {"credentials": FEDERATED},
            "empty": {"credentials": {**FEDERATED, "audiences": []}},
        },
        {"absent": (None, None, BEFORE), "empty": (REFUSED, REFUSED, REFUSED)},
    ),
    Row(
        "secrets[].labels",
        labels,
        inside(labels={"a": "b"}),
        {"absent": inside(), "empty": inside(labels={})},
        {"absent": ({}, {}, {}), "empty": ({}, {}, {})},
    ),
    Row(
        "metadata",
        metadata,
        {"metadata": {"a": "b"}},
        block("metadata", {}),
        {"absent": ({}, {}, BEFORE), "empty": ({}, {}, BEFORE), "null": (REFUSED, {}, {})},
    ),
]
CELLS = [
    pytest.param(row, form, id=f"{row.name}: {form}") for row in ROWS for form in row.expected
]


class Object:
    """One QuayRobot in a namespace of its own, and how it is written."""

    def __init__(self, api: Api, plane: ControlPlane, row: Row, group: str = "quayrobot.io"):
        self.api, self.plane, self.row, self.group = api, plane, row, group
        self.namespace = api.namespace()
        self.path = f"{collection('QuayRobot', self.namespace, group=group)}/{NAME}"

    def whole(self, said: Body) -> Body:
        return {
            "apiVersion": f"{self.group}/v1alpha1",
            "kind": "QuayRobot",
            "metadata": {"name": NAME, "namespace": self.namespace},
            "spec": {**ORG, **self.row.rest, **said},
        }

    def start(self) -> None:
        """Have what was there before, applied as the way itself does."""
        made = self.apply(self.row.before)
        assert made in {200, 201}

    def apply(self, said: Body) -> int:
        """Apply it server-side, as Flux, Helm 4 and kubectl do."""
        answer = self.api.apply(self.path, self.whole(said))
        return answer.status_code

    def kubectl(self, said: Body, *flags: str) -> str | None:
        """Apply it with kubectl; return what it says where it is refused."""
        text = json.dumps(self.whole(said))
        return self.plane.kubectl_answer("apply", *flags, "-f", "-", stdin=text)

    def stored(self) -> Body:
        found: Body = self.api.call("GET", self.path).json()
        return found

    def meaning(self) -> Any:
        return self.row.meaning(parse_robot(NAME, self.stored()["spec"]))


def holds(this: Object, expected: Any, was: Any, *, refused: bool) -> None:
    """Check one cell: refused and unchanged, or selected as expected."""
    assert refused == (expected == REFUSED)
    wanted = was if expected in (REFUSED, BEFORE) else expected
    assert this.meaning() == wanted


@pytest.fixture
def this(request: pytest.FixtureRequest, api: Api, control_plane: ControlPlane) -> Object:
    return Object(api, control_plane, request.getfixturevalue("row"))


@pytest.mark.parametrize(("row", "form"), CELLS)
def test_server_side_apply_is_the_same_from_the_second_time_on(row: Row, form: str, this: Object):
    this.start()
    was = this.meaning()
    answers, seen = [], []

    for _ in range(4):
        answers.append(this.apply(row.forms[form]) == 422)
        seen.append((this.meaning(), this.stored()["metadata"]["generation"]))

    assert seen[1:] == [seen[1]] * 3 or row.meaning is links
    assert [each[0] for each in seen[1:]] == [seen[1][0]] * 3
    holds(this, row.expected[form][0], was, refused=answers[3])


@pytest.mark.parametrize(("row", "form"), CELLS)
def test_kubectl_apply_at_the_client_twice(row: Row, form: str, this: Object):
    assert this.kubectl(row.before) is None
    was = this.meaning()

    refused = [this.kubectl(row.forms[form]) for _ in range(2)][1]

    holds(this, row.expected[form][1], was, refused=refused is not None)


@pytest.mark.parametrize(("row", "form"), CELLS)
def test_an_update(row: Row, form: str, this: Object):
    this.start()
    was = this.meaning()

    answer = this.api.edit(this.path, this.whole(row.forms[form]))

    assert answer.status_code in {200, 422}
    holds(this, row.expected[form][1], was, refused=answer.status_code == 422)


@pytest.mark.parametrize(("row", "form"), CELLS)
def test_a_merge_patch(row: Row, form: str, this: Object):
    this.start()
    was = this.meaning()

    answer = this.api.call("PATCH", this.path, {"spec": row.forms[form]})

    assert answer.status_code in {200, 422}
    holds(this, row.expected[form][2], was, refused=answer.status_code == 422)


@pytest.mark.parametrize("row", ROWS[:3], ids=lambda each: each.name)
def test_kubectl_server_side_is_what_the_api_server_does(row: Row, this: Object):
    flags = ("--server-side", "--field-manager=flux")
    assert this.kubectl(row.before, *flags) is None

    for _ in range(4):
        assert this.kubectl(row.forms["empty"], *flags) is None
        assert this.meaning() == NOTHING
    assert this.kubectl(row.forms["absent"], *flags) is None
    assert this.meaning() == NONE


# What holds of the definitions themselves ---------------------------------------------


def test_no_set_and_no_keyed_list_is_filled_in():
    filled = [
        f"{kind}{path}"
        for kind, definition in BY_KIND.items()
        for path, node in nodes(
            crd(definition)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        )
        if node.get("x-kubernetes-list-type") in {"map", "set"} and "default" in node
    ]

    assert filled == []


def test_every_block_whose_emptiness_means_something_is_one_value():
    for kind, place in (("QuayRobot", ".spec"), ("ClusterQuayRobot", ".spec.template.spec")):
        schema = crd(BY_KIND[kind])["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        found = dict(nodes(schema))
        for name in ("permissions", "federation", "rotation"):
            assert found[f"{place}.{name}"]["x-kubernetes-map-type"] == "atomic"
