"""Do two robots take turns on a real API server, without a login that fails?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.kit.installation import Tenant, settle
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}
RIGHTS = {
    "repositories": [{"name": "app", "role": "read"}],
    "teams": ["devs"],
    "defaults": [{"role": "read"}],
}
FEDERATION = {"identities": [{"issuer": "https://ci.example.com", "subject": "repo:shop/app"}]}
MADE = ["federation.set", "member.put", "permission.put", "prototype.create", "robot.create"]


@pytest.fixture
def shop(tenant: Tenant) -> Tenant:
    """A tenant with a connection of its own and something to be given rights on."""
    tenant.connection()
    tenant.repository("app", "lib")
    tenant.house.quay.admin("team", org=tenant.name, name="devs")
    return tenant


def declare(tenant: Tenant, trigger: str, overlap: str = "1h", **spec: object) -> None:
    rotation = {"strategy": "Overlap", "overlap": overlap, "trigger": trigger}
    asked = {"permissions": RIGHTS, "federation": FEDERATION, "rotation": rotation, **spec}
    tenant.robot(connectionRef=OWN, **asked)


def rotation(tenant: Tenant) -> dict[str, object]:
    body = tenant.get() or {}
    return (body.get("status") or {}).get("rotation") or {}


def turned(tenant: Tenant, short: str, timeout_s: float = 20) -> None:
    """Wait until the robot *short* is the active one, and its turn is closed."""

    def done() -> bool:
        names = tenant.credential() or ("", "")
        return names[0] == tenant.full(short) and "intent" not in rotation(tenant)

    wait_for(done, f"the turn of {short}; {rotation(tenant)}", timeout_s=timeout_s)
    tenant.wait_ready()


def end_overlap(tenant: Tenant) -> None:
    """Have the time of the robot before be over."""
    past = (datetime.now(UTC) - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    patch = f'{{"status":{{"rotation":{{"retiring":{{"until":"{past}"}}}}}}}}'
    tenant.kubectl("patch", "quayrobot", "ci", "--subresource=status", "--type=merge", "-p", patch)


def robots(tenant: Tenant) -> list[str]:
    return [each for each in tenant.house.quay.admin("robots") if each.startswith(tenant.name)]


def test_a_turn_makes_the_other_robot_and_lets_the_first_one_go_after_the_overlap(shop: Tenant):
    declare(shop, "one", overlap="10s")
    shop.wait_ready()
    before, called = shop.credential(), shop.house.quay.mark()

    declare(shop, "two", overlap="10s")
    turned(shop, "ci.alt")

    made = [each for each in shop.operations(called) if each != "robot.list"]
    assert sorted(made) == MADE
    for each in ("ci", "ci.alt"):
        assert shop.grants(each)["repositories"] == {"app": "read"}
    assert shop.in_quay("ci.alt")["metadata"]["quayrobot.io"]["slot"] == "alt"
    assert rotation(shop)["retiring"]["fullName"] == shop.full()
    assert shop.get()["status"]["robot"]["fullName"] == shop.full("ci.alt")
    assert shop.logs_in()
    assert shop.house.quay.login(*before)

    called = shop.house.quay.mark()
    wait_for(lambda: robots(shop) == [shop.full("ci.alt")], "the first robot gone", timeout_s=30)
    wait_for(lambda: "retiring" not in rotation(shop), "that is said")
    gone = [each for each in shop.operations(called) if each != "robot.list"]
    assert gone == ["robot.delete", "robot.get"]
    written = len(shop.house.plane.audit())
    settle(shop.logs_in, seconds=2)
    assert [e for e in shop.house.operator_writes(written) if shop.name in e] == []
