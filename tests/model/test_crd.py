"""Is the schema made from the models one that the API server takes, and that locks nobody in?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import Field, StringConstraints

from quayrobot.model.crd import DEFINITIONS, crd, guarded, structural
from quayrobot.model.resources.base import Part, Rule

BY_KIND = {each.kind: each for each in DEFINITIONS}
# What apiextensions.k8s.io/v1 refuses or ignores in a structural schema.
FORBIDDEN = {
    "$ref", "$defs", "$schema", "definitions", "title", "const", "examples", "anyOf", "allOf",
    "oneOf", "not", "discriminator", "deprecated", "readOnly", "writeOnly", "propertyNames",
    "patternProperties", "uniqueItems", "dependencies", "additionalItems", "id",
}  # fmt: skip
Schema = dict[str, Any]


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    yield path, schema
    for name, each in schema.get("properties", {}).items():
        yield from nodes(each, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from nodes(schema[key], f"{path}[]")


def root(kind: str) -> Schema:
    schema: Schema = crd(BY_KIND[kind])["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def _is_structural(node: Schema) -> bool:
    return (
        set(node) & FORBIDDEN == set()
        and node["type"] in {"object", "array", "string", "boolean", "integer"}
        and ("items" in node) == (node["type"] == "array")
        and not ("properties" in node and "additionalProperties" in node)
        and not isinstance(node.get("additionalProperties"), bool)
        and node.get("default", 0) is not None
    )


@pytest.mark.parametrize("kind", BY_KIND)
def test_every_node_is_structural(kind):
    assert [path for path, node in nodes(root(kind)) if not _is_structural(node)] == []


@pytest.mark.parametrize("word", sorted(FORBIDDEN))
def test_a_word_that_is_forbidden_would_be_found(word):
    assert not _is_structural({"type": "string", word: "x"})


@pytest.mark.parametrize("kind", BY_KIND)
def test_everything_that_a_user_writes_has_a_size(kind):
    """Without sizes the API server cannot bound the cost of a rule."""
    unbounded = [
        path
        for path, node in nodes(root(kind)["properties"]["spec"])
        if (node["type"] == "array" and "maxItems" not in node)
        or (node["type"] == "string" and not {"maxLength", "enum"} & set(node))
        or ("additionalProperties" in node and "maxProperties" not in node)
    ]

    assert unbounded == []


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_status_can_never_be_locked_by_its_schema(kind):
    strict = {"enum", "pattern", "default", "maxLength", "maxItems", "x-kubernetes-validations"}

    status = dict(root(kind)["properties"]["status"])
    # The one default is of the whole: it fills in what nobody has written yet.
    assert status.pop("default") == {"observedGeneration": -1}
    for _, node in nodes(status):
        assert set(node) & strict == set()


@pytest.mark.parametrize("kind", BY_KIND)
def test_status_is_a_subresource_and_the_spec_is_required(kind):
    (version,) = crd(BY_KIND[kind])["spec"]["versions"]

    assert version["subresources"] == {"status": {}}
    assert (version["name"], version["served"], version["storage"]) == ("v1alpha1", True, True)
    assert root(kind)["required"] == ["spec"]


@pytest.mark.parametrize(
    ("kind", "short", "scope", "columns"),
    [
        ("QuayRobot", "qr", "Namespaced",
         ["Robot", "Ready", "Reason", "Secret", "Age", "Last used", "Connection", "Message"]),
        ("QuayConnection", "qconn", "Namespaced",
         ["URL", "Ready", "Reason", "Robots", "Age", "Unmanaged", "Unused", "Circuit",
          "Message"]),
        ("ClusterQuayConnection", "cqconn", "Cluster",
         ["URL", "Ready", "Reason", "Robots", "Age", "Unmanaged", "Unused", "Circuit",
          "Message"]),
    ],
)  # fmt: skip
def test_names_scope_and_columns_are_as_documented(kind, short, scope, columns):
    spec = crd(BY_KIND[kind])["spec"]

    assert spec["group"] == "quayrobot.io"
    assert (spec["scope"], spec["names"]["shortNames"]) == (scope, [short])
    assert spec["names"]["categories"] == ["quay"]
    shown = spec["versions"][0]["additionalPrinterColumns"]
    assert [
        each["name"] for each in shown if each["name"] not in {"Rotated", "Next rotation"}
    ] == (columns)


@pytest.mark.parametrize("kind", BY_KIND)
def test_every_root_rule_passes_while_the_spec_stays_as_it_is(kind):
    for rule in root(kind).get("x-kubernetes-validations", ()):
        lasting = rule["rule"].startswith(
            "oldSelf.optMap(o, o.spec == self.spec).orValue(false) || ("
        )
        changing = rule["rule"].startswith("oldSelf.spec == self.spec || (")

        assert lasting != changing
        assert rule.get("optionalOldSelf", False) is lasting
        assert len(rule["message"]) > 20


def test_a_rule_is_guarded_as_a_whole():
    assert guarded(Rule("a || b", "m"))["rule"].endswith(" || (a || b)")
    assert guarded(Rule("a || b", "m", transition=True)) == {
        "rule": "oldSelf.spec == self.spec || (a || b)",
        "message": "m",
        "fieldPath": ".spec",
    }


@pytest.mark.parametrize("kind", BY_KIND)
def test_every_rule_has_a_message_for_people(kind):
    for path, node in nodes(root(kind)):
        for rule in node.get("x-kubernetes-validations", ()):
            assert rule["message"].strip(), path
            assert "\n" not in rule["message"]


def test_lists_that_are_maps_name_their_key():
    secrets = root("QuayRobot")["properties"]["spec"]["properties"]["secrets"]

    assert secrets["x-kubernetes-list-type"] == "map"
    assert secrets["x-kubernetes-list-map-keys"] == ["name"]
    assert "name" in secrets["items"]["required"]


# The converter itself --------------------------------------------------------------


class Inner(Part):
    """Inside."""

    word: Annotated[str, StringConstraints(max_length=3)] = "a"


class Outer(Part):
    """Outside."""

    plain: int
    maybe: str | None = None
    inner: Inner = Inner()
    maybe_inner: Inner | None = None
    many: list[Inner] = []  # noqa: RUF012
    named: Annotated[dict[str, Inner], Field(max_length=2)] = {}  # noqa: RUF012


def test_references_are_written_out_and_null_is_left_out():
    inner = {
        "description": "Inside.",
        "type": "object",
        "properties": {"word": {"type": "string", "maxLength": 3, "default": "a"}},
    }
    # What the API server fills into a list makes it differ from what was applied.
    item = inner | {"properties": {"word": {"type": "string", "maxLength": 3}}}

    assert structural(Outer) == {
        "description": "Outside.",
        "type": "object",
        "required": ["plain"],
        "properties": {
            "plain": {"type": "integer"},
            "maybe": {"type": "string"},
            "inner": {**inner, "default": {"word": "a"}},
            "maybeInner": inner,
            "many": {"type": "array", "items": item, "default": []},
            "named": {
                "type": "object",
                "additionalProperties": inner,
                "maxProperties": 2,
                "x-kubernetes-map-type": "atomic",
            },
        },
    }


def test_a_loose_schema_has_no_defaults():
    loose = structural(Outer, strict=False)

    assert [path for path, node in nodes(loose) if "default" in node] == []


class Torn(Part):
    either: int | str


def test_a_union_of_types_is_refused_by_the_converter():
    with pytest.raises(AssertionError, match="no structural schema"):
        structural(Torn)


def test_a_default_is_told_in_words_that_kubectl_explain_shows():
    fields = root("QuayRobot")["properties"]["spec"]["properties"]

    assert fields["creationPolicy"]["description"].endswith(" Default: `Create`.")
    assert fields["suspend"]["description"].endswith(" Default: `false`.")
    assert "Default:" not in fields["organization"]["description"]


def test_a_default_of_several_values_is_told_in_words_too():
    fields = root("ClusterQuayRobot")["properties"]["spec"]["properties"]

    assert fields["excludeNamespaces"]["description"].endswith(
        " Default: `kube-*`, `openshift-*`."
    )
    assert "Default:" not in fields["namespaceSelectors"]["description"]


def test_a_default_of_a_list_item_is_told_although_the_operator_fills_it_in():
    secret = root("QuayRobot")["properties"]["spec"]["properties"]["secrets"]["items"][
        "properties"
    ]

    assert "default" not in secret["format"]
    assert secret["format"]["description"].endswith(" Default: `DockerConfigJson`.")
