"""
What is the state of a ClusterQuayRobot, as plain values?

What is said of a QuayRobot is said of its template, and for Shared of the one
robot; beside it stand the namespaces: how many are up to date, why
some have not, and what is waited for before any is left. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....model.errors import Reason
from ....model.names import ANNOTATION_CONFIRM
from ....model.resources.clusterrobot import EXCLUDED, NAME_TEMPLATES
from .cures import cure_of, page_of
from .robot import report_of

__all__ = ["cluster_robot_report_of", "robot_body_of"]

Values = dict[str, Any]
Body = Mapping[str, Any]
_DECLARED = {
    "namespaceSelectors", "excludeNamespaces", "consent", "mode", "robotNameTemplate", "template",
}  # fmt: skip
_OF_ROBOTS = {"credential", "secrets", "permissions", "federation", "rotation", "pending"}
_SHOWN = {"namespaces", "failed", "removal"}


def robot_body_of(body: Body) -> Body:
    """Return the QuayRobot that the template of *body* is, named as the template names robots."""
    spec = body.get("spec") or {}
    template = (spec.get("template") or {}).get("spec") or {}
    robot = {"robotName": _name_template(body), **template}
    return {"metadata": body["metadata"], "spec": robot, "status": body.get("status") or {}}


def cluster_robot_report_of(body: Body, connection: Body | None) -> Values:
    """Return how the ClusterQuayRobot *body* stands; *connection* is None where not seen."""
    spec, status = body.get("spec") or {}, body.get("status") or {}
    shared = spec.get("mode") == "Shared"
    robot = report_of(robot_body_of(body), connection)
    more = robot["more"]
    if shared:
        # Each namespace has its own; how many are as they should be is counted.
        robot["secrets"] = [{**each, "written": True} for each in robot["secrets"]]
    else:
        # Each QuayRobot tells of its own.
        robot = {key: value for key, value in robot.items() if key not in _OF_ROBOTS}
    return {
        **robot,
        "kind": "ClusterQuayRobot",
        "mode": spec.get("mode", "PerNamespace"),
        "selected": {
            "selectors": spec.get("namespaceSelectors") or [],
            "excluded": spec.get("excludeNamespaces", EXCLUDED),
            "consent": spec.get("consent"),
        },
        "namespaces": status.get("namespaces"),
        "failed": [_failure(each) for each in status.get("failed") or ()],
        "removal": _removal(body["metadata"], status, robot["problems"]),
        "more": {
            "spec": {
                **{key: value for key, value in spec.items() if key not in _DECLARED},
                **more["spec"],
            },
            "status": {key: value for key, value in more["status"].items() if key not in _SHOWN},
        },
    }


def _name_template(body: Body) -> str:
    spec, name = body.get("spec") or {}, body["metadata"]["name"]
    default = NAME_TEMPLATES[spec.get("mode", "PerNamespace")]
    template: str = spec.get("robotNameTemplate") or default
    return template.replace("{name}", name)


def _failure(failure: Body) -> Values:
    reason = failure.get("reason", "")
    return {
        "namespace": failure["namespace"],
        "reason": reason,
        "message": failure.get("message", ""),
        "cure": cure_of(reason),
        "page": page_of(reason),
    }


def _removal(meta: Body, status: Body, problems: list[Values]) -> Values:
    """What a removal waits for, and what was confirmed."""
    waits = any(each["reason"] == Reason.REMOVAL_NOT_CONFIRMED for each in problems)
    known = status.get("removal") or {}
    leaving = (status.get("namespaces") or {}).get("leaving", 0)
    return {
        "waits": waits,
        "leaving": leaving,
        "confirmed": known.get("confirmed"),
        "left": known.get("left", 0),
        "confirm": _commands(meta["name"], leaving, known.get("confirmed")) if waits else [],
    }


def _commands(name: str, leaving: int, used: str | None) -> list[str]:
    """A value counts once: the same one again has to go before it comes."""
    annotate = f"kubectl annotate clusterquayrobot {name} {ANNOTATION_CONFIRM}"
    first = [f"{annotate}-"] if used == str(leaving) else []
    return [*first, f"{annotate}={leaving} --overwrite"]
