"""What does one misoperation happen to? A resource, and a world of its own around it."""

from __future__ import annotations

import base64
import fnmatch
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.crd.conftest import collection
from tests.kit.installation import API, Body

from .grounds import Ground
from .stage import CLIENT, CLIENT_SECRET, JWT_USER, LOGIN, USERS, Stage, filled

__all__ = ["Subject", "made", "selected"]

STRICT = {"fieldValidation": "Strict"}
CLUSTER_WIDE = {"ClusterQuayConnection", "ClusterQuayRobot"}


@dataclass
class Subject:
    """One resource on its ground; *name* is that of its namespace and organization."""

    stage: Stage
    ground: Ground
    name: str
    _live: Body = field(default_factory=dict)

    @property
    def title(self) -> str:
        """How the resource is called."""
        if self.ground.kind in CLUSTER_WIDE:
            return self.name
        return "own" if self.ground.serves else "ci"

    @property
    def spaces(self) -> list[str]:
        """Its namespaces; a ClusterQuayRobot has two."""
        more = [f"{self.name}-b"] if self.ground.kind == "ClusterQuayRobot" else []
        return [self.name, *more]

    @property
    def owner(self) -> str:
        """Who owns its robots in Quay."""
        return "admin" if "user" in self.ground.spec else self.name

    def whole(self, spec: Body) -> Body:
        """Return the resource as *spec* has it, placeholders filled."""
        meta = {"name": self.title}
        if self.ground.kind not in CLUSTER_WIDE:
            meta["namespace"] = self.name
        texts = self.stage.texts | {"<own>": self.name}
        return {"apiVersion": API, "kind": self.ground.kind, "metadata": meta,
                "spec": filled(spec, texts)}  # fmt: skip

    def declare(self, spec: Body, *, dry: bool = False) -> httpx.Response:
        """Put *spec* into the stored resource."""
        path = f"{collection(self.ground.kind, self.name)}/{self.title}"
        query = STRICT | ({"dryRun": "All"} if dry else {})
        body, api = self.whole(spec), self.stage.api
        while True:
            live = self._live or api.call("GET", path).json()
            answer = api.call("PUT", path, live | {"spec": body["spec"]}, **query)
            # Whoever writes its status in between is not what is asked about.
            self._live = live if dry and answer.status_code != 409 else {}
            if answer.status_code != 409:
                return answer


def made(stage: Stage, grounds: Iterable[Ground]) -> list[Subject]:
    """Make a subject on each of *grounds*, with all that it needs, and declare it."""
    subjects = [Subject(stage, each, f"m-{uuid.uuid4().hex[:8]}") for each in grounds]
    for subject in subjects:
        _stock_quay(subject)
        stage.house.plane.apply(*_surroundings(subject))
        stage.house.plane.apply(subject.whole(subject.ground.spec))
        if subject.ground.serves:
            stage.house.plane.apply(_served(subject))
    return subjects


def selected(subject: Subject, spec: Body) -> set[str]:
    """Return which namespaces of *subject* a ClusterQuayRobot with *spec* is for."""
    picked = {name for each in spec["namespaceSelectors"] for name in _listed(subject, each)}
    picked &= _listed(subject, {}, spec.get("consent", ""))
    excluded = spec.get("excludeNamespaces") or ()
    return {
        each for each in picked.intersection(subject.spaces)
        if not any(fnmatch.fnmatchcase(each, glob) for glob in excluded)
    }  # fmt: skip


def _listed(subject: Subject, selector: Body, more: str = "") -> set[str]:
    """Let the API server say which namespaces *selector* picks."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    parts += [_requirement(each) for each in selector.get("matchExpressions") or ()]
    query = ",".join(filter(None, [*parts, more]))
    answer = subject.stage.api.call("GET", "/api/v1/namespaces", labelSelector=query)
    assert answer.status_code == 200, answer.text
    return {each["metadata"]["name"] for each in answer.json()["items"]}


def _requirement(one: Body) -> str:
    values = f"({','.join(one.get('values') or ())})"
    return {
        "In": f"{one['key']} in {values}",
        "NotIn": f"{one['key']} notin {values}",
        "Exists": one["key"],
        "DoesNotExist": f"!{one['key']}",
    }[one["operator"]]


def _stock_quay(subject: Subject) -> None:
    quay, name = subject.stage.house.quay, subject.name
    quay.admin("organization", name=name, members=list(USERS))
    for each in ("app", "lib", "tool"):
        quay.admin("repository", namespace=name, name=each)
    for each in ("devs", "ops"):
        quay.admin("team", org=name, name=each)
    quay.admin("team/member", org=name, team="owners", member=JWT_USER)


def _surroundings(subject: Subject) -> list[Body]:
    stage, name = subject.stage, subject.name
    stage.oidc.subjects[f"system:serviceaccount:{name}:caller"] = CLIENT
    # A selector that picks every namespace is not to reach those of other subjects.
    labels = {"misoperated": name, "consents": name}
    spaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each, "labels": labels}}
        for each in subject.spaces
    ]
    accounts = [
        _plain("ServiceAccount", account, where)
        for where in subject.spaces
        for account in ("builder", "other", "caller")
    ]
    login = _secret(name, "proxy", {"username": LOGIN[0], "password": LOGIN[1]})
    authority = {"ca.crt": stage.house.plane.ca_file.read_text()}
    return [
        *spaces,
        *accounts,
        _secret(name, "token-own", {"token": stage.house.token}),
        _secret(name, "client", {"client-secret": CLIENT_SECRET}),
        login | {"type": "kubernetes.io/basic-auth"},
        *(_plain("ConfigMap", each, name) | {"data": authority} for each in ("ca", "proxy-ca")),
    ]


def _served(subject: Subject) -> Body:
    """Return the robot that shows what becomes of those who use the connection."""
    texts = {"<own>": subject.name}
    spec = {
        "connectionRef": filled(subject.ground.serves, texts),
        "organization": subject.name,
        "permissions": {
            "repositories": [{"name": "app", "role": "read"}],
            "teams": ["devs"],
            "defaults": [{"role": "read"}],
        },
        "federation": {"identities": [{"serviceAccount": "builder"}]},
    }
    return _plain("QuayRobot", "ci", subject.name) | {"apiVersion": API, "spec": spec}


def _plain(kind: str, name: str, namespace: str) -> Body:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}}


def _secret(namespace: str, name: str, texts: dict[str, str]) -> Body:
    data: dict[str, Any] = {
        key: base64.b64encode(text.encode()).decode() for key, text in texts.items()
    }
    return _plain("Secret", name, namespace) | {"data": data}
