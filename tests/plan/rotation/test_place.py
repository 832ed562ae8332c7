"""Is a credential replaced only where its successor has a place, and what is told where not?"""

from __future__ import annotations

import pytest

from quayrobot.model.actions import Component, RehearseSecrets
from quayrobot.model.errors import Reason, TryLater
from quayrobot.model.world import NamespaceSeen
from quayrobot.plan.decide import decide

from ..rotations import asked, begun
from ..scenes import does, only


@pytest.mark.parametrize("scene", [asked(), begun()], ids=["asked for", "begun before a crash"])
def test_the_secret_is_rehearsed_for_the_rotation_before_the_token_dies(scene):
    actions = decide(scene).actions

    assert only(actions, RehearseSecrets).component is Component.ROTATION
    assert isinstance(actions[0], RehearseSecrets)


@pytest.mark.parametrize("scene", [asked, begun], ids=["asked for", "begun before a crash"])
def test_in_a_namespace_that_goes_nothing_is_rotated(scene):
    ending = NamespaceSeen("shop", terminating=True)
    plan = decide(scene(namespace=ending))

    (finding,) = plan.findings
    assert isinstance(finding.error, TryLater)
    assert (finding.component, finding.error.reason, finding.error.message) == (
        Component.ROTATION,
        Reason.NAMESPACE_TERMINATING,
        "the namespace is being deleted; nothing is rotated in it",
    )
    assert plan.actions == ()
    assert does(scene())[-1] == "Regenerate"
