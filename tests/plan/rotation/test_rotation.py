"""Is a credential replaced when it has to be, and is it left alone otherwise?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from quayrobot.model.actions import LookAtRobot, RecordIntent, Regenerate
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import InvalidSpec, Reason
from quayrobot.model.resources.robot import CredentialState, RobotStatus
from quayrobot.model.resources.rotation import RotationState
from quayrobot.model.world import (
    Absent,
    Missing,
    NamespaceSeen,
    Present,
    Unlooked,
)
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.rotation.rotation import request_of, rotated
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import intent_to_rotate, status_after
from tests.kit.canary import robot_token, scan

from ..answering import World
from ..rotations import TURN, asked, begun, known, open_intent, request, turning
from ..scenes import (
    CLUSTER_AWAY,
    NOW,
    OTHER_TOKEN,
    OUTAGE,
    TOKEN,
    connection,
    does,
    foreign,
    got,
    held,
    listed,
    me,
    only,
    spec,
    stops,
    unknown,
    words,
)

DAY = timedelta(days=1)


def told(scene: Scene) -> RotationState:
    """Return what the status says of rotations after a pass that ends with *scene*."""
    plan = decide(scene)
    assert plan.actions == ()
    state = status_after(scene, plan.findings, adopted=ownership(scene)).rotation
    assert state is not None
    return state


# What is a request --------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"trigger": "one"}, {"interval": "8760h"}])
def test_without_a_last_request_what_is_asked_is_recorded_and_nothing_rotates(fields):
    scene = held(spec=turning(**fields))

    assert does(scene) == []
    assert told(scene).last_trigger == request(**fields)


def test_an_annotation_on_a_resource_without_last_request_is_recorded_too():
    scene = held(me=me(guarded=True, rotate="now"))

    assert does(scene) == []
    assert told(scene).last_trigger == request("now")


def test_a_resource_without_rotation_is_one_that_asks_for_nothing():
    assert request_of(held()) == request()


def test_what_was_asked_last_is_not_asked_again():
    assert does(held(spec=turning(trigger="one"), status=known())) == []


def test_a_new_trigger_stores_the_intent_and_then_rotates():
    plan = decide(asked())

    assert words(plan) == TURN
    intent = only(plan.actions, RecordIntent).state.intent
    assert intent == open_intent()
    assert only(plan.actions, Regenerate).robot.full == "acme+ci"


def test_a_new_annotation_stores_the_intent_and_then_rotates():
    scene = asked(spec=turning(trigger="one"), me=me(guarded=True, rotate="now"))

    assert does(scene) == TURN


def test_trigger_and_annotation_that_swap_their_words_are_a_new_request():
    assert request("a", trigger="b") != request("b", trigger="a")
    assert request("a") != request(trigger="a")
    assert request('a", "b') != request("b", trigger="a")


def test_an_interval_is_no_request():
    assert request(trigger="one", interval="24h") == request(trigger="one")


def test_the_status_holds_a_digest_and_never_the_words_of_a_request():
    pasted = robot_token()
    scene = asked(spec=turning(trigger=pasted))

    said = repr(intent_to_rotate(scene, only(decide(scene).actions, RecordIntent).state))
    assert pasted not in said
    assert scan(said) == []


# The intent ---------------------------------------------------------------------


def test_an_intent_from_the_live_credential_is_carried_out():
    assert does(begun()) == ["RehearseSecrets", "Regenerate"]


def test_an_intent_is_not_stored_twice_nor_for_a_newer_request():
    newer = begun(spec=turning(trigger="three"))

    assert does(newer) == ["RehearseSecrets", "Regenerate"]


def test_an_intent_from_another_credential_has_already_happened():
    scene = begun(robot=Present(got(token=OTHER_TOKEN)))

    assert does(scene) == ["ReplaceSecret"]


def after_it(**changes: Any) -> Scene:
    """Return the scene in which the Secrets carry the new credential too."""
    before = begun(robot=Present(got(token=OTHER_TOKEN)))
    return replace(World(got(token=OTHER_TOKEN)).follow(before)[0], **changes)


def test_an_intent_is_closed_when_the_secrets_carry_the_credential():
    state = told(after_it())

    assert state.intent is None
    assert state.last_at == rfc3339(NOW)
    assert state.last_trigger == request(trigger="two")


@pytest.mark.parametrize(
    "secret",
    [Present(foreign()), unknown(CLUSTER_AWAY), Present(foreign(controller_uid="uid-other"))],
    ids=["foreign", "not seen", "of another owner"],
)
def test_an_intent_stays_open_while_a_secret_does_not_carry_the_credential(secret):
    state = told(after_it(secrets={"ci": secret}))

    assert state.intent == open_intent()
    assert (state.last_at, state.last_trigger) == (None, request(trigger="one"))


def test_an_intent_is_not_closed_by_the_credential_that_it_is_about():
    assert rotated(begun(), finished=True).intent == open_intent()


def test_a_request_that_came_meanwhile_is_the_next_one():
    done = after_it(spec=turning(trigger="three"))
    state = told(done)
    assert state.last_trigger == request(trigger="two")

    noted = done.status.model_copy(update={"rotation": state})

    assert does(replace(done, status=noted)) == TURN


def test_an_interval_that_was_carried_out_leaves_the_last_request_alone():
    by_interval = open_intent(cause="Interval")
    done = after_it()
    done = replace(done, status=known(intent=by_interval))

    assert told(done).last_trigger == request(trigger="one")
    assert told(done).intent is None


def test_the_resource_stays_ready_while_its_credential_is_rotated():
    scene = asked()
    said = intent_to_rotate(scene, only(decide(scene).actions, RecordIntent).state)

    conditions = {each.type: (each.status, each.reason) for each in said.conditions}
    assert conditions["Ready"] == ("True", Reason.ROTATING)
    assert conditions["Reconciling"] == ("True", Reason.ROTATING)


# By interval --------------------------------------------------------------------


def aged(hours: float, **fields: Any) -> Scene:
    """Return a robot at rest whose credential is *hours* old, with `rotation` as *fields*."""
    issued = rfc3339(NOW - timedelta(hours=hours))
    credential = CredentialState(digest=TOKEN.digest, issued_at=issued)
    known_status = known(last_trigger=request(**fields)).model_copy(
        update={"credential": credential}
    )
    return held(spec=turning(**fields), status=known_status)


def test_a_credential_is_replaced_once_it_is_older_than_the_interval():
    assert does(aged(23.9, interval="24h")) == []
    plan = decide(aged(26.5, interval="24h"))

    assert words(plan) == TURN
    assert only(plan.actions, RecordIntent).state.intent.cause == "Interval"


def test_when_it_is_due_next_is_in_the_status_and_never_before_it_is():
    scene = aged(0, interval="24h")
    shown = datetime.fromisoformat(told(scene).next_at)

    assert DAY <= shown - NOW <= DAY * 1.1 + timedelta(seconds=1)
    assert does(replace(scene, now=shown - timedelta(seconds=2))) == []
    assert does(replace(scene, now=shown)) == TURN


def test_without_interval_no_next_time_is_shown():
    stale = aged(1, trigger="one")
    noted = stale.status.rotation.model_copy(update={"next_at": rfc3339(NOW)})

    state = told(replace(stale, status=stale.status.model_copy(update={"rotation": noted})))

    assert state.next_at is None


def test_a_status_that_was_lost_takes_the_age_from_the_secret():
    lost = replace(aged(30, interval="24h"), status=RobotStatus(), robot=Present(got()))

    assert words(decide(lost))[-3:] == TURN


def test_a_credential_that_nobody_knew_counts_from_now():
    adopted = held(
        spec=turning(interval="24h"),
        status=known(last_trigger=request()).model_copy(update={"credential": None}),
        secrets={"ci": Absent()},
        robot=Present(got()),
    )

    assert does(adopted) == ["CreateSecret"]


def test_a_window_that_is_closed_holds_the_rotation_back():
    window = {"schedule": "0 12 * * *", "duration": "1h"}
    scene = aged(1000, interval="24h", window=window)

    assert does(scene) == []
    due = datetime.fromisoformat(told(scene).next_at)
    assert timedelta(hours=9) <= due - NOW < timedelta(hours=10)
    assert does(replace(scene, now=due)) == TURN


def test_a_window_does_not_hold_a_request_back():
    window = {"schedule": "0 12 * * *", "duration": "1h"}

    assert does(asked(spec=turning(trigger="two", interval="24h", window=window))) == TURN


def test_a_window_that_cannot_be_stops_the_resource_before_anything_else():
    window = {"schedule": "0 3 * * *", "duration": "1h", "timeZone": "Mars/Olympus"}
    scene = held(spec=turning(interval="24h", window=window), robot=Unlooked(), list_due=True)

    error = stops(scene)

    assert (type(error), error.reason) == (InvalidSpec, Reason.INVALID_SPEC)


# What keeps it from happening ---------------------------------------------------


@pytest.mark.parametrize("make", [asked, begun], ids=["asked", "begun"])
@pytest.mark.parametrize(
    "secret", [Present(foreign()), Present(foreign(controller_uid="uid-other"))]
)
def test_a_name_that_somebody_else_has_keeps_the_old_credential_alive(make, secret):
    plan = decide(make(secrets={"ci": secret}))

    assert plan.actions == ()
    assert {each.error.reason for each in plan.findings} == {Reason.SECRET_NOT_OWNED}


def test_what_was_asked_and_taken_back_is_no_new_request():
    asked_once = known(last_trigger=request(trigger="one"))

    assert decide(held(spec=spec(), status=asked_once)).actions == ()
    assert decide(held(spec=turning(trigger="one"), status=asked_once)).actions == ()


@pytest.mark.parametrize("make", [asked, begun], ids=["asked", "begun"])
@pytest.mark.parametrize("secret", [unknown(CLUSTER_AWAY), Unlooked(), Missing()])
def test_a_name_that_could_not_be_looked_at_does_so_too(make, secret):
    plan = decide(make(secrets={"ci": secret}))

    assert plan.actions == ()


@pytest.mark.parametrize("make", [asked, begun], ids=["asked", "begun"])
def test_in_a_namespace_that_goes_nothing_is_rotated(make):
    scene = make(namespace=NamespaceSeen("shop", terminating=True))

    assert not {"RecordIntent", "Regenerate"} & set(words(decide(scene)))


def overdue() -> Scene:
    """Return a robot at rest whose credential is far too old."""
    return aged(9000, interval="24h")


WANTING = {"asked": asked, "begun": begun, "overdue": overdue}


@pytest.mark.parametrize("make", WANTING.values(), ids=WANTING)
def test_what_is_suspended_is_not_rotated(make):
    scene = make()

    assert does(replace(scene, spec=scene.spec.model_copy(update={"suspend": True}))) == []


@pytest.mark.parametrize("make", WANTING.values(), ids=WANTING)
def test_what_is_being_deleted_is_not_rotated(make):
    scene = replace(make(), me=me(guarded=True, terminating=True))

    assert "Regenerate" not in words(World(got()).follow(scene)[1])
    assert "Regenerate" not in words(decide(scene))


@pytest.mark.parametrize("make", WANTING.values(), ids=WANTING)
@pytest.mark.parametrize(
    "changes",
    [
        {"robot": unknown(OUTAGE)},
        {"robot": Unlooked()},
        {"robot": Missing()},
        {"robot": Present(got(None, created="another day"))},
        {"rules": ()},
        {"connection": OUTAGE},
        {"connection": connection(origin="https://new.example:443")},
    ],
    ids=["outage", "not looked", "not listed", "foreign", "no rule", "no connection", "moved"],
)
def test_what_is_not_seen_to_be_ours_is_not_rotated(make, changes):
    assert "Regenerate" not in words(decide(replace(make(), **changes)))


def test_a_list_item_with_an_unknown_credential_is_looked_at_first():
    scene = asked(robot=Present(listed(token=OTHER_TOKEN)))

    assert [type(each) for each in decide(scene).actions] == [LookAtRobot]


@pytest.mark.parametrize("make", WANTING.values(), ids=WANTING)
def test_a_credential_that_quay_does_not_show_is_not_rotated(make):
    assert "Regenerate" not in words(decide(replace(make(), robot=Present(got(token=None)))))


def test_a_robot_without_secrets_can_be_rotated_and_the_intent_closes():
    bare = asked(spec=spec(rotation={"trigger": "two"}, secrets=[]), secrets={})
    assert does(bare) == TURN[1:]
    done = replace(bare, status=known(intent=open_intent()), robot=Present(got(token=OTHER_TOKEN)))

    assert told(done).intent is None
