"""Is each case the same in this Quay as in the reference?"""

from __future__ import annotations

import pytest

from .cases import CASES
from .conftest import Tally
from .language import Case
from .playing import Difference, Skipped, play
from .target import Target


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.id)
def test_quay_answers_as_the_reference_says(one: Case, target: Target, tally: Tally):
    reason: str | None = None
    difference: Difference | None = None
    try:
        play(one, target)
    except Skipped as skipped:
        reason = str(skipped)
    except Difference as found:
        difference = found

    if reason is not None:
        tally.skipped.setdefault(reason, []).append(one.id)
        pytest.skip(reason)
    if difference is not None:
        tally.different[one.id] = difference
        pytest.fail(str(difference), pytrace=False)
    tally.same += 1
