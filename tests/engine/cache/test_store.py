"""Does the store know whom a change concerns, and drop what is older than it knows?"""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest

from quayrobot.engine.cache.index import Index
from quayrobot.engine.cache.store import Store
from quayrobot.engine.workqueue.keys import Lane, ResourceKey
from quayrobot.model.errors import InvalidSpec
from quayrobot.model.names import OPERATOR, OwnerName
from quayrobot.model.world import NamespaceSeen
from tests.kit.canary import robot_token

Body = dict[str, Any]
CI = ResourceKey("QuayRobot", "shop", "ci")
CD = ResourceKey("QuayRobot", "bakery", "cd")
HUB = ResourceKey("ClusterQuayConnection", "", "default")
OWN = ResourceKey("QuayConnection", "shop", "own")
FINALIZER = "quayrobot.io/finalizer"


def robot(key: ResourceKey = CI, *, version: int = 1, uid: str | None = None, **spec: Any) -> Body:
    return {
        "metadata": {
            "name": key.name,
            "namespace": key.namespace,
            "uid": uid or f"uid-{key.name}",
            "resourceVersion": str(version),
            "generation": 1,
            "creationTimestamp": "2026-11-24T03:00:00Z",
        },
        "spec": {"organization": "acme", "robotName": "shared", **spec},
    }


def with_meta(body: Body, **meta: Any) -> Body:
    changed = copy.deepcopy(body)
    changed["metadata"] |= meta
    return changed


def secret(
    name: str = "ci", *, version: int = 1, owner_uid: str | None = "uid-ci", **meta
) -> Body:
    owners = [{"uid": owner_uid, "controller": True}] if owner_uid else []
    return {
        "type": "Opaque",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"uid-secret-{name}",
            "resourceVersion": str(version),
            "ownerReferences": owners,
            **meta,
        },
        "data": {"password": base64.b64encode(robot_token().encode()).decode()},
    }


def connection(key: ResourceKey = HUB, *, version: int = 1, url: str = "https://q") -> Body:
    reference = {"name": "t"} if key.namespace else {"name": "t", "namespace": "quay"}
    meta = {"name": key.name, "uid": f"uid-{key.name}", "resourceVersion": str(version),
            "generation": version, "creationTimestamp": "2026-11-24T03:00:00Z"}  # fmt: skip
    rules = {} if key.namespace else {"access": []}
    return {
        "metadata": meta | ({"namespace": key.namespace} if key.namespace else {}),
        "spec": {"url": url, "credentials": {"secretRef": reference}, **rules},
    }


def namespace(name: str = "shop", **meta: Any) -> Body:
    return {"metadata": {"name": name, **meta}}


def see(store: Store, body: Body, event: str | None = "MODIFIED", kind: str = "QuayRobot"):
    return store.observe(kind, event, body)


# Robots: news and no news -----------------------------------------------------


def test_what_is_seen_first_is_news(store):
    assert see(store, robot(), None) == [(CI, Lane.EDIT)]
    assert store.robots[CI].robot_name.full == "acme+shared"


NO_NEWS = {
    "the same again": {},
    "a status": {"resourceVersion": "2"},
    "another annotation": {"resourceVersion": "2", "annotations": {"note": "x"}},
    "a label": {"resourceVersion": "2", "labels": {"a": "b"}},
}
NEWS = {
    "a new generation": {"generation": 2},
    "a deletion": {"deletionTimestamp": "2026-11-24T04:00:00Z"},
    "our finalizer": {"finalizers": [FINALIZER]},
    "a rotation asked for": {"annotations": {"quayrobot.io/rotate": "1"}},
    "another life": {"uid": "uid-again"},
}


@pytest.mark.parametrize("what", NO_NEWS)
def test_no_news_wakes_nobody(what, store):
    see(store, robot())

    assert see(store, with_meta(robot(), **NO_NEWS[what])) == []


@pytest.mark.parametrize("what", NEWS)
def test_news_wakes_the_resource(what, store):
    see(store, robot())

    assert see(store, with_meta(robot(version=2), **NEWS[what])) == [(CI, Lane.EDIT)]


@pytest.mark.parametrize(
    ("kind", "body"), [("QuayRobot", robot()), ("QuayConnection", connection(OWN))], ids=str
)
def test_a_status_that_was_taken_away_is_news_and_one_that_comes_is_none(kind, body, store):
    told = {"conditions": [{"type": "Ready", "status": "True"}]}
    see(store, body, kind=kind)

    assert see(store, {**with_meta(body, resourceVersion="2"), "status": told}, kind=kind) == []
    [(key, _lane)] = see(store, with_meta(body, resourceVersion="3"), kind=kind)
    assert key.kind == kind
    assert see(store, with_meta(body, resourceVersion="4"), kind=kind) == []


def written_by(manager: str, second: int, subresource: str = "status") -> Body:
    time = f"2026-11-24T03:00:{second:02}Z"
    return {"manager": manager, "operation": "Update", "subresource": subresource, "time": time}


