"""
Does `plan` foretell what happens?

A tenant that asks `plan` before each manifest that it applies, and compares when the
operator is done: what was said to be written to Quay and to Secrets with the ledger and
the audit log, and what was said to be in the way with the reason of Ready. A module of
lives takes `asking_tenant` for its `tenant`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import yaml

from .fakequay import FakeQuay
from .installation import API, Body, Installation, Tenant, without_greeting
from .operating import USER
from .shell import Shell

__all__ = ["AskingTenant", "asking_tenant"]

QUAY = {
    "CreateRobot": "robot.create",
    "DeleteRobot": "robot.delete",
    "Regenerate": "robot.regenerate",
    "SetFederation": "federation.set",
    "GiveRole": "permission.put",
    "TakeRole": "permission.delete",
    "JoinTeam": "member.put",
    "LeaveTeam": "member.delete",
    "GiveDefault": "prototype.create",
    "ChangeDefault": "prototype.update",
    "TakeDefault": "prototype.delete",
}
SECRETS = {"CreateSecret": "create", "ReplaceSecret": "update", "DeleteSecret": "delete"}
AGREED = "edits that plan foretold right"
TOLD = "edits that plan foretold"
# A Quay that has no federation, or that only reads, says so when it is asked to write, not before.
ONLY_THE_WRITE_TELLS = {"NotSupported", "QuayReadOnly"}


@dataclass
class Foretold:
    """What was said before a manifest was applied, and from where on it counts."""

    quay: Counter[str]
    secrets: Counter[str]
    reasons: set[str]
    open_end: bool
    paths: tuple[str, ...]
    called: int
    written: int


@dataclass
class AskingTenant(Tenant):
    """A tenant that asks before it applies, and compares when the operator is done."""

    asked: dict[str, Foretold] = field(default_factory=dict)
    looked: set[int] = field(default_factory=set)
    compared: int = 0
    agreed: int = 0
    wrong: list[str] = field(default_factory=list)
    elsewhere: FakeQuay | None = None

    @contextmanager
    def at(self, quay: FakeQuay) -> Iterator[None]:
        """Compare with what is done to *quay* instead of the house's, for as long as it lasts."""
        self.elsewhere = quay
        yield
        self.elsewhere = None
        self.asked.clear()

    def robots(self, specs: Mapping[str, Body]) -> None:
        """Ask what would come of QuayRobots, then apply them."""
        if len(specs) == 1:
            self._ask(*next(iter(specs.items())))
        else:
            self.asked.clear()
        super().robots(specs)

    def _ask(self, name: str, spec: Body) -> None:
        owner = {} if "user" in spec else {"organization": self.name}
        body = {
            "apiVersion": API,
            "kind": "QuayRobot",
            "metadata": {"name": name, "namespace": self.name},
            "spec": {**owner, **spec},
        }
        item = self._plan(body)
        actions = [each["action"] for each in item["steps"]]
        # Only one at a time: whose call it was is not in the ledger.
        self.asked = {
            name: Foretold(
                Counter(QUAY[each] for each in actions if each in QUAY),
                Counter(SECRETS[each] for each in actions if each in SECRETS),
                {each["reason"] for each in item["findings"]},
                item["openEnd"],
                _paths(body["spec"]),
                (self.elsewhere or self.house.quay).mark(),
                len(self.house.plane.audit()),
            )
        }

    def _plan(self, body: Body) -> Body:
        """Ask, and ask again where the operator's own turn came meanwhile."""
        shell, before = Shell(self.house.plane), self.house.quay.mark()
        while True:
            written = len(self.house.plane.audit())
            said = shell.plugin("plan", "-f", "-", "-o", "json", stdin=yaml.safe_dump(body))
            if not list(self._secrets(written)):
                break
        self.looked |= set(range(before, self.house.quay.mark()))
        (item,) = json.loads(said.out)["items"]
        return dict(item)

    def operations(self, since: int = 0) -> list[str]:
        """Leave out what `plan` looked at."""
        parts = (f"/organization/{self.name}", f"/repository/{self.name}/")
        calls = [each for each in self.house.quay.calls(since) if each.n not in self.looked]
        return without_greeting([e.operation for e in calls if any(p in e.path for p in parts)])

    def wait_ready(self, name: str = "ci", timeout_s: float = 20) -> None:
        """Wait until it is Ready, which nothing was to be in the way of."""
        super().wait_ready(name, timeout_s)
        self.compare(name)

    def wait_reason(self, reason: str, name: str = "ci", timeout_s: float = 20) -> None:
        """Wait for the reason, which was to be foretold."""
        super().wait_reason(reason, name, timeout_s)
        self.compare(name, reason)

    def delete(self, name: str = "ci", kind: str = "quayrobot") -> None:
        """Whatever comes now was not asked about."""
        self.asked.clear()
        super().delete(name, kind)

    def kubectl(self, *args: str, check: bool = True) -> str:
        """What is edited by hand was not asked about."""
        if args[0] in {"annotate", "patch", "label", "create", "delete", "edit"}:
            self.asked.clear()
        return super().kubectl(*args, check=check)

    def again(self, name: str = "ci") -> None:
        """Let more come than was foretold of *name*: what is set back is written again."""
        self.asked[name].open_end = True

    def compare(self, name: str = "ci", reason: str | None = None) -> None:
        """Compare what was foretold of *name* with what was done; *reason* is in the way of it."""
        told = self.asked.pop(name, None)
        if told is None or reason == "Suspended":
            return
        self.compared += 1
        quay = Counter(self._done_in_quay(told)) & Counter(dict.fromkeys(QUAY.values(), 99))
        written = Counter(self._secrets(told.written))
        problems = []
        if not _as_told(told.quay, quay, open_end=told.open_end):
            problems.append(f"Quay: {dict(told.quay)} foretold, {dict(quay)} done")
        if not _as_told(told.secrets, written, open_end=told.open_end):
            problems.append(f"Secrets: {dict(told.secrets)} foretold, {dict(written)} done")
        if (reason is None and told.reasons) or (reason and reason not in told.reasons):
            problems.append(f"{told.reasons or 'nothing'} foretold to be in the way, not {reason}")
        self.agreed += not problems
        if reason not in ONLY_THE_WRITE_TELLS:
            self.wrong += [f"{name}: {each}" for each in problems]

    def _done_in_quay(self, told: Foretold) -> Iterator[str]:
        for each in (self.elsewhere or self.house.quay).calls(told.called):
            if each.effect and any(part in each.path for part in told.paths):
                yield each.operation

    def _secrets(self, since: int) -> Iterator[str]:
        for each in self.house.plane.audit()[since:]:
            ours = each.user == USER and each.namespace == self.name and each.stored
            # That of the connection is held while robots need it.
            if ours and each.resource == "secrets" and not each.name.startswith("token-"):
                yield {"patch": "update"}.get(each.verb, each.verb)


def _paths(spec: Body) -> tuple[str, ...]:
    """Return what the paths of calls for a robot with *spec* hold."""
    if "user" in spec:
        return ("/user/robots/", f"/repository/{spec['user']}/")
    return (f"/{spec['organization']}/",)


def _as_told(told: Counter[str], done: Counter[str], *, open_end: bool) -> bool:
    """Tell whether just that was *done*; behind an open end more may come."""
    return told <= done if open_end else told == done


@pytest.fixture
def asking_tenant(house: Installation, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """Yield a fresh one; what `plan` foretold wrongly fails the test."""
    plain = house.tenant()
    if not house.plane.has_audit:
        # Somebody else's cluster: what was foretold cannot be compared, all the rest can.
        yield plain
        plain.leave()
        return
    tenant = AskingTenant(plain.house, plain.name)
    yield tenant
    plain.leave()
    request.node.user_properties += [(TOLD, tenant.compared), (AGREED, tenant.agreed)]
    assert tenant.wrong == [], tenant.wrong
