"""Does a robot have exactly the rights that are declared?"""

from __future__ import annotations

import pytest

from tests.kit.asking import AskingTenant
from tests.kit.canary import oauth_token
from tests.kit.installation import Tenant, settle
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}
READS = [{"name": "app", "role": "read"}]


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


@pytest.fixture
def shop(tenant: Tenant) -> Tenant:
    """Return a tenant with repositories and teams, whose own connection beats often."""
    tenant.repository("app", "lib", "group/tool")
    for team in ("devs", "ops"):
        tenant.house.quay.admin("team", org=tenant.name, name=team)
    tenant.connection(driftInterval="10s")
    return tenant


def declare(tenant: Tenant, name: str = "ci", **permissions: object) -> None:
    tenant.robot(name, connectionRef=OWN, permissions=permissions)


def test_a_robot_gets_what_is_declared_and_each_right_is_one_call(shop: Tenant):
    declare(
        shop,
        repositories=[*READS, {"name": "group/tool", "role": "write"}],
        teams=["devs"],
        defaults=[{"role": "read"}],
    )
    shop.wait_ready()

    assert shop.grants()["repositories"] == {"app": "read", "group/tool": "write"}
    assert shop.grants()["teams"] == ["devs"]
    assert [each["role"] for each in shop.grants()["prototypes"]] == ["read"]
    assert sorted(shop.operations()) == [
        "member.put", "permission.put", "permission.put", "prototype.create", "robot.create",
    ]  # fmt: skip
    assert shop.condition("ci", "GrantsReady")["status"] == "True"


def test_the_registry_gives_exactly_the_declared_actions_after_each_change(shop: Tenant):
    declare(shop, repositories=READS)
    shop.wait_ready()
    assert shop.actions("app") == {"pull"}
    assert shop.actions("lib") == set()

    declare(shop, repositories=[{"name": "app", "role": "write"}, {"name": "lib", "role": "read"}])
    shop.wait_ready()
    assert {"pull", "push"} <= shop.actions("app")
    assert shop.actions("lib") == {"pull"}

    declare(shop, repositories=[{"name": "lib", "role": "read"}])
    shop.wait_ready()
    assert shop.actions("app") == set()


def test_an_edit_writes_only_the_difference_and_reads_nothing(shop: Tenant):
    declare(shop, repositories=[*READS, {"name": "lib", "role": "write"}], teams=["devs"])
    shop.wait_ready()
    called = shop.house.quay.mark()

    declare(shop, repositories=[*READS, {"name": "lib", "role": "read"}], teams=["devs", "ops"])
    shop.wait_ready()

    done = [each for each in shop.operations(called) if not each.endswith("list")]
    # Rights shrink before they grow.
    assert done == ["permission.put", "member.put"]


def test_a_right_taken_by_hand_comes_back_at_the_beat_and_an_undeclared_one_goes(shop: Tenant):
    declare(shop, repositories=READS, teams=["devs"])
    shop.wait_ready()
    quay = shop.house.quay
    quay.admin("grant", repository=f"{shop.name}/app", user=shop.full(), role=None)
    quay.admin("grant", repository=f"{shop.name}/lib", user=shop.full(), role="admin")
    quay.admin("team/member", org=shop.name, team="ops", member=shop.full())

    wait_for(
        lambda: (
            shop.grants()["repositories"] == {"app": "read"} and shop.grants()["teams"] == ["devs"]
        ),
        f"the declared rights; there are {shop.grants()}",
        timeout_s=60,
    )
    shop.wait_ready()


def test_additive_takes_back_only_what_it_gave(shop: Tenant):
    quay = shop.house.quay
    declare(shop, mode="Additive", repositories=READS, teams=["devs"])
    shop.wait_ready()
    quay.admin("grant", repository=f"{shop.name}/lib", user=shop.full(), role="write")
    quay.admin("team/member", org=shop.name, team="ops", member=shop.full())

    declare(shop, mode="Additive", repositories=[{"name": "group/tool", "role": "read"}])
    shop.wait_ready()

    settle(
        lambda: (
            shop.grants()["repositories"] == {"group/tool": "read", "lib": "write"}
            and shop.grants()["teams"] == ["ops"]
        ),
        seconds=15,
    )


