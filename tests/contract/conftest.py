"""Which Quay do the contract's cases ask, and what is said at the end?"""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from .cases import CASES
from .playing import Difference
from .target import Target, target_of

WIDTH = 58


@dataclass
class Tally:
    """What came of the cases."""

    where: str = "a double of Quay"
    same: int = 0
    skipped: dict[str, list[str]] = field(default_factory=dict)
    different: dict[str, Difference] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


TALLY = pytest.StashKey[Tally]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TALLY] = Tally()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    return request.config.stash[TALLY]


@pytest.fixture(scope="session")
def target(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Target]:
    """Yield the Quay that is asked."""
    with target_of(os.environ, tmp_path_factory.mktemp("contract")) as found:
        tally = request.config.stash[TALLY]
        tally.where = f"a double of Quay ({found.url})" if found.double else found.url
        tally.left = found.left
        with request.config.pluginmanager.getplugin(
            "capturemanager"
        ).global_and_fixture_disabled():
            for line in lacking(found):
                print(line, flush=True)
        yield found


def lacking(target: Target) -> Iterator[str]:
    """Yield what would let more cases be shown here, and how many."""
    missing = Counter(
        reason for one in CASES if (reason := target.lack(one.needs, one.settings)) is not None
    )
    if missing:
        yield f"\nof {len(CASES)} cases {missing.total()} will be skipped:"
    for reason, count in missing.most_common():
        yield f"  {count:4} {reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tally = terminalreporter.config.stash[TALLY]
    skipped = sum(len(names) for names in tally.skipped.values())
    total = tally.same + skipped + len(tally.different)
    if not total:
        return
    line = terminalreporter.write_line
    terminalreporter.section(f"the contract, asked of {tally.where}")
    for name, difference in tally.different.items():
        line(f"\ndifferent: {name}\n  {difference.step}")
        for each in difference.lines:
            line(f"    {each}")
        for left, right in _beside(difference.expected, difference.got):
            line(f"  {left:<{WIDTH}} | {right}")
    for reason, names in sorted(tally.skipped.items()):
        line(f"skipped ({len(names)}): {reason}")
    for each in tally.left:
        line(f"LEFT BEHIND: {each}")
    line(
        f"cases {total}   same {tally.same}   different {len(tally.different)}   skipped {skipped}"
    )


def _beside(expected: str, got: str) -> list[tuple[str, str]]:
    left = ["expected", *textwrap.wrap(expected, WIDTH)]
    right = ["got", *textwrap.wrap(got, WIDTH)]
    longest = max(len(left), len(right))
    left += [""] * (longest - len(left))
    right += [""] * (longest - len(right))
    return list(zip(left, right, strict=True))
