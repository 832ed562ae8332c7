"""Does a part that cannot be put right hold up no other part?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.actions import (
    Component,
    CreateSecret,
    DeleteSecret,
    LinkAccount,
    ReplaceSecret,
    TakeRole,
)
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.world import Absent, AccountSeen, DefaultSeen, GrantsSeen, Present
from quayrobot.plan.decide import decide, without
from quayrobot.plan.scene import Scene

from .passwords import at_rest, keyless
from .rights.granting import CI
from .rotations import asked, begun, turning
from .scenes import NO_RIGHT, OTHER_TOKEN, OUTAGE, TOKEN, does, got, held, ours, spec, words
from .turns import overlapping
from .worlds import ANYTHING

DENIED = Refused(Reason.ADMISSION_DENIED, "secrets: a policy denies it")
FEWER = {"mode": "Exact"}
# An undeclared right, which one more look has shown.
TOO_MANY = Present(GrantsSeen({"app": "read"}))
SECRETS = [{"name": "ci"}, {"name": "more"}]
LINKED = [{"name": "ci", "serviceAccounts": [{"name": "builder"}]}]
BUILDER = {"builder": Present(AccountSeen("shop", "builder", "uid-builder", "1", {}))}


def everything(**stopped: Any) -> Scene:
    """Return a look at a robot whose Secret, rights and links are to be changed, and its token."""
    wanted = turning(trigger="two").model_dump(by_alias=True, exclude_unset=True)
    fields = {"rotation": wanted["rotation"], "permissions": FEWER, "secrets": LINKED}
    scene = asked(spec=spec(**fields), rules=(ANYTHING,), grants=TOO_MANY, accounts=BUILDER)
    return replace(scene, stopped={Component[part.upper()]: why for part, why in stopped.items()})


def found(scene: Scene) -> set[tuple[Component, Reason]]:
    return {(each.component, each.error.reason) for each in decide(scene).findings}


def test_what_is_there_is_put_right_before_its_token_is_replaced():
    broken = everything()
    lost = broken.with_secret("ci", Absent())

    assert does(lost) == ["CreateSecret"]
    assert does(broken) == ["TakeRole", "RecordLinks", "LinkAccount"]


@pytest.mark.parametrize(
    ("stopped", "others"),
    [
        ("grants", ["RecordLinks", "LinkAccount"]),
        ("links", ["TakeRole"]),
        ("secrets", ["TakeRole", "RecordLinks", "LinkAccount"]),
    ],
)
def test_what_failed_is_told_and_the_others_have_their_turn(stopped: str, others: list[str]):
    scene = everything(**{stopped: OUTAGE})

    assert words(decide(scene)) == others
    assert found(scene) == {(Component[stopped.upper()], Reason.QUAY_UNREACHABLE)}


def test_a_token_is_replaced_although_rights_and_links_cannot_be_put_right():
    scene = everything(grants=NO_RIGHT, links=DENIED)

    assert words(decide(scene)) == ["RehearseSecrets", "RecordIntent", "Regenerate"]
    assert found(scene) == {
        (Component.GRANTS, Reason.INSUFFICIENT_SCOPE),
        (Component.LINKS, Reason.ADMISSION_DENIED),
    }


def test_with_all_of_them_stopped_nothing_is_left_but_to_tell():
    scene = everything(grants=NO_RIGHT, links=DENIED, rotation=OUTAGE)

    assert words(decide(scene)) == []
    assert len(found(scene)) == 3


def test_an_outage_that_is_no_news_is_not_told():
    scene = everything(grants=None, links=None, rotation=None)

    assert (words(decide(scene)), found(scene)) == ([], set())


@pytest.mark.parametrize("scene", [asked(), begun()], ids=["asked", "begun"])
def test_a_token_lives_on_while_its_successor_would_have_no_place(scene: Scene):
    unwritten = replace(scene, unwritten={"ci": DENIED})

    assert words(decide(unwritten)) == []
    assert found(unwritten) == {(Component.SECRETS, Reason.ADMISSION_DENIED)}
    assert words(decide(replace(scene, stopped={Component.SECRETS: OUTAGE}))) == []


def test_no_turn_begins_while_rights_cannot_be_put_right():
    scene = asked(spec=overlapping({"trigger": "two"}), rules=(ANYTHING,))
    both = {Component.GRANTS: OUTAGE, Component.FEDERATION: OUTAGE}

    assert words(decide(replace(scene, stopped=both))) == []


# One of several Secrets ---------------------------------------------------------


def test_a_secret_that_is_refused_holds_up_no_other():
    old = held(spec=spec(secrets=SECRETS), robot=Present(got(token=OTHER_TOKEN)))
    assert does(old) == ["ReplaceSecret", "ReplaceSecret"]

    first = decide(old).actions[0]
    scene = without(old, first, Component.SECRETS, DENIED)

    (write,) = decide(scene).actions
    assert isinstance(write, ReplaceSecret)
    assert write.wanted.name == "more"
    assert found(scene) == {(Component.SECRETS, Reason.ADMISSION_DENIED)}


def test_the_old_secret_stays_while_the_new_one_is_refused():
    spare = ours(held(spec=spec(secrets=[{"name": "old"}])), "old")
    renamed = held(spec=spec(secrets=[{"name": "new"}]), spare_secrets=(spare,))
    renamed = renamed.with_secret("new", Absent())
    create = decide(renamed).actions[0]
    assert isinstance(create, CreateSecret)

    assert words(decide(without(renamed, create, Component.SECRETS, DENIED))) == []


def test_secrets_that_carry_a_password_are_held_up_together():
    rest = at_rest(spec=keyless(secrets=SECRETS))
    wanted = decide(held().with_secret("ci", Absent())).actions[0]

    scene = without(rest, wanted, Component.SECRETS, DENIED)

    assert (scene.stopped, scene.unwritten) == ({Component.SECRETS: DENIED}, {})


@pytest.mark.parametrize(
    ("action", "alone"),
    [
        (DeleteSecret("shop", "ci", "uid", "1"), True),
        (DeleteSecret("shop", "no-longer-wanted", "uid", "1"), False),
        (LinkAccount("shop", "builder", frozenset(), frozenset()), False),
        (TakeRole(CI, "app"), False),
    ],
    ids=["wanted", "spare", "link", "right"],
)
def test_a_part_is_stopped_as_a_whole_save_for_wanted_secrets(action: Any, alone: bool):
    scene = without(held(), action, Component.GRANTS, DENIED)

    assert scene.unwritten == ({"ci": DENIED} if alone else {})
    assert scene.stopped == ({} if alone else {Component.GRANTS: DENIED})


def test_defaults_are_put_right_in_spite_of_a_secret():
    wanted = spec(permissions={"mode": "Exact"}, secrets=SECRETS)
    extra = Present(GrantsSeen(defaults=(DefaultSeen("read", None, "1"),)))
    scene = held(spec=wanted, rules=(ANYTHING,), grants=extra, robot=Present(got(token=TOKEN)))

    assert "TakeDefault" in words(decide(replace(scene, unwritten={"more": DENIED})))
