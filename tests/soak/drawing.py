"""
What happens to robots in one life? All of it is drawn from one seed.

A life is a list of resources that are declared at first and a list of steps:
edits by users, by hand in Quay, by other writers in the cluster, and faults. A
prefix of a life is a life, so that a failing one can be shrunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

__all__ = ["CONNECTIONS", "Life", "Step", "draw"]

Spec = dict[str, Any]

# By which credential the operator calls Quay; the first is the cluster's own connection.
CONNECTIONS = ("token", "own", "json", "oidc", "assertion")
REPOSITORIES = ("app", "lib", "tool", "base")
TEAMS = ("devs", "ops")
ROLES = ("read", "write")
ISSUER = "https://ci.example.com"
ACCOUNTS = ("one", "two")

QUAY_CALLS = (
    r"robot\..*",
    r"robot\.create",
    r"robot\.delete",
    r"robot\.get",
    r"robot\.list.*",
    r"robot\.regenerate",
    r"permission\..*",
    r"(member|prototype)\..*",
    r"federation\..*",
    r".*",
)
EDITS = ("rotate", "rotate", "rights", "rights", "identities", "secrets", "links", "turn-keyless",
         "delete", "recreate", "suspend", "resume", "annotate", "rights-gone",
         "connection-gone")  # fmt: skip
BY_HAND = ("robot-gone", "robot-regenerated", "granted", "ungranted", "member-out",
           "identities-set", "default-twin")  # fmt: skip
OTHERS = ("secret-gone", "secret-spoiled", "secret-unlabelled", "link-out", "status-lost",
          "unguarded", "namespace-out", "namespace-in", "cluster-robot-rotate")  # fmt: skip
FAULTS = ("cut", "cut", "answer", "answer", "page", "throttle", "delay", "rename", "lag",
          "severed", "api-cut", "api-cut", "api-answer", "api-answer", "watch-cut", "freeze",
          "skip", "api-restart", "kill", "kill", "stop", "split", "split-quay", "quay-down",
          "readonly", "revoke", "quay-clock", "clock", "clock", "slow", "torn", "silent",
          "silent-quay", "old-view", "old-view")  # fmt: skip
# Each kind of fault comes in any so many lives that follow one another, whatever is drawn.
DEALT = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done: *what*, to *whom*, how, and the pause in s until the next."""

    what: str
    whom: str = ""
    how: dict[str, Any] = field(default_factory=dict)
    pause_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.what} {self.whom} {self.how or ''} then {self.pause_s:.1f} s"


@dataclass(frozen=True, slots=True)
class Life:
    """
    What is declared at first, as specs by name, and what happens then.

    *settled*: the steps begin when all of it is as it was asked for.
    """

    seed: int
    robots: dict[str, Spec]
    cluster_robots: dict[str, Spec]
    steps: tuple[Step, ...]
    settled: bool = False

    def prefix(self, count: int) -> Life:
        """Return the life that ends after *count* steps."""
        return replace(self, steps=self.steps[:count])


def draw(seed: int, *, robots: int = 6, steps: int = 12) -> Life:
    """Return the life of *seed*: the same one each time."""
    dice = Random(f"life {seed}")
    specs = {f"r{number}": _robot(dice) for number in range(robots)}
    specs["rival"] = {"robotName": "r0", "connectionRef": specs["r0"]["connectionRef"]}
    specs["refused"] = {"organization": "<other>", "connectionRef": "token"}
    cluster_robots = {
        "each": _cluster_robot(dice, "PerNamespace"),
        "all": _cluster_robot(dice, "Shared"),
    }
    drawn = [_step(dice, number, sorted(specs)) for number in range(steps)]
    for place, fault in _dealt(seed, steps, sorted(specs)):
        drawn[place] = fault
    # Half of all lives begin in a storm.
    return Life(seed, specs, cluster_robots, tuple(drawn), settled=dice.random() < 0.5)


def rights(dice: Random, mode: str | None = None) -> Spec:
    """Return declared rights; the first repository is always among them."""
    names = ["app", *dice.sample(REPOSITORIES[1:], dice.randrange(3))]
    return {
        "mode": mode or dice.choice(("Exact", "Exact", "Additive")),
        "repositories": [{"name": each, "role": dice.choice(ROLES)} for each in names],
        "teams": dice.sample(TEAMS, dice.randrange(3)),
        "defaults": dice.choice(([], [], [{"role": "read"}])),
    }


