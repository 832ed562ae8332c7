"""Do Secrets carry a password that works, without anybody holding the robot's own token?"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import yaml

from tests.kit.asking import AskingTenant
from tests.kit.canary import scan
from tests.kit.installation import ROOT, Tenant, settle
from tests.kit.processes import wait_for

OWN = {"kind": "QuayConnection", "name": "own"}
KEYLESS = {"type": "Federated", "serviceAccount": "builder"}
EXCHANGE = "/oauth2/federation/robot/token"


@pytest.fixture
def tenant(asking_tenant: AskingTenant) -> AskingTenant:
    """Return a tenant for whom `plan` foretells each edit."""
    return asking_tenant


@pytest.fixture
def shop(tenant: Tenant) -> Iterator[Tenant]:
    """Return a tenant with a ServiceAccount, whose Quay trusts this cluster's authority."""
    quay = tenant.house.quay
    quay.admin("settings", oidc_ca=str(tenant.house.plane.issuer_ca))
    tenant.kubectl("create", "serviceaccount", "builder")
    tenant.connection()
    yield tenant
    # Here and not later: nobody is to come back with a password of seconds.
    tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")
    quay.admin("settings", oidc_ca=None, federated_life_s=3600)


def declare(tenant: Tenant, **spec: object) -> None:
    tenant.robot(**{"connectionRef": OWN, "credentials": KEYLESS, **spec})


def exchanges(tenant: Tenant) -> int:
    """Return how many tokens were exchanged for robots of the tenant."""
    rows = tenant.house.quay.admin("logs", name=tenant.name)
    return sum(row["kind"] == "federated_robot_token_exchange" for row in rows)


def claims(tenant: Tenant) -> dict[str, object]:
    """Return what the password in the Secret says of itself."""
    _user, password = tenant.credential()
    part = password.split(".")[1]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return found


def password(tenant: Tenant) -> str | None:
    pair = tenant.credential()
    return pair[1] if pair else None


def identities(tenant: Tenant) -> list[dict[str, str]]:
    found: list[dict[str, str]] = tenant.house.quay.admin("federation", name=tenant.full())
    return found


def status(tenant: Tenant) -> dict[str, dict[str, str]]:
    body = tenant.get()
    assert body is not None
    found: dict[str, dict[str, str]] = body["status"]
    return found


def stored_in_cluster(tenant: Tenant) -> str:
    """Return every Secret of the robot, decoded, as text."""
    label = "app.kubernetes.io/managed-by=quay-robot-operator"
    found = json.loads(tenant.kubectl("get", "secrets", "-l", label, "-o", "json"))
    return json.dumps(found)


def test_a_secret_carries_a_password_of_an_hour_and_never_the_robots_token(shop: Tenant):
    declare(shop)
    shop.wait_ready()

    assert shop.logs_in()
    assert claims(shop)["sub"] == shop.full()
    # Under load a resync may have come in between.
    asked = [each for each in shop.operations() if each != "robot.list"]
    assert asked == ["robot.create", "federation.set"]
    assert exchanges(shop) == 1
    subject = f"system:serviceaccount:{shop.name}:builder"
    assert identities(shop) == [{"issuer": shop.house.plane.issuer, "subject": subject}]
    assert scan(stored_in_cluster(shop)) == []
    told, secret = status(shop), shop.get("ci", "secret")
    annotations = secret["metadata"]["annotations"]
    assert annotations["quayrobot.io/expires-at"] == told["credential"]["expiresAt"]
    assert annotations["quayrobot.io/credential-digest"] == told["credential"]["digest"]
    ends = datetime.fromisoformat(told["credential"]["expiresAt"])
    assert ends.timestamp() == claims(shop)["exp"]
    assert timedelta(minutes=58) < ends - datetime.now(UTC) <= timedelta(minutes=60)


