"""
What did an attack get?

Each test is one attack in several variants by one tenant on others. Whatever
it tried: nothing that is not its own was read or written, nobody but Quay was
called, and no path climbed. What was counted goes into the report of the run.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tests.crd.conftest import Api
from tests.kit.installation import Body, Installation, Tenant

SEGMENT = re.compile(r"[A-Za-z0-9._+-]+")
# What changes when a robot is used, not when it is written to.
_USE = {"last_accessed"}


class Attack:
    """One attack under way; `variant` is called for each thing that is tried."""

    def __init__(self, house: Installation, tried: tuple[str, ...], victims: list[Tenant]) -> None:
        self.house, self.variants, self.victims = house, list(tried), victims
        assert house.surroundings is not None
        self.around = house.surroundings
        self._asked = house.quay.mark()
        self._before = self._foreign()

    def variant(self, words: str) -> None:
        """Count one more thing that was tried."""
        self.variants.append(words)

    def got(self) -> dict[str, int]:
        """Return what was counted; nothing of it may be more than 0."""
        after = self._foreign()
        written = sum(after.get(key) != value for key, value in self._before.items())
        return {
            "foreign bytes read": self._read(),
            "foreign objects written": written + len(after.keys() - self._before.keys()),
            "requests off origin": self.around.visits(),
            "climbed path segments": self._climbed(),
        }

    def _foreign(self) -> dict[str, Body]:
        found: dict[str, Body] = {}
        for victim in self.victims:
            for robot in self.house.quay.admin("robots"):
                name = robot if isinstance(robot, str) else robot["name"]
                if name.startswith(f"{victim.name}+"):
                    shown = self.house.quay.admin("robot/show", name=name)
                    found[name] = {key: value for key, value in shown.items() if key not in _USE}
                    found[f"rights of {name}"] = self.house.quay.admin("grants", name=name)
            for body in objects(victim, "secrets,quayrobots,quayconnections,serviceaccounts"):
                key = f"{body['kind']} {victim.name}/{body['metadata']['name']}"
                found[key] = {part: body.get(part) for part in ("spec", "data", "secrets")}
        return found

    def _read(self) -> int:
        """Count the victims' tokens in what others than the victims can read."""
        tokens = [
            each["token"] for key, each in self._before.items() if "+" in key and "token" in each
        ]
        own = {each.name for each in self.victims}
        text = self.house.plane.kubectl("get", "secrets", "-A", "-o", "json")
        data = "".join(
            base64.b64decode(value).decode(errors="replace")
            for body in json.loads(text)["items"]
            if body["metadata"]["namespace"] not in own
            for value in (body.get("data") or {}).values()
        )
        coded = [base64.b64encode(each.encode()).decode().rstrip("=") for each in tokens]
        return sum(len(each) for each in (*tokens, *coded) if each in data)

    def _climbed(self) -> int:
        return climbed(each.path for each in self.house.quay.calls(self._asked))


def climbed(paths: Iterable[str]) -> int:
    """Count the segments of *paths* that are none, or lead elsewhere."""
    parts = [part for path in paths for part in path.strip("/").split("/")]
    return sum(SEGMENT.fullmatch(each) is None or each in {".", ".."} for each in parts)


Begin = Callable[..., Attack]


@pytest.fixture
def attack(
    house: Installation, victim: Tenant, tenant: Tenant, record_property: Any
) -> Iterator[Begin]:
    """Yield what begins an attack on *victim*; at its end it must have got nothing."""
    assert victim.name != tenant.name
    begun: list[tuple[str, Attack]] = []

    def begin(name: str, *tried: str) -> Attack:
        made = Attack(house, tried, [victim])
        begun.append((name, made))
        return made

    yield begin
    for name, made in begun:
        counted = made.got()
        told = ", ".join(f"{what} {count}" for what, count in counted.items())
        record_property("attacks", f"{name}: {len(made.variants)} variants, {told}")
        assert made.variants, "an attack without a variant"
        assert not any(counted.values()), f"{name}: {told}"


@pytest.fixture
def victim(house: Installation) -> Iterator[Tenant]:
    """Yield a tenant that holds a robot and wants to be left alone."""
    made = house.tenant()
    made.robot()
    made.wait_ready()
    yield made
    made.kubectl("delete", "quayrobots", "--all", "--wait=false")
    made.kubectl("delete", "namespace", made.name, "--wait=false")


@pytest.fixture(scope="session")
def raw(installed: Installation) -> Iterator[Api]:
    """Yield the API server, spoken to directly."""
    made = Api(installed.plane)
    yield made
    made.close()


def objects(tenant: Tenant, kinds: str) -> list[Body]:
    """Return all objects of *kinds* in the tenant's namespace."""
    items: list[Body] = json.loads(tenant.kubectl("get", kinds, "-o", "json"))["items"]
    return items