def identities(dice: Random, mode: str = "Exact") -> Spec:
    """Return declared identities, one or two of them."""
    subjects = dice.sample(
        ("repo:shop/app", "repo:shop/lib", "repo:shop/tool"), dice.randint(1, 2)
    )
    return {"mode": mode, "identities": [{"issuer": ISSUER, "subject": s} for s in subjects]}


def secrets(dice: Random, name: str = "") -> list[Spec]:
    """Return Secrets; their names begin with *name*."""
    formats = dice.choice((("DockerConfigJson",), ("BasicAuth", "Opaque"), ("DockerConfigJson",)))
    return [
        {"name": f"{name}{each[:3].lower()}{dice.randrange(2)}", "format": each}
        for each in formats
    ]  # fmt: skip


def _robot(dice: Random) -> Spec:
    kind = dice.choice(("plain", "rights", "rights", "overlap", "keyless", "federated"))
    spec: Spec = {"connectionRef": dice.choice(CONNECTIONS)}
    spec["deletionPolicy"] = dice.choice(("Delete", "Delete", "Delete", "Orphan"))
    if kind in {"rights", "overlap"}:
        spec["permissions"] = rights(dice, "Exact" if kind == "overlap" else None)
    if kind in {"federated", "overlap"}:
        spec["federation"] = identities(dice)
    if kind == "overlap":
        spec["rotation"] = {"strategy": "Overlap", "overlap": "10s", "trigger": "0"}
    if kind == "keyless":
        spec["credentials"] = {"type": "Federated", "serviceAccount": dice.choice(ACCOUNTS)}
    if dice.random() < 0.4:
        spec["drawn"] = secrets(dice)
    if dice.random() < 0.3:
        spec["links"] = [dice.choice(ACCOUNTS)]
    return spec


def _cluster_robot(dice: Random, mode: str) -> Spec:
    template: Spec = {"connectionRef": "token"}
    if dice.random() < 0.5:
        template["permissions"] = {
            "mode": "Exact", "repositories": [{"name": "app", "role": dice.choice(ROLES)}],
        }  # fmt: skip
    return {"mode": mode, "template": template}


def _dealt(seed: int, steps: int, names: list[str]) -> Iterator[tuple[int, Step]]:
    """Yield the faults that are the turn of *seed*, each with the place of a step."""
    dice = Random(f"faults {seed}")
    kinds = sorted(set(FAULTS))[seed % DEALT :: DEALT]
    places = dice.sample(range(steps), min(len(kinds), steps))
    for place, kind in zip(places, kinds, strict=False):
        yield place, _step(dice, place, names, kind)


def _step(dice: Random, number: int, names: list[str], what: str = "") -> Step:
    what = what or dice.choice(
        dice.choice((EDITS, EDITS, BY_HAND, OTHERS, FAULTS, FAULTS, FAULTS))
    )
    whom = dice.choice(names)
    pause = dice.choice((0.0, 0.1, 0.3, 1.0, 2.0))
    how: dict[str, Any] = {"number": number + 1}
    if what in FAULTS:
        how |= {
            "call": dice.choice(QUAY_CALLS),
            "when": dice.choice(("before", "after")),
            "count": dice.randint(1, 4),
            "status": dice.choice((409, 429, 500, 503, 504)),
            "which": dice.choice(("leader", "leader", "standby")),
            "for_s": dice.choice((1.0, 2.5, 6.0)),
        }
    elif what == "rights":
        how["permissions"] = rights(dice, "Exact")
    elif what in {"identities", "identities-set"}:
        how["federation"] = identities(dice)
    elif what == "secrets":
        how["drawn"] = secrets(dice)
    elif what in {"links", "link-out", "turn-keyless"}:
        how["account"] = dice.choice(ACCOUNTS)
    elif what in {"granted", "ungranted"}:
        how |= {"repository": dice.choice(REPOSITORIES), "role": dice.choice((*ROLES, "admin"))}
    elif what == "member-out":
        how["team"] = dice.choice(TEAMS)
    return Step(what, whom, how, pause)