def test_only_the_declared_account_gets_one(shop: Tenant):
    declare(shop)
    shop.wait_ready()
    shop.kubectl("create", "serviceaccount", "other")
    token = shop.kubectl("create", "token", "other", "--audience=quay").strip()

    answer = httpx.get(f"{shop.house.quay.url}{EXCHANGE}", auth=(shop.full(), token), timeout=30)

    assert answer.status_code == 400
    assert answer.json() == {"message": "Token does not match robot"}


def test_a_deleted_and_an_edited_secret_are_repaired_by_a_new_exchange(shop: Tenant):
    declare(shop)
    shop.wait_ready()
    shop.delete("ci", "secret")
    # Of the same second it may be the same password: Quay's signature has no chance in it.
    wait_for(lambda: exchanges(shop) == 2 and shop.credential(), "a Secret again")
    assert shop.logs_in()
    nothing = base64.b64encode(b'{"auths":{}}').decode()
    patch = json.dumps({"data": {".dockerconfigjson": nothing}})
    shop.kubectl("patch", "secret", "ci", "-p", patch)
    wait_for(lambda: exchanges(shop) == 3 and shop.auths(), "its bytes again")

    shop.wait_ready()
    settle(lambda: exchanges(shop) == 3)
    assert shop.logs_in()


def test_a_password_is_replaced_well_before_it_ends(shop: Tenant):
    shop.house.quay.admin("settings", federated_life_s=12)
    declare(shop)
    shop.wait_ready()
    first, ends = password(shop), status(shop)["credential"]["expiresAt"]

    def replaced() -> bool:
        assert shop.logs_in()
        assert shop.condition()["status"] == "True"
        return password(shop) != first

    wait_for(replaced, "another password", every_s=0.2)

    assert datetime.now(UTC) < datetime.fromisoformat(ends)
    # The status follows the Secret.
    wait_for(lambda: status(shop)["credential"]["expiresAt"] > ends, "the new end")


def test_what_cannot_be_replaced_is_ready_until_it_ends(shop: Tenant):
    shop.house.quay.admin("settings", federated_life_s=12)
    declare(shop)
    shop.wait_ready()
    before, ends = password(shop), datetime.fromisoformat(status(shop)["credential"]["expiresAt"])
    # Quay cannot reach the issuer: it answers that with its proxy's 502.
    shop.house.quay.admin("settings", oidc_ca=None)

    shop.wait_reason("IssuerUnreachable", timeout_s=30)

    assert datetime.now(UTC) >= ends
    assert shop.condition()["status"] == "False"
    assert password(shop) == before
    own = shop.get("own", "quayconnection")["status"]["conditions"]
    assert {each["type"]: each["status"] for each in own}["Reachable"] == "True"
    shop.house.quay.admin("settings", oidc_ca=str(shop.house.plane.issuer_ca))
    shop.wait_ready(timeout_s=60)
    shop.wait_login()


def test_an_account_that_is_not_there_is_waited_for(shop: Tenant):
    declare(shop, credentials={**KEYLESS, "serviceAccount": "late"})
    shop.wait_reason("ServiceAccountNotFound")
    assert shop.credential() is None

    shop.kubectl("create", "serviceaccount", "late")

    shop.wait_ready()
    assert shop.logs_in()


def test_identities_taken_away_in_quay_are_put_back_when_an_exchange_is_refused(shop: Tenant):
    declare(shop)
    shop.wait_ready()
    shop.house.quay.admin("federation/set", name=shop.full(), entries=[])

    shop.delete("ci", "secret")

    wait_for(lambda: shop.credential() and shop.logs_in(), "a password")
    assert len(identities(shop)) == 1
    shop.wait_ready()


