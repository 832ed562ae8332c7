"""
How is the state of a ClusterQuayRobot printed?

The namespaces come first: how many, which are selected, and why some do not have
what they should have, each reason once with what helps. For Shared the robot
follows, as a QuayRobot's would.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.text import Text
from rich.tree import Tree

from .tree import (
    branch,
    connection_branch,
    head_of,
    last_branches,
    line,
    robot_branches,
)

__all__ = ["cluster_robot_tree_of"]

Values = Mapping[str, Any]


def cluster_robot_tree_of(report: Values, now: datetime) -> Tree:
    """Return *report* as a tree."""
    tree = Tree(head_of(report, place=False), guide_style="dim")
    for each in _branches(report, now):
        tree.add(each)
    return tree


def _branches(report: Values, now: datetime) -> Iterator[Tree | Text]:
    shared = report["mode"] == "Shared"
    what = "one robot for all" if shared else f"robots {report['robot']['fullName']}"
    yield line("mode", f"{report['mode']}, {what}")
    yield line("selected", _selected(report["selected"]))
    yield branch("namespaces", _counts(report["namespaces"]), _failures(report))
    yield from _removal(report["removal"])
    if shared:
        yield from robot_branches(report, now)
    else:
        yield connection_branch(report["connection"])
    yield from last_branches(report)


def _selected(selected: Values) -> str:
    picked = " or ".join(_selector(each) for each in selected["selectors"])
    words = [f"namespaces with {picked}"]
    words += [f"except {', '.join(selected['excluded'])}"] if selected["excluded"] else []
    words += [f"and with their consent {selected['consent']}"] if selected["consent"] else []
    return ", ".join(words)


def _selector(selector: Values) -> str:
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    parts += [_expression(each) for each in selector.get("matchExpressions") or ()]
    return ",".join(parts) or "any labels"


def _expression(one: Values) -> str:
    """As kubectl describes it."""
    key, values = one["key"], f"({','.join(one.get('values') or ())})"
    match one["operator"]:
        case "Exists":
            return str(key)
        case "DoesNotExist":
            return f"!{key}"
        case other:
            return f"{key} {'notin' if other == 'NotIn' else 'in'} {values}"


def _counts(counts: Values | None) -> str:
    if counts is None:
        return "not counted yet"
    words = [f"{counts.get('ready', 0)} of {counts.get('targets', 0)} ready"]
    for key, shown in (
        ("failed", "failed"),
        ("stale", "with copies of an older credential"),
        ("leaving", "no longer selected, not cleaned up yet"),
    ):
        if counts.get(key):
            words.append(f"{counts[key]} {shown}")
    return ", ".join(words)


def _failures(report: Values) -> Iterator[Tree]:
    told: set[str] = set()
    for each in report["failed"]:
        reason = each["reason"]
        node = Tree(
            Text(f"{each['namespace']}: {reason}: {each['message']}", style="red"),
            guide_style="dim",
        )
        if reason not in told and each["cure"]:
            node.add(Text(f"fix: {each['cure']}"))
            node.add(Text(f"more: {each['page']}", style="dim"))
        told.add(reason)
        yield node
    unnamed = (report["namespaces"] or {}).get("failed", 0) - len(report["failed"])
    if unnamed > 0:
        yield Tree(f"and {unnamed} more that the status does not name")


def _removal(removal: Values) -> Iterator[Tree | Text]:
    if removal["waits"]:
        words = f"{removal['leaving']} namespaces keep what they have until you confirm with"
        yield branch("removal", words, [Text(each) for each in removal["confirm"]])
    elif removal["left"]:
        confirmed = removal["confirmed"]
        yield line("removal", f"{confirmed} were confirmed, {removal['left']} still to clean up")
