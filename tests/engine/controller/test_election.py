"""Does one replica hold the Lease at a time, and does its fence close before another begins?"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
import yaml

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.leases import Leases
from quayrobot.engine.controller.election import DURATION_S, FENCE_S, Election
from quayrobot.model.errors import Reason, TryLater
from quayrobot.model.fence import Fence
from tests.engine.conftest import Clock
from tests.kit.controlplane import ControlPlane
from tests.kit.processes import free_port


class Replica:
    """An election on the real API server, by a clock of its own."""

    def __init__(self, api: ClusterApi, lease: str, name: str) -> None:
        self.clock, self.api = Clock(), api
        self.fence = Fence(self.clock)
        self.election = Election(
            Leases(api, "default", lease),
            self.fence,
            name,
            clock=self.clock,
            now=lambda: datetime.now(UTC),
        )

    async def step(self, seconds: float = 0.0) -> bool:
        self.clock.now += seconds
        return await self.election._try()

    @property
    def writes(self) -> bool:
        return self.fence.is_open


@pytest_asyncio.fixture
async def pair(control_plane: ControlPlane) -> AsyncIterator[tuple[Replica, Replica]]:
    lease = f"lease-{uuid.uuid4().hex[:8]}"
    api = await ClusterApi.connect(control_plane.kubeconfig, None, env_proxies=False)
    yield Replica(api, lease, "one"), Replica(api, lease, "two")
    await api.aclose()


def lease_of(plane: ControlPlane, replica: Replica) -> dict:
    found = plane.get("lease", replica.election._leases.name, "default")
    assert found is not None
    return found["spec"]


async def test_the_first_leads_and_the_other_waits(pair, control_plane):
    one, two = pair

    assert [await one.step(), await two.step()] == [True, False]

    assert [one.writes, two.writes] == [True, False]
    held = lease_of(control_plane, one)
    assert (held["holderIdentity"], held["leaseDurationSeconds"]) == ("one", DURATION_S)
    assert held["leaseTransitions"] == 0


async def test_a_lease_that_is_renewed_is_never_taken(pair):
    one, two = pair
    await one.step()

    for _ in range(10):
        assert await one.step(5)
        assert not await two.step(5)

    assert one.writes


async def test_a_lease_that_stands_still_is_taken_after_its_duration_and_not_before(
    pair, control_plane
):
    one, two = pair
    await one.step()
    began = lease_of(control_plane, one)["acquireTime"]
    await two.step()

    assert not await two.step(DURATION_S - 0.1)
    assert await two.step(0.2)

    held = lease_of(control_plane, two)
    assert (held["holderIdentity"], held["leaseTransitions"]) == ("two", 1)
    assert held["acquireTime"] > began


async def test_the_fence_closes_before_another_may_take_over(pair):
    one, two = pair
    await one.step()
    await two.step()
    one.clock.now += FENCE_S

    assert not one.writes
    assert FENCE_S < DURATION_S
    with pytest.raises(TryLater) as refused:
        one.fence.check()
    assert refused.value.reason is Reason.NOT_LEADER


async def test_who_was_overtaken_finds_out_and_writes_nothing_more(pair):
    one, two = pair
    await one.step()
    await two.step()
    await two.step(DURATION_S)
    # As if it had been stopped meanwhile, and its clock with it.
    assert one.writes

    assert not await one.step()

    assert one.election.lost.is_set()
    assert not one.writes


async def test_a_released_lease_is_taken_at_once(pair, control_plane):
    one, two = pair
    await one.step()
    await two.step()

    await one.election.release()

    assert not one.writes
    assert await two.step()
    held = lease_of(control_plane, two)
    assert held["leaseDurationSeconds"] == DURATION_S
    # As client-go counts: to let go is no change of its own.
    assert held["leaseTransitions"] == 1


async def test_who_only_waits_releases_nothing(pair, control_plane):
    one, two = pair
    await one.step()
    await two.step()

    await two.election.release()

    assert lease_of(control_plane, one)["holderIdentity"] == "one"


async def test_a_lease_that_somebody_else_writes_into_or_deletes_is_kept(pair, control_plane):
    one, two = pair
    await one.step()
    name = one.election._leases.name
    control_plane.kubectl("annotate", "lease", name, "-n", "default", "by=hand")
    assert await one.step(5)

    control_plane.kubectl("delete", "lease", name, "-n", "default")

    assert await one.step(5)
    assert not await two.step()
    assert not one.election.lost.is_set()


@pytest.mark.parametrize("gone", [False, True], ids=["of then", "not yet made then"])
async def test_who_sees_a_lease_from_before_a_restored_snapshot_ends(pair, control_plane, gone):
    one, two = pair
    await one.step()
    await two.step()
    for each in (one, two):
        # What both saw last was later than what is stored now.
        seen = each.election._seen
        later = str(int(seen["metadata"]["resourceVersion"]) + 1000)
        each.election._note({**seen, "metadata": {**seen["metadata"], "resourceVersion": later}})
    name = one.election._leases.name
    if gone:
        control_plane.kubectl("delete", "lease", name, "-n", "default")

    assert [await one.step(5), await two.step(5)] == [False, False]

    assert [each.election.lost.is_set() for each in (one, two)] == [True, True]
    assert not one.writes


async def test_of_two_that_take_it_at_once_one_does(pair):
    one, two = pair
    await one.step()
    await two.step()
    third = Replica(one.api, one.election._leases.name, "three")
    await third.step()
    for each in (two, third):
        each.clock.now += DURATION_S
    # Both have seen the same version; the second write of it is a conflict.
    seen = await two.election._leases.read()
    assert await two.step()

    third.election._note(seen)
    third.clock.now += DURATION_S
    assert not await third.step()

    assert [two.writes, third.writes] == [True, False]


async def test_an_api_server_that_is_away_closes_the_fence_and_ends_nothing(
    pair, control_plane, tmp_path
):
    one, _ = pair
    await one.step()
    there = one.election._leases
    config = yaml.safe_load(control_plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{free_port()}"
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(yaml.safe_dump(config))
    api = await ClusterApi.connect(nowhere, None, env_proxies=False)
    one.election._leases = Leases(api, "default", there.name)

    assert not await one.step(FENCE_S)

    assert not one.writes
    assert not one.election.lost.is_set()
    one.election._leases = there
    assert await one.step()
    assert one.writes
    await api.aclose()


async def test_a_right_that_is_missing_is_told_by_name(control_plane: ControlPlane, caplog):
    nobody = control_plane.service_account_kubeconfig("default", "default")
    api = await ClusterApi.connect(nobody, None, env_proxies=False)

    assert not await Replica(api, "any", "one").step()

    (told,) = (each.msg for each in caplog.records if each.levelname == "WARNING")
    assert told["event"] == "leader.unsure"
    assert told["why"] == "the operator may not get leases in namespace default"
    await api.aclose()