def test_what_is_no_longer_declared_is_taken_back_once_and_nothing_else(shop: Tenant):
    quay = shop.house.quay
    declare(shop, mode="Additive", repositories=READS, teams=["devs"], defaults=[{"role": "read"}])
    shop.wait_ready()
    quay.admin("grant", repository=f"{shop.name}/lib", user=shop.full(), role="write")
    called = shop.house.quay.mark()

    shop.robot(connectionRef=OWN)
    wait_for(lambda: shop.grants()["repositories"] == {"lib": "write"}, "what we gave to be gone")
    shop.wait_ready()

    assert (shop.grants()["teams"], shop.grants()["prototypes"]) == ([], [])
    assert shop.condition("ci", "GrantsReady") == {}
    took = [each for each in shop.operations(called) if not each.endswith(("list", "get"))]
    assert sorted(took) == ["member.delete", "permission.delete", "prototype.delete"]


def test_a_converged_robot_costs_only_the_beat(shop: Tenant):
    declare(shop, repositories=READS, teams=["devs"], defaults=[{"role": "read"}])
    shop.wait_ready()
    written, called = shop.rest()

    wait_for(lambda: "prototype.list" in shop.operations(called), "a beat", timeout_s=60)

    settle(lambda: not [e for e in shop.house.operator_writes(written) if f"{shop.name}/ci" in e])
    seen = shop.operations(called)
    assert set(seen) <= {"robot.list", "permission.list", "prototype.list"}
    beats = seen.count("prototype.list")
    assert seen.count("permission.list") == beats


def test_a_later_repository_costs_the_beat_one_read_and_nothing_is_taken_back(shop: Tenant):
    declare(shop, repositories=READS, teams=["devs"], defaults=[{"role": "read"}])
    shop.wait_ready()
    quay = shop.house.quay
    quay.admin("team", org=shop.name, name="devs", role="creator", members=[shop.full()])
    called = quay.mark()

    quay.admin("repository", namespace=shop.name, name="later", creator="mary")
    # Its first push makes the repository, as Quay does it for who may create.
    assert shop.actions("made") == {"pull", "push", "*"}
    wait_for(lambda: shop.operations(called).count("prototype.list") > 1, "beats", timeout_s=90)

    assert shop.grants()["repositories"] == {"app": "read", "later": "read", "made": "admin"}
    assert shop.effects(called) == []
    shop.wait_ready()


def test_a_role_above_the_default_is_brought_down_to_it(shop: Tenant):
    declare(shop, repositories=READS, defaults=[{"role": "read"}])
    shop.wait_ready()
    quay = shop.house.quay
    quay.admin("grant", repository=f"{shop.name}/lib", user=shop.full(), role="admin")

    wait_for(lambda: shop.grants()["repositories"].get("lib") == "read", "read", timeout_s=60)
    assert shop.grants()["repositories"]["app"] == "read"


def test_a_default_may_be_for_what_one_robot_makes(shop: Tenant):
    quay = shop.house.quay
    shop.robot("maker", connectionRef=OWN, permissions={"teams": ["devs"]})
    shop.wait_ready("maker")
    quay.admin("team", org=shop.name, name="devs", role="creator", members=[shop.full("maker")])
    declare(shop, defaults=[{"role": "read", "creator": shop.full("maker")}])
    shop.wait_ready()
    called = quay.mark()

    assert "*" in shop.actions("made", "maker")
    shop.repository("by-hand")
    wait_for(lambda: shop.operations(called).count("prototype.list") > 1, "beats", timeout_s=90)

    assert shop.grants()["repositories"] == {"made": "read"}
    assert [each["creator"] for each in shop.grants()["prototypes"]] == [shop.full("maker")]
    assert shop.effects(called) == []


def test_a_robot_of_a_mirror_is_kept_by_quay_and_that_is_said(shop: Tenant):
    quay = shop.house.quay
    declare(shop, repositories=[{"name": "app", "role": "write"}])
    shop.wait_ready()
    quay.admin("mirror", repository=f"{shop.name}/app", robot=shop.full())
    called = quay.mark()

    shop.delete()
    shop.wait_reason("DeletionBlocked")

    assert "give the mirror another robot" in shop.condition()["message"]
    settle(lambda: shop.reason() == "DeletionBlocked", seconds=6)
    assert shop.operations(called).count("robot.delete") <= 3
    quay.admin("mirror", repository=f"{shop.name}/app")
    shop.wait_gone(timeout_s=60)


