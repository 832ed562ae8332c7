"""
Is every mutant killed by a test, or explained?

A mutant is known by its function and by what its change reads like, never by a number. Equal
changes in one function are one entry: what explains the one has to explain the other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["Explained", "Mutant", "Outcome", "explanations", "faults", "figures", "told"]

EXPLAINED = Path(__file__).with_name("explained.toml")
KILLED = {"killed", "timeout"}
SURVIVED = {"survived", "no tests"}


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """*function* of *module*, below `plan/`; the lines that *was* there, and what each becomes."""

    module: str
    function: str
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class Outcome(Mutant):
    """What came of a mutant, in mutmut's words."""

    outcome: str

    @property
    def mutant(self) -> Mutant:
        return Mutant(self.module, self.function, self.was, self.becomes)


@dataclass(frozen=True, slots=True)
class Explained(Mutant):
    """Why a mutant may survive: what it changes makes no difference, and *why* is the reason."""

    why: str

    @property
    def mutant(self) -> Mutant:
        return Mutant(self.module, self.function, self.was, self.becomes)


def explanations(text: str | None = None) -> list[Explained]:
    """
    Return the list of what may survive.

    Raises:
        TypeError: An entry has other fields.
    """
    entries = tomllib.loads(EXPLAINED.read_text() if text is None else text).get("mutant", [])
    return [Explained(**{k: v.strip("\n") for k, v in each.items()}) for each in entries]


def faults(
    outcomes: Iterable[Outcome], explained: Iterable[Explained], modules: Iterable[str]
) -> list[str]:
    """Return what is wrong after a run of *modules*: nothing where all is killed or explained."""
    outcomes, modules = list(outcomes), set(modules)
    alive = {each.mutant for each in outcomes if each.outcome in SURVIVED}
    reasons = {each.mutant for each in explained if each.module in modules}
    unknown = [each for each in outcomes if each.outcome not in KILLED | SURVIVED]
    return [
        *(f"no mutant was made of {each}" for each in _bare(outcomes, modules)),
        *(f"{each.outcome}, not known:\n{_entry(each.mutant)}" for each in unknown),
        *(f"survived, and nothing says why:\n{_entry(each)}" for each in sorted(alive - reasons)),
        *(f"explained, but survives no more:\n{_entry(each)}" for each in sorted(reasons - alive)),
    ]


def figures(outcomes: Iterable[Outcome], explained: Iterable[Explained]) -> dict[str, int]:
    """Return how many mutants there were, and what became of how many."""
    outcomes, reasons = list(outcomes), {each.mutant for each in explained}
    alive = [each.mutant for each in outcomes if each.outcome in SURVIVED]
    return {
        "mutants": len(outcomes),
        "killed": sum(each.outcome in KILLED for each in outcomes),
        "explained": sum(each in reasons for each in alive),
        "survived": sum(each not in reasons for each in alive),
    }


def told(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield a line for each module, and one for all: how many were killed of how many."""
    outcomes = list(outcomes)
    for module in dict.fromkeys(each.module for each in outcomes):
        yield f"{module}: {_count([each for each in outcomes if each.module == module])}"
    yield f"all: {_count(outcomes)}"


def _count(outcomes: list[Outcome]) -> str:
    killed = sum(each.outcome in KILLED for each in outcomes)
    return f"{killed} of {len(outcomes)} mutants killed"


def _bare(outcomes: list[Outcome], modules: set[str]) -> list[str]:
    return sorted(modules - {each.module for each in outcomes})


def _entry(mutant: Mutant) -> str:
    """*mutant* as the list has it."""
    lines = [f"{name} = {_text(value)}" for name, value in asdict(mutant).items()]
    return "\n".join(["[[mutant]]", *lines, ""])


def _text(value: str) -> str:
    return f"'''\n{value}'''" if "\n" in value or "'" in value else f"'{value}'"
