"""What is there, of all subjects at once: objects in the cluster and robots in Quay?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.kit.installation import Body

from .stage import Stage
from .subjects import Subject

__all__ = ["Look", "changes", "facts", "flatten", "looked"]

GROUP = "/apis/quayrobot.io/v1alpha1"
LISTS = {
    "QuayRobot": f"{GROUP}/quayrobots",
    "ClusterQuayRobot": f"{GROUP}/clusterquayrobots",
    "QuayConnection": f"{GROUP}/quayconnections",
    "ClusterQuayConnection": f"{GROUP}/clusterquayconnections",
    "Secret": "/api/v1/secrets",
    "ServiceAccount": "/api/v1/serviceaccounts",
}
# What differs between two looks though nothing was done.
RESTLESS = re.compile(
    r"lastTransitionTime|observedGeneration|lastListAt|lastUsedOn|last_accessed|"
    r"resourceVersion|managedFields|\.generation|creationTimestamp|last-applied|"
    # A connection counts its robots when it lists them.
    r"Connection .*status\.robots|"
    # All subjects have one user of Quay, who administers one organization more with each of them.
    r"Connection .*conditions\[Authorized\]\.message|"
    # A Secret that was wanted no more is another one when it comes back.
    r"Secret .*metadata\.uid"
)
# What a new credential, or a robot that was made anew, changes.
RENEWED = re.compile(
    r"token|data|igest|issued|expires|created|uid|rotation|slot|fullName|"
    r"ownerReferences|\.robot\b|marker"
)


@dataclass
class Look:
    """Objects by kind, namespace and name."""

    objects: dict[tuple[str, str, str], Body]

    def of(self, subject: Subject) -> dict[tuple[str, str, str], Body]:
        """Return what belongs to *subject*."""
        return {
            key: body for key, body in self.objects.items()
            if key[1] in subject.spaces or (not key[1] and key[2] == subject.name)
        }  # fmt: skip

    def main(self, subject: Subject) -> Body:
        """Return the resource itself; empty where it is gone."""
        return self.at(subject, subject.ground.kind, subject.title)

    def at(self, subject: Subject, kind: str, name: str, space: str = "") -> Body:
        """Return an object of *subject*; empty where there is none."""
        where = "" if kind.startswith("Cluster") else space or subject.name
        return self.objects.get((kind, where, name), {})


def looked(stage: Stage) -> Look:
    """Look at everything in the cluster once."""
    found = {}
    for kind, path in LISTS.items():
        answer = stage.api.call("GET", path)
        assert answer.status_code == 200, answer.text
        for body in answer.json()["items"]:
            meta = body["metadata"]
            found[kind, meta.get("namespace", ""), meta["name"]] = {**body, "kind": kind}
    return Look(found)


def facts(subject: Subject, look: Look) -> dict[str, Any]:
    """Return all that is there of *subject* as flat facts by their paths."""
    found: dict[str, Any] = {}
    for key, body in look.of(subject).items():
        if key[2] != "default" or key[0] != "ServiceAccount":
            kept = {each: value for each, value in body.items() if each != "spec"}
            flatten(" ".join(filter(None, key)), kept, found)
    quay = subject.stage.house.quay
    for full in quay.admin("robots"):
        if full.startswith(f"{subject.owner}+") and subject.name in full:
            whole = quay.admin("robot/show", name=full) | {
                "grants": _unnumbered(quay.admin("grants", name=full)),
                "federation": quay.admin("federation", name=full),
            }
            flatten(f"robot {full}", whole, found)
    return {path: value for path, value in found.items() if not RESTLESS.search(path)}


def _unnumbered(grants: Body) -> Body:
    """A default that was taken and given again has another number."""
    defaults = [f"{each['role']} {each['creator']}" for each in grants["prototypes"]]
    return grants | {"prototypes": sorted(defaults)}


def flatten(path: str, value: Any, found: dict[str, Any]) -> None:
    """Put all that *value* holds into *found*, each under its path, which begins with *path*."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            flatten(f"{path}.{key}", each, found)
    elif isinstance(value, list) and value:
        # No list here means anything by its order, and what was taken comes back at the end.
        for number, each in enumerate(sorted(value, key=str)):
            # Conditions and Secrets come and go, each by its type or name.
            known = each if isinstance(each, dict) else {}
            name = known.get("type") or known.get("name") or number
            flatten(f"{path}[{name}]", each, found)
    else:
        found[path] = value


def changes(before: dict[str, Any], after: dict[str, Any], *, renewed: bool) -> list[str]:
    """Return which facts differ; *renewed*: a new credential is no difference."""
    differing = sorted(
        path for path in before.keys() | after.keys()
        if before.get(path) != after.get(path) and not (renewed and RENEWED.search(path))
    )  # fmt: skip
    return [f"{path}: {_short(before, path)} became {_short(after, path)}" for path in differing]


def _short(facts_of: dict[str, Any], path: str) -> str:
    return str(facts_of[path])[:80] if path in facts_of else "nothing"
