"""What does each operation cost Quay? The calls that the design allows, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.kit.installation import Installation, Tenant, settle
from tests.kit.processes import wait_for

QUIET = {"kind": "ClusterQuayConnection", "name": "quiet"}
OWN = {"kind": "QuayConnection", "name": "own"}
RIGHTS = {
    "repositories": [{"name": "app", "role": "read"}, {"name": "lib", "role": "write"}],
    "teams": ["devs"],
    "defaults": [{"role": "read"}],
}
FEDERATION = {"identities": [{"issuer": "https://ci.example.com", "subject": "repo:shop/app"}]}
KEYLESS = {"type": "Federated", "serviceAccount": "builder"}
EVERYTHING = {"permissions": RIGHTS, "federation": FEDERATION}
Bill = Callable[[str, list[str]], None]


@pytest.fixture(scope="module")
def quiet(installed: Installation) -> Iterator[None]:
    """A connection with long intervals: what is seen on it was caused by the test."""
    rule = {"namespaces": {}, "organizations": ["*"], "teams": ["*"]}
    rule |= {"defaults": True, "federation": True}
    installed.cluster_connection(QUIET["name"], resyncInterval="5m", access=[rule])
    yield
    wait_for(lambda: not others(installed), "all robots gone")
    installed.plane.kubectl("delete", "clusterquayconnection", QUIET["name"])


@pytest.fixture
def shop(tenant: Tenant, quiet: None) -> Tenant:
    """A tenant on the quiet connection, with something to be given rights on."""
    stock(tenant)
    return tenant


@pytest.fixture
def neighbour(house: Installation) -> Iterator[Tenant]:
    made = house.tenant()
    yield made
    for what in ("quayrobots --all -n", "namespace"):
        house.plane.kubectl("delete", *what.split(), made.name, "--wait=false")


@pytest.fixture
def bill(record_property) -> Bill:
    """Say what an operation cost; the run's summary prints it."""

    def say(operation: str, calls: list[str]) -> None:
        counted = ", ".join(f"{n} {name}" for name, n in Counter(calls).items())
        record_property("calls to Quay", f"{operation}: {len(calls)} ({counted or 'none'})")

    return say


def stock(tenant: Tenant) -> None:
    tenant.repository("app", "lib", "unused")
    tenant.house.quay.admin("team", org=tenant.name, name="devs")


def declare(tenant: Tenant, name: str = "ci", **spec: object) -> None:
    tenant.robot(name, **{"connectionRef": QUIET, **spec})


def others(house: Installation, *mine: Tenant) -> set[str]:
    """Return the namespaces of robots that earlier tests left and that still go."""
    path = "jsonpath={.items[*].metadata.namespace}"
    found = house.plane.kubectl("get", "quayrobots", "-A", "-o", path).split()
    return set(found) - {each.name for each in mine}


@contextmanager
def away(house: Installation) -> Iterator[None]:
    """Have the operator stopped."""
    house.operator.stop()
    yield
    house.operator.start()


