"""Is a resource that was written again and again found as one that is seen for the first time?"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from quayrobot.engine.cache.records import RobotRecord
from quayrobot.engine.cache.store import Store

Body = dict[str, Any]
HERE = "https://quay.example.com:443"
INDICES = (
    "_by_robot",
    "_by_connection",
    "_by_owner",
    "_by_namespace",
    "_by_secret",
    "_by_account",
)
SPECS: list[Body] = [
    {"organization": "acme"},
    {"organization": "acme", "connectionRef": {"kind": "QuayConnection", "name": "own"}},
    {"organization": "acme", "secrets": [{"name": "other", "serviceAccounts": [{"name": "s"}]}]},
    {"organization": "acme", "rotation": {"strategy": "Overlap"}},
    {"organization": "acme", "robotName": "NOT A NAME"},
    {"user": "joe", "robotName": "shared"},
]
MADE = {"fullName": "acme+ci", "createdAt": "2026-11-24T03:00:00Z"}
STATUSES: list[Body] = [
    {},
    {"robot": MADE},
    {"robot": MADE | {"slot": "alt", "fullName": "acme+ci.alt"}},
    {"links": [{"serviceAccount": "old", "secret": "ci", "link": "secrets"}]},
    {"connection": {"kind": "QuayConnection", "name": "own", "origin": HERE}},
    {"rotation": {"retiring": {"fullName": "acme+ci.alt", "until": "2026-11-25T03:00:00Z"}}},
]
METAS: list[Body] = [
    {"uid": "u1"},
    {"uid": "u1", "finalizers": ["quayrobot.io/finalizer"]},
    {"uid": "u1", "finalizers": ["quayrobot.io/finalizer"],
     "annotations": {"quayrobot.io/made-at": f"u1 {HERE}"}},
    {"uid": "u2", "finalizers": ["quayrobot.io/finalizer"],
     "annotations": {"quayrobot.io/made-at": f"u1 {HERE}"}},
]  # fmt: skip
SEEN = st.tuples(st.sampled_from(SPECS), st.sampled_from(STATUSES), st.sampled_from(METAS))


def bodies(seen: list[tuple[Body, Body, Body]]) -> list[Body]:
    fixed = {"name": "ci", "namespace": "shop", "creationTimestamp": "2026-11-24T03:00:00Z"}
    return [
        {"metadata": fixed | meta | {"resourceVersion": str(version)},
         "spec": spec, "status": status}
        for version, (spec, status, meta) in enumerate(seen, 1)
    ]  # fmt: skip


def filed(store: Store) -> dict[str, Any]:
    found = {name: getattr(store, name)._filed for name in INDICES} | {"uids": store._by_uid}
    return {
        name: {entry: set(keys) if isinstance(keys, tuple | set) else keys
               for entry, keys in index.items()}
        for name, index in found.items()
    }  # fmt: skip


@settings(max_examples=300)
@given(st.lists(SEEN, min_size=1, max_size=5))
def test_it_is_found_by_what_it_says_now_and_by_nothing_else(seen):
    grown, fresh = Store(), Store()
    for each in bodies(seen):
        grown.observe("QuayRobot", "MODIFIED", each)
    fresh.observe("QuayRobot", "MODIFIED", bodies(seen)[-1])

    assert filed(grown) == filed(fresh)


@settings(max_examples=300)
@given(st.lists(SEEN, min_size=1, max_size=5))
def test_it_says_what_it_would_say_if_it_were_read_alone(seen):
    store = Store()
    for each in bodies(seen):
        store.observe("QuayRobot", "MODIFIED", each)
        (record,) = store.robots.values()
        alone = RobotRecord("QuayRobot", each)

        assert record.status == alone.status
        assert record.stored_status == alone.stored_status
        assert record.lenient_spec == alone.lenient_spec
        assert record.robot_names == alone.robot_names
        assert record.connection_key == alone.connection_key


def test_it_leaves_nothing_behind_when_it_goes():
    store = Store()
    for each in bodies([(SPECS[2], STATUSES[3], METAS[1]), (SPECS[2], STATUSES[1], METAS[2])]):
        store.observe("QuayRobot", "MODIFIED", each)
    (gone,) = bodies([(SPECS[2], STATUSES[1], METAS[2])])
    gone["metadata"]["resourceVersion"] = "9"
    store.observe("QuayRobot", "DELETED", gone)

    assert not any(filed(store).values())
