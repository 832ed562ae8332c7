"""Is a Secret written only where it is ours, and only when it has to be?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import CreateSecret, DeleteSecret, ReplaceSecret
from quayrobot.model.errors import Reason, TryLater
from quayrobot.model.resources.robot import LinkState
from quayrobot.model.secrecy import Token
from quayrobot.model.world import Absent, AccountSeen, Missing, Present, Unlooked
from quayrobot.plan.credentials.secrets import is_ours, plan_secret, secrets_intact, wanted_secret
from quayrobot.plan.decide import decide

from ..scenes import (
    CLUSTER_AWAY,
    NOW,
    OTHER_TOKEN,
    REGISTRY,
    TOKEN,
    UID,
    does,
    foreign,
    fresh,
    got,
    held,
    listed,
    me,
    only,
    ours,
    spec,
    status,
    stops,
    unknown,
    words,
)

RETAIN = spec(secrets=[{"name": "ci", "deletionPolicy": "Retain"}])
OWNER = "QuayRobot/shop/ci"


def wanted(scene):
    (one,) = scene.spec.secrets or [None]
    return wanted_secret(scene, one, TOKEN, (REGISTRY,))


# What is written ----------------------------------------------------------


def test_a_missing_secret_is_made_from_what_is_known():
    plan = decide(held(secrets={"ci": Absent()}))

    made = only(plan.actions, CreateSecret).wanted
    assert (made.namespace, made.name, made.controlled) == ("shop", "ci", True)
    assert (made.owner_kind, made.owner_name, made.owner_uid) == ("QuayRobot", "ci", UID)
    assert made.labels == {"app.kubernetes.io/managed-by": "quay-robot-operator"}
    assert made.annotations == {
        "quayrobot.io/owner": OWNER,
        "quayrobot.io/owner-uid": UID,
        "quayrobot.io/robot": "acme+ci",
        "quayrobot.io/credential-digest": TOKEN.digest,
        "quayrobot.io/issued-at": "2026-10-25T03:00:00Z",
    }


@pytest.mark.parametrize(
    "drift",
    [
        pytest.param({"digests": {}}, id="no data"),
        pytest.param({"digests": {".dockerconfigjson": "sha256:1"}}, id="other bytes"),
        pytest.param({"labels": {}}, id="our label gone"),
        pytest.param({"annotations": {}}, id="our annotations gone"),
        pytest.param({"our_labels": frozenset({"old"})}, id="a label that is no longer asked for"),
        pytest.param(
            {"our_annotations": frozenset({"old"})}, id="an annotation no longer asked for"
        ),
    ],
)
def test_an_edited_secret_of_ours_is_replaced_at_the_version_that_was_seen(drift):
    scene = held()
    edited = ours(scene, **drift)

    (action,) = decide(held(secrets={"ci": Present(edited)})).actions

    assert isinstance(action, ReplaceSecret)
    assert (action.uid, action.version) == ("uid-ci", "7")
    assert action.wanted.data == wanted_secret_of(scene).data


def wanted_secret_of(scene):
    return only(decide(held(secrets={"ci": Absent()})).actions, CreateSecret).wanted


@pytest.mark.parametrize(
    "harmless",
    [
        pytest.param({"labels": {"app.kubernetes.io/managed-by": "quay-robot-operator", "x": "y"}},
                     id="a label of somebody else"),
        pytest.param({"version": "99"}, id="another version"),
    ],
)  # fmt: skip
def test_what_is_not_ours_on_our_secret_is_left_alone(harmless):
    assert does(held(secrets={"ci": Present(ours(held(), **harmless))})) == []


@pytest.mark.parametrize(
    "stiff", [{"type": "Opaque"}, {"immutable": True, "digests": {}}], ids=["type", "immutable"]
)
def test_what_cannot_be_edited_is_made_anew_at_the_version_that_was_seen(stiff):
    plan = decide(held(secrets={"ci": Present(ours(held(), **stiff))}))

    assert words(plan) == ["DeleteSecret", "CreateSecret"]
    assert only(plan.actions, DeleteSecret) == DeleteSecret("shop", "ci", "uid-ci", "7")


def test_an_immutable_secret_that_agrees_is_left_alone():
    assert does(held(secrets={"ci": Present(ours(held(), immutable=True))})) == []


def test_a_new_token_goes_into_the_secret_without_a_rotation():
    regenerated = held(robot=Present(got(token=OTHER_TOKEN)))

    (action,) = decide(regenerated).actions

    assert isinstance(action, ReplaceSecret)
    assert action.wanted.annotations["quayrobot.io/credential-digest"] == OTHER_TOKEN.digest
    assert action.wanted.annotations["quayrobot.io/issued-at"] == "2026-11-24T03:00:00Z"


def test_issued_at_is_taken_from_the_secret_where_status_is_lost():
    lost = held(status=status(credential=None), robot=Present(got()))
    edited = replace(lost, secrets={"ci": Present(ours(held(), digests={}))})

    assert only(decide(edited).actions, ReplaceSecret).wanted.annotations[
        "quayrobot.io/issued-at"
    ] == "2026-10-25T03:00:00Z"  # fmt: skip


def test_a_token_that_quay_does_not_show_is_told_and_nothing_is_written():
    lost = held(robot=Present(got(token=None)), secrets={"ci": Absent()})

    assert stops(lost).reason == Reason.INSUFFICIENT_SCOPE


def test_a_token_that_quay_shows_no_more_leaves_what_is_as_it_should_be():
    """Newer versions hide tokens from superusers who are no administrators: no login fails."""
    plan = decide(held(robot=Present(got(token=None))))

    assert (plan.actions, plan.findings, plan.quiet) == ((), (), True)


# A Secret that is not ours ---------------------------------------------------

NOTES = ours(held()).annotations
LABELS = ours(held()).labels
ANOTHERS = {"quayrobot.io/owner-uid": "earlier", "quayrobot.io/robot": "acme+cd"}


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(foreign(), id="made by hand"),
        pytest.param(foreign(controller_uid="uid-other"), id="of another controller"),
        pytest.param(
            foreign(controller_uid="uid-other", labels=LABELS, annotations=NOTES),
            id="of another controller, with our label and annotations",
        ),
        pytest.param(foreign(labels=LABELS), id="with our label alone"),
        pytest.param(foreign(annotations=NOTES), id="with our annotations alone"),
        pytest.param(
            foreign(labels=LABELS, annotations={**NOTES, "quayrobot.io/owner": "QuayRobot/a/b"}),
            id="with the annotations of another resource",
        ),
        pytest.param(
            foreign(labels=LABELS, annotations={**NOTES, **ANOTHERS}),
            id="of an earlier life, for another robot",
        ),
        pytest.param(foreign(type="kubernetes.io/service-account-token"), id="of the cluster"),
    ],
)  # fmt: skip
def test_somebody_elses_secret_is_never_touched(seen):
    plan = decide(held(secrets={"ci": Present(seen)}))

    (finding,) = plan.findings
    assert plan.actions == ()
    assert finding.error.reason == Reason.SECRET_NOT_OWNED


@pytest.mark.parametrize(
    ("retained", "notes", "expected"),
    [
        (True, NOTES, True),
        (True, {**NOTES, "quayrobot.io/owner-uid": "an earlier life"}, True),
        (False, NOTES, True),
        (False, {**NOTES, "quayrobot.io/owner-uid": "an earlier life"}, False),
        (True, {}, False),
    ],
)
def test_without_a_controller_a_secret_is_ours_by_label_and_owner(retained, notes, expected):
    seen = foreign(labels=LABELS, annotations=notes)

    assert is_ours(seen, owner=OWNER, uid=UID, retained=retained) is expected


def test_a_retained_secret_of_an_earlier_life_is_taken_up_again():
    scene = held(spec=RETAIN)
    earlier = {**scene.secrets["ci"].value.annotations, "quayrobot.io/owner-uid": "earlier"}
    found = replace(scene.secrets["ci"].value, annotations=earlier)

    assert does(held(spec=RETAIN, secrets={"ci": Present(found)})) == ["ReplaceSecret"]


@pytest.mark.parametrize(("before", "after"), [(None, RETAIN), (RETAIN, None)])
def test_a_change_of_the_deletion_policy_changes_the_owner_reference(before, after):
    old, new = before or spec(), after or spec()
    there = held(spec=old).secrets

    (action,) = decide(held(spec=new, secrets=there)).actions

    assert isinstance(action, ReplaceSecret)
    assert action.wanted.controlled is (after is None)


# What could not be seen ---------------------------------------------------------


@pytest.mark.parametrize(
    "seen", [unknown(CLUSTER_AWAY), Unlooked(), Missing()], ids=["Unknown", "Unlooked", "Missing"]
)
def test_a_secret_that_could_not_be_looked_at_is_not_written(seen):
    plan = decide(held(secrets={"ci": seen}))

    (finding,) = plan.findings
    assert plan.actions == ()
    assert (type(finding.error), finding.error.reason) == (TryLater, Reason.CLUSTER_UNAVAILABLE)


def test_a_secret_on_its_way_out_is_waited_for():
    with pytest.raises(TryLater):
        plan_secret(wanted_secret_of(held()), Present(ours(held(), deleting=True)))


def test_who_holds_a_secret_on_its_way_out_is_named():
    held_on = ours(held(), deleting=True, finalizers=("b.io/x", "a.io/y"))

    with pytest.raises(TryLater) as error:
        plan_secret(wanted_secret_of(held()), Present(held_on))

    assert "waits for its finalizers a.io/y, b.io/x;" in error.value.message


def spare(**changes):
    return replace(ours(held()), name="old", uid="uid-old", **changes)


# Several Secrets -------------------------------------------------------------------

TWO = spec(secrets=[{"name": "a"}, {"name": "b"}])


def test_one_secret_in_trouble_does_not_stop_the_others():
    plan = decide(held(spec=TWO, secrets={"a": Present(foreign("a")), "b": Absent()}))

    assert words(plan) == ["CreateSecret"]
    assert [each.error.reason for each in plan.findings] == [Reason.SECRET_NOT_OWNED]


def test_new_secrets_come_before_old_ones_go():
    old = spare()
    plan = decide(held(secrets={"ci": Absent()}, spare_secrets=(old,)))

    assert words(plan) == ["CreateSecret", "DeleteSecret"]


def test_no_old_secret_goes_while_a_new_one_cannot_come():
    old = spare()
    plan = decide(held(secrets={"ci": Present(foreign())}, spare_secrets=(old,)))

    assert plan.actions == ()


def test_a_secret_that_is_no_longer_asked_for_goes_at_the_version_that_was_seen():
    plan = decide(held(spare_secrets=(spare(),)))

    assert plan.actions == (DeleteSecret("shop", "old", "uid-old", "7"),)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"controller_uid": "uid-other"}, id="of another controller"),
        pytest.param({"controller_uid": None}, id="retained"),
        pytest.param({"deleting": True}, id="on its way out"),
    ],
)
def test_a_spare_secret_that_is_not_ours_to_delete_stays(changes):
    assert does(held(spare_secrets=(spare(**changes),))) == []


def linked(*secrets: str, recorded: str = "old"):
    """Return what changes when the ServiceAccount `builder` names *secrets*."""
    account = AccountSeen("shop", "builder", "u", "1", {"imagePullSecrets": secrets})
    note = LinkState(service_account="builder", secret=recorded, link="imagePullSecrets")
    return {"accounts": {"builder": Present(account)}, "status": status(links=(note,))}


def test_a_spare_secret_stays_until_no_service_account_names_it_because_of_us():
    assert does(held(spare_secrets=(spare(),), **linked("old"))) == ["LinkAccount"]
    assert does(held(spare_secrets=(spare(),), **linked())) == ["DeleteSecret"]


def test_a_spare_secret_that_somebody_else_linked_goes():
    assert does(held(spare_secrets=(spare(),), **linked("old", recorded="x"))) == ["DeleteSecret"]


# Intact? ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"secrets": {"ci": Absent()}}, False),
        ({"secrets": {"ci": unknown()}}, False),
        ({"secrets": {"ci": Present(foreign())}}, False),
        ({"secrets": {"ci": Present(ours(held(), digests={}))}}, False),
        ({"secrets": {"ci": Present(ours(held(), type="Opaque"))}}, False),
        ({"spare_secrets": (foreign("old"),)}, False),
        ({"spec": TWO, "secrets": held().secrets}, True),
    ],
)
def test_secrets_are_intact_when_all_are_as_we_left_them(changes, expected):
    scene = held(**{**changes, "status": held().status}) if "spec" in changes else held(**changes)
    expected = expected and "spec" not in changes

    assert secrets_intact(scene) is expected


def test_the_bytes_of_a_wanted_secret_are_never_shown():
    made = wanted_secret_of(held())

    assert "data" not in repr(made)
    assert all(isinstance(each, Token) for each in made.data.values())


def test_a_first_credential_was_issued_now():
    scene = fresh(robot=Present(listed()), me=me(guarded=True), status=status(credential=None))
    scene = replace(scene, robot=Present(got()))

    made = only(decide(scene).actions, CreateSecret).wanted

    assert made.annotations["quayrobot.io/issued-at"] == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
