"""What does memory hold of a robot, and is what many of them say held once?"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from quayrobot.engine.cache.records import RobotRecord
from quayrobot.engine.cache.store import Store
from quayrobot.model.errors import InvalidSpec
from quayrobot.model.resources.robot import RobotSpec
from tests.bench.remembered import robot, secret


def record(number: int, **spec: Any) -> RobotRecord:
    body = robot(number)
    return RobotRecord("QuayRobot", body | {"spec": body["spec"] | spec})


def spec_of(one: RobotRecord) -> RobotSpec:
    assert not isinstance(one.spec, InvalidSpec)
    return one.spec


def test_a_robot_takes_no_more_room_than_the_pod_has_for_ten_thousand():
    # In a process of its own: here other tests' servers allocate meanwhile.
    asked = [sys.executable, "-m", "tests.bench.remembered", "500", "--json"]
    told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    sizes: dict[str, int] = json.loads(told)

    # 250 MB for ten thousand, of which 85 are there before the first.
    assert sum(sizes.values()) < 12_000, sizes
    assert sizes["record"] < 8_000, sizes


def test_what_two_robots_say_alike_is_held_once_and_reads_the_same():
    one, other = record(1), record(2)

    assert one.status.connection is other.status.connection
    assert [id(each) for each in one.status.conditions] == [
        id(each) for each in other.status.conditions
    ]
    assert one.status.robot is not None
    assert one.status.robot.full_name == "acme+robot-00001"
    assert one.status.credential != other.status.credential


def test_a_copy_of_what_is_shared_changes_nobody_else():
    one, other = record(1), record(2)
    assert one.status.connection is not None

    moved = one.status.connection.model_copy(update={"origin": "https://other.example:443"})

    assert moved.origin == "https://other.example:443"
    assert other.status.connection is not None
    assert other.status.connection.origin == "https://quay.example:443"
    assert record(3).status.connection is other.status.connection


def test_rights_read_as_they_were_written():
    rights = {"mode": "Exact", "repositories": [{"name": "app", "role": "read"}]}
    one, other = spec_of(record(1, permissions=rights)), spec_of(record(2, permissions=rights))

    assert one.permissions is not None
    assert one.permissions == other.permissions
    assert [(each.name, each.role) for each in one.permissions.repositories] == [("app", "read")]


def test_the_keys_of_ten_thousand_secrets_are_held_once():
    store = Store()
    for number in (1, 2):
        store.observe("Secret", None, secret(number))

    one, other = store.secret("team-1", "robot-00001"), store.secret("team-2", "robot-00002")

    assert one is not None
    assert other is not None
    assert one.our_annotations is other.our_annotations
    assert [id(each) for each in one.annotations] == [id(each) for each in other.annotations]
    assert one.annotations["quayrobot.io/owner"] == "QuayRobot/team-1/robot-00001"
