"""
What is wrong with an installation, as far as reading shows it?

Each check ends in one plain sentence, and where it does not stand, in what
helps. They are made of answers that were fetched before; nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from ....model.conditions import Condition, ConditionType
from ....model.crd import Definition, crd
from ....model.errors import QuayRobotError, Reason
from ....model.names import GROUP
from .cures import cure_of

__all__ = [
    "State",
    "CheckResult",
    "check_clock",
    "check_definition",
    "check_leader",
    "check_operators",
    "check_renewal",
    "failed",
]

LEEWAY_S = 30.0
Body = Mapping[str, Any]


class State(StrEnum):
    """How a check ended."""

    FINE = "ok"
    DOUBTFUL = "warning"
    WRONG = "wrong"
    UNSEEN = "not seen"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: what it was about, how it stands, in a sentence, and what helps."""

    about: str
    state: State
    words: str
    cure: str = ""


# What keeps the caller from seeing, and what the caller can do.
_KEPT_BACK = {
    Reason.CLUSTER_REFUSED: "Ask somebody who may.",
    Reason.CLUSTER_UNAVAILABLE: "Ask somebody who may, or try again if it may pass.",
}


def failed(about: str, error: QuayRobotError, state: State) -> CheckResult:
    """
    Return what *error* means for the check.

    What the API server keeps from the caller is not seen, whatever *state* the check ends in
    otherwise; what helps an operator without that right does not help here.
    """
    cure = _KEPT_BACK.get(error.reason)
    if cure is not None:
        state = State.UNSEEN
    words = f"{error.message[:1].upper()}{error.message[1:]}."
    return CheckResult(about, state, words, cure or cure_of(error.reason))


def check_definition(definition: Definition, live: Body | None) -> CheckResult:
    """Check whether a definition is there and is the one of this version."""
    about = f"definition {definition.plural}.{GROUP}"
    again = "Run kubectl apply -k deploy/crds from the operator's version."
    if live is None:
        return CheckResult(about, State.WRONG, "It is not in the cluster.", again)
    if not _condition(live, "Established"):
        return CheckResult(
            about, State.WRONG, "The API server does not serve it.",
            "See the conditions of the definition: kubectl describe crd.",
        )  # fmt: skip
    wanted = crd(definition)["spec"]["versions"][0]
    there = {each["name"]: each for each in live["spec"]["versions"]}
    mine = there.get(wanted["name"])
    if mine is None or not mine.get("served"):
        return CheckResult(about, State.WRONG, f"It does not serve {wanted['name']}.", again)
    where = _first_difference(wanted["schema"], mine.get("schema"))
    if where:
        words = f"Its schema differs from this version's, first at {where}."
        return CheckResult(about, State.WRONG, words, again)
    return CheckResult(about, State.FINE, "It is installed, in this version.")


def _condition(body: Body, kind: str) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or ()
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _first_difference(wanted: Any, there: Any, path: str = "") -> str:
    """Where *there* lacks or changes what is *wanted*, or has a field more; '' for nowhere."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping):
        more = sorted(set(there) - set(wanted)) if path.endswith("properties") else []
        for key in (*wanted, *more):
            if found := _first_difference(
                wanted.get(key), there.get(key), f"{path}.{key}" if path else str(key)
            ):
                return found
        return ""
    if isinstance(wanted, list) and isinstance(there, list) and len(wanted) == len(there):
        pairs = enumerate(zip(wanted, there, strict=True))
        inside = (_first_difference(one, other, f"{path}[{at}]") for at, (one, other) in pairs)
        return next((each for each in inside if each), "")
    return "" if wanted == there else (path or "the top")


def check_operators(deployments: Iterable[Body] | None) -> CheckResult:
    """Check whether one operator is wanted and runs."""
    about = "operators"
    if deployments is None:
        return CheckResult(
            about, State.UNSEEN, "You may not list the Deployments of all namespaces.",
            "Ask somebody who may.",
        )  # fmt: skip
    wanted = [each for each in deployments if each["spec"].get("replicas", 1)]
    places = ", ".join(
        f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in wanted
    )
    if not wanted:
        return CheckResult(
            about, State.WRONG, "No Deployment of the operator has replicas.",
            "kubectl apply -k deploy/manifests, or scale the Deployment to 1.",
        )  # fmt: skip
    if len(wanted) > 1:
        return CheckResult(
            about, State.DOUBTFUL, f"More than one Deployment may run: {places}.",
            "Keep one, unless each serves namespaces of its own: logins hold, but two ask Quay "
            "twice, may rotate twice, and take each other's repairs for a contest (Contested).",
        )  # fmt: skip
    ready = (wanted[0].get("status") or {}).get("readyReplicas", 0)
    if not ready:
        return CheckResult(
            about, State.WRONG, f"{places} has no ready pod.",
            "Run kubectl describe on its pods, and see their log.",
        )  # fmt: skip
    return CheckResult(about, State.FINE, f"One runs: {places}.")


def check_leader(lease: Body | None, now: datetime) -> CheckResult:
    """Check which replica holds the *lease*; None where there is no Lease."""
    about = "leader"
    helps = "See the log of the operator's pods; its ServiceAccount needs to write the Lease."
    if lease is None:
        return CheckResult(
            about, State.DOUBTFUL,
            "There is no Lease: no replica is active, or leader election is off.",
            "None needed where the operator runs with --no-leader-election.",
        )  # fmt: skip
    spec = lease.get("spec") or {}
    holder, renewed = spec.get("holderIdentity"), spec.get("renewTime")
    if not holder:
        return CheckResult(
            about, State.WRONG, "Nobody holds the Lease: no replica is active.", helps
        )
    since_s = (now - datetime.fromisoformat(renewed)).total_seconds() if renewed else 0.0
    if since_s > spec.get("leaseDurationSeconds", 0) + LEEWAY_S:
        words = f"{holder} led, and has not renewed the Lease for {since_s:.0f} s."
        return CheckResult(about, State.WRONG, words, helps)
    return CheckResult(about, State.FINE, f"{holder} leads.")


def check_clock(about: str, date: str | datetime | None, now: datetime) -> CheckResult:
    """Check how far the clock of the other side, in a Date header, differs from ours."""
    about = f"clock of {about}"
    try:
        there = date if isinstance(date, datetime) else parsedate_to_datetime(date or "")
        skew = (there - now).total_seconds()
    except (ValueError, TypeError):
        words = "Its response has no valid Date header."
        return CheckResult(about, State.DOUBTFUL, words, "None needed.")
    if abs(skew) <= LEEWAY_S:
        return CheckResult(about, State.FINE, "It agrees with this machine's.")
    side = "ahead of" if skew > 0 else "behind"
    return CheckResult(
        about, State.DOUBTFUL, f"It is {abs(skew):.0f} s {side} this machine's.",
        "Set the clocks right (NTP) on whichever side is wrong: Quay refuses tokens that are more "
        "than 30 s early, and rotations by interval come at the wrong time.",
    )  # fmt: skip


def check_renewal(about: str, conditions: Iterable[Condition]) -> list[CheckResult]:
    """Check the renewal of a connection's token; return nothing if none is declared."""
    return [
        CheckResult(
            f"{about}, renewal of its token", State.FINE, "It is renewed before it expires."
        )
        if each.status == "True"
        else CheckResult(
            f"{about}, renewal of its token", State.DOUBTFUL,
            f"{each.message[:1].upper()}{each.message[1:]}.", cure_of(each.reason),
        )
        for each in conditions
        if each.type is ConditionType.RENEWED
    ]  # fmt: skip