@pytest.mark.parametrize(
    ("kind", "body"), [("QuayRobot", robot()), ("QuayConnection", connection(OWN))], ids=str
)
def test_a_status_that_somebody_else_edits_is_news_once_and_ours_is_none(kind, body, store):
    ours, theirs = written_by(OPERATOR, 1), written_by("kubectl-edit", 2)
    other = written_by("kubectl-edit", 3, "scale")

    def news(version: int, *fields: Body) -> int:
        meta = {"resourceVersion": str(version), "managedFields": list(fields)}
        return len(see(store, with_meta(body, **meta), kind=kind))

    assert news(1, ours) == 1
    assert news(2, written_by(OPERATOR, 9), other) == 0
    assert news(3, ours, theirs) == 1
    assert news(4, ours, theirs) == 0
    assert news(5, ours, written_by("kubectl-edit", 4)) == 1
    assert news(6, ours) == 0


def test_what_a_cluster_robot_edits_waits_behind_who_is_waited_for(store):
    owner = {
        "kind": "ClusterQuayRobot",
        "name": "ci",
        "uid": "uid-cluster-robot",
        "controller": True,
    }
    member = with_meta(robot(), ownerReferences=[owner])

    assert see(store, member)[0] == (CI, Lane.EDIT)
    rolled = with_meta(member, resourceVersion="2", generation=2)
    assert see(store, rolled)[0] == (CI, Lane.DRIFT)
    asked = with_meta(rolled, resourceVersion="3", annotations={"quayrobot.io/rotate": "now"})
    assert see(store, asked)[0] == (CI, Lane.DRIFT)
    going = with_meta(asked, resourceVersion="4", deletionTimestamp="2026-11-24T04:00:00Z")
    assert see(store, going)[0] == (CI, Lane.EDIT)


def test_an_event_older_than_what_is_known_is_dropped(store):
    see(store, with_meta(robot(version=10), generation=3))

    assert see(store, with_meta(robot(version=9), generation=2)) == []
    assert store.robots[CI].generation == 3


def test_versions_are_compared_as_numbers(store):
    see(store, robot(version=9))
    see(store, with_meta(robot(version=10), generation=2))

    assert store.robots[CI].generation == 2


@pytest.mark.parametrize("event", ["MODIFIED", "DELETED", None])
def test_an_event_of_an_earlier_life_is_dropped(event, store):
    see(store, robot(version=10, uid="uid-again"))

    see(store, robot(version=5, uid="uid-first"), event)

    assert CI in store.robots
    assert store.robots[CI].uid == "uid-again"


def test_a_new_life_replaces_the_old_one(store):
    see(store, robot(version=5, uid="uid-first"))
    see(store, robot(version=10, uid="uid-again"))

    assert store.robots[CI].uid == "uid-again"
    store.observe("Secret", "ADDED", secret(owner_uid="uid-first"))
    assert store.secrets_of("shop", "uid-first") != ()


# Robots: who else is concerned ------------------------------------------------


def test_who_names_the_same_robot_is_a_namesake(store):
    see(store, robot(CI))
    see(store, robot(CD))
    see(store, robot(ResourceKey("QuayRobot", "shop", "other"), robotName="other"))

    assert [each.key for each in store.namesakes(store.robots[CI])] == [CD]


def test_an_edit_of_the_name_moves_the_resource_in_the_index(store):
    see(store, robot(CI))
    see(store, robot(CD))
    see(store, with_meta(robot(CD, version=2, robotName="own"), generation=2))

    assert store.namesakes(store.robots[CI]) == []


def test_a_resource_that_goes_wakes_its_namesakes_and_its_connection(store):
    see(store, robot(CI))
    see(store, robot(CD))

    woken = see(store, robot(CI, version=2), "DELETED")

    assert set(woken) == {(CD, Lane.EDIT), (HUB, Lane.DRIFT), (CI, Lane.EDIT)}
    assert CI not in store.robots
    assert [each.key for each in store.users_of(HUB)] == [CD]


def test_the_users_of_a_connection_are_known_by_reference(store):
    see(store, robot(CI))
    see(store, robot(ResourceKey("QuayRobot", "shop", "x"),
                     connectionRef={"kind": "QuayConnection", "name": "own"}))  # fmt: skip

    assert [each.key.name for each in store.users_of(HUB)] == ["ci"]
    assert [each.key.name for each in store.users_of(OWN)] == ["x"]
    elsewhere = ResourceKey("QuayConnection", "bakery", "own")
    assert store.users_of(elsewhere) == []


def test_the_users_of_an_organization_are_known_apart(store):
    see(store, robot(CI))
    see(store, robot(CD, organization="other"))
    acme, other = (OwnerName("organization", name) for name in ("acme", "other"))

    assert [each.key for each in store.users_at(HUB, acme)] == [CI]
    assert [each.key for each in store.users_at(HUB, other)] == [CD]
    assert store.users_at(OWN, acme) == []


