"""What does `plan` say of each action, and why?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from quayrobot.model.actions import (
    Action,
    AddFinalizer,
    ChangeDefault,
    CreateRobot,
    CreateSecret,
    DeleteRobot,
    DeleteSecret,
    Exchange,
    GiveDefault,
    GiveRole,
    GuardConnection,
    JoinTeam,
    LeaveTeam,
    LinkAccount,
    ListRobots,
    RecordFederation,
    RecordGrants,
    RecordIntent,
    RecordLinks,
    RecordProgress,
    Regenerate,
    RemoveFinalizer,
    ReplaceSecret,
    SetFederation,
    TakeDefault,
    TakeRole,
)
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.resources.robot import RobotState, secrets_of
from quayrobot.model.resources.rotation import Intent, RotationState
from quayrobot.model.world import Absent, DefaultSeen, GrantsSeen, Missing, Present, SecretSeen
from quayrobot.plan.credentials.secrets import wanted_secret
from quayrobot.plan.scene import Look, Scene
from quayrobot.plan.words.explain import explain

from ..scenes import OTHER_TOKEN, REGISTRY, TOKEN, fresh, held, me, spec, stored

ACME = OwnerName("organization", "acme")
CI = RobotName(ACME, "ci")
JOB, EDGE, OLD = (IdentityState(issuer="https://ci.example", subject=each)
                  for each in ("job", "edge", "old"))  # fmt: skip
RIGHTS = GrantsSeen({"app": "read", "lib": None})
STATE = RobotState(full_name="acme+ci")
INTENT = Intent(cause="Request", request="spec=none annotation=none", digest="sha256:1")


def told(action: Action, scene: Scene | None = None) -> str:
    """Return what is said, as `plan` prints it."""
    found = explain(action, scene or held())
    return f"{found.place}: {found.what}" + (f" ({found.why})" if found.why else "")


def secret(scene: Scene, token=TOKEN):
    return wanted_secret(scene, secrets_of("ci", scene.spec)["ci"], token, (REGISTRY,))


# Robots ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scene", "why"),
    [
        (held(robot=Absent()), "Quay says that it no longer exists"),
        (fresh(robot=Absent()), "Quay says that it does not exist"),
        (fresh(robot=Missing()),
         "it is not in Quay's list; if it exists after all, nothing is changed"),
        (fresh(), "it is new here; if it already exists in Quay, nothing is changed"),
    ],
)  # fmt: skip
def test_why_a_robot_is_created(scene, why):
    assert told(CreateRobot(CI, "", {}), scene) == f"Quay: create the robot acme+ci ({why})"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (DeleteRobot(CI), ("delete the robot acme+ci (the resource is being deleted and its "
                          "deletionPolicy is Delete)")),
        (Regenerate(CI), ("replace the token of acme+ci (a rotation is due; the old token stops "
                         "working at once)")),
        (Exchange(CI, "shop", "builder", ()),
         ("get a one-hour password for acme+ci with ServiceAccount builder (the Secrets hold none "
         "that lasts long enough)")),
    ],
)  # fmt: skip
def test_what_else_is_done_to_a_robot(action, words):
    assert told(action) == f"Quay: {words}"


@pytest.mark.parametrize(
    ("wanted", "seen", "words"),
    [
        ((JOB, EDGE), Present((OLD,)),
         "2 as declared (missing: job, edge; not declared: old)"),
        ((JOB,), Present(()), "1 as declared (missing: job)"),
        ((JOB,), None, "1 as declared (missing: job)"),
        ((JOB,), Present((OLD, JOB, EDGE)), "1 as declared (not declared: old, edge)"),
        ((), Present((OLD,)), "none (not declared: old)"),
    ],
)  # fmt: skip
def test_which_outside_identities_come_and_go(wanted, seen, words):
    scene = held() if seen is None else held(federation=seen)

    said = told(SetFederation(CI, wanted), scene)

    assert said == f"Quay: set the outside identities of acme+ci to {words}"


def test_of_two_robots_the_one_that_it_is_about_is_looked_at():
    overlap = spec(permissions={}, rotation={"strategy": "Overlap"})
    here = Present(GrantsSeen({"app": "admin"}))
    scene = replace(held(spec=overlap), grants=here, other=Look(grants=Present(RIGHTS)))

    robots = [CI, CI.in_slot("alt")]

    assert [told(GiveRole(each, "app", "write"), scene) for each in robots] == [
        "Quay: grant the role write on the repository app (it has the role admin)",
        "Quay: grant the role write on the repository app (it has the role read)",
    ]


# Secrets and ServiceAccounts -------------------------------------------------------------


def test_a_secret_that_is_not_there_is_created():
    assert told(CreateSecret(secret(fresh()))) == (
        "the cluster: create the Secret ci (kubernetes.io/dockerconfigjson) (it does not exist)"
    )


DATA, LABELS = "its data differs from the declared credential", "its labels differ"
NOTES, POLICY = "its annotations differ", "its deletionPolicy changed"


def seen(**changes: object) -> SecretSeen:
    return stored(secret(held()), **changes)


def with_one(there: Mapping[str, str]) -> dict[str, str]:
    return {**there, "theirs": "x"}


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (seen(digests={"a": "b"}), DATA),
        (seen(labels={}), LABELS),
        (seen(our_labels=frozenset({"team"})), LABELS),
        (seen(annotations={}), NOTES),
        (seen(our_annotations=frozenset({"note"})), NOTES),
        (seen(controller_uid=None), POLICY),
        (seen(digests={}, labels={}, annotations={}, controller_uid=None),
         f"{DATA}, {LABELS}, {NOTES}, {POLICY}"),
        (seen(labels=with_one(seen().labels), annotations=with_one(seen().annotations)), ""),
    ],
)  # fmt: skip
def test_what_differs_of_a_secret(there, why):
    action = ReplaceSecret(secret(held()), there.uid, there.version)
    scene = held(secrets={"ci": Present(there)})

    said = told(action, scene)

    assert said == "the cluster: update the Secret ci" + (f" ({why})" if why else "")


def test_a_secret_that_stays_has_no_controller():
    wanted = replace(secret(held()), controlled=False)
    scene = held(secrets={"ci": Present(stored(secret(held())))})

    assert told(ReplaceSecret(wanted, "u", "1"), scene).endswith(f"({POLICY})")


def test_of_a_secret_that_was_not_seen_no_difference_is_told():
    scene = held(secrets={"ci": Absent()})

    assert told(ReplaceSecret(secret(held()), "u", "1"), scene) == (
        "the cluster: update the Secret ci"
    )


@pytest.mark.parametrize(
    ("spare", "why"),
    [
        ("ci", "it is ours and no longer declared"),
        ("other", "its type has to change"),
    ],
)
def test_why_a_secret_is_deleted(spare, why):
    scene = held(spare_secrets=(seen(name=spare),))

    assert told(DeleteSecret("shop", "ci", "u", "1"), scene) == (
        f"the cluster: delete the Secret ci ({why})"
    )


def test_which_links_come_and_go():
    add = frozenset({("secrets", "ci"), ("imagePullSecrets", "ci")})
    drop = frozenset({("secrets", "old"), ("imagePullSecrets", "old")})

    assert told(LinkAccount("shop", "default", add, drop)) == (
        "the cluster: update the links of ServiceAccount default (add ci to imagePullSecrets, "
        "add ci to secrets, remove old from imagePullSecrets, remove old from secrets)"
    )


# Rights ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (GiveRole(CI, "app", "write"),
         "grant the role write on the repository app (it has the role read)"),
        (GiveRole(CI, "lib", "write"), "grant the role write on the repository lib (it has none)"),
        (GiveRole(CI, "new", "read"), "grant the role read on the repository new (it has none)"),
        (TakeRole(CI, "app"), "revoke the role on the repository app (it is not declared)"),
        (JoinTeam(CI, "devs"), "add it to the team devs (it is not in it)"),
        (LeaveTeam(CI, "devs"), "remove it from the team devs (it is not declared)"),
        (GiveDefault(CI, "read", None),
         "grant it read by default on new repositories (it has no such default)"),
        (GiveDefault(CI, "read", "bob"),
         "grant it read by default on repositories that bob creates (it has no such default)"),
        (ChangeDefault(CI, DefaultSeen("write", "bob"), "read"),
         "grant it read by default on repositories that bob creates (it has write)"),
        (ChangeDefault(CI, DefaultSeen("write", None), "read"),
         "grant it read by default on new repositories (it has write)"),
        (TakeDefault(CI, DefaultSeen("write", "bob")),
         ("revoke its default write on repositories that bob creates (it is not declared, or a "
         "duplicate)")),
        (TakeDefault(CI, DefaultSeen("write", None)),
         "revoke its default write on new repositories (it is not declared, or a duplicate)"),
    ],
)  # fmt: skip
def test_which_rights_come_and_go(action, words):
    scene = held(spec=spec(permissions={}), grants=Present(RIGHTS))

    assert told(action, scene) == f"Quay: {words}"


def test_rights_that_were_not_read_are_none():
    assert told(GiveRole(CI, "app", "write")).endswith("(it has none)")


# The resource, its connection and its status ---------------------------------------------


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (AddFinalizer(), ("the cluster: add the finalizer to the resource (so that it is deleted "
                         "after the robot)")),
        (AddFinalizer(STATE),
         ("the cluster: add the finalizer to the resource, and note where the robot is created "
          "(so that it is deleted after the robot)")),
        (RemoveFinalizer(),
         "the cluster: remove the finalizer from the resource (nothing is left to delete)"),
        (GuardConnection(), ("the cluster: add the finalizer to the connection and its token's "
                            "Secret (so that they exist as long as robots need them)")),
        (RecordProgress(STATE), "the status: record that the robot is about to be created"),
        (RecordProgress(STATE.model_copy(update={"adopted": True})),
         "the status: record that the robot is adopted"),
        (RecordIntent(RotationState(intent=INTENT)),
         "the status: record that a rotation begins (it was requested)"),
        (RecordIntent(RotationState()),
         "the status: record that a rotation begins (it was requested)"),
        (RecordIntent(RotationState(intent=INTENT.model_copy(update={"cause": "Interval"}))),
         "the status: record that a rotation begins (the interval is over)"),
        (RecordGrants(GrantsState()),
         "the status: record which permissions are about to change"),
        (RecordFederation(()),
         "the status: record which outside identities are about to change"),
        (RecordLinks(()),
         "the status: record which ServiceAccounts are about to be linked"),
    ],
)  # fmt: skip
def test_what_is_noted_and_held(action, words):
    assert told(action) == words


def test_what_has_no_words_of_its_own_says_what_it_is():
    assert told(ListRobots(ACME)) == (
        "the cluster: have a fresh list of all robots of *owner*; one call serves all of them"
    )


def test_nothing_that_a_secret_holds_is_said():
    scene = held(me=me(guarded=True))
    said = told(ReplaceSecret(secret(scene, OTHER_TOKEN), "u", "1"), scene)

    assert said == f"the cluster: update the Secret ci ({DATA}, {NOTES})"
    assert OTHER_TOKEN.reveal() not in said
