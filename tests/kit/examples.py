"""
How many examples does hypothesis try?

Each test says how many it needs; `EXAMPLES=25` in the environment takes 25 % of each, where
speed counts for more: `make check`, and the many runs of `make mutants`. Without it all are
tried. The examples are the same ones each time, and no clock ends them. `SHRINK=no` leaves one
that fails as it was found: for runs that ask no more than whether one does.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

__all__ = ["FEWEST", "examples", "load_profile", "share"]

FEWEST = 5


def share(number: int, percent: str | None = None) -> int:
    """Return *percent* of *number*, by default what `EXAMPLES` says, but a few always."""
    percent = os.environ.get("EXAMPLES", "100") if percent is None else percent
    return max(min(number, FEWEST), number * int(percent) // 100)


def examples(number: int) -> settings:
    """Return settings for at most *number* examples."""
    # A machine that pauses is not a strategy that is slow.
    return settings(
        max_examples=share(number),
        deadline=None,
        derandomize=True,
        phases=_phases(),
        suppress_health_check=[HealthCheck.too_slow],
    )


def _phases() -> tuple[Phase, ...]:
    if os.environ.get("SHRINK") == "no":
        return (Phase.explicit, Phase.generate)
    return tuple(Phase)


def load_profile() -> None:
    """Let tests that name no number try fifty examples."""
    settings.register_profile("steady", examples(50))
    settings.load_profile("steady")
