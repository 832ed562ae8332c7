"""Does a robot come to have the outside identities that are declared, and no others?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.actions import Component, LookAtFederation, RecordFederation, SetFederation
from quayrobot.model.conditions import Condition
from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.names import RobotName
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.resources.robot import RobotStatus
from quayrobot.model.world import Absent, Present, Unknown, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.rights.federation import identities_of, plan_federation
from quayrobot.plan.scene import Finding, Scene
from quayrobot.plan.words.status import intent_to_federate, status_after

from ..scenes import (
    ACME,
    CLUSTER_AWAY,
    CREATED_ANEW,
    NO_RIGHT,
    OUTAGE,
    does,
    held,
    listed,
    me,
    spec,
    status,
    stops,
    words,
)

ROBOT = RobotName(ACME, "ci")
LOOK = LookAtFederation(ROBOT)
OWN = "https://kubernetes.example.com"
CI = IdentityState(issuer="https://ci.example.com", subject="repo:shop/app")
CD = IdentityState(issuer="https://cd.example.com", subject="deploy")
THEIRS = IdentityState(issuer="https://theirs.example.com", subject="x")
BUILDER = IdentityState(issuer=OWN, subject="system:serviceaccount:shop:builder")
NAMED = {"serviceAccount": "builder"}
BOTH = pytest.mark.parametrize("mode", ["Exact", "Additive"])


def said_of(*identities: IdentityState | dict[str, str], mode: str = "Exact") -> dict[str, Any]:
    """Return what a spec says that declares *identities*."""
    told = [each if isinstance(each, dict) else each.model_dump() for each in identities]
    return {"mode": mode, "identities": told}


def known(*recorded: IdentityState, ready: bool = True, **changes: Any) -> RobotStatus:
    """Return a status with *recorded* identities, which were or were not all put there."""
    said = Condition(
        type="FederationReady", status="True" if ready else "Unknown", reason=Reason.RECONCILED
    )
    plain = status(federation=recorded, **changes)
    return plain.model_copy(update={"conditions": (*plain.conditions, said)})


def wants(
    *identities: IdentityState | dict[str, str], mode: str = "Exact", **changes: Any
) -> Scene:
    """Return a look at a held robot of a connection without rules that declares *identities*."""
    plain = {
        "rules": None,
        "issuer": OWN,
        "spec": spec(federation=said_of(*identities, mode=mode)),
    }
    return held(**{**plain, **changes})


def reads(*there: IdentityState) -> dict[str, Any]:
    """Return what a scene says in whose pass *there* was read."""
    return {"federation": Present(there), "federation_read": True}


def goal_of(scene: Scene) -> tuple[IdentityState, ...]:
    """Return what *scene* leads to being put there."""
    last = decide(scene).actions[-1]
    assert isinstance(last, SetFederation)
    return last.identities


# What is declared and what is not ---------------------------------------------------


def test_without_federation_nothing_is_read_and_nothing_touched():
    assert does(held(federation=Present((THEIRS,)), federation_due=True)) == []
    assert does(held(status=known())) == []


def test_exact_reads_what_it_keeps_before_it_writes_the_list():
    """Quay may keep more of an identity than we know of, and takes the list as a whole."""
    remembered = wants(CI, CD, status=known(CI), federation=Present((CI,)))

    assert decide(remembered).actions == (LOOK,)
    assert goal_of(replace(remembered, **reads(CI))) == (CI, CD)
    # Where nothing stays there is nothing to lose.
    assert goal_of(replace(remembered, federation=Present((THEIRS,)))) == (CI, CD)
    assert goal_of(wants(status=known(CI), federation=Present((CI,)))) == ()


def test_what_we_put_there_is_taken_out_when_the_block_is_gone_and_nothing_else():
    gone = held(status=known(CI), **reads(THEIRS, CI))

    assert does(held(status=known(CI), federation_due=True)) == ["LookAtFederation"]
    assert goal_of(gone) == (THEIRS,)


def test_it_is_taken_out_once_and_then_nothing_is_read():
    after = status_after(held(status=known(CI), **reads(THEIRS)), (), adopted=False)

    assert after.federation is None
    assert does(held(status=after)) == []


def test_unmanaged_reads_nothing_and_hands_over_what_we_put_there():
    scene = held(spec=spec(federation={"mode": "Unmanaged"}), status=known(CI))
    after = status_after(scene, (), adopted=False)

    assert does(scene) == []
    assert after.federation is None
    assert does(held(status=after)) == []


@BOTH
def test_what_is_there_as_declared_is_left_alone_in_whatever_order(mode):
    assert does(wants(CI, CD, mode=mode, federation=Present((CD, CI)))) == []


def test_exact_puts_there_what_is_declared_and_nothing_else():
    scene = wants(CI, status=known(CD), **reads(THEIRS, CD))

    assert goal_of(scene) == (CI,)


def test_additive_puts_there_what_is_declared_beside_what_others_put_there():
    scene = wants(CI, mode="Additive", status=known(CD), **reads(THEIRS, CD))

    assert goal_of(scene) == (THEIRS, CI)


def test_additive_leaves_alone_what_was_never_recorded():
    assert does(wants(mode="Additive", status=known(), **reads(THEIRS))) == []
    assert goal_of(wants(status=known(), **reads(THEIRS))) == ()


@BOTH
def test_an_identity_that_is_said_twice_is_put_there_once(mode):
    twice = wants(CI, CI, NAMED, BUILDER, mode=mode, **reads())

    assert goal_of(twice) == (CI, BUILDER)


@BOTH
def test_identities_that_differ_by_one_byte_are_two(mode):
    slash = CI.model_copy(update={"issuer": f"{CI.issuer}/"})

    assert goal_of(wants(CI, slash, mode=mode, **reads())) == (CI, slash)


# The order --------------------------------------------------------------------------


@BOTH
def test_what_is_put_there_is_recorded_before(mode):
    scene = wants(CI, mode=mode, status=known(CD), **reads(CD))

    record, put = decide(scene).actions

    assert record == RecordFederation((CD, CI))
    assert put == SetFederation(ROBOT, (CI,))


@BOTH
def test_what_is_finished_is_called_so_no_longer_before_it_is_changed(mode):
    scene = wants(mode=mode, status=known(CI), **reads(CI))

    assert decide(scene).actions == (RecordFederation((CI,)), SetFederation(ROBOT, ()))


@BOTH
def test_what_is_recorded_already_is_not_recorded_again(mode):
    scene = wants(CI, mode=mode, status=known(CI, ready=False), **reads())

    assert decide(scene).actions == (SetFederation(ROBOT, (CI,)),)


def test_a_record_says_that_nothing_is_known_of_what_is_under_way():
    after = intent_to_federate(wants(CI, status=known(CD)), (CD, CI))

    by_type = {each.type: each for each in after.conditions}
    assert after.federation == (CD, CI)
    assert by_type["FederationReady"].status == "Unknown"
    assert by_type["Reconciling"].status == "True"


@BOTH
def test_nothing_is_put_there_before_the_token_has_its_place(mode):
    scene = wants(CI, mode=mode, secrets={"ci": Absent()}, **reads())

    assert does(scene) == ["CreateSecret"]


# What is believed -------------------------------------------------------------------


@BOTH
def test_what_nobody_read_is_looked_at(mode):
    assert decide(wants(CI, mode=mode)).actions == (LOOK,)
    assert decide(wants(CI, mode=mode, status=known(CI, ready=False))).actions == (LOOK,)


@BOTH
def test_what_was_finished_is_believed(mode):
    assert does(wants(CI, mode=mode, status=known(CI))) == []


@BOTH
def test_the_drift_beat_ends_all_belief(mode):
    assert decide(wants(CI, mode=mode, status=known(CI), federation_due=True)).actions == (LOOK,)


@BOTH
def test_of_another_robot_nothing_is_believed(mode):
    again = Present(listed(created=CREATED_ANEW))
    forgot = known(CI, robot=status().robot.model_copy(update={"created_at": None}))
    other = wants(CI, mode=mode, status=known(CI))
    unsure = wants(CI, mode=mode, status=forgot)

    assert decided(replace(other, robot=again)) == (LOOK,)
    assert decided(unsure) == (LOOK,)


def decided(scene: Scene) -> tuple[object, ...]:
    """Return what is due for identities alone: Secrets and claim have their own say."""
    return plan_federation(scene).actions


@BOTH
def test_after_an_edit_nothing_is_believed_that_was_not_seen(mode):
    """Which mode was finished is not on record: Additive left what status does not know."""
    edited = me(guarded=True, generation=2)

    assert decide(wants(CD, mode=mode, status=known(CI), me=edited)).actions == (LOOK,)


def test_additive_looks_in_the_same_pass_before_it_sets():
    """The list is replaced whole: a remembered one may lack what others put there since."""
    remembered = wants(CI, mode="Additive", federation=Present((THEIRS,)))

    assert decide(remembered).actions == (LOOK,)
    assert goal_of(replace(remembered, federation_read=True)) == (THEIRS, CI)


def test_exact_sets_without_another_look():
    assert goal_of(wants(CI, federation=Present((THEIRS,)))) == (CI,)


def test_going_from_additive_to_exact_looks_at_what_others_put_there():
    scene = wants(CI, status=known(CI), me=me(guarded=True, generation=2))

    assert decide(scene).actions == (LOOK,)


# This cluster's ServiceAccounts -------------------------------------------------------


def test_a_service_account_is_an_identity_of_this_cluster_and_the_own_namespace():
    assert identities_of(wants(NAMED)) == (BUILDER,)


@BOTH
def test_while_this_clusters_issuer_is_unknown_a_service_account_waits(mode):
    scene = wants(NAMED, mode=mode, issuer=None, me=me(guarded=True, generation=2), **reads())

    error = stops(scene)

    assert (type(error), error.reason) == (TryLater, Reason.CLUSTER_UNAVAILABLE)


def test_who_names_no_service_account_needs_no_issuer():
    assert goal_of(wants(CI, issuer=None, **reads())) == (CI,)


def test_a_converged_robot_stays_ready_while_the_issuer_is_unknown():
    scene = wants(NAMED, issuer=None, status=known(BUILDER))

    assert (decide(scene).actions, decide(scene).findings) == ((), ())
    assert told(scene)["Ready"].status == told(scene)["FederationReady"].status == "True"
    assert status_after(scene, (), adopted=False).federation == (BUILDER,)


def test_a_pass_that_failed_elsewhere_can_be_told_without_the_issuer():
    scene = wants(NAMED, issuer=None, secrets={"ci": Absent()})

    told = status_after(scene, [Finding(Component.SECRETS, CLUSTER_AWAY)], adopted=False)

    assert {each.type: each.status for each in told.conditions}["Ready"] == "False"


# What is told -----------------------------------------------------------------------


def told(scene: Scene) -> dict[str, Condition]:
    after = status_after(scene, decide(scene).findings, adopted=False)
    return {each.type: each for each in after.conditions}


def test_as_declared_is_ready_and_recorded():
    scene = wants(CI, NAMED, **reads(CI, BUILDER))
    after = status_after(scene, (), adopted=False)

    assert told(scene)["FederationReady"].status == told(scene)["Ready"].status == "True"
    assert after.federation == (CI, BUILDER)


def test_who_declares_none_has_no_such_condition():
    assert "FederationReady" not in told(held(status=known()))


def test_the_record_of_what_is_ours_stays_until_it_is_taken_out():
    scene = held(status=known(CI), federation=Unknown(NO_RIGHT))
    after = status_after(scene, decide(scene).findings, adopted=False)

    assert after.federation == (CI,)
    assert told(scene)["FederationReady"].status == "Unknown"


def test_what_may_not_be_seen_is_neither_there_nor_gone():
    scene = wants(CI, status=known(CD), federation=Unknown(NO_RIGHT))
    after = status_after(scene, decide(scene).findings, adopted=False)

    assert decide(scene).findings == (Finding(Component.FEDERATION, NO_RIGHT),)
    assert told(scene)["FederationReady"].status == "Unknown"
    assert told(scene)["Ready"].reason == Reason.INSUFFICIENT_SCOPE
    assert told(scene)["SecretsReady"].status == told(scene)["RobotReady"].status == "True"
    assert after.federation == (CD,)


NONE_HERE = Refused(Reason.NOT_SUPPORTED, "this version of Quay has no federation")


@pytest.mark.parametrize("error", [NONE_HERE, OUTAGE], ids=lambda each: each.reason)
def test_what_cannot_be_had_is_said_and_holds_up_nothing_else(error):
    scene = wants(
        CI,
        spec=spec(federation=said_of(CI), permissions={"teams": ["devs"]}),
        federation=Unknown(error),
    )

    assert words(decide(scene)) == ["LookAtGrants"]
    assert told(scene)["FederationReady"].status == "False"
    assert told(scene)["Ready"].reason == error.reason


@pytest.mark.parametrize("part", [Component.SECRETS, Component.ROTATION])
def test_what_was_not_reached_is_not_called_finished(part):
    unseen = wants(CI, federation=Unlooked(), secrets={"ci": Absent()})

    after = status_after(unseen, [Finding(part, CLUSTER_AWAY)], adopted=False)

    assert decided(replace(wants(CI, status=after), federation=Unlooked())) == (LOOK,)
