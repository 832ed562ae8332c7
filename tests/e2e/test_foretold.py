"""
Does `plan` foretell what happens?

The lives of other tests are lived again by a tenant that asks `plan` before each
manifest that it applies, and compares when the operator is done: what was said to be
written to Quay and to Secrets with the ledger and the audit log, and what was said to
be in the way with the reason of Ready.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from tests.e2e import test_grants, test_keyless, test_lives
from tests.kit.installation import API, Body, Installation, Tenant, without_greeting
from tests.kit.operating import USER
from tests.kit.shell import Shell

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


def _with_rights(tenant: Tenant) -> None:
    tenant.repository("app", "lib", "group/tool")
    for team in ("devs", "ops"):
        tenant.house.quay.admin("team", org=tenant.name, name=team)
    tenant.connection(driftInterval="10s")


def _keyless(tenant: Tenant) -> None:
    ca = str(tenant.house.plane.ca_file)
    tenant.house.quay.admin("settings", oidc_ca=ca, federated_life_s=3600)
    tenant.kubectl("create", "serviceaccount", "builder")
    tenant.connection()


BEGINNINGS: dict[Any, Callable[[Tenant], None]] = {
    test_lives: lambda _tenant: None,
    test_grants: _with_rights,
    test_keyless: _keyless,
}


# A Quay that has no federation says so when it is asked to set one, and not before.
ONLY_THE_WRITE_TELLS = {"NotSupported"}
# It counts the calls of everybody, those of `plan` too.
COUNTS_ALL = {"test_a_robot_of_a_user_needs_that_users_token"}


def lives() -> Iterator[Any]:
    """Every test of these modules that needs a tenant and nothing else."""
    for module, begin in BEGINNINGS.items():
        for name, life in vars(module).items():
            if not name.startswith("test_") or name in COUNTS_ALL or not callable(life):
                continue
            marks = getattr(life, "pytestmark", [])
            needs = life.__code__.co_varnames[: life.__code__.co_argcount]
            if set(needs) <= {"tenant", "shop"} and not _given(marks):
                kept = [each for each in marks if each.name != "parametrize"]
                yield pytest.param(
                    begin, life, id=f"{module.__name__.rpartition('_')[2]}-{name[5:]}", marks=kept
                )


def _given(marks: list[Any]) -> bool:
    return any(each.name == "parametrize" for each in marks)


@dataclass
class Foretold:
    """What was said before a manifest was applied, and from where on it counts."""

    quay: Counter[str]
    secrets: Counter[str]
    reasons: set[str]
    open_end: bool
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
        shell, before = Shell(self.house.plane), self.house.quay.mark()
        said = shell.plugin("plan", "-f", "-", "-o", "json", stdin=yaml.safe_dump(body))
        self.looked |= set(range(before, self.house.quay.mark()))
        (item,) = json.loads(said.out)["items"]
        actions = [each["action"] for each in item["steps"]]
        # Only one at a time: whose call it was is not in the ledger.
        self.asked = {
            name: Foretold(
                Counter(QUAY[each] for each in actions if each in QUAY),
                Counter(SECRETS[each] for each in actions if each in SECRETS),
                {each["reason"] for each in item["findings"]},
                item["openEnd"],
                self.house.quay.mark(),
                len(self.house.plane.audit()),
            )
        }

    def operations(self, since: int = 0) -> list[str]:
        """Leave out what `plan` looked at."""
        parts = (f"/organization/{self.name}", f"/repository/{self.name}/")
        calls = [each for each in self.house.quay.calls(since) if each.n not in self.looked]
        return without_greeting([e.operation for e in calls if any(p in e.path for p in parts)])

    def wait_ready(self, name: str = "ci", timeout_s: float = 20) -> None:
        """Wait until it is Ready, which nothing was to be in the way of."""
        super().wait_ready(name, timeout_s)
        self._compare(name, None)

    def wait_reason(self, reason: str, name: str = "ci", timeout_s: float = 20) -> None:
        """Wait for the reason, which was to be foretold."""
        super().wait_reason(reason, name, timeout_s)
        self._compare(name, reason)

    def delete(self, name: str = "ci", kind: str = "quayrobot") -> None:
        """Whatever comes now was not asked about."""
        self.asked.clear()
        super().delete(name, kind)

    def kubectl(self, *args: str, check: bool = True) -> str:
        """What is edited by hand was not asked about."""
        if args[0] in {"annotate", "patch", "label", "create", "delete", "edit"}:
            self.asked.clear()
        return super().kubectl(*args, check=check)

    def _compare(self, name: str, reason: str | None) -> None:
        told = self.asked.pop(name, None)
        if told is None or reason == "Suspended":
            return
        self.compared += 1
        quay = Counter(self.effects(told.called)) & Counter(dict.fromkeys(QUAY.values(), 99))
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

    def _secrets(self, since: int) -> Iterator[str]:
        for each in self.house.plane.audit()[since:]:
            ours = each.user == USER and each.namespace == self.name and each.write
            # That of the connection is held while robots need it.
            if ours and each.resource == "secrets" and not each.name.startswith("token-"):
                yield {"patch": "update"}.get(each.verb, each.verb)


def _as_told(told: Counter[str], done: Counter[str], *, open_end: bool) -> bool:
    """Tell whether just that was *done*; behind an open end more may come."""
    return told <= done if open_end else told == done


@pytest.fixture
def asking(house: Installation) -> Iterator[AskingTenant]:
    plain = house.tenant()
    yield AskingTenant(plain.house, plain.name)
    house.plane.kubectl("delete", "quayrobots", "--all", "-n", plain.name, "--timeout=60s")
    house.quay.admin("settings", oidc_ca=None, federated_life_s=3600)
    house.plane.kubectl("delete", "namespace", plain.name, "--wait=false")


@pytest.mark.parametrize(("begin", "life"), list(lives()))
def test_what_happens_was_foretold(
    begin: Callable[[Tenant], None],
    life: Callable[[Tenant], None],
    asking: AskingTenant,
    record_property: Callable[[str, object], None],
):
    begin(asking)
    life(asking)

    record_property(TOLD, asking.compared)
    record_property(AGREED, asking.agreed)
    assert asking.wrong == []
