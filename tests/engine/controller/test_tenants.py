"""For whom does a key run, and what may it wait for, by what store and lines know?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from quayrobot.engine.cache.store import Store
from quayrobot.engine.controller.tenants import Tenants
from quayrobot.engine.workqueue.keys import NamespaceKey, OwnerKey, ResourceKey
from quayrobot.engine.workqueue.worker_shares import Tenant
from quayrobot.model.names import OwnerName

HUB = ResourceKey("ClusterQuayConnection", "", "default")
OWN = ResourceKey("QuayConnection", "shop", "own")
CI, CD = (ResourceKey("QuayRobot", "shop", name) for name in ("ci", "cd"))
CLUSTER_ROBOT = ResourceKey("ClusterQuayRobot", "", "all")
ACME = OwnerName("organization", "acme")


def meta(key: ResourceKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "namespace": key.namespace,
        "uid": key.name,
        "resourceVersion": "1",
        "creationTimestamp": "2026-11-24T03:00:00Z",
    }


@pytest.fixture
def store() -> Store:
    store = Store()
    ref = {"kind": "QuayConnection", "name": "own"}
    store.observe(
        "QuayRobot",
        None,
        {"metadata": meta(CI), "spec": {"organization": "acme", "connectionRef": ref}},
    )
    store.observe("QuayRobot", None, {"metadata": meta(CD), "spec": {"organization": "acme"}})
    shared = {"mode": "Shared", "template": {"spec": {"organization": "acme"}}}
    store.observe("ClusterQuayRobot", None, {"metadata": meta(CLUSTER_ROBOT), "spec": shared})
    return store


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (CI, Tenant("shop", OWN)),
        (CD, Tenant("shop", HUB)),
        (ResourceKey("QuayRobot", "shop", "gone"), Tenant("shop", None)),
        (OWN, Tenant("shop", OWN)),
        (HUB, Tenant("", HUB)),
        (OwnerKey(HUB, ACME), Tenant("", HUB)),
        (OwnerKey(OWN, ACME), Tenant("shop", OWN)),
        (CLUSTER_ROBOT, Tenant("", HUB)),
        (NamespaceKey(CLUSTER_ROBOT, "shop"), Tenant("shop", None)),
        (ResourceKey("ClusterQuayRobot", "", "members"), Tenant("", None)),
    ],
)
def test_a_key_belongs_to_a_namespace_and_waits_for_a_connection(key, expected, store):
    assert Tenants(store, SimpleNamespace()).of(key) == expected  # type: ignore[arg-type]


def test_a_connection_that_was_never_used_is_in_doubt(store):
    pool = {HUB: SimpleNamespace(limits=SimpleNamespace(in_doubt=False))}
    tenants = Tenants(store, SimpleNamespace(known=pool.get))  # type: ignore[arg-type]

    assert [tenants.in_doubt(each) for each in (HUB, OWN)] == [False, True]
