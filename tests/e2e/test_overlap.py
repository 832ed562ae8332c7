"""Do two robots take turns on a real API server, without a login that fails?"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.kit.asking import AskingTenant
from tests.kit.installation import ROOT, Tenant, settle
from tests.kit.processes import wait_for
from tests.kit.proxy import Asked, Proxy, When
from tests.kit.turning import Reader, declare, end_overlap, robots, rotation, stock, turned

OWN = {"kind": "QuayConnection", "name": "own"}
MADE = ["federation.set", "member.put", "permission.put", "prototype.create", "robot.create"]
OVERLAP_S = 10.0


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


@pytest.fixture
def front(tenant: Tenant) -> Iterator[Proxy]:
    """A way to Quay that can be cut, for the operator alone."""
    with Proxy("quay", tenant.house.quay.url) as front:
        tenant.connection(url=front.url)
        stock(tenant)
        yield front
        front.hook = lambda _asked, _when: False
        tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")


@pytest.fixture
def shop(tenant: AskingTenant) -> AskingTenant:
    """A tenant with a connection of its own and something to be given rights on."""
    tenant.connection()
    stock(tenant)
    return tenant


def written(tenant: Tenant, since: int) -> list[str]:
    reads = (".list", ".get", "robot.permissions")
    return [each for each in tenant.operations(since) if not each.endswith(reads)]


def test_a_turn_makes_the_other_robot_and_lets_the_first_one_go_after_the_overlap(shop: Tenant):
    declare(shop, "one", overlap="10s", connectionRef=OWN)
    shop.wait_ready()
    before, called = shop.credential(), shop.house.quay.mark()

    declare(shop, "two", overlap="10s", connectionRef=OWN)
    turned(shop, "ci.alt")

    assert sorted(written(shop, called)) == MADE
    for each in ("ci", "ci.alt"):
        assert shop.grants(each)["repositories"] == {"app": "read"}
    assert shop.in_quay("ci.alt")["metadata"]["quayrobot.io"]["slot"] == "alt"
    assert rotation(shop)["retiring"]["fullName"] == shop.full()
    assert "ci.alt" in shop.kubectl("get", "quayrobot", "ci")
    assert shop.logs_in()
    assert shop.house.quay.login(*before)

    called = shop.house.quay.mark()
    wait_for(lambda: robots(shop) == [shop.full("ci.alt")], "the first robot gone", timeout_s=30)
    wait_for(lambda: "retiring" not in rotation(shop), "that is said")
    assert written(shop, called) == ["robot.delete"]
    changes, _ = shop.rest()
    settle(shop.logs_in, seconds=2)
    assert [e for e in shop.house.operator_writes(changes) if shop.name in e] == []


def test_what_quay_itself_gave_the_first_robot_goes_over_to_the_next(shop: Tenant):
    quay = shop.house.quay
    quay.admin("team", org=shop.name, name="devs", role="creator")
    declare(shop, "one", overlap="10s", connectionRef=OWN)
    shop.wait_ready()
    shop.repository("later")
    assert "*" in shop.actions("made")
    before = shop.credential()

    declare(shop, "two", overlap="10s", connectionRef=OWN)
    turned(shop, "ci.alt")
    rights = {"app": "read", "later": "read", "made": "admin"}
    assert shop.grants("ci.alt")["repositories"] == rights

    # Somebody still pushes with what the Secret held before.
    assert "*" in quay.actions(*before, f"{shop.name}/late")
    wait_for(lambda: robots(shop) == [shop.full("ci.alt")], "the first robot gone", timeout_s=30)
    assert shop.grants("ci.alt")["repositories"] == {**rights, "late": "admin"}


def test_a_robot_of_a_mirror_outlives_its_turn_until_the_mirror_has_another(shop: Tenant):
    quay = shop.house.quay
    declare(shop, "one", overlap="10s", connectionRef=OWN)
    shop.wait_ready()
    quay.admin("mirror", repository=f"{shop.name}/app", robot=shop.full())
    called = quay.mark()

    declare(shop, "two", overlap="10s", connectionRef=OWN)
    turned(shop, "ci.alt")
    wait_for(lambda: "robot.delete" in shop.operations(called), "a deletion", timeout_s=40)

    wait_for(
        lambda: "mirror" in shop.condition("ci", "Stalled").get("message", ""),
        f"the mirror in words; there is {shop.get()['status']['conditions']}",
    )
    assert shop.reason() == "DeletionBlocked"
    called = quay.mark()
    settle(shop.logs_in, seconds=6)
    assert shop.operations(called).count("robot.delete") <= 1

    quay.admin("mirror", repository=f"{shop.name}/app", robot=shop.full("ci.alt"))
    wait_for(lambda: robots(shop) == [shop.full("ci.alt")], "the first robot gone", timeout_s=40)


def test_no_login_fails_through_kills_an_outage_and_a_lost_secret(
    tenant: Tenant, front: Proxy, record_property
):
    operator = tenant.house.operator
    declare(tenant, "one", overlap="10s", connectionRef=OWN)
    tenant.wait_ready()

    def kill_at(method: str, end: str, moment: When) -> None:
        """Have the operator die at the next such request; its call is cut."""

        def hook(asked: Asked, when: When) -> bool:
            hit = asked.method == method and asked.path.endswith(end) and when == moment
            if hit and operator.running():
                front.hook = lambda _asked, _when: False
                operator.kill()
            return hit

        front.hook = hook

    with Reader(tenant, OVERLAP_S) as reader:
        kill_at("PUT", "/robots/ci.alt", "after")
        declare(tenant, "two", overlap="10s", connectionRef=OWN)
        wait_for(lambda: not operator.running(), "a kill after the robot was made")
        operator.start()
        kill_at("DELETE", "/robots/ci", "before")
        turned(tenant, "ci.alt")
        wait_for(lambda: not operator.running(), "a kill at the deletion", timeout_s=30)
        operator.start()
        wait_for(lambda: "retiring" not in rotation(tenant), "the end of it", timeout_s=30)

        front.hook = lambda asked, _when: asked.method == "PUT" and "permissions" in asked.path
        declare(tenant, "three", overlap="10s", connectionRef=OWN)
        wait_for(lambda: len(robots(tenant)) == 2, "the next robot, still without rights")
        front.hook = lambda _asked, _when: True
        tenant.delete("ci", "secret")
        wait_for(lambda: tenant.get("ci", "secret") is not None, "the Secret, from memory")
        assert tenant.condition()["status"] == "True", tenant.condition()
        front.hook = lambda _asked, _when: False
        turned(tenant, "ci", timeout_s=60)
        reader.stop()

    record_property(
        "logins through turns",
        f"{reader.logins} with {reader.credentials} credentials, {len(reader.failures)} failed",
    )
    assert reader.failures == []
    assert reader.logins > 50
    assert reader.credentials == 3
    assert "robot.regenerate" not in tenant.operations()

    # Both robots are there: the resource takes both along, though Quay is away at first.
    front.hook = lambda _asked, _when: True
    assert len(robots(tenant)) == 2
    tenant.delete()
    tenant.wait_reason("DeletionBlocked", timeout_s=30)
    front.hook = lambda _asked, _when: False
    tenant.wait_gone(timeout_s=60)
    assert robots(tenant) == []


def test_the_example_of_the_page_takes_turns_when_the_pages_command_asks(
    shop: Tenant, tmp_path: Path
):
    page = (ROOT / "docs" / "rotation.md").read_text()
    blocks = re.findall(r"^```(?:yaml|sh)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (example,) = [each for each in blocks if "strategy: Overlap" in each]
    (command,) = [each for each in blocks if "quayrobot.io/rotate=" in each]
    body = yaml.safe_load(example.replace("team-a", shop.name))
    name = body["metadata"]["name"]
    body["spec"] |= {"organization": shop.name, "connectionRef": OWN}

    shop.house.plane.apply(body)
    shop.wait_ready(name)
    env = {"NAMESPACE": shop.name, "NAME": name, "PATH": os.environ["PATH"]}
    # kubectl keeps its cache where HOME is.
    env["HOME"] = str(tmp_path)
    kubectl = shlex.join(shop.house.plane.kubectl_command)
    script = f'kubectl() {{ {kubectl} "$@"; }}\n{command}'
    subprocess.run(["bash", "-eu", "-c", script], env=env, check=True, capture_output=True)

    wait_for(lambda: shop.credential(name)[0] == shop.full(f"{name}.alt"), "its turn")
    assert shop.logs_in(name)
    assert shop.in_quay(name) is not None


def test_a_foreign_robot_under_the_second_name_is_left_alone(shop: AskingTenant):
    quay = shop.house.quay
    quay.admin("robot", name=shop.full("ci.alt"))
    theirs = shop.in_quay("ci.alt")
    declare(shop, "one", connectionRef=OWN)
    shop.wait_login()

    # The list that shows it comes with the next resync.
    shop.wait_reason("RobotExists", timeout_s=30)
    declare(shop, "two", connectionRef=OWN)
    settle(shop.logs_in, seconds=2)
    shop.compare(reason="RobotExists")

    assert shop.in_quay("ci.alt") == theirs
    quay.admin("robot/delete", name=shop.full("ci.alt"))
    turned(shop, "ci.alt", timeout_s=60)


@pytest.mark.rotates
def test_back_in_place_the_active_robot_stays_where_it_is(shop: Tenant):
    declare(shop, "one", connectionRef=OWN)
    shop.wait_ready()
    declare(shop, "two", connectionRef=OWN)
    turned(shop, "ci.alt")
    called = shop.house.quay.mark()

    shop.robot(connectionRef=OWN, permissions={}, rotation={"trigger": "two"})
    shop.wait_ready()
    end_overlap(shop)
    before = shop.credential()
    shop.robot(connectionRef=OWN, permissions={}, rotation={"trigger": "three"})
    wait_for(lambda: shop.credential() not in {None, before}, "a new credential")
    turned(shop, "ci.alt")
    wait_for(lambda: robots(shop) == [shop.full("ci.alt")], "the first robot gone")

    assert shop.logs_in()
    assert written(shop, called).count("robot.regenerate") == 1
    shop.delete()
    shop.wait_gone()
    assert robots(shop) == []
