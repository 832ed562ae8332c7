"""
What did every bench find, in one table?

Each row names what has to be run for it: a bench that did not run on these sources is
told as such, and never counts as passed.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.report import Row

__all__ = ["summary"]

CHANGES = {
    "killed": "leader killed",
    "clean end": "leader ended",
    "rolling change": "both replicas replaced",
}


def summary(figures: Row) -> Iterator[str]:
    """Yield the table of *figures*, a line at a time."""
    yield "## All in one table"
    yield ""
    yield "| bench | figure | value |"
    yield "| --- | --- | --- |"
    for bench, rows in (
        ("failover", _failover(figures["failover"])),
        ("soak", _soak(figures["soak"])),
        ("upgrade", _upgrade(figures["upgrade"])),
        ("sieve", _sieve(figures["whole_sieve"])),
        ("mutants", _mutants(figures["mutants"])),
        ("misoperations", _misoperations(figures["misoperations"])),
    ):
        for what, value in rows or [("", "did not run on these sources")]:
            yield f"| `make {bench}` | {what} | {value} |"
    found = list(filter(None, figures["zoo"].values()))
    yield f"| tests, `make soak` | deliberate bugs found | {len(found)} of {len(figures['zoo'])} |"


Rows = list[tuple[str, object]]


def _failover(changes: list[Row] | None) -> Rows:
    return [(_change(each), _cost(each)) for each in changes or []]


def _change(row: Row) -> str:
    return f"{CHANGES[row['change']]}, {row['robots']} robots, {row['edits']} edits"


def _cost(row: Row) -> str:
    regenerated = max(0, row["which"].get("robot.regenerate", 0))
    counts = (
        f"{row['seconds']} s until the other writes",
        f"{row['overlapping']} writes of both",
        f"{regenerated} regenerates and {row['surplus']} calls too many",
        f"{row['lost']} edits lost",
        f"{row['failed']} of {row['logins']} logins failed",
    )
    return ", ".join(counts)


def _soak(soak: Row | None) -> Rows:
    if soak is None:
        return []
    broken = soak["violations"]
    return [
        ("seeds run", soak["seeds"]),
        ("faults by kind", ", ".join(f"{what} {n}" for what, n in soak["faults"].items())),
        ("invariants violated", sum(broken.values())),
        ("robots leaked (S6)", broken.get("S6", 0)),
        ("tokens lost (S4)", broken.get("S4", 0)),
        ("regenerates too many (S5)", broken.get("S5", 0)),
        ("longest time that a Secret held a dead token, s", soak["longest_dead_token_s"]),
    ]


def _upgrade(upgrade: Row | None) -> Rows:
    if upgrade is None:
        return []
    return [
        (
            f"from {upgrade['old']} and back: {each['name']}",
            f"{each['edits']} edits, {each['cuts']} cuts, a kill, {each['surprises']} surprises",
        )
        for each in upgrade["steps"]
    ]


def _sieve(sieve: Row | None) -> Rows:
    if sieve is None:
        return []
    surplus = ", ".join(f"{what} {n}" for what, n in sieve["surplus"].items())
    plans = ", ".join(f"{pattern} {n}" for pattern, n in sieve["plans"].items())
    return [
        (f"plans of {sieve['lives']} lives", plans),
        ("end states unequal", sieve["unequal"]),
        ("surplus", surplus),
    ]


def _mutants(mutants: Row | None) -> Rows:
    if mutants is None:
        return []
    killed = f"{mutants['killed']} of {mutants['mutants']}; {mutants['explained']} explained"
    where = f"killed, in {len(mutants['modules'])} modules of the rules"
    return [(where, killed), ("not explained", mutants["survived"])]


def _misoperations(odd: Row | None) -> Rows:
    if odd is None:
        return []
    return [
        (f"cases of {odd['properties']} properties", odd["cases"]),
        ("ended wrong", odd["wrong"]),
    ]
