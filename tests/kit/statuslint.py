"""Does every stored status keep the rules of the field?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from quayrobot.model.errors import Reason

from .canary import scan
from .kstatus import disagreements

ORDER = ["Ready", "RobotReady", "GrantsReady", "FederationReady", "SecretsReady",
         "Reachable", "Authorized", "Renewed", "Reconciling", "Stalled"]  # fmt: skip
# What the definition says of an object that the operator did not see yet.
UNSEEN = {"observedGeneration": -1}
REASONS = {str(each) for each in Reason}
_DOCUMENTED = Path(__file__).parents[2] / "docs" / "operations.md"


def lint(body: dict[str, Any]) -> list[str]:
    """Return what is wrong with the status of *body*."""
    status = body.get("status") or {}
    conditions = status.get("conditions") or []
    if status in ({}, UNSEEN):
        return disagreements(body)
    found = [*_shape(conditions), *_sense(body, conditions), *disagreements(body)]
    found += [f"a credential in the status: {leak.form}" for leak in scan(str(status), "status")]
    who = f"{body['kind']}/{body['metadata']['name']}"
    return [f"{who}: {each}" for each in found]


def _shape(conditions: list[dict[str, Any]]) -> list[str]:
    found = []
    types = [each["type"] for each in conditions]
    if types != sorted(types, key=ORDER.index):
        found.append(f"not in order: {types}")
    if len(types) != len(set(types)):
        found.append(f"twice: {types}")
    for each in conditions:
        if each["reason"] not in REASONS or not re.fullmatch("[A-Z][A-Za-z]+", each["reason"]):
            found.append(f"unknown reason {each['reason']}")
        if len(each.get("message", "")) > 1000:
            found.append("a message of over 1000 characters")
        if not each.get("lastTransitionTime") or "observedGeneration" not in each:
            found.append(f"{each['type']} lacks its time or its generation")
    return found


def _sense(body: dict[str, Any], conditions: list[dict[str, Any]]) -> list[str]:
    found = []
    by_type = {each["type"]: each for each in conditions}
    generation = body["metadata"]["generation"]
    if body["status"].get("observedGeneration", 0) > generation:
        found.append("observedGeneration is ahead of the generation")
    if "Ready" not in by_type:
        found.append("no Ready")
    if {"Reconciling", "Stalled"} <= set(by_type):
        found.append("Reconciling and Stalled at once")
    found += [
        f"{negative} is present and not true"
        for negative in ("Reconciling", "Stalled")
        if by_type.get(negative, {}).get("status", "True") != "True"
    ]
    ready = by_type.get("Ready", {}).get("status")
    if ready == "True" and "Stalled" in by_type:
        found.append("Ready and Stalled")
    return found


def lint_transition(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what is wrong with the step from the status of *old* to that of *new*."""
    found = []
    before = {each["type"]: each for each in (old.get("status") or {}).get("conditions") or []}
    for each in (new.get("status") or {}).get("conditions") or []:
        known = before.get(each["type"])
        if known is None:
            continue
        moved = known["lastTransitionTime"] != each["lastTransitionTime"]
        if moved and known["status"] == each["status"]:
            found.append(f"{each['type']}: the time moved and the status did not")
    return found
