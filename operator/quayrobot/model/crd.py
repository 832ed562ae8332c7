"""
How are the definitions (CRDs) made from the models?

The models are the single source: their JSON schema is turned into the
structural schema that CustomResourceDefinitions want. Root rules are guarded,
so that a rule tightened later never locks a stored object: it passes while
the spec stays as it is, and finalizer and status can still be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .names import GROUP, VERSION
from .resources.base import ATOMIC, SCHEMA_RULES, Part, Rule
from .resources.clusterrobot import CLUSTER_ROBOT_RULES, ClusterRobotSpec, ClusterRobotStatus
from .resources.connection import ClusterConnectionSpec, ConnectionSpec, ConnectionStatus
from .resources.robot import RobotSpec, RobotStatus
from .resources.robot_rules import ROBOT_RULES

__all__ = ["DEFINITIONS", "Definition", "crd", "guarded"]

Schema = dict[str, Any]
_DROPPED = {"title", "$schema", "examples", "discriminator", "deprecated", "readOnly", "writeOnly"}
_SIZES = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_LISTS = ("x-kubernetes-list-type", "x-kubernetes-list-map-keys")
# Until the operator has seen an object, kstatus has to read "in progress", not "current".
_UNSEEN = {"observedGeneration": -1}
_READY = '.status.conditions[?(@.type=="Ready")]'


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`; a *wide* one is shown with `-o wide` only."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """One kind: its names, its models, its rules, its columns."""

    kind: str
    plural: str
    short: str
    scope: str
    spec: type[Part]
    status: type[Part]
    rules: tuple[Rule, ...]
    columns: tuple[Column, ...]
    name_max: int = 253


_STATE = (
    Column("Ready", f"{_READY}.status"),
    Column("Reason", f"{_READY}.reason"),
)
_MESSAGE = Column("Message", f"{_READY}.message", wide=True)
_AGE = Column("Age", ".metadata.creationTimestamp", "date")
_ROBOT_COLUMNS = (
    Column("Robot", ".status.robot.fullName"),
    *_STATE,
    Column("Secret", ".status.secrets[0].name"),
    _AGE,
    Column("Last used", ".status.robot.lastUsedOn", wide=True),
    Column("Connection", ".spec.connectionRef.name", wide=True),
    _MESSAGE,
)
_CLUSTER_ROBOT_COLUMNS = (
    Column("Mode", ".spec.mode"),
    Column("Namespaces", ".status.namespaces.targets", "integer"),
    Column("Served", ".status.namespaces.ready", "integer"),
    *_STATE,
    _AGE,
    Column("Failed", ".status.namespaces.failed", "integer", wide=True),
    Column("Stale", ".status.namespaces.stale", "integer", wide=True),
    Column("Robot", ".status.robot.fullName", wide=True),
    Column("Connection", ".spec.template.spec.connectionRef.name", wide=True),
    _MESSAGE,
)
_CONNECTION_COLUMNS = (
    Column("URL", ".spec.url"),
    *_STATE,
    Column("Robots", ".status.robots.managed", "integer"),
    _AGE,
    Column("Unmanaged", ".status.robots.unmanaged", "integer", wide=True),
    Column("Unused", ".status.robots.unused", "integer", wide=True),
    Column("Circuit", ".status.circuit", wide=True),
    _MESSAGE,
)

DEFINITIONS = (
    Definition(
        "QuayRobot", "quayrobots", "qr", "Namespaced",
        RobotSpec, RobotStatus, ROBOT_RULES, _ROBOT_COLUMNS,
    ),
    Definition(
        "QuayConnection", "quayconnections", "qconn", "Namespaced",
        ConnectionSpec, ConnectionStatus, (), _CONNECTION_COLUMNS,
    ),
    Definition(
        "ClusterQuayConnection", "clusterquayconnections", "cqconn", "Cluster",
        ClusterConnectionSpec, ConnectionStatus, (), _CONNECTION_COLUMNS,
    ),
    Definition(
        "ClusterQuayRobot", "clusterquayrobots", "cqr", "Cluster",
        ClusterRobotSpec, ClusterRobotStatus, CLUSTER_ROBOT_RULES, _CLUSTER_ROBOT_COLUMNS,
    ),
)  # fmt: skip


def crd(definition: Definition) -> Schema:
    """Return the CustomResourceDefinition of *definition*, as JSON values."""
    singular = definition.kind.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{definition.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": definition.kind,
                "listKind": f"{definition.kind}List",
                "plural": definition.plural,
                "singular": singular,
                "shortNames": [definition.short],
                "categories": ["quay"],
            },
            "scope": definition.scope,
            "versions": [_version(definition)],
        },
    }


def guarded(rule: Rule) -> Schema:
    """Return a root *rule* that a stored object whose spec stays as it is always passes."""
    if rule.transition:
        # The cost of a rule is bounded by sizes, and an optional oldSelf has none.
        changed = f"oldSelf.spec == self.spec || ({rule.rule})"
        return {"rule": changed, "message": rule.message, "fieldPath": ".spec"}

    same = "oldSelf.optMap(o, o.spec == self.spec).orValue(false)"
    return {
        "rule": f"{same} || ({rule.rule})",
        "message": rule.message,
        # Else the refusal begins with <nil>: the root has no name.
        "fieldPath": ".spec",
        "optionalOldSelf": True,
    }


def _version(definition: Definition) -> Schema:
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_column(each) for each in definition.columns],
        "schema": {"openAPIV3Schema": _root(definition)},
    }


def _column(column: Column) -> Schema:
    shown: Schema = {"name": column.name, "type": column.type, "jsonPath": column.path}
    return shown | ({"priority": 1} if column.wide else {})


def _root(definition: Definition) -> Schema:
    root: Schema = {
        "type": "object",
        "description": _summary(definition.spec),
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {
                "type": "object",
                "properties": {"name": {"type": "string", "maxLength": definition.name_max}},
            },
            "spec": structural(definition.spec),
            "status": structural(definition.status, strict=False) | {"default": _UNSEEN},
        },
    }
    if definition.rules:
        root[SCHEMA_RULES] = [guarded(each) for each in definition.rules]
    return root


def structural(model: type[Part], *, strict: bool = True) -> Schema:
    """Return *model* as a structural schema; not *strict* leaves out what could lock a status."""
    full = model.model_json_schema(by_alias=True, mode="validation")
    return _convert(full, full.get("$defs", {}), strict=strict)


def _convert(node: Mapping[str, Any], defs: Mapping[str, Any], *, strict: bool) -> Schema:
    if "$ref" in node:
        target = defs[node["$ref"].rsplit("/", 1)[1]]
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return _convert({**target, **beside}, defs, strict=strict)

    if "anyOf" in node or "allOf" in node:
        return _merged(node, defs, strict=strict)

    kept = {key: value for key, value in node.items() if key not in _DROPPED | {"$defs"}}
    return _cleaned(kept, defs, strict=strict)


def _merged(node: Mapping[str, Any], defs: Mapping[str, Any], *, strict: bool) -> Schema:
    """`X or null` becomes plain X that may be left out; null itself is never stored."""
    choices = [
        each for each in node.get("anyOf", node.get("allOf", ())) if each.get("type") != "null"
    ]
    beside = {key: value for key, value in node.items() if key not in {"anyOf", "allOf"}}
    if beside.get("default", 0) is None:
        del beside["default"]
    assert len(choices) == 1, "a union of types has no structural schema"
    return _convert({**choices[0], **beside}, defs, strict=strict)


def _cleaned(node: Schema, defs: Mapping[str, Any], *, strict: bool) -> Schema:
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if isinstance(node.get("description"), str):
        node["description"] = " ".join(node["description"].split())
    if node.get("additionalProperties") is False:
        del node["additionalProperties"]
    if isinstance(node.get("additionalProperties"), Mapping):
        node["additionalProperties"] = _convert(node["additionalProperties"], defs, strict=strict)
        node |= ATOMIC
    if "properties" in node:
        node["properties"] = {
            name: _convert(each, defs, strict=strict) for name, each in node["properties"].items()
        }
    if "items" in node:
        node["items"] = _without_defaults(_convert(node["items"], defs, strict=strict))
    if "propertyNames" in node:
        # Structural schemas cannot bind the keys of a map.
        del node["propertyNames"]
    _trim_default(node)
    return _with_default_told(node) if strict else _loose(node)


def _with_default_told(node: Schema) -> Schema:
    """Say a plain default, or a list of such, in words too: `kubectl explain` shows no other."""
    value = node.get("default")
    values = value if isinstance(value, list) else [value]
    plain = all(isinstance(each, bool | int | float | str) and each != "" for each in values)
    if "description" in node and values and plain:
        shown = ", ".join(
            f"`{str(each).lower() if isinstance(each, bool) else each}`" for each in values
        )
        node["description"] += f" Default: {shown}."
    return node


def _trim_default(node: Schema) -> None:
    if isinstance(node.get("default"), Mapping):
        # What is left out by default is left out of the default too.
        node["default"] = {k: each for k, each in node["default"].items() if each is not None}
    if node.get("default") == {} and "properties" not in node:
        del node["default"]
    if "x-kubernetes-list-type" in node and node.get("default") == []:
        # With it an emptied map is there and gone in turn at each server-side apply.
        del node["default"]


def _without_defaults(node: Schema) -> Schema:
    """
    Leave defaults of list items to the operator.

    Filled in by the API server they make the stored list differ from the applied
    one: kubectl then calls every apply a change, and server-side apply a conflict.
    """
    kept = {key: value for key, value in node.items() if key != "default"}
    if "properties" in kept:
        kept["properties"] = {
            name: _without_defaults(each) for name, each in kept["properties"].items()
        }
    return kept


def _loose(node: Schema) -> Schema:
    # A size or a rule of lists tightened later would lock a stored status.
    for key in ("enum", "pattern", "default", *_SIZES, *_LISTS, SCHEMA_RULES):
        node.pop(key, None)
    return node


def _summary(model: type[Part]) -> str:
    return (model.__doc__ or "").strip().split("\n")[0]
