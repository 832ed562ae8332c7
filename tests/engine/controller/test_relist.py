"""Is what a watch missed found by the relist, and nothing else?"""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import SECRET
from quayrobot.cluster.resources import Resources
from quayrobot.engine.cache.store import Store
from quayrobot.engine.cache.tombstones import tombstone, versions
from quayrobot.engine.controller.relist import HistoryWentBackError, relist
from quayrobot.engine.workqueue.keys import ResourceKey

META = {
    "namespace": "shop",
    "name": "ci",
    "uid": "uid-1",
    "creationTimestamp": "2026-11-24T00:00:00Z",
}
BODIES: dict[str, dict[str, Any]] = {
    "QuayRobot": {"metadata": META, "spec": {"organization": "acme"}},
    "QuayConnection": {"metadata": META, "spec": {}},
    "Secret": {"metadata": META | {"ownerReferences": [{"uid": "owner", "controller": True}]}},
    "ServiceAccount": {"metadata": META, "imagePullSecrets": [{"name": "ci"}]},
    "Namespace": {"metadata": {"name": "shop", "uid": "uid-2"}},
}


def body(kind: str, version: int) -> dict[str, Any]:
    found = BODIES[kind]
    return found | {"metadata": found["metadata"] | {"resourceVersion": str(version)}}


def place(kind: str) -> tuple[str, str]:
    return ("", "shop") if kind == "Namespace" else ("shop", "ci")


@pytest.mark.parametrize("kind", BODIES)
def test_the_version_of_every_kind_is_known(kind: str):
    store = Store()

    store.observe(kind, "ADDED", body(kind, 7))

    assert versions(store, kind) == {place(kind): 7}


@pytest.mark.parametrize("kind", BODIES)
def test_a_newer_version_is_known_even_if_it_is_no_news(kind: str):
    store = Store()
    store.observe(kind, "ADDED", body(kind, 7))

    store.observe(kind, "MODIFIED", body(kind, 9))

    assert versions(store, kind) == {place(kind): 9}


@pytest.mark.parametrize("kind", BODIES)
def test_a_tombstone_takes_the_object_out_of_the_store(kind: str):
    store = Store()
    store.observe(kind, "ADDED", body(kind, 7))

    store.observe(kind, "DELETED", tombstone(store, kind, place(kind), 7))

    assert versions(store, kind) == {}


def test_the_tombstone_of_a_secret_wakes_its_owner():
    store = Store()
    robot = BODIES["QuayRobot"] | {"metadata": META | {"uid": "owner", "resourceVersion": "1"}}
    store.observe("QuayRobot", "ADDED", robot)
    store.observe("Secret", "ADDED", body("Secret", 7))

    woken = store.observe("Secret", "DELETED", tombstone(store, "Secret", ("shop", "ci"), 7))

    assert ResourceKey("QuayRobot", "shop", "ci") in [key for key, _ in woken]


async def test_a_relist_brings_what_the_watch_skipped_and_takes_what_is_gone(control_plane):
    space = f"relist-{uuid.uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", space)
    api = await ClusterApi.connect(control_plane.kubeconfig, None, env_proxies=False)
    store, told = Store(), []
    context: Any = SimpleNamespace(store=store, resources=Resources(api))

    async def made(name: str) -> dict[str, Any]:
        labels = {"app.kubernetes.io/managed-by": "quay-robot-operator"}
        meta = {"name": name, "labels": labels}
        return await api.write("POST", SECRET.path(space), {"metadata": meta})

    def observe(kind: str, event: str | None, found: dict[str, Any]) -> None:
        told.append((event, found["metadata"]["name"]))
        store.observe(kind, event, found)

    try:
        for name in ("known", "gone"):
            store.observe("Secret", "ADDED", await made(name))
        await made("skipped")
        await api.write("DELETE", SECRET.path(space, "gone"), None)

        missed = await relist(context, observe, SECRET, namespaces=(space,))
        again = await relist(context, observe, SECRET, namespaces=(space,))
    finally:
        await api.aclose()
        control_plane.kubectl("delete", "namespace", space, "--wait=false")

    assert (missed, again) == (2, 0)
    assert told == [("MODIFIED", "skipped"), ("DELETED", "gone")]
    assert set(versions(store, "Secret")) == {(space, "known"), (space, "skipped")}


async def test_a_list_from_before_what_is_remembered_ends_it(control_plane):
    space = f"relist-{uuid.uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", space)
    api = await ClusterApi.connect(control_plane.kubeconfig, None, env_proxies=False)
    store, told = Store(), []
    context: Any = SimpleNamespace(store=store, resources=Resources(api))
    labels = {"app.kubernetes.io/managed-by": "quay-robot-operator"}

    try:
        made = await api.write(
            "POST", SECRET.path(space), {"metadata": {"name": "old", "labels": labels}}
        )
        # As it was before a snapshot was restored.
        later = str(int(made["metadata"]["resourceVersion"]) + 1000)
        later_meta = {**made["metadata"], "resourceVersion": later}
        store.observe("Secret", "ADDED", {**made, "metadata": later_meta})

        with pytest.raises(HistoryWentBackError):
            await relist(context, lambda *each: told.append(each), SECRET, namespaces=(space,))
    finally:
        await api.aclose()
        control_plane.kubectl("delete", "namespace", space, "--wait=false")

    assert told == []
