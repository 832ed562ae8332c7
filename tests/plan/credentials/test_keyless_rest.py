"""What else goes on for a robot whose Secrets carry passwords, and in which order?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.actions import Component, DeleteRobot, LinkAccount, LookAtGrants
from quayrobot.model.errors import Denied, Reason, Refused, TryLater
from quayrobot.model.resources.rotation import Retiring, RotationState
from quayrobot.model.world import NamespaceSeen, Present, Unknown
from quayrobot.plan.decide import decide, stands
from quayrobot.plan.scene import Look, Scene
from quayrobot.plan.words.status import status_after

from ..passwords import at_rest, keyless
from ..rotations import known
from ..scenes import (
    CREATED,
    DENIED,
    NO_RIGHT,
    OTHER_TOKEN,
    OUTAGE,
    does,
    foreign,
    got,
    held,
    marked,
    words,
)

PULLS_APP = {"permissions": {"repositories": [{"name": "app", "role": "read"}]}}
LINKS = {"secrets": [{"name": "ci", "serviceAccounts": [{"name": "builder"}]}]}
PULLS, LINKED, both = keyless(**PULLS_APP), keyless(**LINKS), keyless(**PULLS_APP, **LINKS)


def told(scene: Scene) -> list[tuple[Component, Reason]]:
    return [(each.component, each.error.reason) for each in decide(scene).findings]


def test_at_rest_nothing_is_done():
    assert does(at_rest()) == []


def test_its_rights_are_looked_at():
    (look,) = decide(at_rest(spec=PULLS)).actions

    assert isinstance(look, LookAtGrants)


def test_its_secret_is_linked():
    (*_, link) = decide(at_rest(spec=LINKED)).actions

    assert isinstance(link, LinkAccount)
    assert link.add == {("imagePullSecrets", "ci")}


def test_an_account_that_is_to_be_linked_and_is_missing_is_no_late_password():
    secrets = [{"name": "ci", "serviceAccounts": [{"name": "nobody"}]}]
    scene = at_rest(spec=keyless(secrets=secrets))

    findings = decide(scene).findings

    assert told(scene) == [(Component.LINKS, Reason.SERVICE_ACCOUNT_NOT_FOUND)]
    said = {each.type: each for each in status_after(scene, findings, adopted=False).conditions}
    assert (said["Ready"].status, said["Ready"].reason) == ("False", "ServiceAccountNotFound")
    assert said["SecretsReady"].status == "False"


def test_what_stands_in_the_way_of_one_thing_is_told_and_the_rest_goes_on():
    unread = (Component.GRANTS, Reason.QUAY_UNREACHABLE)
    scene = at_rest(spec=both, grants=Unknown(OUTAGE))

    assert told(scene) == [unread]
    assert words(decide(scene)) == ["RecordLinks", "LinkAccount"]
    taken = replace(scene, secrets={"ci": Present(foreign())})
    assert told(taken) == [(Component.SECRETS, Reason.SECRET_NOT_OWNED), unread]
    unknown = replace(taken, federation=Unknown(OUTAGE))
    assert (Component.FEDERATION, Reason.QUAY_UNREACHABLE) in told(unknown)


def test_a_rotation_that_cannot_be_is_told_beside_the_rest():
    rest = at_rest(spec=keyless(rotation={"trigger": "two"}, **PULLS_APP))
    asked = replace(rest, status=rest.status.model_copy(update={"rotation": known().rotation}))
    ending = NamespaceSeen("shop", terminating=True)

    assert told(replace(asked, namespace=ending, grants=Unknown(OUTAGE))) == [
        (Component.GRANTS, Reason.QUAY_UNREACHABLE),
        (Component.ROTATION, Reason.NAMESPACE_TERMINATING),
    ]


def retired(**changes: Any) -> Scene:
    """Return a robot at rest whose predecessor was to be gone an hour ago."""
    before = at_rest(**changes)
    gone = Retiring(full_name="acme+ci.alt", slot="alt", until="2026-11-24T02:00:00Z",
                    created_at=CREATED, digest=OTHER_TOKEN.digest)  # fmt: skip
    alt = got(marked(slot="alt"), full_name="acme+ci.alt", token=OTHER_TOKEN)
    known = before.status.model_copy(update={"rotation": RotationState(retiring=gone)})
    return replace(before, status=known, other=Look(robot=Present(alt)))


def test_one_that_took_turns_with_it_before_still_goes_after_all_else():
    last = retired()

    assert [type(each) for each in decide(last).actions] == [DeleteRobot]
    assert words(decide(retired(spec=PULLS))) == ["LookAtGrants"]


# Does the status stand although a look failed? --------------------------------------------------


@pytest.mark.parametrize("error", [OUTAGE, DENIED], ids=["outage", "token refused"])
def test_an_outage_is_no_news_where_nothing_is_due(error):
    assert isinstance(error, TryLater | Denied)
    assert stands(held(), error)
    assert stands(at_rest(), error)


def test_a_refusal_is_news_and_so_is_an_outage_where_something_is_due():
    assert isinstance(NO_RIGHT, Refused)
    assert not stands(held(), NO_RIGHT)
    assert not stands(held(secrets={}), OUTAGE)
