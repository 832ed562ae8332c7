"""What exactly is refused, waited for or lost of the QuayRobot of one namespace?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.members import MemberWanted, ReplaceMember
from quayrobot.model.world import Missing, Present, Unlooked
from quayrobot.plan.cluster_robot.members import differences, lost_fields, plan_member

from .test_members import SEEN, STORED, WANTED, with_spec

BARE = {"organization": "acme"}
# The API server refuses it; an older definition may have let it in.
REFUSED = {**STORED, "deletionPolicy": "Newest"}


def refusal(wanted: MemberWanted, **seen: object) -> Refused:
    with pytest.raises(Refused) as refused:
        plan_member(wanted, Present(replace(SEEN, **seen)))
    return refused.value


# Nothing to do ---------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [{"team": "a"}, {}])
def test_what_has_just_what_is_wanted_is_left_as_it_is(labels):
    noted = {"note": "x"} if labels else {}
    wanted = replace(WANTED, labels=labels, annotations=noted)
    keys, notes = frozenset(labels), frozenset(noted)
    seen = replace(SEEN, labels=labels, annotations=noted, our_labels=keys, our_annotations=notes)

    assert plan_member(wanted, Present(seen)) == ()
    assert differences(wanted, seen) == ()
    assert lost_fields(wanted, seen) == {}


def test_a_spec_that_the_model_refuses_agrees_with_itself():
    assert plan_member(replace(WANTED, spec=REFUSED), Present(replace(SEEN, spec=REFUSED))) == ()


# Refused and waited for ------------------------------------------------------------------


def test_one_that_is_not_ours_is_told_with_what_to_do():
    error = refusal(WANTED, controller_uid="u2")

    assert error.message == (
        "QuayRobot pull exists and does not belong to this ClusterQuayRobot; it is left alone: "
        "delete it, or give the ClusterQuayRobot another name"
    )


@pytest.mark.parametrize("seen", [Unlooked(), Missing()])
def test_what_was_not_read_is_told(seen):
    with pytest.raises(TryLater) as later:
        plan_member(WANTED, seen)

    assert later.value.reason is Reason.CLUSTER_UNAVAILABLE
    assert later.value.message == "the QuayRobot could not be read"


def test_what_goes_is_told():
    with pytest.raises(TryLater) as later:
        plan_member(WANTED, Present(replace(SEEN, deleting=True)))

    assert later.value.reason is Reason.CREATING
    assert later.value.message.startswith("the QuayRobot is being deleted")


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (with_spec(organization="x"), "the organization or user"),
        (with_spec(robotName="other"), "the robot's name"),
        (with_spec(secrets=[{"name": "pull", "format": "Opaque"}]), "the format of a Secret"),
    ],
)
def test_what_cannot_be_changed_is_told_by_what_it_is(wanted, what):
    assert refusal(wanted).message == (
        f"the template changes {what}, which cannot be changed on the existing QuayRobot; "
        "undo the change, or delete that QuayRobot so that it is created again"
    )


@pytest.mark.parametrize("spec", [BARE, {**BARE, "deletionPolicy": "Newest"}])
def test_a_robot_that_has_its_name_from_the_resource_keeps_it(spec):
    wanted, seen = replace(WANTED, spec={**spec, "description": "x"}), replace(SEEN, spec=spec)

    assert plan_member(wanted, Present(seen)) == (ReplaceMember(wanted, seen),)
    named = replace(wanted, spec={**spec, "robotName": "other"})
    assert "the robot's name" in refusal(named, spec=spec).message
    before = replace(seen, spec={**spec, "robotName": "other"})
    assert "the robot's name" in refusal(wanted, spec=before.spec).message


# What is lost ----------------------------------------------------------------------------


def test_a_field_of_several_words_is_told_as_the_manifest_has_it():
    assert differences(with_spec(deletionPolicy="Orphan"), SEEN) == ("spec.deletionPolicy",)


def test_another_controller_is_told_and_is_no_field():
    seen = replace(SEEN, controller_uid="u2")

    assert differences(WANTED, seen) == ("ownerReferences",)
    assert lost_fields(WANTED, seen) == {}


def test_a_lost_field_is_told_with_what_is_wanted_in_one_order_of_keys():
    rotation = {"strategy": "Overlap", "interval": "1h"}
    wanted = replace(with_spec(rotation=rotation), labels={"team": "a", "tier": "b"})

    assert lost_fields(wanted, SEEN) == {
        "spec.rotation": '{"interval": "1h", "strategy": "Overlap"}',
        "metadata.labels[tier]": "b",
    }
