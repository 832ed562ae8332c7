"""Is what we gave taken back, once and nothing else, when the block that asked for it is gone?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from quayrobot.model.actions import LookAtGrants
from quayrobot.model.world import GrantsSeen, Unknown, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import status_after

from ..scenes import NO_RIGHT, spec
from .test_grants import CI, READS, changes_of, default, wants, words_of

GONE = {"repositories": READS, "teams": ["devs"], "defaults": [{"role": "read"}]}


def dropped(seen: GrantsSeen | None, **changes: Any) -> Scene:
    """Return a look at a held robot that declared *GONE* before, and no permissions now."""
    return replace(wants(seen, recorded=GONE), spec=spec(**changes))


def test_what_we_gave_is_taken_back_when_the_block_is_gone_and_nothing_else():
    seen = GrantsSeen(
        {"app": "read", "lib": "admin"},
        frozenset({"devs", "ops"}),
        (default("read"), default("write", "mary", "2")),
    )

    assert decide(dropped(None)).actions == (LookAtGrants(CI, ()),)
    assert words_of(changes_of(dropped(seen))) == ["TakeRole app", "LeaveTeam devs", "TakeDefault"]


def test_it_is_taken_back_once_and_then_nothing_is_read():
    left = GrantsSeen({"lib": "admin"}, frozenset({"ops"}))
    told = status_after(dropped(left), (), adopted=False)

    assert told.grants is None
    assert "GrantsReady" not in {each.type for each in told.conditions}
    after = replace(dropped(Unlooked()), status=told, grants=Unlooked())
    assert decide(after).actions == ()


def test_what_cannot_be_taken_back_stays_noted_and_is_said():
    scene = replace(dropped(None), grants=Unknown(NO_RIGHT))
    told = status_after(scene, decide(scene).findings, adopted=False)

    assert told.grants == scene.status.grants
    assert {each.type: each.reason for each in told.conditions}["GrantsReady"] == NO_RIGHT.reason


def test_unmanaged_reads_nothing_and_hands_over_what_we_gave():
    scene = replace(
        wants(None, recorded=GONE, ready=True), spec=spec(permissions={"mode": "Unmanaged"})
    )
    told = status_after(scene, (), adopted=False)

    assert decide(scene).actions == ()
    assert told.grants is None
    # Nothing is ours any more: what is left out later takes nothing.
    assert decide(replace(scene, spec=spec(), status=told)).actions == ()
