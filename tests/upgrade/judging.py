"""
What may the operator of another version do to what it finds? Read it, and say more of it.

Nothing may be made, changed or taken away in Quay, no Secret and no ServiceAccount is
written, no Event tells of anything, and each write of the operator is explained here.
Robots that are edited meanwhile are judged by their edits (`busy.py`).
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections import Counter
from dataclasses import dataclass

from tests.kit.installation import Body
from tests.kit.operating import USER
from tests.kit.processes import wait_for

from .busy import is_busy, short_name
from .declared import unready
from .site import Site, stored

__all__ = ["Before", "dead_credentials", "looked_around", "surprises"]

QUIET_S = 3.0
# Once each: what a newer version says beside, or either of them in its own words.
TOLD = re.compile(r"(?:update|patch) (?:cluster)?quay(?:robots|connections)/status ")
# Counted again where the second list of an organization comes later than the status.
COUNTED = re.compile(r"(?:update|patch) (?:cluster)?quayconnections/status ")
COUNTS = 3


@dataclass(frozen=True)
class Before:
    """What was there before another version took over."""

    called: int
    audited: int
    secrets: dict[str, object]

    @classmethod
    def of(cls, site: Site) -> Before:
        """Return what is there now."""
        return cls(site.quay.mark(), len(site.plane.audit()), _left_alone(site))


def looked_around(site: Site, before: Before, *, idle_after_s: float | None = None) -> None:
    """
    Wait until the operator has made four lists, by whichever connection, and then rests.

    One that may make fewer has had its time after *idle_after_s*.
    """
    begun = time.monotonic()

    def looked() -> bool:
        lists = site.quay.operations(before.called).count("robot.list")
        return lists >= 4 or (idle_after_s is not None and time.monotonic() > begun + idle_after_s)

    wait_for(looked, "four lists", timeout_s=120, every_s=0.3)
    deadline = time.monotonic() + 60
    seen, since = -1, time.monotonic()
    while time.monotonic() < since + QUIET_S:
        assert time.monotonic() < deadline, f"no rest: {writes(site, before)}"
        time.sleep(0.2)
        if len(writes(site, before)) != seen:
            seen, since = len(writes(site, before)), time.monotonic()


def writes(site: Site, before: Before) -> list[str]:
    """Return what operators wrote to the cluster since *before*."""
    return [
        f"{each.verb} {each.resource}/{each.subresource} {each.namespace}/{each.name}"
        for each in site.plane.audit()[before.audited :]
        if each.user == USER and each.write and each.code < 300 and not is_busy(each.name)
    ]


def surprises(site: Site, before: Before) -> list[str]:
    """Return all that another version must not have done since *before*."""
    written = Counter(writes(site, before))
    found = [f"written: {e} ({n} times)" for e, n in written.items() if not _explained(e, n)]
    found += [
        f"in Quay: {e.operation} {e.path}"
        for e in site.quay.calls(before.called)
        if e.effect and not is_busy(short_name(e.path))
    ]
    after = _left_alone(site)
    found += [
        f"changed: {each}"
        for each in sorted(before.secrets.keys() | after.keys())
        if before.secrets.get(each) != after.get(each)
    ]
    return [*found, *unready(site), *dead_credentials(site)]


def _explained(write: str, times: int) -> bool:
    if COUNTED.match(write):
        return times <= COUNTS
    return bool(TOLD.match(write)) and times == 1


def dead_credentials(site: Site) -> list[str]:
    """Return the Secrets of ours whose holders the registry does not let in."""
    return [
        f"no login: {each['metadata']['namespace']}/{each['metadata']['name']}"
        for each in stored(site.plane)
        if each.get("type") == "kubernetes.io/dockerconfigjson" and not _logs_in(site, each)
    ]


def _logs_in(site: Site, secret: Body) -> bool:
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    (entry,) = config["auths"].values()
    user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
    return site.quay.login(user, password)


def _left_alone(site: Site) -> dict[str, object]:
    """Return everything but statuses: each object's version, or for ours what is not status."""
    found: dict[str, object] = {}
    for body in stored(site.plane):
        meta = body["metadata"]
        if is_busy(meta["name"]):
            continue
        name = f"{body['kind']} {meta.get('namespace', '')}/{meta['name']}"
        if body["kind"] in {"Secret", "ServiceAccount"}:
            found[name] = (meta["uid"], meta["resourceVersion"])
        elif body["kind"] != "Namespace":
            kept = {key: meta.get(key) for key in ("uid", "finalizers", "annotations", "labels")}
            found[name] = kept | {"generation": meta["generation"]}
    return found
