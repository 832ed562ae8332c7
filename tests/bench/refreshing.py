"""
What does it cost to replace the passwords of all keyless robots at once?

A crowd of robots spreads its refreshes; here all are due at one moment, because the
status of each says so when the operator starts. The bare script makes the same
calls over the same place before. Quay verifies each token with the keys of the
control plane, over the network, for the script as for the operator.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil

from tests.kit.operating import OperatorProcess

from .double import cpu_of
from .load import Load
from .measuring import wait_quiet
from .stage import Place, Stage

__all__ = ["REFRESHED", "measure_refresh"]

Row = dict[str, Any]
REFRESHED = {
    "robots": "passwords refreshed",
    "bare_s": "bare s",
    "operator_s": "operator s",
    "ratio": "ratio",
    "calls_per_robot": "calls per robot",
    "bare_calls_per_robot": "of the script",
    "writes_per_robot": "cluster writes per robot",
    "bare_writes_per_robot": "of the script",
    "cpu_s": "CPU s",
    "bare_cpu_s": "of the script",
    "soonest_end_s": "shortest rest of a password, s",
    "logins_failed": "Secrets that do not log in",
}
LEFT = timedelta(minutes=15)
AGE = timedelta(minutes=45)


def measure_refresh(stage: Stage, load: Load) -> Row:
    """Make the keyless robots of *load*, and have all their passwords replaced, twice."""
    assert load.account is not None
    # The double has to trust whom it asks for the keys.
    stage.double.admin("settings", oidc_ca=str(stage.plane.ca_file))
    place, operator = stage.declare(load), stage.operator()
    stage.plane.kubectl("-n", place.name, "create", "serviceaccount", load.account)
    operator.start()
    try:
        place.connect()
        place.wait("Reconciled")
        wait_quiet(stage, operator)
    finally:
        operator.stop()
    row = _bare(stage, place)
    row |= _refresh(stage, place, operator)
    row["ratio"] = round(row["operator_s"] / row["bare_s"], 2)
    place.clear()
    return row | {"faults": list(_faults(row))}


def _bare(stage: Stage, place: Place) -> Row:
    size, ledger, audit = place.load.size, stage.double.mark(), len(stage.plane.audit())
    took = stage.bare(place.name, "bare_refreshing", account=place.load.account)
    return {
        "robots": size,
        "bare_s": round(took["seconds"], 2),
        "bare_cpu_s": round(took["cpu_s"], 2),
        "bare_calls_per_robot": round((stage.double.mark() - ledger) / size, 3),
        "bare_writes_per_robot": round(stage.writes(audit, place.name) / size, 3),
    }


def _refresh(stage: Stage, place: Place, operator: OperatorProcess) -> Row:
    now, size = datetime.now(UTC), place.load.size
    due = {"issuedAt": _text(now - AGE), "expiresAt": _text(now + LEFT)}
    place.patch_all(lambda _name: {"status": {"credential": due}}, "/status")
    audit, ledger = len(stage.plane.audit()), stage.double.mark()
    operator.start()
    try:
        process = psutil.Process(operator.pid)
        cpu = cpu_of(process)
        place.wait_until(lambda body: _ends(body) > now + 2 * LEFT)
        # It began as soon as it was ready, which is before the bench had seen that.
        seconds = time.time() - _first_exchange(stage, ledger)
        wait_quiet(stage, operator)
        used = cpu_of(process) - cpu
    finally:
        operator.stop()
    calls = Counter(stage.double.operations(ledger))
    return {
        "operator_s": round(seconds, 2),
        "calls_per_robot": round((calls.total() - calls["robot.list"]) / size, 3),
        "lists": calls["robot.list"],
        "writes_per_robot": round(stage.writes(audit, place.name) / size, 3),
        "cpu_s": round(used, 2),
        # The last one was replaced when all were: that much of the old password was left.
        "soonest_end_s": round(LEFT.total_seconds() - seconds),
        "logins_failed": sum(not each for each in place.log_in()),
        "calls": dict(calls),
    }


def _first_exchange(stage: Stage, ledger: int) -> float:
    calls = stage.double.calls(ledger)
    return min(float(e["time"]) for e in calls if e["operation"] == "federation.exchange")


def _ends(body: Row) -> datetime:
    credential = (body.get("status") or {}).get("credential") or {}
    return datetime.fromisoformat(credential.get("expiresAt", "1970-01-01T00:00:00Z"))


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _faults(row: Row) -> Iterator[str]:
    if row["calls_per_robot"] != 1:
        yield f"{row['calls_per_robot']} calls per refresh, not 1"
    if row["writes_per_robot"] != row["bare_writes_per_robot"]:
        yield f"{row['writes_per_robot']} writes per refresh, not {row['bare_writes_per_robot']}"
    if row["calls"].get("robot.regenerate"):
        yield "a token was regenerated"
    if row["logins_failed"]:
        yield f"{row['logins_failed']} Secrets do not log in"
