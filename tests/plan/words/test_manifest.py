"""Does a manifest declare a robot as it is, and say what it cannot?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.errors import InvalidSpec
from quayrobot.model.names import (
    ANNOTATION_DIGEST,
    ANNOTATION_OWNER,
    LABEL_MANAGED_BY,
    OPERATOR,
    OwnerName,
    RobotName,
)
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.resources.parse import parse_robot
from quayrobot.model.world import DefaultSeen, GrantsSeen, Present, SecretSeen
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.manifest import (
    Consequence,
    Declared,
    consequence_of,
    declare,
    object_names,
    taken_name_of,
)
from tests.kit.examples import examples

from ..scenes import foreign, fresh, got, me, rule

ROBOT = RobotName(OwnerName("organization", "acme"), "ci")
REF = {"kind": "ClusterQuayConnection", "name": "default"}
MAY = rule(
    adoption=True, robotNames=["*"], maxRole="admin", teams=["*"], defaults=True, federation=True
)
TOO_MANY = {f"app-{number:03}": "read" for number in range(130)}


def declared(rights: GrantsSeen | None = None, *identities: IdentityState) -> Declared:
    return declare("ci", ROBOT, got(None), rights or GrantsSeen(), identities, REF)


def applied(made: Declared, rights: GrantsSeen, *identities: IdentityState) -> Scene:
    return fresh(
        spec=parse_robot("ci", made.spec),
        rules=(MAY,),
        me=me(uid=""),
        robot=Present(got(None)),
        grants=Present(rights),
        federation=Present(identities),
        federation_read=True,
        owner_lives=False,
    )


roles = st.sampled_from(["read", "write", "admin", "unheard-of"])
anything = st.builds(
    GrantsSeen,
    st.dictionaries(st.sampled_from(["app", "a/b", "Legacy", "x" * 300]), roles),
    st.frozensets(st.sampled_from(["devs", "Old Team", "x"])),
    st.lists(
        st.builds(
            DefaultSeen, roles, st.sampled_from([None, "bob", "acme+ci"]), st.uuids().map(str)
        ),
        max_size=4,
    ).map(tuple),
)
identities = st.lists(
    st.builds(
        IdentityState,
        issuer=st.sampled_from(["https://ci.example", "http://old.example"]),
        subject=st.sampled_from(["job", " edge", "two\nlines"]),
    ),
    max_size=3,
    unique=True,
)


@examples(150)
@given(anything, identities)
def test_whatever_a_robot_has_its_manifest_changes_nothing_in_quay(rights, has):
    made = declare("ci", ROBOT, got(None), rights, tuple(has), REF)

    # A connection without rules refuses nothing, so that the whole way is gone.
    assert consequence_of(replace(applied(made, rights, *has), rules=None)) == Consequence()


@examples(80)
@given(anything)
def test_what_is_left_out_makes_rights_additive_and_is_told(rights):
    made = declared(rights)
    said = made.spec["permissions"]
    named = len(said.get("repositories", ())) + len(said.get("teams", ()))
    named += len(said.get("defaults", ()))
    held = len(rights.repositories) + len(rights.teams) + len(rights.defaults)

    assert (said["mode"] == "Exact") == (not made.left_out)
    assert named + len(made.left_out) == held


def test_a_manifest_that_would_change_something_is_found_out():
    rights = GrantsSeen({"app": "read"})
    made = declared(replace(rights, repositories={"app": "write"}))

    change = consequence_of(applied(made, rights)).change

    assert change == "grant the role write on the repository app"


def test_a_refusal_by_the_rules_is_told():
    scene = replace(applied(declared(), GrantsSeen()), rules=(rule(robotNames=["*"]),))

    assert consequence_of(scene).refusal.startswith("AccessDenied: ")


def test_a_secret_of_the_name_that_is_somebody_elses_is_told_and_one_that_was_left_is_not():
    scene = applied(declared(), GrantsSeen())
    # As metadata alone shows them: no type, no data.
    other = foreign(digests={})
    left = replace(
        other,
        labels={LABEL_MANAGED_BY: OPERATOR},
        annotations={
            ANNOTATION_OWNER: f"QuayRobot/shop/{scene.me.name}",
            ANNOTATION_DIGEST: got(None).token.digest,
        },
    )

    def taken(secret: SecretSeen) -> str:
        return taken_name_of(replace(scene, secrets={"ci": Present(secret)}))

    assert taken_name_of(scene) == ""
    assert taken(other).startswith("SecretNotOwned: Secret ci exists")
    assert taken(replace(other, controller_uid="another")) != ""
    assert taken(left) == ""


def test_more_than_a_manifest_holds_is_told():
    made = declared(GrantsSeen(TOO_MANY))

    assert len(made.spec["permissions"]["repositories"]) == 128
    assert made.spec["permissions"]["mode"] == "Additive"
    assert made.left_out == ["2 of 130 repositories: a manifest holds 128"]


def test_identities_that_cannot_all_be_said_are_not_said_at_all():
    good = IdentityState(issuer="https://ci.example", subject="job")
    bad = IdentityState(issuer="http://old.example", subject="job")

    assert declared(None, good).spec["federation"]["identities"] == [good.model_dump()]
    assert "federation" not in declared(None, good, bad).spec


def test_texts_are_taken_over_and_the_marker_is_not():
    seen = replace(got(), description="builds", metadata={"quayrobot.io": {}, "team": "a"})

    spec = declare("ci", ROBOT, seen, None, (), REF).spec

    assert (spec["description"], spec["metadata"]) == ("builds", {"team": "a"})
    assert (spec["creationPolicy"], spec["deletionPolicy"]) == ("Adopt", "Orphan")


def test_what_no_manifest_can_name_is_refused():
    with pytest.raises(InvalidSpec):
        declare("ci", replace(ROBOT, short="Old__Name"), got(None), None, (), REF)


def test_names_are_legal_different_and_kept_where_they_can_be():
    names = object_names(["a_b", "a-b", "a.b", "x" * 255, "held"], taken=["held"])

    assert (names["a-b"], names["a.b"]) == ("a-b", "a.b")
    assert names["a_b"].startswith("a-b-")
    assert names["held"].startswith("held-")
    assert len(set(names.values())) == 5
    assert all(len(each) <= 253 for each in names.values())
    assert object_names(["a_b", "a-b"], ()) == {each: names[each] for each in ("a_b", "a-b")}
