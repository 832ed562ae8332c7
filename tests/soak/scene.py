"""Where does one life take place? One tenant, two namespaces for ClusterQuayRobots, a Quay."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.kit.canary import oauth_token
from tests.kit.installation import API, Body, Installation, Tenant
from tests.kit.replicas import Pair

from .book import ClusterRobot, Declared
from .drawing import ACCOUNTS, REPOSITORIES, TEAMS, Life
from .stage import CLIENT, CLIENT_SECRET, JWT_USER, Stage

__all__ = ["Scene", "prepared"]


@dataclass
class Scene:
    """One life's place, its book, and what has to be undone in the end."""

    stage: Stage
    tenant: Tenant
    book: dict[str, Declared]
    cluster_robots: dict[str, ClusterRobot]
    token: str
    since: int
    audited: int
    began: datetime
    foreign: Body = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    _undo: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    @property
    def house(self) -> Installation:
        """The installation."""
        return self.stage.house

    @property
    def pair(self) -> Pair:
        """Its two replicas."""
        return self.stage.pair

    @property
    def name(self) -> str:
        """What namespace and organization are called."""
        return self.tenant.name

    @property
    def other(self) -> str:
        """The organization that no rule allows."""
        return f"x{self.name}"

    @property
    def spaces(self) -> list[str]:
        """The namespaces that ClusterQuayRobots may pick."""
        return [f"{self.name}-{each}" for each in ("a", "b")]

    def apply(self, *declared: Declared) -> None:
        """Apply resources as the book has them."""
        bodies = [
            _body("QuayRobot", e.name, self.name, e.body(self.name, self.other)) for e in declared
        ]
        self.house.plane.apply(*bodies)

    def apply_fleets(self) -> None:
        """Apply all ClusterQuayRobots."""
        bodies = [
            _body("ClusterQuayRobot", full, None, each.body(full, self.name))
            for each in self.cluster_robots.values()
            for full in [f"{self.name}-{each.name}"]
        ]
        self.house.plane.apply(*bodies)

    def exists(self, declared: Declared) -> bool:
        """Tell whether the resource is there."""
        return self.tenant.get(declared.name) is not None

    def later(self, seconds: float, undo: Callable[[], object]) -> None:
        """Have *undo* called in *seconds*, or at the end."""
        self._undo.append((time.monotonic() + seconds, undo))

    def pass_time(self, seconds: float = 0.0, *, all_of_it: bool = False) -> None:
        """Wait, and undo what is over by then; *all_of_it*: everything, at once."""
        until = time.monotonic() + seconds
        while True:
            due = [each for each in self._undo if all_of_it or each[0] <= time.monotonic()]
            for each in due:
                self._undo.remove(each)
                each[1]()
            if time.monotonic() >= until:
                break
            time.sleep(0.05)
        for declared in self.book.values():
            if declared.again and not self.exists(declared):
                declared.alive, declared.again = True, False
                declared.lives += 1
                self.apply(declared)


def prepared(stage: Stage, life: Life) -> Scene:
    """Make everything that *life* needs; no resource of ours is declared yet."""
    house = stage.house
    since, audited, began = house.quay.mark(), len(house.plane.audit()), datetime.now(UTC)
    tenant = house.tenant()
    name = tenant.name
    for each in (f"{name}-a", f"{name}-b"):
        house.plane.kubectl("create", "namespace", each)
        house.plane.kubectl("label", "namespace", each, f"soak={name}")
    book = {key: Declared(key, deepcopy(spec)) for key, spec in life.robots.items()}
    cluster_robots = {
        key: ClusterRobot(key, deepcopy(spec), {f"{name}-a", f"{name}-b"})
        for key, spec in life.cluster_robots.items()
    }
    token = house.quay.admin("token", value=oauth_token())
    scene = Scene(stage, tenant, book, cluster_robots, token, since, audited, began)
    _stock_quay(scene)
    _stock_cluster(scene)
    return scene


def _stock_quay(scene: Scene) -> None:
    quay, name = scene.house.quay, scene.name
    quay.admin("organization", name=scene.other)
    scene.tenant.repository(*REPOSITORIES)
    for team in TEAMS:
        quay.admin("team", org=name, name=team)
    quay.admin("team/member", org=name, team="owners", member=JWT_USER)
    full = f"{name}+by-hand"
    quay.admin("robot", name=full)
    quay.admin("grant", repository=f"{name}/app", user=full, role="admin")
    scene.foreign["robot"] = quay.admin("robot/show", name=full), quay.admin("grants", name=full)


def _stock_cluster(scene: Scene) -> None:
    plane, tenant, stage = scene.house.plane, scene.tenant, scene.stage
    spaces = (scene.name, *scene.spaces)
    plane.apply(
        *(_plain("ServiceAccount", account, where) for where in spaces for account in ACCOUNTS),
        _plain("ServiceAccount", "caller", scene.name),
        _secret(scene.name, "foreign", {"data": "not ours"}),
        _secret(scene.name, "token-own", {"token": scene.token}),
        _secret(scene.name, "token-json", {"token": json.dumps({"access_token": scene.token})}),
        _secret(scene.name, "client", {"client-secret": CLIENT_SECRET}),
    )
    stage.oidc.subjects[f"system:serviceaccount:{scene.name}:caller"] = CLIENT
    signed = {"type": "OIDC", "issuer": stage.oidc.url, "clientID": CLIENT}
    trust = {"caBundle": stage.oidc.ca.read_text()}
    credentials: dict[str, Body] = {
        "own": {"credentials": {"secretRef": {"name": "token-own"}}},
        "json": {"credentials": {"secretRef": {"name": "token-json"}}},
        "oidc": {"credentials": signed | {"clientSecretRef": {"name": "client"}}, **trust},
        "assertion": {"credentials": signed | {"serviceAccount": {"name": "caller"}}, **trust},
    }
    tenant.connections({key: stage.common | each for key, each in credentials.items()})
    foreign = tenant.get("foreign", "secret") or {}
    scene.foreign["secret"] = foreign["data"], foreign["metadata"]["uid"]


def _body(kind: str, name: str, namespace: str | None, spec: Body) -> Body:
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API, "kind": kind, "metadata": meta, "spec": spec}


def _plain(kind: str, name: str, namespace: str) -> Body:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}}


def _secret(namespace: str, name: str, texts: dict[str, str]) -> Body:
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    return _plain("Secret", name, namespace) | {"data": data}
