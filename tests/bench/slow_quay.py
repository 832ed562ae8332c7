"""
What does the credential cost where calls cost what a real Quay's do?

The double spends the CPU of each call, on two workers: 0.2 s with an OAuth
token, 0.019 s with a JWT of an OIDC service. Beside the operator stands the
bare script with the same credential. The floor is nothing but the calls. A neighbour
asks that Quay for little meanwhile: how much longer does it wait than alone?
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from quayrobot.cluster.kinds import CLUSTER_QUAY_CONNECTION, SECRET
from tests.kit.oidc_service import OidcService
from tests.kit.operating import NAMESPACE

from .load import Load, connection_body
from .neighbour import Neighbour
from .stage import Place, Stage

__all__ = ["DELETED", "SLOW", "measure_deletion", "measure_slow"]

Row = dict[str, Any]
SECRET_VALUE = "a-client-secret"
CLIENT = "operator"
WORKERS = 2
COST_S = {"OAuthToken": 0.2, "OIDC": 0.019}
# The neighbour rests for so many times as long as a call costs: a twelfth of what Quay can do.
RESTS = 5
SLOW = {
    "robots": "robots",
    "credential": "credential",
    "calls": "calls",
    "floor_s": "floor s",
    "bare_s": "bare s",
    "operator_s": "operator s",
    "ratio": "ratio",
    "to_floor": "to the floor",
    "neighbour": "a neighbour's call takes times",
}
DELETED = {
    "robots": "robots deleted",
    "credential": "credential",
    "calls": "calls",
    "designed_calls": "as designed",
    "floor_s": "floor s",
    "operator_s": "operator s",
    "to_floor": "to the floor",
}


def measure_slow(stage: Stage, size: int) -> list[Row]:
    """Make *size* robots with either credential, each beside the bare script."""
    with _slow_quay(stage) as service:
        return [_made(stage, size, kind, service) for kind in COST_S]


def measure_deletion(stage: Stage, size: int) -> Row:
    """Make *size* robots, and delete all of them at once at a Quay that takes its time."""
    place, operator = stage.declare(Load(size)), stage.operator()
    operator.start()
    try:
        place.connect()
        place.wait("Reconciled")
        with _slow_quay(stage):
            ledger, begun = stage.double.mark(), time.monotonic()
            place.delete_all()
            seconds = time.monotonic() - begun
            calls = stage.double.mark() - ledger
    finally:
        operator.stop()
    place.clear()
    designed = size + math.ceil(size / 1000) + 1
    row = _row(size, "OAuthToken", calls, seconds) | {"designed_calls": designed}
    # A single one, or two, are asked for by name.
    most = max(designed, 2 * min(size, 2))
    return row | {"faults": [f"{calls} calls, not {most}"] if calls > most else []}


@contextmanager
def _slow_quay(stage: Stage) -> Iterator[OidcService]:
    double = stage.double
    with OidcService(Path(stage.plane.folder) / "oidc") as service:
        service.clients, service.life_s = {CLIENT: SECRET_VALUE}, 3600
        trusted = {"prefix": "bench", "server": service.url, "client_id": "quay"}
        double.admin("settings", realistic=True, workers=WORKERS, sign_on=[trusted],
                     oidc_ca=str(service.ca))  # fmt: skip
        try:
            yield service
        finally:
            double.admin("settings", realistic=False, sign_on=[])


def _made(stage: Stage, size: int, kind: str, service: OidcService) -> Row:
    place = stage.declare(Load(size))
    token = _token(stage, place, service) if kind == "OIDC" else stage.double.token
    bare_s = stage.bare(place.name, token=token)["seconds"]
    place.clear()
    place, operator = stage.declare(Load(size)), stage.operator()
    token = _token(stage, place, service) if kind == "OIDC" else token
    operator.start()
    try:
        place.wait("ConnectionNotFound")
        with Neighbour(stage.double.url, token, rest_s=RESTS * COST_S[kind]) as neighbour:
            ledger, begun = stage.double.mark(), time.monotonic()
            _connect(stage, place, kind, service)
            place.wait("Reconciled")
            seconds = time.monotonic() - begun
        calls = [e for e in stage.double.operations(ledger) if e != "robot.list"]
    finally:
        operator.stop()
    place.clear()
    row = _row(size, kind, len(calls) - neighbour.asked, seconds, also=neighbour.asked)
    row |= {"bare_s": round(bare_s, 2), "ratio": round(seconds / bare_s, 2)}
    row |= {"neighbour": round(neighbour.times_as_long, 2)}
    made = calls.count("robot.create")
    return row | {"faults": [f"{made} robots made of {size}"] if made != size else []}


def _row(size: int, kind: str, calls: int, seconds: float, *, also: int = 0) -> Row:
    """Return the figures; Quay answered *also* more calls, which were not the operator's."""
    floor = (calls + also) * COST_S[kind] / WORKERS
    return {
        "robots": size,
        "credential": kind,
        "calls": calls,
        "floor_s": round(floor, 2),
        "operator_s": round(seconds, 2),
        "to_floor": round(seconds / floor, 2),
    }


def _token(stage: Stage, place: Place, service: OidcService) -> str:
    """Return a JWT whose user administers the organization; its first call makes the user."""
    token = service.token(CLIENT)
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{stage.double.url}/api/v1/user/", headers=headers, timeout=60)
    assert answer.status_code == 200, answer.status_code
    member = answer.json()["username"]
    stage.double.admin("team/member", org=place.name, team="owners", member=member)
    return token


def _connect(stage: Stage, place: Place, kind: str, service: OidcService) -> None:
    if kind == "OAuthToken":
        place.connect()
        return
    name = place.name
    data = {"client-secret": SECRET_VALUE}
    secret = {"apiVersion": "v1", "kind": "Secret", "stringData": data,
              "metadata": {"name": name, "namespace": NAMESPACE}}  # fmt: skip
    body = connection_body(name, stage.double.url)
    body["spec"]["caBundle"] = service.ca.read_text()
    body["spec"]["credentials"] = {
        "type": "OIDC", "issuer": service.url, "clientID": CLIENT,
        "clientSecretRef": {"name": name, "namespace": NAMESPACE},
    }  # fmt: skip
    stage.each([("POST", SECRET.path(NAMESPACE), secret)])
    stage.each([("POST", CLUSTER_QUAY_CONNECTION.path(), body)])