@pytest.mark.rotates
def test_the_way_there_ends_the_static_token_once_and_the_way_back_ends_nothing(shop: Tenant):
    quay = shop.house.quay
    declare(shop, credentials={"type": "Static"})
    shop.wait_ready()
    static, called = shop.credential(), quay.mark()

    declare(shop)
    wait_for(lambda: working(shop)[1] != static[1], "a password", every_s=0.05)
    shop.wait_ready()
    settle(lambda: shop.operations(called).count("robot.regenerate") == 1, seconds=3)
    assert not quay.login(*static)
    assert scan(stored_in_cluster(shop)) == []

    called, kept = quay.mark(), password(shop)
    declare(shop, credentials={"type": "Static"})
    wait_for(lambda: working(shop)[1] != kept, "the token", every_s=0.05)
    shop.wait_ready()

    assert shop.credential() == (shop.full(), shop.in_quay()["token"])
    assert identities(shop) == []
    settle(lambda: "robot.regenerate" not in shop.operations(called), seconds=3)
    assert "expiresAt" not in status(shop)["credential"]
    annotations = shop.get("ci", "secret")["metadata"]["annotations"]
    assert "quayrobot.io/expires-at" not in annotations


def working(tenant: Tenant) -> tuple[str, str]:
    """Return what the Secret holds; it must let in at any time."""
    pair = tenant.credential()
    assert pair is not None
    if not tenant.house.quay.login(*pair):
        # Between the read and the login it may have been replaced, never broken.
        pair = tenant.credential()
        assert pair is not None
        assert tenant.house.quay.login(*pair)
    return pair


@pytest.mark.rotates
def test_a_rotation_ends_the_robots_token_and_renews_the_password(shop: Tenant):
    declare(shop, rotation={"trigger": "one"})
    shop.wait_ready()
    hidden, called = shop.in_quay()["token"], shop.house.quay.mark()

    declare(shop, rotation={"trigger": "two"})
    wait_for(lambda: exchanges(shop) == 2, "another exchange")
    shop.wait_ready()
    wait_for(lambda: "lastAt" in status(shop)["rotation"], "the end of the rotation")

    assert shop.logs_in()
    assert shop.in_quay()["token"] != hidden
    settle(lambda: shop.operations(called).count("robot.regenerate") == 1)
    assert exchanges(shop) == 2


def test_an_old_quay_says_so_and_a_rule_has_to_give_federation(shop: Tenant):
    shop.house.quay.admin("settings", version="3.12")
    try:
        declare(shop)
        shop.wait_reason("NotSupported")
        assert shop.credential() is None
    finally:
        shop.house.quay.admin("settings", version="3.19")
    shop.kubectl("delete", "quayrobot", "ci")

    shop.robot(credentials=KEYLESS)
    shop.wait_reason("AccessDenied")


def test_a_users_robot_gets_one_too_from_a_quay_that_can(shop: Tenant):
    quay, who = shop.house.quay, f"user-{shop.name}"
    shop.connection(token=quay.admin("token", user=who))
    quay.admin("settings", version="3.17")
    try:
        declare(shop, user=who)
        shop.wait_reason("NotSupported")
    finally:
        quay.admin("settings", version="3.19")

    # It is asked again at the resync interval.
    shop.wait_ready(timeout_s=60)

    assert shop.logs_in()
    assert shop.credential()[0] == f"{who}+ci"


def test_the_examples_of_the_page_do_what_it_says(shop: Tenant):
    page = (ROOT / "docs" / "keyless.md").read_text().replace("team-a", shop.name)
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    bodies = [body for text in blocks for body in yaml.safe_load_all(text)]
    robots = [each for each in bodies if each["kind"] == "QuayRobot"]
    for each in robots:
        each["spec"] |= {"organization": shop.name, "connectionRef": OWN}
    assert len(robots) == 2

    shop.house.plane.apply(*bodies)

    for each in robots:
        shop.wait_ready(each["metadata"]["name"])
    assert shop.logs_in(f"{shop.name}-keyless")
    assert shop.logs_in("pull")
    login = shop.get("login", "secret")["data"]
    user, word = (base64.b64decode(login[key]).decode() for key in ("username", "password"))
    assert shop.house.quay.login(user, word)
    linked = shop.get("puller", "serviceaccount")["imagePullSecrets"]
    assert linked == [{"name": "pull"}]
    builder = f"{shop.name}+{shop.name}-keyless-builder"
    assert len(shop.house.quay.admin("federation", name=builder)) == 2
