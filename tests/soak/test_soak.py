"""Do robots end as they were asked for, whatever was drawn to happen to them?"""

from __future__ import annotations

import pytest

from tests.kit.controlplane import ControlPlane

from .drawing import DEALT, FAULTS, Life, draw
from .faults import FAULTS as INJECTED
from .living import live, shortest
from .stage import staged

SEEDS = (2, 4)


def test_a_seed_draws_one_life_and_a_prefix_of_it_is_a_life():
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)
    assert draw(7).prefix(3).steps == draw(7).steps[:3]
    assert draw(7).prefix(3).robots == draw(7).robots


@pytest.mark.parametrize("first", [1, 101, 996])
def test_any_ten_lives_in_a_row_have_every_fault(first: int):
    drawn = {step.what for seed in range(first, first + DEALT) for step in draw(seed).steps}

    assert DEALT == 10
    assert set(FAULTS) <= drawn
    assert set(FAULTS) == set(INJECTED)


@pytest.mark.parametrize("needed", [0, 1, 5, 12])
def test_a_failing_life_is_cut_to_the_shortest_that_fails(needed: int):
    def fails(life: Life) -> bool:
        return len(life.steps) >= needed

    assert len(shortest(fails, draw(7, steps=12)).steps) == needed


@pytest.mark.rotates
@pytest.mark.timeout(400)
def test_drawn_lives_end_as_they_were_asked_for(own_control_plane: ControlPlane, record_property):
    if not own_control_plane.has_controllers:
        pytest.skip("the lives need a control plane that collects garbage")
    with staged(own_control_plane) as stage:
        for seed in SEEDS:
            outcome = live(stage, draw(seed, robots=4, steps=8), bound_s=60, calm_s=2)

            assert outcome.violations == [], f"make soak SEED={seed} ROBOTS=4 STEPS=8"
            faults = ", ".join(f"{what} {n}" for what, n in sorted(outcome.faults.items()))
            record_property("soak", f"seed {seed}: {len(outcome.life.steps)} steps; {faults}")
