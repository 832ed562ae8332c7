"""
What is the state of a resource, as plain values?

Spec and status of one QuayRobot are laid side by side: what is declared, what
came of it, what stands in the way and what helps. Fields that this version
does not know are handed on as they are. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....model.names import FINALIZER
from ....model.resources.parse import lenient_robot
from ....model.resources.robot import federation_of
from .cures import cure_of, page_of

__all__ = ["report_of"]

Values = dict[str, Any]
FINE = {"Reconciled", "Suspended"}
_SHOWN = {
    "observedGeneration", "conditions", "robot", "connection", "credential", "secrets",
    "rotation", "federation", "grants", "links", "pending",
}  # fmt: skip
_DECLARED = {
    "connectionRef", "organization", "user", "robotName", "description", "metadata",
    "creationPolicy", "deletionPolicy", "suspend", "permissions", "federation", "rotation",
    "secrets",
}  # fmt: skip


def report_of(body: Mapping[str, Any], connection: Mapping[str, Any] | None) -> Values:
    """Return how the QuayRobot *body* stands; *connection* is None where it is not seen."""
    meta, spec, status = body["metadata"], body.get("spec") or {}, body.get("status") or {}
    ready = _condition(status, "Ready")
    owner = spec.get("organization") or spec.get("user") or ""
    name = spec.get("robotName") or meta["name"]
    return {
        "kind": "QuayRobot",
        "namespace": meta.get("namespace"),
        "name": meta["name"],
        "ready": ready.get("status", "Unknown"),
        "reason": ready.get("reason", ""),
        "message": ready.get("message", ""),
        "deleting": "deletionTimestamp" in meta,
        "held": FINALIZER in (meta.get("finalizers") or ()),
        "suspended": bool(spec.get("suspend")),
        "robot": {"fullName": f"{owner}+{name}", **(status.get("robot") or {})},
        "connection": _connection(spec, status, connection),
        "credential": status.get("credential") or {},
        "secrets": _secrets(meta["name"], spec, status),
        "permissions": _declared_and_given(spec.get("permissions"), status.get("grants")),
        "federation": _declared_and_given(
            _declared_federation(meta["name"], spec), status.get("federation")
        ),
        "rotation": _declared_and_given(spec.get("rotation"), status.get("rotation")),
        "pending": list(status.get("pending") or ()),
        "problems": list(_problems(meta, status)),
        "more": {
            # What is false is as if it were not there.
            "spec": {
                key: value
                for key, value in spec.items()
                if key not in _DECLARED and value is not False
            },
            "status": {key: value for key, value in status.items() if key not in _SHOWN},
        },
    }


def _condition(status: Mapping[str, Any], kind: str) -> Values:
    return next((each for each in status.get("conditions") or () if each["type"] == kind), {})


def _connection(
    spec: Mapping[str, Any], status: Mapping[str, Any], seen: Mapping[str, Any] | None
) -> Values:
    ref = spec.get("connectionRef") or {}
    ready = _condition((seen or {}).get("status") or {}, "Ready")
    reason = ready.get("reason", "")
    fine = ready.get("status") != "False"
    return {
        "kind": ref.get("kind", "ClusterQuayConnection"),
        "name": ref.get("name", "default"),
        "origin": (status.get("connection") or {}).get("origin"),
        "ready": ready.get("status"),
        "reason": reason,
        "message": ready.get("message", ""),
        "cure": "" if fine else cure_of(reason),
    }


def _secrets(name: str, spec: Mapping[str, Any], status: Mapping[str, Any]) -> list[Values]:
    declared = spec.get("secrets")
    wanted = [{"name": name}] if declared is None else declared
    written = {each["name"] for each in status.get("secrets") or ()}
    links = status.get("links") or ()
    known = [each["name"] for each in wanted]
    leaving = [{"name": each} for each in sorted(written - set(known))]
    return [
        {
            "format": "DockerConfigJson",
            "scope": "Registry",
            **each,
            "written": each["name"] in written,
            "declared": each["name"] in known,
            "linkedBy": [
                {"serviceAccount": link["serviceAccount"], "link": link["link"]}
                for link in links
                if link["secret"] == each["name"]
            ],
        }
        for each in (*wanted, *leaving)
    ]


def _declared_federation(name: str, spec: Mapping[str, Any]) -> Values | None:
    """What Quay is to know of outside identities: that of keyless credentials is declared too."""
    federation = federation_of(lenient_robot(name, spec))
    if federation is None:
        return None
    return federation.model_dump(by_alias=True, exclude_none=True, mode="json")


def _declared_and_given(declared: Any, given: Any) -> Values | None:
    """None for what is not declared: it is never read and never touched."""
    if declared is None and not given:
        return None
    return {"declared": declared, "given": given}


def _problems(meta: Mapping[str, Any], status: Mapping[str, Any]) -> Iterator[Values]:
    """What is not up to date, each reason once; the worst, which Ready names, comes first."""
    conditions = status.get("conditions") or []
    if not conditions:
        yield _problem("Ready", "", "the operator has not processed it yet")
        return
    if status.get("observedGeneration") != meta.get("generation", 1):
        yield _problem("Ready", "", "the operator has not processed the last edit yet")
    told = set()
    for each in conditions:
        reason, words = each["reason"], each.get("message", "")
        wrong = each["status"] == (
            "True" if each["type"] in {"Reconciling", "Stalled"} else "False"
        )
        unsure = each["status"] == "Unknown"
        if reason in FINE or not (wrong or unsure) or (reason, words) in told or not words:
            continue
        told.add((reason, words))
        yield _problem(each["type"], reason, words)


def _problem(kind: str, reason: str, message: str) -> Values:
    cure = cure_of(reason)
    if not reason:
        cure = "Check that the operator runs and serves this namespace."
    return {
        "type": kind, "reason": reason, "message": message, "cure": cure, "page": page_of(reason),
    }  # fmt: skip
