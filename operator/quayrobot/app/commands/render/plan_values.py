"""How is a plan said to a program? What the tree shows, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ....engine.cache.store import ClusterRobotRecord, RobotRecord
from ....engine.preview.cluster_robot import ClusterRobotPreview, NamespacePreview
from ....engine.preview.robot import Preview, Step
from ....plan.scene import Finding
from ....plan.words.explain import explain
from ..report.cures import cure_of

__all__ = ["cluster_robot_plan_values", "plan_values"]

Values = dict[str, Any]


def plan_values(record: RobotRecord, preview: Preview) -> Values:
    """Return what was *preview* of the QuayRobot *record*."""
    return {**_name(record), **_preview(preview)}


def cluster_robot_plan_values(record: ClusterRobotRecord, preview: ClusterRobotPreview) -> Values:
    """Return what was *preview* of the ClusterQuayRobot *record*, namespace by namespace."""
    robot = _preview(preview.robot) if preview.robot is not None else None
    spaces = [_namespace(each) for each in preview.namespaces]
    return {
        **_name(record),
        "findings": _findings(preview.findings),
        "robot": robot,
        "namespaces": spaces,
    }


def _name(record: RobotRecord) -> Values:
    key = record.key
    named = {"kind": key.kind, "namespace": key.namespace, "name": key.name}
    return {each: value for each, value in named.items() if value}


def _preview(preview: Preview) -> Values:
    return {
        "steps": _steps(preview.steps),
        "findings": _findings(preview.findings),
        "openEnd": preview.open_end,
    }


def _namespace(preview: NamespacePreview) -> Values:
    member = type(preview.member.action).__name__ if preview.member is not None else None
    return {
        "namespace": preview.namespace,
        "member": member,
        "steps": _steps(preview.copies),
        "findings": _findings(preview.findings),
    }


def _steps(steps: Iterable[Step]) -> list[Values]:
    told = [(each.action, explain(each.action, each.scene)) for each in steps]
    return [
        {"action": type(action).__name__, "place": words.place, "what": words.what,
         "why": words.why}
        for action, words in told
    ]  # fmt: skip


def _findings(findings: Iterable[Finding]) -> list[Values]:
    errors = [each.error for each in findings]
    return [
        {"reason": each.reason, "message": each.message, "cure": cure_of(each.reason)}
        for each in errors
    ]
