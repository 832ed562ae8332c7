"""
Do stored objects and their managed fields come along when blocks become one value?

The earlier definition, whose blocks came and went under server-side apply, is served first.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from quayrobot.model.crd import crd
from tests.kit.controlplane import ControlPlane
from tests.kit.processes import wait_for

from .conftest import CRDS, Api
from .schema import BY_KIND, nodes
from .test_emptied import ROWS, Object, Row, secrets

Body = dict[str, Any]


def earlier(group: str) -> Body:
    """Return the definition of QuayRobots as it was when its blocks could vanish."""
    body = crd(BY_KIND["QuayRobot"])
    body["spec"]["group"] = group
    for key in ("shortNames", "categories"):
        body["spec"]["names"].pop(key)
    body["metadata"]["name"] = f"quayrobots.{group}"
    root = body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    root.pop("x-kubernetes-validations")
    root["properties"]["spec"]["properties"].pop("noSecret")
    for path, node in nodes(root["properties"]["spec"]):
        node.pop("x-kubernetes-map-type", None)
        if path in {".permissions.repositories", ".permissions.teams"}:
            node["default"] = []
        if path.endswith((".links", ".audiences")):
            node["x-kubernetes-list-type"] = "set"
    return body


def today(group: str) -> Body:
    body = crd(BY_KIND["QuayRobot"])
    body["spec"]["group"] = group
    for key in ("shortNames", "categories"):
        body["spec"]["names"].pop(key)
    body["metadata"]["name"] = f"quayrobots.{group}"
    return body


def upgraded(api: Api, plane: ControlPlane, row: Row, said: Body) -> Object:
    """Return an object that was applied under the earlier definition, and is served by today's."""
    group = f"g{uuid.uuid4().hex[:8]}.example"
    api.define(earlier(group))
    this = Object(api, plane, row, group)
    assert this.apply(said) == 201
    api.define(today(group))
    bare = this.whole({"secrets": []})
    bare["metadata"]["name"] = "new"
    wait_for(
        lambda: api.create(this.path.rpartition("/")[0], bare, dry=True).status_code == 422,
        "today's definition",
    )
    return this


def test_the_earlier_definition_is_the_one_that_made_blocks_come_and_go(
    api: Api, control_plane: ControlPlane
):
    """This is what the atomic maps are for; if it ever passes, they can go."""
    group = f"g{uuid.uuid4().hex[:8]}.example"
    api.define(earlier(group))
    this = Object(api, control_plane, ROWS[1], group)
    this.start()

    seen = []
    for _ in range(4):
        assert this.apply({"permissions": {}}) == 200
        seen.append("permissions" in this.stored()["spec"])

    assert seen == [False, True, False, True]
    api.call("DELETE", f"{CRDS}/quayrobots.{group}")


@pytest.mark.parametrize("form", ["absent", "empty"])
@pytest.mark.parametrize("row", [ROWS[0], ROWS[1], ROWS[2]], ids=lambda each: each.name)
def test_a_stored_object_and_its_managed_fields_come_along(
    row: Row, form: str, api: Api, control_plane: ControlPlane
):
    this = upgraded(api, control_plane, row, row.before)
    was, generation = this.meaning(), this.stored()["metadata"]["generation"]

    # Applied as before, it is as before.
    assert this.apply(row.before) == 200
    assert this.meaning() == was
    seen = []
    for _ in range(4):
        assert this.apply(row.forms[form]) == 200
        seen.append((this.meaning(), this.stored()["metadata"]["generation"]))

    assert seen == [seen[0]] * 4
    assert seen[0][0] == row.expected[form][0]
    assert seen[0][1] <= generation + 2
    api.call("DELETE", f"{CRDS}/quayrobots.{this.group}")


def test_an_older_empty_list_of_secrets_goes_on_to_mean_none(
    api: Api, control_plane: ControlPlane
):
    row = next(each for each in ROWS if each.meaning is secrets)
    this = upgraded(api, control_plane, row, {"secrets": []})

    assert this.apply({"secrets": []}) == 200
    assert this.meaning() == []
    patched = this.api.call("PATCH", f"{this.path}/status", {"status": {"pending": ["x"]}})
    assert patched.status_code == 200
    assert this.apply({"secrets": [], "suspend": True}) == 422
    assert this.apply({"noSecret": True, "suspend": True}) == 200
    assert this.meaning() == []
    api.call("DELETE", f"{CRDS}/quayrobots.{this.group}")
