"""Does one of two replicas work, and does the other take over when it should?"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from quayrobot.engine.controller.election import DURATION_S
from tests.kit.canary_fixture import CanaryWatch
from tests.kit.installation import Installation, Tenant, settle
from tests.kit.processes import wait_for
from tests.kit.replicas import Pair, replicas

OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def pair(house: Installation, canary_watch: CanaryWatch) -> Iterator[Pair]:
    # It is back when this is over: `house` sees to that.
    house.operator.stop()
    with replicas(house) as made:
        for replica in made:
            canary_watch.add(f"log of {replica.name}", replica.operator.said)
            replica.operator.start()
        yield Pair(house, made)


def _names(count: int, prefix: str) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def _serve(tenant: Tenant, *names: str, timeout_s: float = 40, **spec: object) -> None:
    tenant.robots(dict.fromkeys(names, spec))
    for name in names:
        tenant.wait_ready(name, timeout_s=timeout_s)


def test_one_works_and_the_other_is_ready_and_writes_nothing(pair: Pair):
    leader, standby = pair.leader()
    tenant = pair.house.tenant()

    _serve(tenant, *_names(5, "r"))

    assert leader.writes
    assert standby.writes == []
    # It was waited for until /readyz said yes, and it is no leader.
    assert standby.operator.running()
    assert "leader.awaited" in standby.operator.said()
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=40s")


def test_a_clean_end_hands_over_at_once(pair: Pair, record_property):
    leader, standby = pair.leader()
    tenant = pair.house.tenant()
    # No list comes but that of the one who takes over.
    tenant.connection(resyncInterval="1h")
    _serve(tenant, "before", connectionRef=OWN)
    called = pair.house.quay.mark()

    leader.operator.stop()
    began = time.monotonic()
    wait_for(lambda: standby.leads, "the other to lead", timeout_s=60, every_s=0.05)
    took = time.monotonic() - began

    _serve(tenant, "after", connectionRef=OWN)
    record_property("seconds from a clean end to the next leader", round(took, 2))
    # A Lease that nobody lets go of holds for longer.
    assert took < DURATION_S
    # One list for the organization, and what the new robot takes: where it comes before
    # the list, also the question whether a Quay answers.
    operations = sorted(set(tenant.operations(called)) - {"organization.get"})
    assert operations == ["robot.create", "robot.list"]
    assert tenant.operations(called).count("robot.list") == 1
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=40s")


def test_a_killed_leader_is_followed_in_time_and_no_edit_is_lost(pair: Pair, record_property):
    leader, standby = pair.leader()
    tenant = pair.house.tenant()
    _serve(tenant, "before")
    called = pair.house.quay.mark()

    leader.operator.kill()
    killed = time.monotonic()
    tenant.robots({name: {} for name in _names(20, "during")})
    wait_for(lambda: standby.writes, "a write of the other", timeout_s=90, every_s=0.1)
    took = standby.writes[0][0] - killed

    for name in _names(20, "during"):
        tenant.wait_ready(name)
    record_property("seconds from a killed leader to the next one's write", round(took, 1))
    operations = tenant.operations(called)
    assert operations.count("robot.create") == 20
    assert "robot.regenerate" not in operations
    # Nothing of the first comes after the second has begun.
    assert leader.writes[-1][0] < standby.writes[0][0]
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")


def test_a_leader_that_was_stopped_finds_itself_overtaken_and_ends(pair: Pair):
    leader, standby = pair.leader()
    tenant = pair.house.tenant()
    _serve(tenant, "before")

    os.kill(leader.operator.pid, signal.SIGSTOP)
    wait_for(lambda: standby.leads, "the other to lead", timeout_s=30)
    tenant.robots({name: {} for name in _names(5, "during")})
    written = len(leader.writes)
    os.kill(leader.operator.pid, signal.SIGCONT)

    wait_for(lambda: not leader.operator.running(), "the first to end", timeout_s=40)
    assert leader.writes[written:] == []
    assert "leader.lost" in leader.operator.said()
    for name in _names(5, "during"):
        tenant.wait_ready(name)
    # What the kubelet does next.
    leader.operator.start()
    assert not leader.leads
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=40s")


def test_a_leader_without_the_api_server_writes_nothing_and_goes_on_where_nobody_took_over(
    pair: Pair,
):
    leader, standby = pair.leader()
    tenant = pair.house.tenant()
    _serve(tenant, "before")
    standby.operator.stop()

    calls = pair.house.quay.mark()
    leader.cut = True
    wait_for(lambda: "leader.unsure" in leader.operator.said(), "doubt", timeout_s=15)
    # Watches go on: it hears of the deletion, and may do nothing about it.
    tenant.delete("before")
    settle(lambda: tenant.effects(calls) == [], 12)
    leader.cut = False

    tenant.wait_gone("before", timeout_s=60)
    _serve(tenant, "after")
    assert leader.operator.running()
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=40s")
