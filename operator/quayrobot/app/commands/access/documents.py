"""
What would be stored if these manifests were applied?

Read as kubectl reads them: several documents, lists, folders, `-` for stdin. A manifest
of something that is there already keeps its identity and its status; its spec
is the manifest's. Other kinds than ours are left aside.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ....cluster.kinds import CLUSTER_QUAY_ROBOT, OURS, QUAY_ROBOT
from ....model.conditions import rfc3339
from ....model.errors import InvalidSpec, QuayRobotError, Reason
from ....model.names import ANNOTATION_CONFIRM, ANNOTATION_ROTATE, GROUP
from ....model.resources.clusterrobot import ClusterRobotSpec
from ....model.resources.newer import known_part, parse_stored
from ....model.resources.parse import lenient_robot, parse_connection, parse_robot
from ....model.resources.parse_clusterrobot import parse_cluster_robot
from ....model.resources.robot import RobotSpec, robot_name_of, secrets_of

__all__ = [
    "Document",
    "applied",
    "check_change",
    "check_cluster_robot_change",
    "check_declared",
    "read_documents",
]

Body = dict[str, Any]
_OF_THE_CLUSTER = {"Namespace", *(kind for kind, each in OURS.items() if not each.namespaced)}
# As kubectl -f takes them from a folder, without those in folders below it.
_SUFFIXES = {".yaml", ".yml", ".json"}
_ASKED = (ANNOTATION_ROTATE, ANNOTATION_CONFIRM)


@dataclass(frozen=True, slots=True)
class Document:
    """One manifest: its kind, its place, its body."""

    kind: str
    namespace: str | None
    name: str
    body: Body

    @property
    def ours(self) -> bool:
        """Return whether it is of a kind of ours, or a namespace whose labels matter."""
        return self.kind in OURS or self.kind == "Namespace"


class _Loader(yaml.SafeLoader):
    """YAML as the API server understands it: what looks like a date is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_documents(path: str, namespace: str) -> list[Document]:
    """
    Return the manifests in the file or folder *path*; *namespace* is for those that name none.

    Raises:
        InvalidSpec: It cannot be read, or is no manifest.
    """
    folder = Path(path)
    if path != "-" and folder.is_dir():
        files = sorted(each for each in folder.iterdir() if each.suffix in _SUFFIXES)
        if not files:
            raise _invalid(f"the folder {path} has no file that ends in .yaml, .yml or .json")
        return [each for file in files for each in read_documents(str(file), namespace)]
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
        loaded = list(yaml.load_all(text, _Loader))
    except OSError:
        raise _invalid(f"the file {path} cannot be read") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise _invalid(f"the file {path} is not YAML") from None
    return [_document(each, namespace) for body in loaded if body for each in _items(body)]


def _items(body: Any) -> Iterator[Any]:
    if isinstance(body, Mapping) and str(body.get("kind", "")).endswith("List"):
        yield from body.get("items") or ()
    else:
        yield body


def _document(body: Any, namespace: str) -> Document:
    meta = body.get("metadata") if isinstance(body, Mapping) else None
    name = meta.get("name") if isinstance(meta, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(name, str) or not isinstance(meta, Mapping):
        raise _invalid("a document is not a manifest: it needs kind and metadata.name")
    kind = str(body.get("kind", ""))
    if kind in OURS and not str(body.get("apiVersion", "")).startswith(f"{GROUP}/"):
        kind = f"{kind} of another group"
    place = None
    if kind not in _OF_THE_CLUSTER:
        place = str(meta.get("namespace") or namespace)
    return Document(kind, place, name, dict(body))


def applied(document: Document, live: Body | None, now: datetime, number: int) -> Body:
    """Return what is stored when *document* is applied over *live*."""
    spec = document.body.get("spec") or {}
    given = document.body["metadata"]
    if live is None:
        # What is not stored yet has no uid; a placeholder keeps several apart.
        meta = {
            "name": document.name,
            "uid": f"00000000-0000-4000-8000-{number:012d}",
            "resourceVersion": "0",
            "generation": 1,
            "creationTimestamp": rfc3339(now),
            "labels": given.get("labels") or {},
            "annotations": _asked(given),
        }
        meta |= {"namespace": document.namespace} if document.namespace else {}
        return {"metadata": meta, "spec": spec, "status": {}}
    before = live["metadata"]
    changed = _differs(document, live["spec"], spec)
    meta = {
        **before,
        "generation": before.get("generation", 1) + (1 if changed else 0),
        "labels": {**(before.get("labels") or {}), **(given.get("labels") or {})},
        "annotations": {**(before.get("annotations") or {}), **_asked(given)},
    }
    return {**live, "metadata": meta, "spec": spec}


def _asked(meta: Mapping[str, Any]) -> dict[str, str]:
    given = meta.get("annotations") or {}
    return {key: str(given[key]) for key in _ASKED if key in given}


def _differs(document: Document, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    try:
        if document.kind == QUAY_ROBOT.kind:
            stored = known_part(RobotSpec, old)
            return parse_robot(document.name, stored) != parse_robot(document.name, new)
        if document.kind == CLUSTER_QUAY_ROBOT.kind:
            stored = known_part(ClusterRobotSpec, old)
            return parse_cluster_robot(stored) != parse_cluster_robot(new)
    except InvalidSpec:
        return old != new
    return False


def check_declared(document: Document, spec: Mapping[str, Any]) -> None:
    """
    Raise if *spec*, which *document* would store, cannot be one.

    A field that nobody knows is a mistake here; in what is stored it is of a newer definition.

    Raises:
        InvalidSpec: It says something that cannot be.
    """
    if document.kind == QUAY_ROBOT.kind:
        parse_robot(document.name, spec)
    elif document.kind == CLUSTER_QUAY_ROBOT.kind:
        parse_cluster_robot(spec)
    elif document.kind in OURS:
        parse_connection(document.kind, spec)


def check_change(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """
    Raise if the API server would refuse this change of the QuayRobot *name*.

    Raises:
        InvalidSpec: It changes what cannot be changed.
    """
    before, after = lenient_robot(name, old), lenient_robot(name, new)
    if robot_name_of(name, before) != robot_name_of(name, after):
        raise _invalid(
            "organization, user and robotName cannot be changed: a robot never moves and Quay "
            "cannot rename one; create a new QuayRobot instead"
        )
    formats = _formats(name, before)
    if any(formats.get(each, kind) != kind for each, kind in _formats(name, after).items()):
        raise _invalid("the format of a Secret cannot be changed; give the Secret another name")


def check_cluster_robot_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """
    Raise if the API server would refuse this change of a ClusterQuayRobot.

    Raises:
        InvalidSpec: It changes what cannot be changed, or cannot be at all.
    """
    before = parse_stored(ClusterRobotSpec, old, parse_cluster_robot)
    after = parse_cluster_robot(new)
    if before.mode != after.mode:
        raise _invalid(
            "mode cannot be changed: create another ClusterQuayRobot, wait until its Secrets are "
            "there, then delete this one"
        )
    if after.shared and _robot_of(before) != _robot_of(after):
        raise _invalid(
            "organization, user and robotNameTemplate cannot be changed with mode: Shared: a "
            "robot never moves; create another ClusterQuayRobot instead"
        )


def _robot_of(spec: ClusterRobotSpec) -> tuple[object, ...]:
    return spec.robot_name_template, spec.template.spec.owner


def _formats(name: str, spec: RobotSpec) -> dict[str, str]:
    return {each: secret.format for each, secret in secrets_of(name, spec).items()}


def _invalid(message: str) -> QuayRobotError:
    return InvalidSpec(Reason.INVALID_SPEC, message)
