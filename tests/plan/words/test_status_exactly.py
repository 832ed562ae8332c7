"""What exactly does the status say after a pass, part by part and in which words?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quayrobot.model.actions import Component
from quayrobot.model.conditions import Condition, rfc3339
from quayrobot.model.errors import Contested, QuayRobotError, Reason, Refused, TryLater
from quayrobot.model.resources.federation import IdentityState
from quayrobot.model.resources.permissions import GrantsState
from quayrobot.model.resources.robot import LinkState, RobotStatus
from quayrobot.model.resources.rotation import Intent, RotationState
from quayrobot.model.world import AccountSeen, GrantsSeen, Present
from quayrobot.plan.credentials.secrets import issued_at
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.scene import Finding, Scene
from quayrobot.plan.words.status import metadata_digest, status_after

from ..passwords import ACCOUNTS, at_rest, keyless, password
from ..scenes import (
    CLUSTER,
    DENIED,
    NO_RIGHT,
    NOW,
    ORIGIN,
    OTHER_TOKEN,
    OUTAGE,
    TOKEN,
    fresh,
    got,
    held,
    listed,
    ours,
    spec,
    stored_all,
)

CI = IdentityState(issuer="https://ci.example.com", subject="repo:shop/app")
GIVEN = GrantsState.model_validate({"repositories": [{"name": "app", "role": "read"}]})
LINK = LinkState(service_account="builder", secret="ci", link="imagePullSecrets")
ALL_PARTS: dict[str, Any] = {
    "permissions": {"repositories": [{"name": "app", "role": "read"}]},
    "federation": {"mode": "Exact", "identities": [CI.model_dump()]},
    "secrets": [{"name": "ci", "serviceAccounts": [{"name": "builder"}]}],
}
TOLD = ("RobotReady", "GrantsReady", "FederationReady", "SecretsReady")
WORKS = Contested("somebody sets a label back", retry_after=60, usable=True)
WAITS = "not finished: another problem has to be fixed first"
FINE = {
    "Ready": "the robot and its Secrets are up to date",
    "RobotReady": "the robot exists and belongs to this resource",
    "GrantsReady": "the robot has the rights that are declared",
    "FederationReady": "the declared identities can log in as the robot",
    "SecretsReady": "every Secret holds the robot's credential",
}


def account(**links: tuple[str, ...]) -> dict[str, Present[AccountSeen]]:
    return {"builder": Present(replace(ACCOUNTS["builder"].value, links=links))}


def whole(**changes: Any) -> Scene:
    """Return a robot that has rights, an identity and a linked Secret, all as declared."""
    seen = {
        "spec": spec(**ALL_PARTS),
        "rules": None,
        "grants": Present(GrantsSeen({"app": "read"})),
        "federation": Present((CI,)),
        "accounts": account(imagePullSecrets=("ci",)),
    }
    return held(**{**seen, **changes})


def after(scene: Scene, *errors: QuayRobotError, part: Component = Component.ROBOT) -> RobotStatus:
    found = [Finding(part, each) for each in errors]
    return status_after(scene, found, adopted=ownership(scene))


def said(status: RobotStatus) -> dict[str, tuple[str, str]]:
    return {str(each.type): (each.status, each.message) for each in status.conditions}


# All is well -----------------------------------------------------------------------------


def test_every_part_is_told_and_noted():
    status = after(whole())

    assert said(status) == {kind: ("True", words) for kind, words in FINE.items()}
    assert {each.reason for each in status.conditions} == {Reason.RECONCILED}
    assert (status.grants, status.federation, status.links) == (GIVEN, (CI,), (LINK,))
    assert (status.connection.cluster, status.connection.origin) == (CLUSTER, ORIGIN)
    assert [each.name for each in status.secrets] == ["ci"]
    assert status.robot.slot == "main"
    assert status.robot.token_digest is None
    assert not status.robot.adopted


def test_what_is_not_declared_is_no_part():
    status = after(held())

    assert set(said(status)) == {"Ready", "RobotReady", "SecretsReady"}
    assert (status.grants, status.federation, status.links) == (None, None, ())


@pytest.mark.parametrize(
    ("robot", "digest"), [(listed(token=OTHER_TOKEN), OTHER_TOKEN), (listed(token=None), TOKEN)]
)
def test_the_credential_is_that_of_the_robot_or_the_one_that_is_known(robot, digest):
    scene = held(robot=Present(robot))

    noted = status_after(scene, (), adopted=False).credential
    assert noted.digest == digest.digest
    known = scene.status.credential
    assert noted.issued_at == (known.issued_at if digest is TOKEN else issued_at(scene, digest))
    assert noted.issued_at is not None


def test_where_the_robot_is_and_that_a_rotation_is_over_is_noted():
    scene = held(robot=Present(listed(token=OTHER_TOKEN)))
    carried = {name: Present(each) for name, each in stored_all(scene, OTHER_TOKEN).items()}
    intent = Intent(cause="Request", request="two", digest=TOKEN.digest)
    open_ = {"connection": None, "rotation": RotationState(last_trigger="one", intent=intent)}
    over = replace(scene, secrets=carried, status=scene.status.model_copy(update=open_))

    status = status_after(over, (), adopted=False)
    assert status.rotation.intent is None
    assert status.rotation.last_at == rfc3339(NOW)
    assert (status.connection.name, status.connection.origin) == ("default", ORIGIN)
    begun = status_after(replace(over, secrets=scene.secrets), (), adopted=False)
    assert (begun.rotation.intent, begun.rotation.last_at) == (intent, None)


def test_rights_and_identities_that_were_taken_back_are_no_part_any_more():
    noted = after(whole()).model_copy(update={"conditions": ()})
    scene = whole(spec=spec(), status=noted, grants=Present(GrantsSeen()), federation=Present(()))

    status = status_after(scene, (), adopted=False)
    assert (status.grants, status.federation) == (None, None)
    assert set(said(status)) == {"Ready", "RobotReady", "SecretsReady"}


def test_a_robot_that_was_adopted_and_is_the_second_one_is_noted_so():
    scene = replace(held(robot=Present(got(None))), slot="alt")

    noted = status_after(scene, (), adopted=True).robot
    assert (noted.adopted, noted.slot) == (True, "alt")


def test_of_passwords_their_end_is_noted_and_the_robots_own_token_apart():
    one, two = password(), password()
    new = at_rest(two, exchange=Present(two), robot=Present(listed()))
    scene = replace(new, status=at_rest(one).status)

    status = status_after(scene, (), adopted=False)
    assert (status.credential.digest, status.robot.token_digest) == (
        two.token.digest,
        TOKEN.digest,
    )
    assert [each.form for each in status.secrets] != [None]
    hidden = replace(scene, robot=Present(listed(token=None)))
    assert status_after(hidden, (), adopted=False).robot.token_digest is None


@pytest.mark.parametrize("secret", ["absent", "never written by us"])
def test_only_secrets_of_ours_are_noted(secret):
    there = held()
    bare = Present(replace(ours(there), annotations={}))
    scene = fresh(robot=Present(got())) if secret == "absent" else there.with_secret("ci", bare)

    assert after(scene).secrets == ()


@pytest.mark.parametrize(
    ("accounts", "links"),
    [
        pytest.param(account(imagePullSecrets=("ci",)), (LINK,), id="linked"),
        pytest.param(account(imagePullSecrets=("more",)), (), id="not yet"),
        pytest.param(account(secrets=("ci",)), (), id="by another list"),
        pytest.param({}, (), id="not looked at"),
    ],
)
def test_a_link_is_noted_when_it_is_there(accounts, links):
    assert after(whole(accounts=accounts)).links == links


@pytest.mark.parametrize("there", [True, False])
def test_a_link_that_was_noted_stays_so_until_it_is_neither_wanted_nor_there(there):
    old = LINK.model_copy(update={"link": "secrets"})
    accounts = account(imagePullSecrets=("ci",), **({"secrets": ("ci",)} if there else {}))
    noted = whole().status.model_copy(update={"links": (old, LINK)})
    scene = whole(accounts=accounts)

    links = after(
        replace(scene, status=scene.status.model_copy(update={"links": noted.links}))
    ).links
    assert links == ((old, LINK) if there else (LINK,))
    # Wanted and noted: it stays, whatever was seen of it.
    unseen = replace(scene, accounts={}, status=noted)
    assert after(unseen).links == (LINK,)


def test_metadata_is_known_by_what_it_says_in_whatever_order():
    assert metadata_digest({"a": 1, "b": 2}) == metadata_digest({"b": 2, "a": 1})
    assert metadata_digest({"a": 1}) != metadata_digest({"a": 2})
    unknown = held(robot=Present(listed()))
    nothing = replace(unknown, status=unknown.status.model_copy(update={"robot": None}))
    assert status_after(nothing, (), adopted=False).robot.metadata_digest is None


# Something is in the way -----------------------------------------------------------------


def test_what_holds_up_the_robot_leaves_what_was_said_of_its_parts():
    before = after(whole())
    scene = whole(status=before)

    told = said(after(scene, OUTAGE))
    assert told["RobotReady"] == told["Ready"] == ("False", OUTAGE.message)
    for kind in TOLD[1:]:
        assert told[kind] == ("True", FINE[kind])
    assert said(after(scene, OUTAGE, part=Component.SPEC))["RobotReady"] == told["RobotReady"]
    # What is declared no more, and was taken back, is no part.
    bare = replace(
        scene, spec=spec(), status=before.model_copy(update={"grants": None, "federation": None})
    )
    assert set(said(after(bare, OUTAGE))) == {"Ready", "RobotReady", "SecretsReady", "Reconciling"}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"grants": Present(GrantsSeen())}, "GrantsReady"),
        ({"federation": Present(())}, "FederationReady"),
    ],
)
def test_what_the_pass_did_not_come_to_is_not_known(changes, kind):
    taken = Refused(Reason.SECRET_NOT_OWNED, "taken")
    scene = whole(**changes)

    status = after(scene, taken, part=Component.SECRETS)
    told = said(status)
    assert told[kind] == ("Unknown", WAITS)
    assert {each.reason for each in status.conditions if each.type == kind} == {Reason.PROGRESSING}
    others = set(TOLD) - {kind, "SecretsReady"}
    assert {told[each] for each in others} == {("True", FINE[each]) for each in others}
    assert told["SecretsReady"] == told["Ready"] == ("False", taken.message)
    assert told["Stalled"] == ("True", taken.message)
    # It may have to be taken back: what was recorded stays so.
    recorded = {"GrantsReady": status.grants, "FederationReady": status.federation}
    assert recorded[kind] is None


def test_of_a_robot_that_was_not_seen_nothing_is_known():
    scene = whole(robot=replace(held(), robot=fresh().robot).robot)

    told = said(status_after(scene, (), adopted=None))
    assert told["GrantsReady"] == told["FederationReady"] == ("Unknown", WAITS)


@pytest.mark.parametrize(
    ("part", "kind", "error", "expected"),
    [
        (Component.GRANTS, "GrantsReady", NO_RIGHT, "Unknown"),
        (Component.FEDERATION, "FederationReady", NO_RIGHT, "Unknown"),
        (Component.SECRETS, "SecretsReady", NO_RIGHT, "False"),
        (Component.GRANTS, "GrantsReady", DENIED, "False"),
        (Component.FEDERATION, "FederationReady", DENIED, "False"),
    ],
)
def test_what_may_not_be_read_is_not_known_to_be_missing(part, kind, error, expected):
    told = said(after(whole(), error, part=part))

    assert told[kind] == (expected, error.message)
    assert told["Ready"] == ("False", error.message)


def test_of_parts_in_trouble_the_one_that_lasts_is_told_of_the_whole():
    comes = Refused(Reason.REPOSITORY_NOT_FOUND, "there is no such repository")
    scene = whole(
        grace=timedelta(minutes=5), status=after(whole()).model_copy(update={"conditions": ()})
    )
    found = [
        Finding(Component.SECRETS, WORKS),
        Finding(Component.GRANTS, comes),
        Finding(Component.FEDERATION, NO_RIGHT),
    ]

    assert said(status_after(scene, found, adopted=False))["Ready"][1] == NO_RIGHT.message
    assert said(status_after(scene, found[:2], adopted=False))["Ready"][1] == comes.message
    alone = said(status_after(scene, found[:1], adopted=False))
    assert alone["Ready"] == ("True", FINE["Ready"])
    assert alone["SecretsReady"] == ("False", WORKS.message)


def test_a_password_that_works_is_told_as_late_and_one_that_does_not_as_missing():
    refused = Refused(Reason.EXCHANGE_REFUSED, "Quay says no")
    scene = at_rest(spec=keyless(permissions=ALL_PARTS["permissions"]))
    scene = replace(scene, grants=Present(GrantsSeen({"app": "read"})), robot=Present(listed()))

    late = after(scene, refused, part=Component.SECRETS)
    told = said(late)
    assert told["Ready"][0] == told["SecretsReady"][0] == "True"
    assert told["Reconciling"] == ("True", refused.message)
    assert "Stalled" not in told
    over = said(
        after(replace(scene, now=NOW + timedelta(hours=2)), refused, part=Component.SECRETS)
    )
    assert over["Ready"] == over["SecretsReady"] == ("False", refused.message)
    assert isinstance(OUTAGE, TryLater)


def test_a_contest_that_leaves_the_password_as_it_is_is_told_and_nothing_is_late():
    status = after(at_rest(robot=Present(listed())), WORKS, part=Component.SECRETS)

    told = said(status)
    assert told["Ready"] == ("True", FINE["Ready"])
    assert told["SecretsReady"] == ("False", WORKS.message)
    assert "Reconciling" not in told
    # Whatever it is about, what was seen is noted.
    used = held(robot=Present(got(last_used_on="2026-11-24")))
    assert after(used, WORKS).robot.last_used_on == "2026-11-24"


def test_a_condition_of_another_kind_makes_nothing_ready():
    scene = held()
    only = Condition(type="SecretsReady", status="True", reason=Reason.RECONCILED)
    half = replace(
        scene, status=scene.status.model_copy(update={"conditions": (only,), "credential": None})
    )

    told = said(after(half, Refused(Reason.ROBOT_EXISTS, "taken"), part=Component.ROTATION))
    assert told["Ready"][0] == "False"
