"""
How does the whole thing stand on one machine?

A real control plane, the shipped manifests, the operator as a process under
its own ServiceAccount, and a Quay. Every stored version of our resources is
recorded and judged.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .canary import oauth_token, robot_token
from .controlplane import ControlPlane
from .fakequay import FakeQuay
from .operating import ACCOUNT, NAMESPACE, USER, OperatorProcess
from .processes import wait_for
from .statuslint import lint, lint_transition
from .surroundings import Surroundings
from .watchlog import WatchLog

ROOT = Path(__file__).parents[2]
API = "quayrobot.io/v1alpha1"
KINDS = ("quayrobots", "clusterquayrobots", "clusterquayconnections", "quayconnections")
Body = dict[str, Any]


class Recorder:
    """Every stored version of our resources, as a watch shows them."""

    def __init__(self, plane: ControlPlane) -> None:
        self._logs = [WatchLog(plane, kind) for kind in KINDS]
        self._found: set[str] = set()
        self.judged = 0
        self._last: dict[str, Body] = {}

    def versions(self) -> Iterator[Body]:
        """Iterate over the versions seen since the last time, in order per kind."""
        for each in self._logs:
            yield from each.bodies()

    def problems(self) -> list[str]:
        """Return what is wrong with any status or step stored so far."""
        for body in self.versions():
            self.judged += 1
            self._found |= set(lint(body))
            uid = body["metadata"]["uid"]
            if uid in self._last:
                self._found |= set(lint_transition(self._last[uid], body))
            self._last[uid] = body
        if any(each.began_anew() for each in self._logs):
            # Versions are missing in between.
            self._last.clear()
        return sorted(self._found)

    def stop(self) -> None:
        """Stop to record."""
        for each in self._logs:
            each.stop()


@dataclass
class Installation:
    """All parts together."""

    plane: ControlPlane
    quay: FakeQuay
    operator: OperatorProcess
    token: str
    recorder: Recorder | None = None
    events: WatchLog | None = None
    surroundings: Surroundings | None = None
    extra: list[Callable[[], None]] = field(default_factory=list)

    @classmethod
    def make(
        cls, plane: ControlPlane, quay: FakeQuay, *flags: str, manifests: str = "manifests"
    ) -> Installation:
        """Apply the shipped *manifests*; the operator is not started yet."""
        quay.double.state.make_robot_token = robot_token
        plane.install(ROOT / "deploy" / manifests)
        wait_for(
            lambda: plane.kubectl("get", "quayrobots", "-A", check=False) is not None,
            "the kinds",
        )
        plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
        kubeconfig = plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)
        token = quay.admin("token", value=oauth_token())
        operator = OperatorProcess(kubeconfig, plane.folder, *flags)
        return cls(plane, quay, operator, token, Recorder(plane), WatchLog(plane, "events"))

    def close(self) -> None:
        """Stop what was started."""
        self.operator.stop()
        for each in filter(None, (self.recorder, self.events)):
            each.stop()

    def cluster_connection(self, name: str = "default", **changes: Any) -> None:
        """Apply a ClusterQuayConnection to our Quay, and its Secret."""
        self.secret(NAMESPACE, f"token-{name}", changes.pop("token", self.token))
        spec: Body = {
            "url": self.quay.url,
            "allowPlaintext": True,
            "resyncInterval": "10s",
            "credentials": {"secretRef": {"name": f"token-{name}", "namespace": NAMESPACE}},
            "access": [
                {"namespaces": {}, "organizations": ["*"], "robotNames": ["*"], "adoption": True}
            ],
            **changes,
        }
        self.plane.apply(_body("ClusterQuayConnection", name, None, spec))

    def secret(self, namespace: str, name: str, token: str) -> None:
        """Apply a Secret that holds an API token."""
        data = {"token": base64.b64encode(token.encode()).decode()}
        self.plane.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": namespace},
                "data": data,
            }
        )

    def tenant(self, **options: Any) -> Tenant:
        """Return a fresh namespace with an organization of its own."""
        name = f"t-{uuid.uuid4().hex[:8]}"
        self.plane.make_namespace(name)
        self.quay.admin("organization", name=name)
        return Tenant(self, name, **options)

    def operator_writes(self, since: int) -> list[str]:
        """Return what the operator wrote to the cluster after audit entry *since*."""
        return [
            f"{each.verb} {each.resource}/{each.subresource} {each.namespace}/{each.name}"
            for each in self.plane.audit()[since:]
            if each.user == USER and each.write
        ]

    def rest(self, *names: str, seconds: float = 1.5) -> tuple[int, int]:
        """
        Wait until the operator has written nothing about *names* for *seconds*.

        Returns where the audit log and the ledger stand then. A resource that says Ready is not
        the end of it: its event comes afterwards, a connection tells of Quay's first answers
        when it hears of them, and the audit log lags behind what a reader sees.
        """
        deadline = time.monotonic() + 30
        since, quiet = len(self.plane.audit()), time.monotonic()
        while time.monotonic() < quiet + seconds:
            assert time.monotonic() < deadline, f"no rest: {self.operator_writes(since)}"
            time.sleep(0.1)
            if any(name in each for each in self.operator_writes(since) for name in names):
                since, quiet = len(self.plane.audit()), time.monotonic()
        return len(self.plane.audit()), self.quay.mark()


@dataclass
class Tenant:
    """One namespace, and the organization of the same name in Quay."""

    house: Installation
    name: str

    def robot(self, name: str = "ci", **spec: Any) -> None:
        """Apply a QuayRobot."""
        self.robots({name: spec})

    def robots(self, specs: Mapping[str, Body]) -> None:
        """Apply QuayRobots at once, each named by its key."""
        self.house.plane.apply(
            *(
                _body(
                    "QuayRobot",
                    name,
                    self.name,
                    spec if "user" in spec else {"organization": self.name, **spec},
                )
                for name, spec in specs.items()
            )
        )

    def connection(self, name: str = "own", **changes: Any) -> None:
        """Apply a namespaced QuayConnection and its Secret."""
        self.house.secret(self.name, f"token-{name}", changes.pop("token", self.house.token))
        self.connections({name: {"credentials": _named(f"token-{name}"), **changes}})

    def connections(self, changes: Mapping[str, Body]) -> None:
        """Apply QuayConnections at once, each named by its key; Secrets have to be there."""
        plain = {
            "url": self.house.quay.url,
            "allowPlaintext": True,
            "resyncInterval": "10s",
            "credentials": _named("token-own"),
        }
        self.house.plane.apply(
            *(
                _body("QuayConnection", name, self.name, plain | spec)
                for name, spec in changes.items()
            )
        )

    def kubectl(self, *args: str, check: bool = True) -> str:
        """Run kubectl in this namespace."""
        return self.house.plane.kubectl("-n", self.name, *args, check=check)

    def get(self, name: str = "ci", kind: str = "quayrobot") -> Body | None:
        """Return a resource."""
        return self.house.plane.get(kind, name, self.name)

    def condition(self, name: str = "ci", kind: str = "Ready") -> Body:
        """Return a condition; empty where there is none."""
        body = self.get(name) or {}
        conditions = (body.get("status") or {}).get("conditions") or []
        return next((each for each in conditions if each["type"] == kind), {})

    def reason(self, name: str = "ci") -> str:
        """Return the reason that Ready has."""
        return self.condition(name).get("reason", "")

    def wait_ready(self, name: str = "ci", timeout_s: float = 20) -> None:
        """Wait until the resource is Ready for its present generation."""
        wait_for(
            lambda: self._ready(name),
            f"QuayRobot {name} Ready; it says {self.condition(name)}",
            timeout_s=timeout_s,
            every_s=0.2,
        )

    def _ready(self, name: str) -> bool:
        body = self.get(name)
        found = self.condition(name)
        return (
            body is not None
            and found.get("status") == "True"
            and found["observedGeneration"] == body["metadata"]["generation"]
        )

    def wait_reason(self, reason: str, name: str = "ci", timeout_s: float = 20) -> None:
        """Wait until Ready has *reason*."""
        try:
            wait_for(lambda: self.reason(name) == reason, "", timeout_s=timeout_s, every_s=0.2)
        except AssertionError:
            raise AssertionError(f"{name} is not {reason} but {self.condition(name)}") from None

    def wait_gone(self, name: str = "ci", kind: str = "quayrobot", timeout_s: float = 20) -> None:
        """Wait until a resource is gone."""
        wait_for(
            lambda: self.get(name, kind) is None,
            f"{kind} {name} gone; {self.get(name, kind)}",
            timeout_s=timeout_s,
            every_s=0.2,
        )

    def delete(self, name: str = "ci", kind: str = "quayrobot") -> None:
        """Ask for a deletion and do not wait for it."""
        self.house.plane.delete(kind, name, namespace=self.name)

    def rest(self) -> tuple[int, int]:
        """Wait until the operator writes nothing here; see `Installation.rest`."""
        return self.house.rest(self.name)

    def leave(self) -> None:
        """Ask for the deletion of everything here and do not wait for it."""
        self.house.plane.delete("quayrobot", namespace=self.name)
        self.house.plane.delete("namespace", self.name)

    def full(self, short: str = "ci") -> str:
        """Return the full name of a robot."""
        return f"{self.name}+{short}"

    def in_quay(self, short: str = "ci") -> Body | None:
        """Return the robot as Quay has it, or None."""
        found: Body | None = self.house.quay.admin("robot/show", name=self.full(short))
        return found

    def credential(self, secret: str = "ci") -> tuple[str, str] | None:
        """Return user and password of a docker config Secret, or None without it."""
        body = self.get(secret, "secret")
        if body is None or ".dockerconfigjson" not in body.get("data", {}):
            return None
        config = json.loads(base64.b64decode(body["data"][".dockerconfigjson"]))
        if not config.get("auths"):
            # Somebody edited it, and it is not put right yet.
            return None
        (entry,) = config["auths"].values()
        user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
        return user, password

    def auths(self, secret: str = "ci") -> list[str]:
        """Return the registries that a docker config Secret has entries for."""
        body = self.get(secret, "secret")
        assert body is not None
        config = json.loads(base64.b64decode(body["data"][".dockerconfigjson"]))
        return sorted(config["auths"])

    def logs_in(self, secret: str = "ci") -> bool:
        """Tell whether the registry lets in who holds the Secret."""
        pair = self.credential(secret)
        return pair is not None and self.house.quay.login(*pair)

    def wait_login(self, secret: str = "ci", timeout_s: float = 20) -> None:
        """Wait until the Secret works."""
        wait_for(
            lambda: self.logs_in(secret),
            f"a login with {secret}",
            timeout_s=timeout_s,
            every_s=0.2,
        )

    def operations(self, since: int = 0) -> list[str]:
        """Return what Quay was asked about this organization since *since*."""
        parts = (f"/organization/{self.name}", f"/repository/{self.name}/")
        calls = self.house.quay.calls(since)
        return without_greeting([e.operation for e in calls if any(p in e.path for p in parts)])

    def effects(self, since: int = 0) -> list[str]:
        """Return the operations of *operations* that changed something."""
        parts = (f"/organization/{self.name}", f"/repository/{self.name}/")
        calls = self.house.quay.calls(since)
        return [e.operation for e in calls if e.effect and any(part in e.path for part in parts)]

    def repository(self, *names: str) -> None:
        """Make repositories in this organization."""
        for name in names:
            self.house.quay.admin("repository", namespace=self.name, name=name)

    def grants(self, short: str = "ci") -> Body:
        """Return the rights of a robot as Quay has them."""
        found: Body = self.house.quay.admin("grants", name=self.full(short))
        return found

    def actions(self, repository: str, secret: str = "ci") -> set[str]:
        """Return what the registry lets the Secret's holder do with *repository*."""
        pair = self.credential(secret)
        assert pair is not None
        return self.house.quay.actions(*pair, f"{self.name}/{repository}")


def without_greeting(operations: list[str]) -> list[str]:
    """Leave out what a new connection asks before its first robot: it is no robot's cost."""
    greeted = operations[:2] == ["organization.get", "robot.create"]
    return operations[1:] if greeted else operations


def settle(condition: Callable[[], object], seconds: float = 2.0) -> None:
    """Watch for *seconds* that *condition* stays true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition()
        time.sleep(0.2)


def _named(secret: str) -> Body:
    return {"secretRef": {"name": secret}}


def _body(kind: str, name: str, namespace: str | None, spec: Body) -> Body:
    meta = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API, "kind": kind, "metadata": meta, "spec": spec}
