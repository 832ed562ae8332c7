"""Is a Quay behind a proxy used like any other, and is the proxy's word told as its own?"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kit.canary import oauth_token
from tests.kit.connect_proxy import ConnectProxy
from tests.kit.controlplane.certificates import Authority
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Tenant
from tests.kit.processes import wait_for

USER = "quay-robots"


class Behind:
    """A Quay that nobody but the proxy can name, and the proxy, which wants a password."""

    def __init__(self, tenant: Tenant, quay: FakeQuay, proxy: ConnectProxy, ca: str) -> None:
        self.tenant, self.quay, self.proxy, self.ca = tenant, quay, proxy, ca
        self.token = quay.admin("token", value=oauth_token())
        quay.admin("organization", name=tenant.name)
        self.name = f"behind-{tenant.name}"

    @property
    def url(self) -> str:
        return f"https://localhost:{self.quay.url.rpartition(':')[2]}"

    def keep(self, password: str, user: str = USER) -> None:
        """Store *password* as the one for the proxy."""
        data = {
            key: base64.b64encode(value.encode()).decode()
            for key, value in (("username", user), ("password", password))
        }
        meta = {"name": "proxy", "namespace": self.tenant.name}
        body = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth"}
        self.tenant.house.plane.apply({**body, "metadata": meta, "data": data})

    def change(self, password: str) -> None:
        """Have the proxy want *password* from now on."""
        self.proxy.login = (USER, password)

    def said(self, place: dict[str, str]) -> dict[str, Any]:
        """Return what a connection says of the proxy; *place* goes into its references."""
        return {"url": self.proxy.url, "credentialsRef": {"name": "proxy", **place}}

    def connect(self, **more: Any) -> None:
        place = {"namespace": self.tenant.name}
        self.tenant.house.cluster_connection(
            self.name, url=self.url, token=self.token, allowPlaintext=False, caBundle=self.ca,
            proxy=self.said(place) | more,
        )  # fmt: skip

    def robot(self, name: str = "ci") -> None:
        self.tenant.robot(name, connectionRef={"kind": "ClusterQuayConnection", "name": self.name})

    def ready(self) -> tuple[str, str]:
        """Return reason and message of the connection's Ready."""
        body = self.tenant.house.plane.get("clusterquayconnection", self.name) or {}
        listed = (body.get("status") or {}).get("conditions") or []
        found = next((each for each in listed if each["type"] == "Ready"), {})
        return found.get("reason", ""), found.get("message", "")


@pytest.fixture
def behind(tenant: Tenant, tmp_path: Path) -> Iterator[Behind]:
    authority = Authority(tmp_path)
    pair = authority.server("quay")
    password = oauth_token()
    with (
        FakeQuay(tls_cert=pair.certificate, tls_key=pair.key) as quay,
        ConnectProxy(login=(USER, password)) as proxy,
    ):
        made = Behind(tenant, quay, proxy, authority.file.read_text())
        made.keep(password)
        yield made
        tenant.kubectl("delete", "quayrobots", "--all", "--timeout=60s")
        tenant.house.plane.kubectl("delete", "clusterquayconnection", made.name, check=False)


def test_a_robot_comes_and_goes_through_the_proxy(behind: Behind):
    tenant, user = behind.tenant, behind.tenant.full("ci")
    behind.connect()
    behind.robot()
    tenant.wait_ready()

    assert user in behind.quay.double.state.robots
    place = behind.url.partition("://")[2]
    # It sees host and port alone.
    assert set(behind.proxy.asked) == {("CONNECT", place)}
    wait_for(lambda: behind.ready()[0] == "Reconciled", "the connection")
    tenant.delete()
    tenant.wait_gone()
    assert user not in behind.quay.double.state.robots
    stored = tenant.house.plane.kubectl("get", "clusterquayconnections,events", "-A", "-o", "yaml")
    assert behind.proxy.login is not None
    assert behind.proxy.login[1] not in stored


