"""Does every write that rests on a spec look first whether the spec still stands?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import pytest

from quayrobot.engine.robot.freshness import must_be_live, rests_on_spec
from quayrobot.model import actions

# They write to the resource itself, at the version that was looked at, or change nothing.
THEMSELVES = {
    actions.AddFinalizer,
    actions.RemoveFinalizer,
    actions.RecordProgress,
    actions.RecordIntent,
    actions.RecordGrants,
    actions.RecordFederation,
    actions.RecordLinks,
    actions.GuardConnection,
    actions.RehearseSecrets,
    actions.Exchange,
}
WRITES = set(get_args(actions.Action)) - set(get_args(actions.Look)) - THEMSELVES


def named(kinds: Iterable[type[Any]]) -> list[type[Any]]:
    return sorted(kinds, key=lambda each: each.__name__)


def any_of(kind: type[Any]) -> Any:
    return object.__new__(kind)


@pytest.mark.parametrize("kind", named(WRITES))
def test_what_changes_quay_a_secret_or_an_account_looks_at_the_resource_first(kind: type[Any]):
    assert must_be_live(any_of(kind)) != rests_on_spec(any_of(kind))


@pytest.mark.parametrize("kind", named({*THEMSELVES, *get_args(actions.Look)}))
def test_what_carries_a_version_or_only_looks_needs_no_other_look(kind: type[Any]):
    assert not must_be_live(any_of(kind))
    assert not rests_on_spec(any_of(kind))
