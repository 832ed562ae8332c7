"""
What do the results of a test run say in figures?

Tests note what they measured with `record_property`; pytest's own JUnit file
carries it here, with the outcome of each case.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

__all__ = ["Attacks", "Call", "Case", "Contract", "Crashes", "Findings", "read"]

CONTRACT = "test_quay_answers_as_the_reference_says"
_CRASHES = re.compile(r"(?P<life>.+): (?P<points>\d+) requests, (?P<kills>\d+) kills")
_CALLS = re.compile(r"(?P<operation>.+): (?P<calls>\d+) \((?P<which>.+)\)")

_ZOO = re.compile(r"(?P<row>B\d+): (?P<breaks>[A-Z]\d+): (?P<says>.+)")
_ATTACKS = re.compile(r"(?P<attack>.+?): (?P<variants>\d+) variants(?P<got>(, [a-z ]+ \d+)*)")
_SIEVE = re.compile(r"(?P<pattern>[a-z]+): (?P<plans>\d+) plans(?P<got>(, [a-z ]+ \d+)*)")


@dataclass(frozen=True, slots=True)
class Crashes:
    """One life: its requests, and how often the operator was killed at one of them."""

    life: str
    points: int
    kills: int


@dataclass(frozen=True, slots=True)
class Call:
    """What one operation costs Quay."""

    operation: str
    calls: int
    which: str


@dataclass(frozen=True, slots=True)
class Attacks:
    """One attack: in how many variants it was tried, and what it got."""

    attack: str
    variants: int
    got: dict[str, int]


@dataclass(frozen=True, slots=True)
class Contract:
    """How many of the contract's cases came out how; *skipped* by reason."""

    same: int
    different: list[str]
    skipped: dict[str, int]


@dataclass(frozen=True, slots=True)
class Case:
    """One test; *outcome* is passed, failed or skipped, *said* why it was not passed."""

    name: str
    outcome: str
    said: str
    properties: list[tuple[str, str]]


@dataclass(slots=True)
class Findings:
    """All that one run says."""

    outcomes: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    crashes: list[Crashes] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    attacks: list[Attacks] = field(default_factory=list)
    # By pattern: how many plans, and what ended otherwise.
    sieve: list[Attacks] = field(default_factory=list)
    # Deliberate bugs that were found, and by which invariant.
    zoo: dict[str, str] = field(default_factory=dict)
    contract: Contract = field(default_factory=lambda: Contract(0, [], {}))


def read(file: Path) -> Findings:
    """Return what the JUnit *file* says; a test that broke while cleaning up has failed."""
    cases = list(_cases(file))
    noted = [each for case in cases for each in case.properties]
    return Findings(
        outcomes=dict(Counter(case.outcome for case in cases)),
        failed=[case.name for case in cases if case.outcome == "failed"],
        crashes=[
            Crashes(found["life"], int(found["points"]), int(found["kills"]))
            for found in _noted(noted, "crash points", _CRASHES)
        ],
        calls=[
            Call(found["operation"], int(found["calls"]), found["which"])
            for found in _noted(noted, "calls to Quay", _CALLS)
        ],
        attacks=[
            Attacks(found["attack"], int(found["variants"]), _got(found["got"]))
            for found in _noted(noted, "attacks", _ATTACKS)
        ],
        sieve=[
            Attacks(found["pattern"], int(found["plans"]), _got(found["got"]))
            for found in _noted(noted, "sieve", _SIEVE)
        ],
        zoo={found["row"]: found["breaks"] for found in _noted(noted, "zoo", _ZOO)},
        contract=_contract(cases),
    )


def _got(text: str) -> dict[str, int]:
    parts = [each.rpartition(" ") for each in text.split(", ") if each]
    return {what: int(count) for what, _, count in parts}


def _cases(file: Path) -> Iterator[Case]:
    for element in ET.parse(file).iter("testcase"):
        properties = [(e.get("name", ""), e.get("value", "")) for e in element.iter("property")]
        name = f"{element.get('classname')}::{element.get('name')}"
        yield Case(name, *_outcome(element), properties)


def _outcome(element: ET.Element) -> tuple[str, str]:
    for tag, outcome in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        found = element.find(tag)
        if found is not None:
            return outcome, found.get("message", "")
    return "passed", ""


def _noted(
    noted: list[tuple[str, str]], name: str, pattern: re.Pattern[str]
) -> Iterator[re.Match[str]]:
    for key, value in noted:
        if key != name:
            continue
        found = pattern.fullmatch(value)
        if found is None:
            raise ValueError(f"not understood of {name}: {value}")
        yield found


def _contract(cases: list[Case]) -> Contract:
    ours = [each for each in cases if f"::{CONTRACT}[" in each.name]
    reasons = Counter(each.said for each in ours if each.outcome == "skipped")
    return Contract(
        same=sum(each.outcome == "passed" for each in ours),
        different=[each.name for each in ours if each.outcome == "failed"],
        skipped=dict(reasons),
    )
