"""What is there after each write, as far as it is known before the write is made?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import (
    AddFinalizer,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    GiveRole,
    GuardConnection,
    JoinTeam,
    LinkAccount,
    ListRobots,
    RecordFederation,
    RecordGrants,
    RecordIntent,
    RecordLinks,
    RecordProgress,
    Regenerate,
    ReplaceSecret,
    SecretWanted,
    SetFederation,
    TakeRole,
)
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.resources.robot import LinkState, RobotState, secrets_of
from quayrobot.model.resources.rotation import Intent, RotationState
from quayrobot.model.world import (
    Absent,
    AccountSeen,
    GrantsSeen,
    Missing,
    Present,
    SecretSeen,
)
from quayrobot.plan.credentials.secrets import wanted_secret
from quayrobot.plan.scene import Look, Scene
from quayrobot.plan.words.dry_run import depends_on_quay, simulate
from quayrobot.plan.words.status import (
    held_at,
    intent_to_federate,
    intent_to_grant,
    intent_to_hold,
    intent_to_link,
    intent_to_rotate,
)

from ..passwords import keyless
from ..scenes import OTHER_TOKEN, REGISTRY, connection, fresh, got, held, me, ours, spec, stored

ACME = OwnerName("organization", "acme")
CI = RobotName(ACME, "ci")
JOB = IdentityState(issuer="https://ci.example", subject="job")
STATE = RobotState(full_name="acme+ci")
INTENT = Intent(cause="Request", request="spec=none annotation=none", digest="sha256:1")


def secret(scene: Scene, token=OTHER_TOKEN) -> SecretWanted:
    return wanted_secret(scene, secrets_of("ci", scene.spec)["ci"], token, (REGISTRY,))


# Secrets ---------------------------------------------------------------------------------


def test_a_secret_that_is_created_is_there_as_it_was_asked_for():
    scene, wanted = fresh(), secret(fresh())

    after = simulate(CreateSecret(wanted), scene)

    # Only the API server knows its uid and its version.
    seen = stored(wanted, uid="not made yet", version="not made yet")
    assert after == scene.with_secret("ci", Present(seen))


def test_a_secret_that_is_replaced_keeps_what_others_put_on_it():
    scene = held()
    before = ours(scene, labels={"team": "a", "app": "x"}, annotations={"note": "b"})
    scene = scene.with_secret("ci", Present(before))
    wanted = replace(secret(scene), labels={"app": "y"})

    after = simulate(ReplaceSecret(wanted, before.uid, before.version), scene)

    assert after is not None
    seen = after.secrets["ci"]
    assert seen == Present(
        stored(
            wanted,
            labels={"team": "a", "app": "y"},
            annotations={"note": "b", **wanted.annotations},
            our_labels=frozenset({"app"}),
        )
    )
    assert seen.value.digests == wanted.digests


def test_a_secret_that_is_to_stay_has_no_controller_after_it():
    scene = held()

    after = simulate(ReplaceSecret(replace(secret(scene), controlled=False), "u", "7"), scene)

    assert after is not None
    assert after.secrets["ci"].value.controller_uid is None


def test_a_secret_that_is_deleted_is_neither_wanted_nor_spare_after_it():
    spare, other = ours(held(), name="ci"), replace(ours(held()), name="other")
    scene = held(spare_secrets=(spare, other))

    after = simulate(DeleteSecret("shop", "ci", spare.uid, spare.version), scene)

    assert after == replace(scene, spare_secrets=(other,), secrets={"ci": Absent()})


def test_a_spare_secret_that_is_deleted_does_not_become_a_wanted_one():
    spare: SecretSeen = replace(ours(held()), name="old")
    scene = held(spare_secrets=(spare,))

    after = simulate(DeleteSecret("shop", "old", spare.uid, spare.version), scene)

    assert after == replace(scene, spare_secrets=())


# ServiceAccounts -------------------------------------------------------------------------


def account(**links: tuple[str, ...]) -> AccountSeen:
    return AccountSeen("shop", "default", "uid-default", "3", links)


@pytest.mark.parametrize(
    ("there", "add", "drop", "expected"),
    [
        ({}, {("secrets", "ci")}, set(), {"secrets": ("ci",)}),
        ({"secrets": ("a",)}, {("secrets", "ci"), ("secrets", "b")}, set(),
         {"secrets": ("a", "b", "ci")}),
        ({"secrets": ("a", "old", "b")}, set(), {("secrets", "old")}, {"secrets": ("a", "b")}),
        ({"secrets": ("old",)}, {("imagePullSecrets", "ci")}, {("secrets", "old")},
         {"secrets": (), "imagePullSecrets": ("ci",)}),
        ({}, set(), {("secrets", "old")}, {"secrets": ()}),
    ],
)  # fmt: skip
def test_a_service_account_names_what_was_added_last(there, add, drop, expected):
    before, other = account(**there), replace(account(), name="builder")
    scene = held(accounts={"default": Present(before), "builder": Present(other)})

    action = LinkAccount("shop", "default", frozenset(add), frozenset(drop))

    changed = Present(replace(before, links=expected))
    assert simulate(action, scene) == replace(
        scene, accounts={"default": changed, "builder": Present(other)}
    )


@pytest.mark.parametrize("accounts", [{}, {"default": Absent()}])
def test_of_a_service_account_that_is_not_there_nothing_is_known(accounts):
    action = LinkAccount("shop", "default", frozenset({("secrets", "ci")}), frozenset())

    assert simulate(action, held(accounts=accounts)) is None


# Robots ----------------------------------------------------------------------------------


def test_a_robot_that_is_created_has_nothing_yet():
    scene = fresh(robot=Missing())

    after = simulate(CreateRobot(CI, "builds", {"team": "a"}), scene)

    assert after is not None
    assert isinstance(after.robot, Present)
    robot = after.robot.value
    assert (robot.full_name, robot.description, robot.metadata) == (
        "acme+ci", "builds", {"team": "a"},
    )  # fmt: skip
    assert robot.token is not None
    assert (robot.token.reveal(), robot.created) == ("not made yet", "not made yet")
    assert (after.grants, after.federation) == (Present(GrantsSeen()), Present(()))
    assert after.federation_read


def test_the_token_of_a_keyless_robot_is_dropped_at_once():
    made = simulate(CreateRobot(CI, "", {}), held(spec=keyless(), robot=Missing()))
    renewed = simulate(Regenerate(CI), held(spec=keyless(), robot=Present(got())))

    for after in (made, renewed):
        assert after is not None
        assert isinstance(after.robot, Present)
        assert after.robot.value.token.dropped


def test_a_robot_whose_token_is_replaced_is_the_same_robot():
    scene = held(robot=Present(got()))

    after = simulate(Regenerate(CI), scene)

    assert after is not None
    assert isinstance(after.robot, Present)
    token = after.robot.value.token
    assert token.reveal() == "not made yet"
    assert after.robot.value == replace(got(), token=token)
    assert after.status.credential.digest == token.digest
    assert after.status.robot == scene.status.robot


def test_the_end_of_a_keyless_robots_own_token_is_noted_with_the_robot():
    scene = held(spec=keyless(), robot=Present(got()))
    scene = replace(scene, status=scene.status.model_copy(update={"robot": STATE}))

    after = simulate(Regenerate(CI), scene)

    assert after is not None
    digest = after.robot.value.token.digest
    assert after.status == scene.status.model_copy(
        update={"robot": STATE.model_copy(update={"token_digest": digest})}
    )
    unknown = replace(scene, status=scene.status.model_copy(update={"robot": None}))
    assert simulate(Regenerate(CI), unknown).status.robot is None


def test_the_token_of_a_robot_that_was_not_seen_is_not_foretold():
    assert simulate(Regenerate(CI), held(robot=Missing())) is None


def test_a_robot_that_is_deleted_is_gone():
    scene = held(me=me(guarded=True, terminating=True))

    assert simulate(DeleteRobot(CI), scene) == replace(scene, robot=Absent(), deleted=True)


def test_of_two_robots_the_other_one_is_written_and_the_first_stays_in_front():
    wanted = spec(permissions={}, rotation={"strategy": "Overlap"})
    scene = held(spec=wanted, grants=Present(GrantsSeen({"app": "read"})))
    scene = replace(scene, other=Look(robot=Present(got())))

    after = simulate(DeleteRobot(CI.in_slot("alt")), scene)

    assert after is not None
    assert (after.slot, after.robot, after.grants) == (scene.slot, scene.robot, scene.grants)
    assert after.other is not None
    assert (after.other.robot, scene.other.robot) == (Absent(), Present(got()))


# Rights and identities -------------------------------------------------------------------


def test_rights_that_were_not_read_begin_with_none():
    wanted = spec(permissions={})
    scene = held(spec=wanted)

    after = simulate(GiveRole(CI, "app", "read"), scene)

    assert after == replace(scene, grants=Present(GrantsSeen({"app": "read"})))


def test_a_right_comes_to_those_that_are_there_and_goes_from_them():
    before = GrantsSeen({"app": "read", "lib": "write"}, frozenset({"devs"}))
    scene = held(spec=spec(permissions={}), grants=Present(before))

    taken, joined = simulate(TakeRole(CI, "app"), scene), simulate(JoinTeam(CI, "ops"), scene)

    assert taken == replace(scene, grants=Present(replace(before, repositories={"lib": "write"})))
    assert joined == replace(
        scene, grants=Present(replace(before, teams=frozenset({"devs", "ops"})))
    )


def test_identities_are_what_was_set_and_need_no_look():
    scene = held()

    after = simulate(SetFederation(CI, (JOB,)), scene)

    assert after == replace(scene, federation=Present((JOB,)), federation_read=True)


# The resource, its connection and its status ---------------------------------------------

LINKS = (LinkState(service_account="default", secret="ci", link="secrets"),)
ROTATION = RotationState(intent=INTENT)


@pytest.mark.parametrize(
    ("action", "noted"),
    [
        (RecordProgress(STATE), lambda scene: intent_to_hold(scene, STATE)),
        (RecordIntent(ROTATION), lambda scene: intent_to_rotate(scene, ROTATION)),
        (RecordGrants(GrantsState(teams=("devs",))),
         lambda scene: intent_to_grant(scene, GrantsState(teams=("devs",)))),
        (RecordFederation((JOB,)), lambda scene: intent_to_federate(scene, (JOB,))),
        (RecordLinks(LINKS), lambda scene: intent_to_link(scene, LINKS)),
    ],
)  # fmt: skip
def test_what_is_noted_is_in_the_status(action, noted):
    scene = held()

    assert simulate(action, scene) == replace(scene, status=noted(scene))


def test_with_the_finalizer_the_resource_is_guarded_and_may_say_where_its_robot_is():
    scene = fresh()
    guarded = replace(scene, me=replace(scene.me, guarded=True))

    assert simulate(AddFinalizer(), scene) == guarded
    assert simulate(AddFinalizer(STATE), scene) == replace(guarded, status=held_at(scene, STATE))


def test_a_connection_is_guarded_if_there_is_one():
    scene = fresh(connection=connection(guarded=False))

    after = simulate(GuardConnection(), scene)

    assert after == replace(scene, connection=connection(guarded=True))
    assert simulate(GuardConnection(), fresh(connection=None)) is None


def test_a_look_is_not_foretold():
    assert simulate(ListRobots(ACME), fresh()) is None


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (CreateRobot(CI, "", {}), True),
        (Regenerate(CI), True),
        (DeleteRobot(CI), True),
        (GiveRole(CI, "app", "read"), False),
        (CreateSecret(secret(fresh())), False),
    ],
)
def test_what_quay_answers_counts_for_robots_alone(action, expected):
    assert depends_on_quay(action) is expected