def test_a_missing_repository_holds_up_only_its_own_grant(shop: Tenant):
    declare(shop, repositories=[*READS, {"name": "later", "role": "read"}], teams=["devs"])
    shop.wait_reason("RepositoryNotFound")

    assert shop.grants()["repositories"] == {"app": "read"}
    assert shop.grants()["teams"] == ["devs"]
    assert "later" in shop.condition()["message"]
    assert shop.logs_in()

    shop.repository("later")
    shop.wait_ready(timeout_s=60)
    assert shop.grants()["repositories"] == {"app": "read", "later": "read"}


def test_a_missing_team_is_named_and_waited_for(shop: Tenant):
    declare(shop, teams=["nobody-there"])
    shop.wait_reason("TeamNotFound")

    shop.house.quay.admin("team", org=shop.name, name="nobody-there")

    shop.wait_ready(timeout_s=60)


def test_doubled_default_permissions_collapse(shop: Tenant):
    declare(shop, defaults=[{"role": "read"}])
    shop.wait_ready()
    quay = shop.house.quay
    quay.admin("prototype", org=shop.name, delegate=shop.full(), role="read")
    quay.admin("prototype", org=shop.name, delegate=shop.full(), role="admin")

    wait_for(
        lambda: [each["role"] for each in shop.grants()["prototypes"]] == ["read"],
        "one default permission",
        timeout_s=60,
    )


def test_a_robot_made_anew_gets_all_its_rights_again(shop: Tenant):
    declare(shop, repositories=READS, teams=["devs"])
    shop.wait_ready()

    shop.house.quay.admin("robot/delete", name=shop.full())

    wait_for(
        lambda: shop.in_quay() and shop.grants()["repositories"] == {"app": "read"}
        and shop.grants()["teams"] == ["devs"],
        "the rights",
        timeout_s=60,
    )  # fmt: skip
    shop.wait_ready()


def test_rights_beyond_the_rules_are_denied_before_any_call(tenant: Tenant):
    tenant.repository("app")
    name = f"reads-{tenant.name}"
    rule = {"namespaces": {}, "organizations": ["*"], "maxRole": "read", "teams": ["*"]}
    tenant.house.cluster_connection(name, access=[rule])
    ref = {"kind": "ClusterQuayConnection", "name": name}

    for robot, permissions in {
        "writes": {"repositories": [{"name": "app", "role": "write"}]},
        "owns": {"teams": ["owners"]},
        "defaults": {"defaults": [{"role": "read"}]},
    }.items():
        tenant.robot(robot, connectionRef=ref, permissions=permissions)
        tenant.wait_reason("AccessDenied", robot)
    assert tenant.operations() == []

    tenant.robot("reads", connectionRef=ref, permissions={"repositories": READS})
    tenant.wait_ready("reads")
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=30s")
    tenant.house.plane.kubectl("delete", "clusterquayconnection", name)


def test_a_robot_with_more_rights_than_the_rules_allow_is_not_adopted(tenant: Tenant):
    quay = tenant.house.quay
    tenant.repository("app")
    quay.admin("robot", name=tenant.full())
    quay.admin("grant", repository=f"{tenant.name}/app", user=tenant.full(), role="admin")

    tenant.robot(creationPolicy="Adopt")
    tenant.wait_reason("AccessDenied")
    assert tenant.get("ci", "secret") is None

    quay.admin("grant", repository=f"{tenant.name}/app", user=tenant.full(), role="write")
    tenant.wait_ready(timeout_s=60)


def test_a_token_that_may_not_see_rights_says_which_scope_is_missing(shop: Tenant):
    declare(shop, repositories=READS)
    shop.wait_ready()

    value = shop.house.quay.admin("token", value=oauth_token(), scopes=["org:admin"])
    shop.house.secret(shop.name, "token-own", value)

    wait_for(
        lambda: shop.condition("ci", "GrantsReady").get("status") == "Unknown",
        f"GrantsReady unknown; it is {shop.condition('ci', 'GrantsReady')}",
        timeout_s=60,
    )
    assert "repo:admin" in shop.condition("ci", "GrantsReady")["message"]
    shop.house.secret(shop.name, "token-own", shop.house.token)
    shop.wait_ready(timeout_s=60)


def test_a_secret_of_scope_repositories_has_an_entry_for_each(shop: Tenant):
    shop.robot(
        connectionRef=OWN,
        permissions={"repositories": [*READS, {"name": "lib", "role": "read"}]},
        secrets=[{"name": "ci", "scope": "Repositories"}],
    )
    shop.wait_ready()

    host = shop.house.quay.url.removeprefix("http://")
    assert shop.auths() == [f"{host}/{shop.name}/app", f"{host}/{shop.name}/lib"]