def test_a_wrong_password_is_told_and_the_right_one_is_taken_up(behind: Behind):
    tenant, right = behind.tenant, oauth_token()
    behind.change(right)
    behind.connect()
    behind.robot()

    words = "refused the credentials of proxy.credentialsRef (407)"
    wait_for(lambda: words in tenant.condition().get("message", ""), "the robot to tell")
    wait_for(lambda: words in behind.ready()[1], "the connection to tell")
    assert behind.ready()[0] == "QuayUnreachable"
    assert behind.quay.operations() == []

    behind.keep(right)
    tenant.wait_ready(timeout_s=60)
    assert behind.quay.operations().count("robot.create") == 1


def test_a_password_that_is_changed_and_a_secret_that_is_missing(behind: Behind):
    tenant, new = behind.tenant, oauth_token()
    behind.connect()
    behind.robot()
    tenant.wait_ready()

    # As an administrator does: the proxy's first, the Secret's then.
    behind.change(new)
    behind.keep(new)
    behind.robot("second")
    tenant.wait_ready("second", timeout_s=60)
    tenant.kubectl("delete", "secret", "proxy")
    missed = f"Secret proxy does not exist in the namespace {tenant.name}"
    wait_for(lambda: missed in behind.ready()[1], "the Secret to be missed", timeout_s=60)
    # What is known goes on to be used.
    assert tenant.condition()["status"] == "True"
    behind.keep(new)
    wait_for(lambda: behind.ready()[0] == "Reconciled", "the connection", timeout_s=60)


def test_a_proxy_that_is_away_is_waited_for_and_nothing_is_made_twice(behind: Behind):
    tenant = behind.tenant
    behind.connect()
    behind.robot()
    tenant.wait_ready()
    behind.proxy.down()
    behind.robot("second")

    words = f"the proxy 127.0.0.1:{behind.proxy.port} cannot be reached: no connection"
    wait_for(lambda: words in tenant.condition("second").get("message", ""), "the robot to tell")
    assert tenant.condition()["status"] == "True"
    behind.proxy.up()

    tenant.wait_ready("second", timeout_s=60)
    assert behind.quay.operations().count("robot.create") == 2


def test_an_https_proxy_is_believed_by_the_authority_that_is_kept_for_it(
    behind: Behind, tmp_path: Path
):
    tenant = behind.tenant
    (tmp_path / "proxy").mkdir()
    authority = Authority(tmp_path / "proxy", "proxy-ca")
    pair = authority.server("proxy")
    with ConnectProxy(pair=(pair.certificate, pair.key), login=behind.proxy.login) as proxy:
        behind.proxy = proxy
        place = {"namespace": tenant.name}
        behind.connect(caBundleRef={"name": "proxy-ca", **place})
        words = "proxy.caBundleRef cannot be used: ConfigMap proxy-ca does not exist"
        wait_for(lambda: words in behind.ready()[1], "the missing ConfigMap")
        tenant.kubectl("create", "configmap", "proxy-ca", f"--from-file=ca.crt={authority.file}")
        behind.robot()
        tenant.wait_ready(timeout_s=60)
        tenant.delete()
        tenant.wait_gone()
    assert {method for method, _ in proxy.asked} == {"CONNECT"}


def test_a_tenants_proxy_needs_leave_of_the_operators_settings(behind: Behind):
    tenant = behind.tenant
    tenant.connection(
        url=behind.url, token=behind.token, allowPlaintext=False, caBundle=behind.ca,
        proxy=behind.said({}),
    )  # fmt: skip
    tenant.robot(connectionRef={"kind": "QuayConnection", "name": "own"})

    wait_for(lambda: tenant.condition().get("reason") == "HostRefused", "the refusal")
    assert "--tenant-hosts has to name it" in tenant.condition()["message"]
    assert (behind.proxy.asked, behind.quay.operations()) == ([], [])
