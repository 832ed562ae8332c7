"""What if the robot was deleted or made anew in Quay, and no list has told of it yet?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.installation import Tenant
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}
LONG_AGO = 1_600_000_000
EDITS: dict[str, dict[str, Any]] = {
    "a role": {"permissions": {"repositories": [{"name": "app", "role": "read"}]}},
    "a team": {"permissions": {"teams": ["devs"]}},
    "a default": {"permissions": {"defaults": [{"role": "read"}]}},
    "an identity": {
        "federation": {"identities": [{"issuer": "https://ci.example.com", "subject": "job"}]}
    },
}


@pytest.fixture
def unlisted(tenant: Tenant) -> Tenant:
    """Return a tenant with a robot that no list of this test shows."""
    tenant.connection(resyncInterval="1h")
    tenant.repository("app")
    tenant.house.quay.admin("team", org=tenant.name, name="devs")
    tenant.robot(connectionRef=OWN, permissions={"mode": "Exact"}, federation={"mode": "Exact"})
    tenant.wait_ready()
    return tenant


@pytest.mark.parametrize("edit", EDITS)
def test_a_robot_that_quay_calls_gone_at_an_edit_is_made_again_and_gets_it(
    unlisted: Tenant, edit: str
):
    called = unlisted.house.quay.mark()
    unlisted.house.quay.admin("robot/delete", name=unlisted.full())

    unlisted.robot(connectionRef=OWN, **EDITS[edit])

    unlisted.wait_login()
    unlisted.wait_ready()
    done = unlisted.operations(called)
    # The refused change, a list for all that are as unsure, the proof, and all of it anew.
    assert done[1:4] == ["robot.list", "robot.get", "robot.create"]
    assert done[4:] == done[:1]
    held = unlisted.grants()
    identities = unlisted.house.quay.admin("federation", name=unlisted.full())
    assert any((held["repositories"], held["teams"], held["prototypes"], identities))


@pytest.mark.rotates
def test_a_rotation_makes_nobodys_robot_ours(unlisted: Tenant):
    quay, before = unlisted.house.quay, unlisted.credential()
    quay.admin("robot/delete", name=unlisted.full())
    quay.admin("robot", name=unlisted.full(), created=LONG_AGO)

    unlisted.kubectl("annotate", "quayrobot", "ci", "quayrobot.io/rotate=now")

    unlisted.wait_reason("RobotExists")
    assert unlisted.credential() == before
    unlisted.delete()
    unlisted.wait_gone()
    theirs = unlisted.in_quay()
    assert theirs is not None
    wait_for(lambda: unlisted.get("ci", "secret") is None, "the Secret to go")
