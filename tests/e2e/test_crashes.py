"""What if the operator dies between any two of its calls?"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.kit.canary import oauth_token
from tests.kit.cluster_robot_lives import cluster_robot_lives
from tests.kit.crashing import AFTER, BEFORE, Crashing, Life
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation, Tenant
from tests.kit.operating import ACCOUNT, NAMESPACE, OperatorProcess
from tests.kit.processes import wait_for
from tests.kit.proxy import Asked, Proxy, When
from tests.kit.turning import declare, end_overlap, robots, stock, turned

CONNECTION = {"kind": "ClusterQuayConnection", "name": "proxied"}
OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture(scope="module")
def crashing(installed: Installation) -> Iterator[Crashing]:
    plane, quay = installed.plane, installed.quay
    pair = plane.server_pair("proxy")
    cluster = Proxy(
        "cluster", plane.url, certificate=(pair.certificate, pair.key), target_ca=plane.ca_file
    )
    installed.operator.stop()
    with cluster, Proxy("quay", quay.url) as front:
        rule = {"namespaces": {}, "organizations": ["*"], "teams": ["*"], "defaults": True}
        rule |= {"federation": True}
        quay.admin("settings", oidc_ca=str(plane.issuer_ca))
        installed.cluster_connection("proxied", url=front.url, access=[rule])
        kubeconfig = plane.service_account_kubeconfig(NAMESPACE, ACCOUNT, server=cluster.url)
        operator = OperatorProcess(kubeconfig, plane.folder)
        with operator:
            yield Crashing(replace(installed, operator=operator), (cluster, front))
    plane.kubectl("delete", "clusterquayconnection", "proxied")
    quay.admin("settings", oidc_ca=None)
    installed.operator.start()


def _nothing(_tenant: Tenant) -> None:
    return None


def _declare(tenant: Tenant) -> None:
    tenant.robot(connectionRef=CONNECTION, description="d", metadata={"a": "b"})


def _declared(tenant: Tenant) -> None:
    _declare(tenant)
    tenant.wait_ready()


def _born(tenant: Tenant) -> None:
    tenant.wait_ready(timeout_s=40)
    tenant.wait_login()


def _facts_of_birth(tenant: Tenant, since: int) -> object:
    robot, body, secret = tenant.in_quay(), tenant.get(), tenant.get("ci", "secret")
    assert robot is not None
    assert body is not None
    assert secret is not None
    return {
        "writes": sorted(tenant.effects(since)),
        "robots": [n for n in tenant.house.quay.admin("robots") if n.startswith(tenant.name)]
        == [tenant.full()],
        "description": robot["description"],
        "marked": robot["metadata"]["quayrobot.io"]["uid"] == body["metadata"]["uid"],
        "finalizers": body["metadata"]["finalizers"],
        "adopted": body["status"]["robot"].get("adopted", False),
        "conditions": sorted(
            (each["type"], each["status"], each["reason"]) for each in body["status"]["conditions"]
        ),
        "secrets": [each["name"] for each in body["status"]["secrets"]],
        "digest": secret["metadata"]["annotations"]["quayrobot.io/credential-digest"]
        == body["status"]["credential"]["digest"],
    }


def _facts_of_death(tenant: Tenant, since: int) -> object:
    robots = [n for n in tenant.house.quay.admin("robots") if n.startswith(tenant.name)]
    return {"writes": tenant.effects(since), "robots": robots}


def _delete(tenant: Tenant) -> None:
    tenant.delete()


def _gone(tenant: Tenant) -> None:
    tenant.wait_gone(timeout_s=40)
    tenant.wait_gone("ci", "secret")


def _linked(account: str) -> list[dict[str, object]]:
    return [{"name": "ci", "serviceAccounts": [{"name": account}]}]


def _shop(tenant: Tenant) -> None:
    tenant.repository("app", "lib", "tool")
    for team in ("devs", "ops"):
        tenant.house.quay.admin("team", org=tenant.name, name=team)
    for account in ("one", "two"):
        tenant.kubectl("create", "serviceaccount", account)


def _give(tenant: Tenant) -> None:
    tenant.robot(connectionRef=CONNECTION, permissions=BEFORE, secrets=_linked("one"))


def _change(tenant: Tenant) -> None:
    tenant.robot(connectionRef=CONNECTION, permissions=AFTER, secrets=_linked("two"))


def _given(tenant: Tenant) -> None:
    _shop(tenant)
    _give(tenant)
    tenant.wait_ready()


def _facts_of_rights(tenant: Tenant, since: int) -> object:
    grants = tenant.grants()
    accounts = {
        name: [each["name"] for each in body.get("imagePullSecrets") or []]
        for name in ("one", "two")
        if (body := tenant.get(name, "serviceaccount"))
    }
    body = tenant.get()
    assert body is not None
    return {
        "writes": sorted(tenant.effects(since)),
        "repositories": grants["repositories"],
        "teams": grants["teams"],
        "defaults": sorted((e["role"], e["creator"] or "") for e in grants["prototypes"]),
        "accounts": accounts,
        "recorded": (body["status"]["grants"], body["status"]["links"]),
        "login": tenant.logs_in(),
    }


def _rotate(tenant: Tenant) -> None:
    tenant.kubectl("annotate", "quayrobot", "ci", "quayrobot.io/rotate=now")


def _rotated(tenant: Tenant) -> None:
    wait_for(
        lambda: ((tenant.get() or {}).get("status", {}).get("rotation") or {}).get("lastAt"),
        "the rotation",
        timeout_s=40,
    )
    tenant.wait_login()
    tenant.wait_ready(timeout_s=40)


def _facts_of_rotation(tenant: Tenant, since: int) -> object:
    body, robot = tenant.get(), tenant.in_quay()
    assert body is not None
    assert robot is not None
    return {
        "writes": tenant.effects(since),
        "secret": tenant.credential() == (tenant.full(), robot["token"]),
        "open": body["status"]["rotation"].get("intent"),
    }


def _turned(tenant: Tenant) -> None:
    stock(tenant)
    declare(tenant, "one", connectionRef=CONNECTION)
    tenant.wait_ready(timeout_s=40)
    declare(tenant, "two", connectionRef=CONNECTION)
    turned(tenant, "ci.alt")


def _turn_again(tenant: Tenant) -> None:
    """The previous robot goes, and with that the way is free for its turn."""
    end_overlap(tenant)
    declare(tenant, "three", connectionRef=CONNECTION)


def _has_turned(tenant: Tenant) -> None:
    turned(tenant, "ci", timeout_s=60)
    tenant.wait_login()


def _facts_of_turns(tenant: Tenant, since: int) -> object:
    body = tenant.get()
    assert body is not None
    state = body["status"]["rotation"]
    grants = {name: tenant.grants(name) for name in ("ci", "ci.alt")}
    return {
        "writes": sorted(tenant.effects(since)),
        "robots": [each.removeprefix(tenant.name) for each in robots(tenant)],
        "grants": [(g["repositories"], g["teams"], len(g["prototypes"])) for g in grants.values()],
        "retiring": state["retiring"]["slot"],
        "open": state.get("intent"),
        "login": tenant.logs_in(),
    }


KEYLESS = {"type": "Federated", "serviceAccount": "builder"}


def _keyless(tenant: Tenant) -> None:
    tenant.robot(connectionRef=CONNECTION, credentials=KEYLESS)


def _static(tenant: Tenant) -> None:
    tenant.robot(connectionRef=CONNECTION)


def _with_token(tenant: Tenant) -> None:
    tenant.kubectl("create", "serviceaccount", "builder")
    _static(tenant)
    tenant.wait_ready()


def _with_password(tenant: Tenant) -> None:
    tenant.kubectl("create", "serviceaccount", "builder")
    _keyless(tenant)
    tenant.wait_ready()


def _switched(tenant: Tenant) -> None:
    _born(tenant)
    wait_for(
        lambda: "intent" not in (tenant.get() or {})["status"]["rotation"],
        "the end of the switch",
        timeout_s=40,
    )
    tenant.wait_ready(timeout_s=40)


def _spoil(tenant: Tenant) -> None:
    data = {".dockerconfigjson": base64.b64encode(b'{"auths":{}}').decode()}
    tenant.kubectl("patch", "secret", "ci", "-p", json.dumps({"data": data}))


def _mended(tenant: Tenant) -> None:
    wait_for(lambda: tenant.auths() and tenant.logs_in(), "a password", timeout_s=40)
    wait_for(lambda: _noted(tenant), "a status that says so", timeout_s=40)
    tenant.wait_ready(timeout_s=40)


def _noted(tenant: Tenant) -> bool:
    body, secret = tenant.get(), tenant.get("ci", "secret")
    assert body is not None
    assert secret is not None
    said = secret["metadata"]["annotations"]["quayrobot.io/credential-digest"]
    return bool(said == body["status"]["credential"]["digest"])


def _facts_of_password(tenant: Tenant, since: int) -> object:
    body, secret = tenant.get(), tenant.get("ci", "secret")
    assert body is not None
    assert secret is not None
    status, annotations = body["status"], secret["metadata"]["annotations"]
    credential = status["credential"]
    return {
        "writes": tenant.effects(since),
        "identities": len(tenant.house.quay.admin("federation", name=tenant.full())),
        "ends": "expiresAt" in credential,
        "noted": _noted(tenant),
        "same end": annotations.get("quayrobot.io/expires-at") == credential.get("expiresAt"),
        "open": status["rotation"].get("intent"),
        "login": tenant.logs_in(),
    }


LIVES = {
    "turns": Life(_turned, _turn_again, _has_turned, _facts_of_turns, reads=False),
    "to keyless": Life(_with_token, _keyless, _switched, _facts_of_password, reads=False),
    "to static": Life(_with_password, _static, _switched, _facts_of_password, reads=False),
    "refresh": Life(_with_password, _spoil, _mended, _facts_of_password, reads=False),
    "rotate": Life(_declared, _rotate, _rotated, _facts_of_rotation, reads=False),
    "rights given": Life(_shop, _give, _born, _facts_of_rights, reads=False),
    "rights changed": Life(_given, _change, _born, _facts_of_rights, reads=False),
    "create": Life(_nothing, _declare, _born, _facts_of_birth, reads=False),
    "delete": Life(_declared, _delete, _gone, _facts_of_death, reads=False),
    **cluster_robot_lives(CONNECTION),
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", LIVES)
def test_a_kill_at_any_call_changes_nothing_in_the_end(
    crashing: Crashing, name: str, canary_watch, record_property
):
    life = LIVES[name]
    points, undisturbed = crashing.points(life)
    assert points
    missed = []

    kills = [(when, point) for point in points for when in ("before", "after")]
    if not life.reads:
        # Before one effect is after the one before: nothing that lasts is in between.
        kills = [each for each in kills if each[0] == "after" or each[1] is points[0]]
    for when, point in kills:
        happened, facts = crashing.crashed(life, point, when)
        assert facts == undisturbed, f"killed {when} {point}"
        if not happened:
            missed.append(f"{when} {point}")

    assert len(missed) <= len(points) // 4, missed
    crashes = len(kills) - len(missed)
    print(f"\ncrash points of {name}: {len(points)} requests, {crashes} kills")
    for point in points:
        print(f"  {point}")
    record_property("crash points", f"{name}: {len(points)} requests, {crashes} kills")


def test_a_robot_made_just_before_a_kill_is_not_made_again_where_the_connection_leads_by_then(
    crashing: Crashing,
):
    tenant, front, dead = crashing.house.tenant(), crashing.proxies[1], threading.Event()
    tenant.connection(url=front.url)

    def kill(asked: Asked, when: When) -> bool:
        if when == "after" and asked.method == "PUT" and asked.path.endswith("/robots/ci"):
            crashing.house.operator.kill()
            dead.set()
        return dead.is_set()

    front.hook = kill
    tenant.robot(connectionRef=OWN)
    assert dead.wait(20)
    front.hook = lambda _asked, _when: False

    assert "connection" not in (tenant.get() or {})["status"]
    with FakeQuay() as other:
        token = other.admin("token", value=oauth_token())
        other.admin("organization", name=tenant.name)
        tenant.connection(url=other.url, token=token)
        crashing.house.operator.start()
        tenant.wait_reason("ConnectionMoved")
        assert other.admin("robots") == []
        tenant.connection(url=front.url)
        tenant.wait_ready()
    assert robots(tenant) == [tenant.full()]
    assert tenant.logs_in()
