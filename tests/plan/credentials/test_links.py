"""Is a ServiceAccount told what to name only by what was seen?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.model.actions import LinkAccount
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.resources.robot import LinkState
from quayrobot.model.world import Absent, AccountSeen, Present, SecretSeen, Seen, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Scene

from ..scenes import CLUSTER_AWAY, does, foreign, held, ours, spec, status, unknown

MAY_NOT = Refused(Reason.CLUSTER_REFUSED, "the operator may not read secrets")
ENTRY = frozenset({("imagePullSecrets", "ci")})


def linked(secret: Seen[SecretSeen] | None = None, **secrets: Any) -> Scene:
    """Return a robot whose Secret a ServiceAccount names, with *secret* as the last look at it."""
    wanted = {"name": "ci", "serviceAccounts": [{"name": "builder"}], **secrets}
    link = LinkState(service_account="builder", secret="ci", link="imagePullSecrets")
    account = AccountSeen("shop", "builder", "uid-builder", "1", {"imagePullSecrets": ("ci",)})
    scene = held(
        spec=spec(secrets=[wanted]),
        status=status(links=(link,)),
        accounts={"builder": Present(account)},
    )
    return scene if secret is None else scene.with_secret("ci", secret)


def changes(scene: Scene) -> list[LinkAccount]:
    return [each for each in decide(scene).actions if isinstance(each, LinkAccount)]


def test_what_is_linked_and_seen_is_left_alone():
    assert does(linked()) == []


@pytest.mark.parametrize(
    "unseen", [unknown(CLUSTER_AWAY), unknown(MAY_NOT), Unlooked()], ids=["away", "may-not", "no"]
)
def test_a_secret_that_could_not_be_read_keeps_its_link(unseen: Any):
    assert changes(linked(unseen)) == []


def test_so_does_one_that_is_to_be_created_again():
    assert does(linked(Absent())) == ["CreateSecret"]


def test_the_secret_of_somebody_else_loses_it():
    (change,) = changes(linked(Present(foreign())))

    assert (change.add, change.drop) == (frozenset(), ENTRY)


def test_a_link_that_is_no_longer_declared_goes():
    scene = linked(serviceAccounts=[])

    (change,) = changes(scene.with_secret("ci", Present(ours(scene))))
    assert (change.add, change.drop) == (frozenset(), ENTRY)
