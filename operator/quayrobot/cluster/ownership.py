"""
Which labels and annotations of an object are ours, and how old is its data?

Managed fields say which our field manager set, and when. Those that we no
longer want go, those of others stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from ..model.names import ANNOTATION_MADE_AT, OPERATOR

__all__ = ["data_written_at", "declared_by", "merged", "other_manager", "our_fields"]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Helm 3 merges by itself and updates.
HELM = "helm"
# A name that a program gives itself; free text is not passed on.
_MANAGER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


def our_fields(meta: Mapping[str, Any], part: str) -> frozenset[str]:
    """
    Return the keys of *part* (such as `f:labels`) that our field manager set.

    Without what it noted with the finalizer: that is no part of what is wanted.
    """
    ours = [
        each.get("fieldsV1", {}).get("f:metadata", {})
        for each in meta.get("managedFields") or ()
        if each.get("manager") == OPERATOR
    ]
    keys = {key[2:] for each in ours for key in each.get(part, {}) if key.startswith("f:")}
    return _held_once(frozenset(keys - {ANNOTATION_MADE_AT}))


@lru_cache(maxsize=256)
def _held_once(keys: frozenset[str]) -> frozenset[str]:
    """Return the set like *keys* that is there already: all Secrets of a format have the same."""
    return keys


def other_manager(meta: Mapping[str, Any], field: str) -> str | None:
    """Return who else has *field* (`part[key]`), where the name has the shape of one."""
    part, _, key = field.rstrip("]").partition("[")
    steps = [f"f:{each}" for each in part.split(".")]
    steps += [f"f:{key}"] if part.startswith(("data", "metadata")) and key else []
    others = sorted(
        (each for each in meta.get("managedFields") or () if each.get("manager") != OPERATOR),
        key=lambda each: str(each.get("time", "")),
        reverse=True,
    )
    for each in others:
        name = str(each.get("manager", ""))
        if _has(each.get("fieldsV1"), steps) and _MANAGER.fullmatch(name):
            return name
    return None


def declared_by(meta: Mapping[str, Any], field: str) -> str | None:
    """
    Return who has the top-level *field* in a manifest that is applied; None where nothing tells.

    Server-side apply and Helm are known by the managed fields, client-side apply by what
    kubectl wrote last. Whoever patches a field has no manifest.
    """
    for each in meta.get("managedFields") or ():
        name = str(each.get("manager", ""))
        applies = each.get("operation") == "Apply" or name == HELM
        mine = name == OPERATOR or not _MANAGER.fullmatch(name)
        if applies and not mine and _has(each.get("fieldsV1"), [f"f:{field}"]):
            return name
    try:
        last = json.loads((meta.get("annotations") or {}).get(LAST_APPLIED) or "null")
    except ValueError:
        return None
    return "kubectl apply" if isinstance(last, Mapping) and field in last else None


def _has(fields: object, steps: list[str]) -> bool:
    for step in steps:
        if not isinstance(fields, Mapping) or step not in fields:
            return False
        fields = fields[step]
    return True


def data_written_at(meta: Mapping[str, Any], key: str) -> datetime | None:
    """
    Return when the *key* of the data got its value, at the latest; None where nothing tells.

    Whoever owns the field set this very value; a manager's time moves on with
    whatever else it writes, so the first of several owners is nearest.
    """
    times = [
        each["time"]
        for each in meta.get("managedFields") or ()
        if each.get("time") and f"f:{key}" in (each.get("fieldsV1") or {}).get("f:data", {})
    ]
    return min(map(datetime.fromisoformat, times), default=None)


def merged(
    old: Mapping[str, str] | None, dropped: frozenset[str], wanted: Mapping[str, str]
) -> dict[str, str]:
    """Return *wanted* over *old*, without what is ours there and *dropped*."""
    kept = {key: value for key, value in (old or {}).items() if key not in dropped}
    return {**kept, **wanted}