def counted(house: Installation, metric: str, **labels: str) -> float:
    """Return what the operator itself has counted."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(house.operator.metrics())
        for sample in family.samples
        if sample.name == metric and labels.items() <= sample.labels.items()
    )


def passes(house: Installation) -> float:
    return counted(house, "quayrobot_passes_total", kind="QuayRobot")


def about(tenant: Tenant, robot: str, since: int) -> list[str]:
    """Return the calls for one robot by name."""
    calls = tenant.house.quay.calls(since)
    end = f"/organization/{tenant.name}/robots/{robot}"
    return [each.operation for each in calls if each.path.endswith(end)]


def test_a_created_robot_and_its_secret_cost_one_call(shop: Tenant, bill: Bill):
    declare(shop)
    shop.wait_ready()

    calls = shop.operations()
    bill("create a robot and its Secret", calls)
    assert calls == ["robot.create"]
    assert shop.logs_in()


def test_each_right_of_a_created_robot_costs_one_more(shop: Tenant, bill: Bill):
    declare(shop, **EVERYTHING)
    shop.wait_ready()

    calls = shop.operations()
    bill("create with two repositories, a team, a default and federation", calls)
    assert sorted(calls) == [
        "federation.set", "member.put", "permission.put", "permission.put", "prototype.create",
        "robot.create",
    ]  # fmt: skip


def test_a_resync_costs_one_list_for_all_robots_of_an_organization(tenant: Tenant, bill: Bill):
    names = ("one", "two", "three")
    tenant.connection(resyncInterval="10s")
    for name in names:
        tenant.robot(name, connectionRef=OWN)
    for name in names:
        tenant.wait_ready(name)
    written, called = tenant.rest()

    wait_for(lambda: tenant.operations(called), "a resync")

    # A list for each robot would come within the jitter of the interval: a second or two.
    settle(lambda: tenant.operations(called) == ["robot.list"], seconds=4)
    bill("resync of three converged robots", tenant.operations(called))
    assert [each for each in tenant.house.operator_writes(written) if tenant.name in each] == []


def test_a_beat_costs_three_kinds_of_lists_and_a_read_per_federated_robot(
    tenant: Tenant, bill: Bill
):
    stock(tenant)
    tenant.connection(resyncInterval="10s", driftInterval="10s")
    for name in ("one", "two", "three"):
        tenant.robot(name, connectionRef=OWN, **EVERYTHING)
    for name in ("one", "two", "three"):
        tenant.wait_ready(name)
    house = tenant.house
    written, called = tenant.rest()
    begun = grants_lists(house)

    wait_for(lambda: tenant.operations(called).count("federation.get") >= 3, "a beat",
             timeout_s=60)  # fmt: skip

    # The list of rights is a list of robots by its path: the operator tells which it was.
    lists = ["robot.list with permissions"] * round(grants_lists(house) - begun)
    rest = [each for each in tenant.operations(called) if each != "robot.list"]
    bill("drift of three federated robots, two repositories in use", lists + rest)
    assert len(lists) == 1
    assert Counter(rest) == {"permission.list": 2, "prototype.list": 1, "federation.get": 3}
    assert roles_read(tenant, called) == {"app", "lib"}
    assert [each for each in house.operator_writes(written) if tenant.name in each] == []


def grants_lists(house: Installation) -> float:
    return counted(house, "quayrobot_quay_calls_total", operation="robot.list-grants")


def roles_read(tenant: Tenant, since: int) -> set[str]:
    calls = tenant.house.quay.calls(since)
    paths = [each.path.split("/") for each in calls if each.operation == "permission.list"]
    return {path[5] for path in paths if path[4] == tenant.name}


@pytest.mark.rotates
def test_a_rotation_costs_one_call(shop: Tenant, bill: Bill):
    declare(shop, rotation={"trigger": "one"})
    shop.wait_ready()
    before, called = shop.credential(), shop.house.quay.mark()

    declare(shop, rotation={"trigger": "two"})
    wait_for(lambda: shop.credential() not in {None, before}, "a new credential")
    shop.wait_ready()

    bill("rotate", shop.operations(called))
    assert shop.operations(called) == ["robot.regenerate"]
    assert shop.logs_in()


def test_a_turn_costs_a_creation_and_a_deletion(shop: Tenant, bill: Bill):
    turns = {"strategy": "Overlap", "overlap": "10s"}
    declare(shop, **EVERYTHING, rotation={**turns, "trigger": "one"})
    shop.wait_ready()
    called = shop.house.quay.mark()

    declare(shop, **EVERYTHING, rotation={**turns, "trigger": "two"})
    wait_for(lambda: shop.in_quay() is None, "the previous robot gone")
    shop.wait_ready()

    calls = shop.operations(called)
    bill("rotate by turns, with two repositories, a team, a default and federation", calls)
    assert sorted(calls[:-2]) == [
        "federation.set", "member.put", "permission.put", "permission.put", "prototype.create",
        "robot.create", "robot.permissions", "robot.permissions",
    ]  # fmt: skip
    # What Quay itself gave the first robot is read before the switch, and before it goes.
    assert calls[-3:-1] == ["robot.permissions", "robot.delete"]
    assert calls[-2:] == ["robot.delete", "robot.get"]
    assert shop.credential()[0] == shop.full("ci.alt")
    assert shop.logs_in()


def test_a_lost_secret_costs_nothing(shop: Tenant, bill: Bill):
    declare(shop)
    shop.wait_ready()
    before, called = shop.credential(), shop.house.quay.mark()

    shop.delete("ci", "secret")
    wait_for(lambda: shop.credential() == before, "the Secret")

    bill("a lost Secret", shop.operations(called))
    assert shop.operations(called) == []


@pytest.fixture
def trusting(shop: Tenant) -> Iterator[Tenant]:
    """A tenant with a ServiceAccount whose tokens Quay can verify."""
    shop.house.quay.admin("settings", oidc_ca=str(shop.house.plane.issuer_ca))
    shop.kubectl("create", "serviceaccount", "builder")
    yield shop
    shop.kubectl("delete", "quayrobots", "--all", "--timeout=60s")
    shop.house.quay.admin("settings", oidc_ca=None, federated_life_s=3600)


def with_exchanges(tenant: Tenant, since: int) -> list[str]:
    """Return the calls about a tenant, and every exchange: its path names nobody."""
    ledger = tenant.house.quay.double.ledger.entries[since:]
    exchanged = [e.operation for e in ledger if e.operation == "federation.exchange"]
    return tenant.operations(since) + exchanged


def test_a_keyless_robot_costs_its_identity_and_an_exchange(trusting: Tenant, bill: Bill):
    called = trusting.house.quay.mark()
    declare(trusting, credentials=KEYLESS)
    trusting.wait_ready()

    calls = with_exchanges(trusting, called)
    bill("create a keyless robot and its Secret", calls)
    assert calls == ["robot.create", "federation.set", "federation.exchange"]
    assert trusting.logs_in()


def test_a_refresh_costs_one_exchange(trusting: Tenant, bill: Bill):
    trusting.house.quay.admin("settings", federated_life_s=12)
    declare(trusting, credentials=KEYLESS)
    trusting.wait_ready()
    before, called = trusting.credential(), trusting.house.quay.mark()

    wait_for(lambda: trusting.credential() not in {None, before}, "another password")

    bill("refresh of a password", with_exchanges(trusting, called))
    assert with_exchanges(trusting, called) == ["federation.exchange"]


def test_a_restart_costs_no_exchange_while_passwords_are_good(trusting: Tenant, bill: Bill):
    declare(trusting, credentials=KEYLESS)
    trusting.wait_ready()
    house = trusting.house
    wait_for(lambda: not others(house, trusting), "nobody else", timeout_s=60)
    house.rest(trusting.name)
    with away(house):
        written, called = len(house.plane.audit()), house.quay.mark()

    wait_for(lambda: passes(house) >= 1, "a pass")
    wait_for(lambda: trusting.operations(called), "a list")

    settle(lambda: with_exchanges(trusting, called) == ["robot.list"])
    bill("restart with a keyless robot", with_exchanges(trusting, called))
    assert [each for each in house.operator_writes(written) if trusting.name in each] == []


def test_a_deletion_costs_two_calls(shop: Tenant, bill: Bill):
    declare(shop, **EVERYTHING)
    shop.wait_ready()
    called = shop.house.quay.mark()

    shop.delete()
    shop.wait_gone()

    bill("delete", shop.operations(called))
    assert shop.operations(called) == ["robot.delete", "robot.get"]


def test_a_deletion_of_a_robot_that_has_to_be_proven_costs_a_third(tenant: Tenant, bill: Bill):
    tenant.connection(resyncInterval="10s")
    tenant.robot(connectionRef=OWN)
    tenant.wait_ready()
    # Suspended, so that a token that nobody knows stays unknown: its item proves nothing.
    tenant.robot(connectionRef=OWN, suspend=True)
    tenant.wait_reason("Suspended")
    tenant.house.quay.admin("robot/regenerate", name=tenant.full())
    called = tenant.house.quay.mark()
    wait_for(lambda: tenant.operations(called) == ["robot.list"], "a list with the new token")

    called = tenant.house.quay.mark()
    tenant.delete()
    tenant.wait_gone()

    calls = about(tenant, "ci", called)
    bill("delete of a robot that is not proven", calls)
    assert calls == ["robot.get", "robot.delete", "robot.get"]


def test_a_restart_costs_one_list_per_organization_and_no_write_anywhere(
    shop: Tenant, neighbour: Tenant, bill: Bill
):
    stock(neighbour)
    for each in (shop, neighbour):
        for name in ("one", "two", "three"):
            declare(each, name, **EVERYTHING)
    for each in (shop, neighbour):
        for name in ("one", "two", "three"):
            each.wait_ready(name)
    house = shop.house
    wait_for(lambda: not others(house, shop, neighbour), "nobody else", timeout_s=60)
    house.rest("")
    with away(house):
        written, called = len(house.plane.audit()), house.quay.mark()

    wait_for(lambda: passes(house) >= 6, "a pass over each robot")
    wait_for(lambda: neighbour.operations(called) and shop.operations(called), "two lists")

    bill("restart with six robots of two organizations", house.quay.operations(called))
    assert shop.operations(called) == neighbour.operations(called) == ["robot.list"]
    assert len(house.quay.calls(called)) == 2
    assert house.operator_writes(written) == []


def test_the_first_new_right_after_a_restart_costs_two_lists(shop: Tenant, bill: Bill):
    names = ("one", "two")
    for name in names:
        declare(shop, name, permissions={"repositories": [{"name": "app", "role": "read"}]})
    for name in names:
        shop.wait_ready(name)
    shop.house.operator.restart()
    shop.rest()
    called = shop.house.quay.mark()

    declare(shop, "one", permissions={"repositories": [{"name": "lib", "role": "read"}]})
    shop.wait_ready("one")
    # What the list says of the others leads to no look at them.
    shop.kubectl("delete", "secret", *names)
    for name in names:
        shop.wait_login(name)

    calls = shop.operations(called)
    bill("first change of a right after a restart", calls)
    assert sorted(calls) == ["permission.delete", "permission.put", "prototype.list", "robot.list"]


def test_a_users_connection_costs_one_call_at_its_first_use(tenant: Tenant, bill: Bill):
    quay, who = tenant.house.quay, f"user-{tenant.name}"
    tenant.connection(token=quay.admin("token", user=who), resyncInterval="5m")
    called = quay.mark()
    tenant.robot("one", user=who, connectionRef=OWN)
    tenant.wait_ready("one")
    first = users_calls(tenant, called)
    tenant.robot("two", user=who, connectionRef=OWN)
    tenant.wait_ready("two")

    bill("first use of a user's connection, with the robot", first)
    assert first == ["user.get", "robot.create"]
    assert users_calls(tenant, called) == [*first, "robot.create"]


def users_calls(tenant: Tenant, since: int) -> list[str]:
    calls = tenant.house.quay.calls(since)
    return [each.operation for each in calls if each.path.startswith("/api/v1/user/")]


def test_a_connection_costs_one_read_before_its_first_robot(tenant: Tenant, bill: Bill):
    tenant.connection(resyncInterval="5m")
    for name in ("one", "two", "three"):
        tenant.robot(name, connectionRef=OWN)
        tenant.wait_ready(name)

    calls = [e.operation for e in tenant.house.quay.calls() if f"/{tenant.name}" in e.path]
    bill("first use of a connection", calls[:1])
    assert calls == ["organization.get", *["robot.create"] * 3]
