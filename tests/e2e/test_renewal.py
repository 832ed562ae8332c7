"""Does a connection with Quay's own token outlive that token?"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.kit.bootstrap import KEY, SECRET, MachineQuay
from tests.kit.canary import oauth_token
from tests.kit.installation import Tenant
from tests.kit.processes import wait_for
from tests.kit.proxy import Asked, Proxy, When

OWN = {"kind": "QuayConnection", "name": "own"}
RENEW = "/api/v1/bootstrap/renew"
DUE, OVER = timedelta(minutes=41), timedelta(minutes=61)


@pytest.fixture
def machine(tenant: Tenant, tmp_path: Path) -> Iterator[MachineQuay]:
    with MachineQuay(tenant, tmp_path).running() as machine:
        yield machine


def connect(tenant: Tenant, machine: MachineQuay, **changes: Any) -> None:
    renewal = {"type": "Bootstrap", **changes.pop("renewal", {})}
    secret = {"name": SECRET, "key": KEY}
    body = {"credentials": {"secretRef": secret, "renewal": renewal}, "url": machine.quay.url}
    tenant.connections({"own": {**body, **changes}})


def connect_cluster(tenant: Tenant, machine: MachineQuay) -> dict[str, str]:
    """Apply a cluster connection that reads the same Secret, and return the reference to it."""
    name, renewal = f"machine-{tenant.name}", {"type": "Bootstrap", "lifetime": "1h"}
    secret = {"name": SECRET, "key": KEY, "namespace": tenant.name}
    credentials = {"secretRef": secret, "renewal": renewal}
    tenant.house.cluster_connection(name, url=machine.quay.url, credentials=credentials)
    return {"kind": "ClusterQuayConnection", "name": name}


def status(tenant: Tenant, ref: dict[str, str] = OWN) -> dict[str, Any]:
    return (tenant.get(ref["name"], ref["kind"].lower()) or {}).get("status") or {}


def is_done(tenant: Tenant, ref: dict[str, str], before: str) -> bool:
    credential = status(tenant, ref)["credential"]
    return credential["digest"] != before and "askedAt" not in credential


def condition(tenant: Tenant, kind: str = "Renewed") -> tuple[str, str]:
    listed = status(tenant).get("conditions") or []
    found = next((each for each in listed if each["type"] == kind), {})
    return found.get("status", ""), found.get("reason", "")


def wake(tenant: Tenant, ref: dict[str, str] = OWN) -> None:
    """Have the operator look at a connection now, not with its next beat."""
    moment = f"wake={uuid.uuid4().hex}"
    tenant.kubectl("annotate", ref["kind"].lower(), ref["name"], moment, "--overwrite")


def ready_since(tenant: Tenant) -> str:
    return str(tenant.condition()["lastTransitionTime"])


def test_the_token_is_renewed_in_time_once_and_robots_notice_nothing(
    tenant: Tenant, machine: MachineQuay
):
    connect(tenant, machine)
    twin = connect_cluster(tenant, machine)
    tenant.robot(connectionRef=OWN)
    tenant.robot("other", connectionRef=twin)
    tenant.wait_ready()
    tenant.wait_ready("other")
    wait_for(lambda: condition(tenant) == ("True", "Reconciled"), "the condition")
    since, told = ready_since(tenant), status(tenant)["credential"]
    times = [datetime.fromisoformat(told[each]) for each in ("issuedAt", "renewAt", "expiresAt")]
    assert timedelta(minutes=36) <= times[1] - times[0] <= timedelta(minutes=40)
    assert times[2] - times[0] == timedelta(hours=1)
    assert machine.renewals() == 0
    name = "quayrobot_connection_token_expiry_timestamp_seconds"
    shown = f'{name}{{connection="own",kind="QuayConnection"}}'
    wait_for(lambda: shown in tenant.house.operator.metrics(), "the number")

    for count in (1, 2):
        before, written = machine.token, len(tenant.house.plane.audit())
        digest = status(tenant)["credential"]["digest"]
        assert digest == status(tenant, twin)["credential"]["digest"]
        if count == 2:
            # It is done, and the answer is lost.
            machine.quay.admin("fault", operation="bootstrap.renew", kind="cut", when="after")
        machine.age(DUE)
        for ref in (OWN, twin):
            wake(tenant, ref)
        for ref in (OWN, twin):
            wait_for(lambda ref=ref, old=digest: is_done(tenant, ref, old), "the new token")
        assert machine.renewals() == count
        assert machine.stored == machine.token != before
        tenant.robot(f"after-{count}", connectionRef=OWN)
        tenant.wait_ready(f"after-{count}")
        names = (f"{tenant.name}/own", f"/{twin['name']}")
        writes = [e for e in tenant.house.operator_writes(written) if e.endswith(names)]
        # Intent and outcome of the one that asked; the other asked or saw the new token. The
        # robot that came may be counted by then, which is a write of each.
        assert 3 <= len(writes) <= 6

    assert machine.renewals() == 2
    assert ready_since(tenant) == since
    assert machine.quay.login(*tenant.credential() or ("", ""))
    assert machine.quay.login(*tenant.credential("after-2") or ("", ""))
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")
    tenant.house.plane.kubectl("delete", "clusterquayconnection", twin["name"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_dying_around_the_request_renews_once_and_a_late_secret_is_waited_for(
    tenant: Tenant, machine: MachineQuay, when: When
):
    house = tenant.house
    with Proxy("quay", machine.quay.url) as front:
        connect(tenant, machine, url=front.url)
        tenant.robot(connectionRef=OWN)
        tenant.wait_ready()
        since, before = ready_since(tenant), machine.token
        machine.late = True
        killed: list[Asked] = []

        def kill(asked: Asked, now: When) -> bool:
            if asked.path != RENEW or now != when or killed:
                return False
            killed.append(asked)
            house.operator.kill()
            return True

        try:
            front.hook = kill
            machine.age(DUE)
            wake(tenant)
            wait_for(lambda: killed and not house.operator.running(), "the kill")
            house.operator.start()
            wait_for(lambda: machine.renewals() == 1, "the request")

            # The old token is dead now and nobody has the new one.
            mark = machine.quay.mark()
            tenant.robot("late", connectionRef=OWN)
            tenant.wait_reason("ConnectionNotReady", "late")
            assert machine.stored == before != machine.token
            wait_for(
                lambda: tenant.condition("late")["message"].count("being renewed"), "the words"
            )
            assert (tenant.reason(), ready_since(tenant)) == ("Reconciled", since)
            assert condition(tenant, "Authorized")[0] != "False"
            assert len(machine.quay.calls(mark)) <= 6

            if when == "after":
                no_longer_waited_for(tenant)
                assert ready_since(tenant) == since
            machine.release()
            tenant.wait_ready("late", timeout_s=10)
            wait_for(lambda: "askedAt" not in status(tenant)["credential"], "the new token")
            assert machine.renewals() == 1
            assert (tenant.reason(), ready_since(tenant)) == ("Reconciled", since)
        finally:
            tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")


def no_longer_waited_for(tenant: Tenant) -> None:
    """Have the operator come back when its request was long ago; then it believes Quay."""
    tenant.house.operator.kill()
    long_ago = {"status": {"credential": {"askedAt": "2026-01-01T00:00:00Z"}}}
    words = ("--subresource=status", "--type=merge", "-p", json.dumps(long_ago))
    tenant.kubectl("patch", "quayconnection", "own", *words)
    tenant.house.operator.start()
    wait_for(lambda: condition(tenant) == ("False", "RenewalNotDelivered"), "the condition")
    tenant.wait_reason("CredentialRefused", "late")
    assert tenant.reason() == "Reconciled"


def test_what_stands_in_the_way_is_said_while_robots_go_on(tenant: Tenant, machine: MachineQuay):
    quay, minute = machine.quay, {"renewal": {"lifetime": "1m"}}
    ours = machine.token
    machine.put(quay.admin("token", value=oauth_token(), user="root"))
    connect(tenant, machine, **minute)
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()

    machine.age(DUE)
    wake(tenant)
    wait_for(lambda: condition(tenant) == ("False", "RenewalRefused"), "another kind of token")
    assert condition(tenant, "Ready") == ("True", "Reconciled")
    quay.admin("settings", programmatic_bootstrap=False)
    wait_for(lambda: condition(tenant) == ("False", "NotSupported"), "the feature")
    tenant.robot("served", connectionRef=OWN)
    tenant.wait_ready("served")

    quay.admin("settings", programmatic_bootstrap=True, bootstrap_loopback=False)
    quay.admin("fault", operation="bootstrap.renew", status=500, count=-1)
    machine.put(ours)
    machine.age(OVER)
    wake(tenant)
    wait_for(lambda: condition(tenant) == ("False", "RenewalFailed"), "Quay's failure")
    asked = machine.renewals()
    quay.admin("clock", shift_s=OVER.total_seconds())
    quay.admin("faults/clear")
    wait_for(lambda: condition(tenant) == ("False", "TokenExpired"), "the end")
    tenant.robot("waits", connectionRef=OWN)
    tenant.wait_reason("CredentialRefused", "waits")
    assert tenant.reason() == "Reconciled"
    assert condition(tenant, "Authorized")[0] == "False"
    assert machine.renewals(200) == 0
    assert machine.renewals() <= asked + 3

    quay.admin("bootstrap")
    tenant.wait_ready("waits", timeout_s=15)
    wait_for(lambda: condition(tenant) == ("True", "Reconciled"), "the new token")
    quay.admin("clock", shift_s=0)
