"""
What do all lives share? A control plane, a Quay, two replicas, and proxies before everything.

Each replica reaches Quay by the same name, which leads to a proxy of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.kit.canary import CanaryWatch
from tests.kit.controlplane import ControlPlane
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import ROOT, Body, Installation
from tests.kit.oidc_service import OidcService
from tests.kit.proxy import Proxy
from tests.kit.replicas import Pair, Replica, replicas
from tests.kit.surroundings import NAMES, Surroundings
from tests.sieve.lens import Lens
from tests.sieve.view import View

__all__ = ["CLIENT", "CLIENT_SECRET", "JWT_USER", "Stage", "staged"]

CLIENT, CLIENT_SECRET, JWT_USER = "operator", "a-client-secret", "jwt_user"
REFUSED = "127.0.0.4/32"
HOSTS = ("127.0.1.1", "127.0.1.2")
# What the operator missed of a watch, a list brings; production waits 10 min for it.
FLAGS = ("--relist-interval-s=10",)
OFTEN = {"resyncInterval": "10s", "driftInterval": "10s"}


@dataclass
class Stage:
    """All parts together; *quays* are the replicas' ways to Quay, *common* a connection's spec."""

    house: Installation
    pair: Pair
    quays: tuple[Proxy, ...]
    oidc: OidcService
    watch: CanaryWatch
    surroundings: tuple[Surroundings, ...]
    common: Body

    def view_of(self, replica: Replica) -> View:
        """Return the way to the API server of *replica*, which may show old versions."""
        assert isinstance(replica.front, View)
        return replica.front

    def surroundings_of(self, replica: Replica) -> Surroundings:
        """Return what surrounds *replica*."""
        return self.surroundings[self.pair.replicas.index(replica)]

    def way_of(self, replica: Replica) -> Proxy:
        """Return the way to Quay of *replica*."""
        return self.quays[self.pair.replicas.index(replica)]


@contextmanager
def staged(plane: ControlPlane, zoo: str = "") -> Iterator[Stage]:
    """Yield the stage with both replicas at work; *zoo* names a bug to switch on in them."""
    with FakeQuay() as quay, ExitStack() as stack:
        house = Installation.make(plane, quay)
        stack.callback(house.close)
        oidc = stack.enter_context(OidcService(plane.folder / "oidc"))
        oidc.clients = {CLIENT: CLIENT_SECRET}
        oidc.cluster_keys = lambda: json.loads(plane.kubectl("get", "--raw", "/openid/v1/jwks"))
        _open_quay(quay, plane, oidc)
        ways = [stack.enter_context(Proxy("quay", quay.url, host=HOSTS[0]))]
        ways.append(stack.enter_context(Proxy("quay", quay.url, host=HOSTS[1], port=ways[0].port)))
        flags = (*FLAGS, f"--tenant-refused-networks={REFUSED}")
        pair = stack.enter_context(replicas(house, *flags, front_of=_view))
        watch, around = CanaryWatch(), []
        for replica, host in zip(pair, HOSTS, strict=True):
            around.append(stack.enter_context(Surroundings(replica.folder)))
            around[-1].name(quay=[host])
            replica.operator.environment |= around[-1].environment | _with_bug(zoo)
            replica.operator.environment |= around[-1].clock
            watch.add(f"log of {replica.name}", replica.operator.said)
        common = {"url": f"http://quay.test:{ways[0].port}", "allowPlaintext": True, **OFTEN}
        rule = {"namespaces": {}, "organizations": ["t-*"], "robotNames": ["*"], "teams": ["*"],
                "defaults": True, "federation": True}  # fmt: skip
        house.cluster_connection("soak", **common, access=[rule])
        for replica in pair:
            replica.operator.start(wait=False)
        for replica in pair:
            replica.operator.wait_ready()
        yield Stage(house, Pair(house, pair), tuple(ways), oidc, watch, tuple(around), common)


def _view(side: str, target: str, **options: Any) -> View:
    return View(Lens(), side, target, **options)


def _with_bug(zoo: str) -> dict[str, str]:
    return {"TEST_ZOO": zoo, "PYTHONPATH": f"{NAMES}:{ROOT}"} if zoo else {}


def _open_quay(quay: FakeQuay, plane: ControlPlane, oidc: OidcService) -> None:
    """Have Quay believe the login service and this cluster's tokens."""
    both = plane.folder / "quay-ca.pem"
    both.write_text(plane.ca_file.read_text() + oidc.ca.read_text())
    config = {"prefix": "SOAK", "server": oidc.url, "client_id": "quay"}
    quay.admin("settings", sign_on=(config,), oidc_ca=str(both))
    quay.double.state.sign_on_users["SOAK", CLIENT] = JWT_USER
    quay.admin("user", name=JWT_USER)
