"""What has to happen to the QuayRobot of one namespace?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.members import (
    CreateMember,
    DeleteMember,
    MemberSeen,
    MemberWanted,
    ReplaceMember,
)
from quayrobot.model.world import Absent, Missing, Present, Unknown, Unlooked
from quayrobot.plan.cluster_robot.members import (
    differences,
    lost_fields,
    plan_member,
    plan_member_removal,
)

SPEC = {"organization": "acme", "robotName": "shop-pull"}
# As the API server stores it, with its defaults.
STORED = {
    **SPEC,
    "connectionRef": {"kind": "ClusterQuayConnection", "name": "default"},
    "creationPolicy": "Create",
    "suspend": False,
}
WANTED = MemberWanted("shop", "pull", SPEC, {"team": "a"}, {}, "pull", "u1")
SEEN = MemberSeen(
    "shop", "pull", "m1", "7", "u1", STORED, {"team": "a", "theirs": "x"}, {"n": "x"}
)

LABELS = {"team": "a", "app.kubernetes.io/managed-by": "quay-robot-operator"}
RESTORED = replace(SEEN, controller_uid=None, labels=LABELS)


def with_spec(**fields) -> MemberWanted:
    return replace(WANTED, spec={**SPEC, **fields})


@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
    [
        pytest.param(WANTED, Absent(), (CreateMember(WANTED),), id="absent is created"),
        pytest.param(WANTED, Present(SEEN), (), id="defaults of the API server are no drift"),
        pytest.param(
            with_spec(description="x"),
            Present(SEEN),
            "replaced",
            id="another spec is put there at the version seen",
        ),
        pytest.param(
            WANTED,
            Present(replace(SEEN, labels={"team": "b"})),
            "replaced",
            id="a label that is ours is set right",
        ),
        pytest.param(
            WANTED,
            Present(
                replace(SEEN, labels={"team": "a", "old": "x"}, our_labels=frozenset({"old"}))
            ),
            "replaced",
            id="a label that was ours is taken",
        ),
        pytest.param(
            WANTED,
            Present(RESTORED),
            "replaced",
            id="one that a backup brought back is ours again",
        ),
        pytest.param(
            WANTED,
            Present(replace(SEEN, spec={**STORED, "deletionPolicy": "Newest"})),
            "replaced",
            id="what the model refuses is drift",
        ),
        pytest.param(
            WANTED,
            Present(replace(SEEN, spec={**STORED, "later": 1})),
            (),
            id="what a newer definition filled in is no drift",
        ),
    ],
)
def test_a_member_becomes_as_wanted(wanted, seen, expected):
    if expected == "replaced":
        expected = (ReplaceMember(wanted, seen.value),)
    assert expected == plan_member(wanted, seen)


def test_what_is_lost_is_told_by_field_with_what_is_wanted():
    wanted = replace(with_spec(description="x"), labels={"team": "b"})
    seen = replace(SEEN, our_annotations=frozenset({"n"}), labels={"team": "a"})

    assert lost_fields(wanted, seen) == {
        "spec.description": '"x"',
        "metadata.labels[team]": "b",
        "metadata.annotations[n]": "None",
    }


@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
    [
        pytest.param(WANTED, SEEN, (), id="defaults are none"),
        pytest.param(
            with_spec(description="x", suspend=True), SEEN,
            ("spec.description", "spec.suspend"),
            id="fields by their names in the manifest",
        ),
        pytest.param(
            WANTED, replace(SEEN, spec={**STORED, "rotation": {"interval": "1h"}}),
            ("spec.rotation",),
            id="one that is no longer declared",
        ),
        pytest.param(
            WANTED, replace(SEEN, labels={}, our_annotations=frozenset({"n"})),
            ("labels", "annotations"),
            id="labels and annotations that are ours",
        ),
        pytest.param(
            replace(WANTED, spec=STORED),
            replace(SEEN, spec={**STORED, "deletionPolicy": "Newest"}),
            ("spec.deletionPolicy",),
            id="what the model refuses",
        ),
        pytest.param(
            WANTED, replace(SEEN, spec={**STORED, "later": 1}), (),
            id="what a newer definition filled in",
        ),
    ],
)  # fmt: skip
def test_what_differs_is_told_by_the_names_of_the_fields(wanted, seen, expected):
    assert expected == differences(wanted, seen)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        pytest.param(with_spec(organization="x"), Reason.IMMUTABLE_FIELD, id="organization"),
        pytest.param(with_spec(robotName="other"), Reason.IMMUTABLE_FIELD, id="name"),
        pytest.param(
            with_spec(secrets=[{"name": "pull", "format": "Opaque"}]),
            Reason.IMMUTABLE_FIELD,
            id="the format of the default Secret",
        ),
    ],
)
def test_what_cannot_be_changed_is_refused_in_words(wanted, reason):
    with pytest.raises(Refused) as refused:
        plan_member(wanted, Present(SEEN))

    assert refused.value.reason is reason
    assert "cannot be changed on the existing QuayRobot" in refused.value.message


@pytest.mark.parametrize("controller", [None, "u2"])
def test_one_of_that_name_that_is_not_ours_is_left_alone(controller):
    with pytest.raises(Refused) as refused:
        plan_member(WANTED, Present(replace(SEEN, controller_uid=controller)))

    assert refused.value.reason is Reason.QUAY_ROBOT_NOT_OWNED


@pytest.mark.parametrize(
    "seen",
    [
        Unknown(TryLater(Reason.CLUSTER_UNAVAILABLE, "x")),
        Unlooked(),
        Missing(),
        Present(replace(SEEN, deleting=True)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_is_not_known_or_on_its_way_out_is_waited_for(seen):
    with pytest.raises(TryLater):
        plan_member(WANTED, seen)


def test_one_that_others_hold_is_told_with_their_names():
    held = replace(SEEN, deleting=True, held_by="held by the finalizer example.com/audit")

    with pytest.raises(TryLater) as waits:
        plan_member(WANTED, Present(held))

    assert waits.value.reason is Reason.DELETION_BLOCKED
    assert waits.value.message == (
        "the QuayRobot is being deleted and held by the finalizer example.com/audit; "
        "a new one is created when it is gone"
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(Present(SEEN), (DeleteMember("shop", "pull", "m1"),), id="ours goes"),
        pytest.param(Present(replace(SEEN, deleting=True)), (), id="once is enough"),
        pytest.param(Present(replace(SEEN, controller_uid=None)), (), id="nobody's stays"),
        pytest.param(Present(replace(SEEN, controller_uid="u2")), (), id="another's stays"),
        pytest.param(Absent(), (), id="none"),
        pytest.param(Unknown(TryLater(Reason.CLUSTER_UNAVAILABLE, "x")), (), id="unknown"),
    ],
)
def test_a_namespace_that_is_left_loses_what_is_ours(seen, expected):
    assert expected == plan_member_removal("u1", seen)
