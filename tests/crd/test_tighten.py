"""
Does a rule that is tightened later lock an object in?

For each kind: an object that stricter rules would refuse is stored with a
finalizer of its own and deleted; each root rule is tightened to accept nothing;
then its status can still be written, its finalizer removed, and it is gone. One
rule without its guard would refuse any of that.
Each definition is a copy under a group of its own, so that nobody is disturbed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.crd import DEFINITIONS, crd
from quayrobot.model.resources.base import SCHEMA_RULES
from tests.kit.processes import wait_for

from .cases import FULL, whole
from .conftest import Api, collection
from .schema import BY_KIND, nodes

Body = dict[str, Any]
FINALIZER = "test.example/mine"
WORDS = "tightened: nothing is accepted any more"


def definition(kind: str, group: str) -> Body:
    """Return the definition of *kind* under another *group*."""
    return regrouped(crd(BY_KIND[kind]), group)


def regrouped(body: Body, group: str) -> Body:
    body["spec"]["group"] = group
    body["spec"]["names"].pop("shortNames")
    body["spec"]["names"].pop("categories")
    body["metadata"]["name"] = f"{body['spec']['names']['plural']}.{group}"
    return body


def tightened(kind: str, group: str) -> Body:
    """Return the definition with each root rule accepting nothing, and saying which it is."""
    known = BY_KIND[kind]
    rules = (
        replace(each, rule="false", message=f"{WORDS} ({number})")
        for number, each in enumerate(known.rules)
    )
    return regrouped(crd(replace(known, rules=tuple(rules))), group)


class Locked:
    """One stored object that is on its way out, held by a finalizer of the test's own."""

    def __init__(self, api: Api, kind: str, namespace: str, group: str) -> None:
        self._api, self._kind, self._group = api, kind, group
        self._path = collection(kind, namespace, group=group)
        self._one = f"{self._path}/ci"
        self._api.define(definition(kind, group))
        made = self._api.create(self._path, self._body())
        assert made.status_code == 201, made.text
        assert self._api.call("DELETE", self._one).status_code == 200
        assert "deletionTimestamp" in self._api.call("GET", self._one).json()["metadata"]

    def _body(self, name: str = "ci") -> Body:
        body = whole(self._kind, name=name)
        body["apiVersion"] = f"{self._group}/v1alpha1"
        body["metadata"]["finalizers"] = [FINALIZER]
        return body

    def tighten(self, stricter: Body) -> None:
        """Have the stricter definition, and wait until it bites."""
        self._api.define(stricter)
        wait_for(self._bites, "the tightened rule")

    def _bites(self) -> bool:
        if self._api.create(self._path, self._body("new"), dry=True).status_code == 422:
            return True
        # A transition rule says nothing about a creation.
        edited = self._body()
        edited["spec"] = changed(edited["spec"])
        return self._api.edit(self._one, edited, dry=True).status_code == 422

    def refused(self, change: Body) -> str:
        """Edit the object, expect a refusal, and return what was said."""
        answer = self._api.call("PATCH", self._one, change)
        assert answer.status_code == 422, answer.text
        message: str = answer.json()["message"]
        return message

    def write_status(self) -> int:
        """Write the status as the operator does."""
        said = {"status": {"observedGeneration": 1}}
        return self._api.call("PATCH", f"{self._one}/status", said).status_code

    def add_finalizer(self) -> int:
        """Touch metadata and nothing else."""
        note = {"metadata": {"annotations": {"note": "x"}}}
        return self._api.call("PATCH", self._one, note).status_code

    def release(self) -> int:
        """Remove the finalizer."""
        return self._api.call("PATCH", self._one, {"metadata": {"finalizers": None}}).status_code

    def gone(self) -> bool:
        """Tell whether the object is gone."""
        return self._api.call("GET", self._one).status_code == 404


def changed(spec: Body) -> Body:
    """Return *spec* with an edit that is harmless in itself."""
    if "deletionPolicy" in spec:
        return {**spec, "deletionPolicy": "Orphan"}
    if "template" in spec:
        return {**spec, "excludeNamespaces": ["other"]}
    return {**spec, "resyncInterval": "7m"}


@pytest.mark.parametrize("kind", [each.kind for each in DEFINITIONS if each.rules])
def test_tightened_root_rules_lock_nobody_in(kind, api: Api, namespace: str):
    group = f"root.{kind.lower()}.example"
    locked = Locked(api, kind, namespace, group)

    locked.tighten(tightened(kind, group))

    said = locked.refused({"spec": changed(FULL[kind])})
    numbers = range(len(BY_KIND[kind].rules))
    assert [each for each in numbers if f"{WORDS} ({each})" not in said] == []
    assert locked.write_status() == 200
    assert locked.add_finalizer() == 200
    assert locked.release() == 200
    assert locked.gone()


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_schema_that_refuses_the_whole_spec_locks_nobody_in(kind, api: Api, namespace: str):
    group = f"whole.{kind.lower()}.example"
    locked = Locked(api, kind, namespace, group)
    stricter = definition(kind, group)
    for node in spec_nodes(stricter):
        node.pop("default", None)  # a default has to be accepted itself
        if "pattern" in node:
            node["pattern"] = "^never$"
        for rule in node.get(SCHEMA_RULES, ()):
            rule["rule"] = "1 > 2"

    locked.tighten(stricter)

    assert locked.write_status() == 200
    assert locked.add_finalizer() == 200
    assert locked.release() == 200
    assert locked.gone()


def spec_nodes(body: Body) -> Iterator[Body]:
    root = body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return (node for _, node in nodes(root["properties"]["spec"]))


def test_without_the_guard_an_object_would_be_locked_in(api: Api, namespace: str):
    """This is what the guard is for; if it ever passes, the guard can go."""
    group = "unguarded.example"
    locked = Locked(api, "QuayRobot", namespace, group)
    stricter = copy.deepcopy(definition("QuayRobot", group))
    root = stricter["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    root[SCHEMA_RULES] = [{"rule": "size(self.spec.description) > 5", "message": WORDS}]

    locked.tighten(stricter)

    assert WORDS in locked.refused({"metadata": {"annotations": {"note": "x"}}})
    assert WORDS in locked.refused({"metadata": {"finalizers": None}})
    api.define(definition("QuayRobot", group))
    wait_for(lambda: locked.release() == 200 or locked.gone(), "the way out")
