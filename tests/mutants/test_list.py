"""Does `make mutants` claim what it ran, and is each survivor explained?"""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from .verdict import Explained, Mutant, Outcome, explanations, faults, figures, told
from .world import MODULES, RULES

CHANGE = Mutant("robot/claim", "claim_of", "if a < b:\nreturn", "if a <= b:")
SURVIVOR = Outcome(**asdict(CHANGE), outcome="survived")
KILLED = replace(SURVIVOR, was="return a", becomes="return None", outcome="killed")
REASON = Explained(**asdict(CHANGE), why="They are never equal.")
MODULE = [CHANGE.module]


def judged(*outcomes: Outcome, explained: tuple[Explained, ...] = ()) -> list[str]:
    return faults([KILLED, *outcomes], explained, MODULE)


# The list ----------------------------------------------------------------------------


@pytest.mark.parametrize("entry", explanations(), ids=lambda each: f"{each.function}-{each.was}")
def test_an_entry_names_a_function_that_is_mutated_and_lines_that_it_has(entry: Explained):
    source = (RULES / f"{entry.module}.py").read_text()
    lines = {each.strip() for each in source.splitlines()}

    assert entry.module in MODULES
    assert f"def {entry.function.rpartition('.')[-1]}(" in source
    assert set(entry.was.splitlines()) <= lines
    assert entry.was != entry.becomes
    assert len(entry.why.split()) > 3


def test_no_entry_is_there_twice():
    entries = [each.mutant for each in explanations()]

    assert len(entries) == len(set(entries))


def test_every_module_that_is_claimed_is_there():
    assert [each for each in MODULES if not (RULES / f"{each}.py").exists()] == []
    assert sorted(set(MODULES)) == list(MODULES)


def test_an_entry_with_another_field_is_refused():
    with pytest.raises(TypeError):
        explanations("[[mutant]]\nnumber = '12'")


# The verdict -------------------------------------------------------------------------


def test_killed_or_explained_is_all_right():
    assert judged() == []
    assert judged(SURVIVOR, explained=(REASON,)) == []
    assert judged(replace(SURVIVOR, outcome="no tests"), explained=(REASON,)) == []


@pytest.mark.parametrize("outcome", ["survived", "no tests"])
def test_a_survivor_that_nothing_explains_is_told_as_an_entry_for_the_list(outcome: str):
    [fault] = judged(replace(SURVIVOR, outcome=outcome))

    assert fault.startswith("survived, and nothing says why:")
    _, _, entry = fault.partition("\n")
    assert explanations(f"{entry}why = 'They are never equal.'") == [REASON]


def test_a_reason_given_to_another_change_explains_nothing():
    assert len(judged(SURVIVOR, explained=(replace(REASON, becomes="if a > b:"),))) == 2


def test_what_survives_no_more_is_told():
    [fault] = judged(replace(SURVIVOR, outcome="killed"), explained=(REASON,))

    assert fault.startswith("explained, but survives no more:")


def test_a_reason_for_a_module_that_was_not_run_is_no_fault():
    assert judged(explained=(replace(REASON, module="robot/slots"),)) == []


@pytest.mark.parametrize("outcome", ["not checked", "suspicious", "segfault"])
def test_a_mutant_of_which_nothing_is_known_is_no_success(outcome: str):
    [fault] = judged(replace(SURVIVOR, outcome=outcome))

    assert fault.startswith(f"{outcome}, not known:")


def test_a_module_without_any_mutant_is_no_success():
    assert faults([], [], MODULE) == ["no mutant was made of robot/claim"]


def test_it_tells_how_many_were_killed_of_how_many():
    other = replace(KILLED, module="robot/slots", outcome="timeout")

    assert figures([SURVIVOR, KILLED, other], [REASON]) == {
        "mutants": 3, "killed": 2, "explained": 1, "survived": 0,
    }  # fmt: skip
    assert figures([SURVIVOR], [])["survived"] == 1
    assert list(told([SURVIVOR, KILLED, other])) == [
        "robot/claim: 1 of 2 mutants killed",
        "robot/slots: 1 of 1 mutants killed",
        "all: 2 of 3 mutants killed",
    ]
