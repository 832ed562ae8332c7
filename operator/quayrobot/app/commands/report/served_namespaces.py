"""
Which namespaces does the operator of an installation serve?

Its Deployment says so, by the flag or the variable that the process itself
reads; whoever types the command may say it instead. An operator of named
namespaces has no kinds of the whole cluster, which is told and no fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ....model.resources.robot import RobotSpec
from ...settings import ENV_PREFIX
from .checks import CheckResult, State

__all__ = ["check_connection_kinds", "check_place", "check_served", "namespaces_of"]

Body = Mapping[str, Any]
FLAG = "--namespaces"
VARIABLE = f"{ENV_PREFIX}NAMESPACES"
NAMED = 5


def namespaces_of(deployments: Iterable[Body] | None, account: tuple[str, str]) -> tuple[str, ...]:
    """Return what the Deployments of *account* serve; () is the whole cluster, or not said."""
    found: dict[str, None] = {}
    for each in deployments or ():
        if _account(each) != account:
            continue
        names = _said(each)
        if not names:
            return ()
        found |= dict.fromkeys(names)
    return tuple(found)


def _account(deployment: Body) -> tuple[str, str]:
    pod = _pod(deployment)
    return deployment["metadata"]["namespace"], pod.get("serviceAccountName") or "default"


def _pod(deployment: Body) -> Body:
    pod: Body = deployment["spec"].get("template", {}).get("spec") or {}
    return pod


def _said(deployment: Body) -> list[str]:
    """The flag wins over the variable, as in the process itself."""
    containers = _pod(deployment).get("containers") or ()
    mine = [each for each in containers if each["name"] == "operator"] or containers[:1]
    for each in mine:
        words = [*(each.get("command") or ()), *(each.get("args") or ())]
        text = next(_flags(words), None) or _variable(each)
        return [name.strip() for name in text.split(",") if name.strip()]
    return []


def _flags(words: list[str]) -> Iterator[str]:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        flag, equals, value = word.partition("=")
        if flag == FLAG:
            yield value if equals else following


def _variable(container: Body) -> str:
    values = (each.get("value") for each in container.get("env") or () if each["name"] == VARIABLE)
    return next(values, None) or ""


def check_served(namespaces: tuple[str, ...]) -> CheckResult:
    """Say what an operator of *namespaces* serves, and what is not to be had from it."""
    return CheckResult(
        "served namespaces", State.FINE,
        f"Only {', '.join(namespaces)}. Not available: ClusterQuayConnection, "
        "ClusterQuayRobot, and rules that select namespaces by label.",
    )  # fmt: skip


def check_place(namespace: str, body: Body | None) -> CheckResult | None:
    """Check a namespace that is served; return None if nothing is wrong."""
    about = f"namespace {namespace}"
    helps = f"kubectl create namespace {namespace}, or take it out of {FLAG}."
    if body is None:
        return CheckResult(about, State.WRONG, "It is served but does not exist.", helps)
    if "deletionTimestamp" in body["metadata"]:
        return CheckResult(
            about, State.DOUBTFUL, "It is being deleted, and the operator's Role with it.",
            "If it does not finish: docs/install.md explains how to grant the rights temporarily.",
        )  # fmt: skip
    return None


def check_connection_kinds(robots: Iterable[tuple[str, RobotSpec]]) -> CheckResult | None:
    """Check which QuayRobots (by place) refer to a connection that is not served."""
    named = sorted(place for place, spec in robots if spec.connection_ref.kind != "QuayConnection")
    if not named:
        return None
    words = f"{', '.join(named[:NAMED])}" + (" and more" if named[NAMED:] else "")
    return CheckResult(
        "QuayRobots", State.DOUBTFUL,
        f"{words}: refers to a ClusterQuayConnection (the default), which is not served.",
        "Name a QuayConnection of the namespace in spec.connectionRef.",
    )  # fmt: skip