def test_a_spec_that_cannot_be_is_kept_and_told(store):
    see(store, robot(organization=None, robotName="A B"))

    assert isinstance(store.robots[CI].spec, InvalidSpec)
    assert store.robots[CI].robot_name.short == "A B"


def test_a_record_says_where_it_stands_in_its_life(store):
    see(store, with_meta(robot(), finalizers=[FINALIZER, "x"], deletionTimestamp="now"))
    record = store.robots[CI]

    assert record.guarded
    assert record.terminating
    assert record.created.year == 2026
    assert record.status.robot is None


def test_what_is_never_read_is_not_kept(store):
    fat = with_meta(robot(), managedFields=["x" * 1000], annotations={"note": "y" * 1000})
    see(store, fat)

    assert len(str(store.robots[CI].body)) < 500


# Connections ------------------------------------------------------------------


@pytest.mark.parametrize("key", [HUB, OWN])
def test_a_connection_wakes_itself_when_it_says_something_new(key, store):
    assert see(store, connection(key), kind=key.kind) == [(key, Lane.EDIT)]
    assert see(store, connection(key), kind=key.kind) == []
    assert see(store, connection(key, version=2, url="https://r"), kind=key.kind) == [
        (key, Lane.EDIT)
    ]
    assert see(store, connection(key, version=1), kind=key.kind) == []
    assert store.connections[key].spec.url == "https://r"


def test_a_connection_that_goes_is_forgotten_and_wakes_itself(store):
    see(store, connection(), kind=HUB.kind)

    assert see(store, connection(version=2), "DELETED", HUB.kind) == [(HUB, Lane.EDIT)]
    assert store.connections == {}


# Namespaces -------------------------------------------------------------------


@pytest.mark.parametrize(
    "meta", [{"labels": {"team": "blue"}}, {"deletionTimestamp": "2026-11-24T04:00:00Z"}]
)
def test_a_namespace_that_changed_wakes_the_resources_in_it(meta, store):
    see(store, robot(CI))
    see(store, robot(CD))
    see(store, namespace(), kind="Namespace")

    assert see(store, namespace(**meta), kind="Namespace") == [(CI, Lane.EDIT)]


def test_a_namespace_that_did_not_change_wakes_nobody(store):
    see(store, robot(CI))
    see(store, namespace(labels={"a": "b"}), kind="Namespace")

    assert see(store, namespace(labels={"a": "b"}, x=1), kind="Namespace") == []
    assert store.namespaces["shop"] == NamespaceSeen("shop", {"a": "b"})


@pytest.mark.parametrize("event", ["MODIFIED", "DELETED"])
def test_the_end_of_a_namespace_is_not_the_end_of_the_next_one_of_its_name(event, store):
    see(store, namespace(uid="again", resourceVersion="9"), kind="Namespace")

    gone = namespace(resourceVersion="8", deletionTimestamp="2026-11-24T04:00:00Z")

    assert see(store, gone, event, "Namespace") == []
    assert store.namespaces["shop"].terminating is False


def test_a_namespace_that_is_gone_is_forgotten(store):
    see(store, namespace(), kind="Namespace")
    see(store, namespace(), "DELETED", "Namespace")

    assert store.namespaces == {}


def test_a_kind_that_is_not_ours_concerns_nobody(store):
    assert see(store, robot(), kind="ConfigMap") == []


# The indices forget -----------------------------------------------------------


def test_nothing_is_left_in_the_indices_when_all_is_gone(store):
    linked = [{"name": "a", "serviceAccounts": [{"name": "builder"}]}]
    for key in (CI, CD):
        see(store, robot(key, secrets=linked))
    see(store, secret(), kind="Secret")
    for key in (CI, CD):
        see(store, robot(key, version=2), "DELETED")
    see(store, secret(version=2), "DELETED", kind="Secret")

    assert store.robots == {}
    indices = [each for each in vars(store).values() if isinstance(each, Index)]
    assert [len(each) for each in indices] == [0] * 7
    assert store._by_uid == {}


def test_a_watch_that_shows_what_we_wrote_is_an_echo_of_that_version_and_life_alone():
    store = Store()
    store.observe("QuayRobot", None, robot(version=7))

    assert store.is_echo("QuayRobot", robot(version=7))
    assert not store.is_echo("QuayRobot", robot(version=8))
    assert not store.is_echo("QuayRobot", robot(version=7, uid="another-life"))
    assert not store.is_echo("QuayRobot", robot(CD, version=7))
    assert not store.is_echo("ClusterQuayRobot", robot(version=7))


def test_a_new_record_takes_over_what_was_read_only_of_the_same_spec():
    store = Store()
    store.observe("QuayRobot", None, robot(version=7))
    first = store.robots[CI].spec
    store.observe("QuayRobot", None, robot(version=8) | {"status": {"observedGeneration": 1}})
    second = store.robots[CI].spec
    store.observe("QuayRobot", None, robot(version=9, suspend=True))
    third = store.robots[CI].spec

    assert second is first
    assert store.robots[CI].stored_status.observed_generation is None
    assert not isinstance(third, InvalidSpec)
    assert third.suspend
