"""Do Secrets carry a password that lives, and what is done where none can be had?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from quayrobot.model.actions import Exchange, SetFederation
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import InvalidSpec, Reason, Refused
from quayrobot.model.names import ANNOTATION_DIGEST, ANNOTATION_EXPIRES_AT
from quayrobot.model.resources.robot import CredentialState, federation_of
from quayrobot.model.world import Absent, NamespaceSeen, Present, Unknown, Unlooked
from quayrobot.plan.credentials.keyless import next_look, owes_switch, refresh_at, still_works
from quayrobot.plan.decide import decide
from quayrobot.plan.robot.proof import ownership
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import status_after

from ..passwords import HOUR, KEYLESS, at_rest, keyless, password, wanting
from ..rights.test_federation import BUILDER, CI, OWN, THEIRS, reads, said_of
from ..scenes import (
    CLUSTER_AWAY,
    CREATED_ANEW,
    NOW,
    ORIGIN,
    OUTAGE,
    TOKEN,
    connection,
    does,
    foreign,
    got,
    listed,
    me,
    only,
    rule,
    status,
    stops,
    unknown,
    words,
)

REFUSED = Refused(Reason.EXCHANGE_REFUSED, "Quay does not accept the ServiceAccount")
SECOND = timedelta(seconds=1)
# Held, and nothing was put into its federation yet.
NEW = {"status": status(credential=None), "robot": Present(got())}


def conditions(scene: Scene) -> dict[str, tuple[str, str]]:
    """Return what is told of *scene* as it is: nothing may be left to do."""
    plan = decide(scene)
    assert plan.actions == ()
    said = status_after(scene, plan.findings, adopted=ownership(scene))
    return {each.type: (each.status, each.reason) for each in said.conditions}


def late(**changes: Any) -> Scene:
    """Return a robot whose password is due to be replaced and works for a while."""
    return at_rest(password(NOW - HOUR * 0.7), **changes)


def ended(**changes: Any) -> Scene:
    """Return a robot whose password has ended."""
    return at_rest(password(NOW - HOUR), **changes)


# The identity -----------------------------------------------------------------------


def test_the_account_is_an_identity_beside_what_others_put_there():
    wanted = federation_of(keyless())

    assert (wanted.mode, len(wanted.identities)) == ("Additive", 1)
    scene = wanting(**NEW, **reads(THEIRS))
    assert only(decide(scene).actions, SetFederation).identities == (THEIRS, BUILDER)


def test_it_is_added_to_what_exact_declares():
    scene = wanting(spec=keyless(federation=said_of(CI)), **NEW, **reads(THEIRS))

    assert only(decide(scene).actions, SetFederation).identities == (CI, BUILDER)


def test_the_identity_comes_before_the_exchange():
    assert does(wanting(**NEW)) == ["LookAtFederation"]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ((rule(),), Reason.ACCESS_DENIED),
        ((rule(federation=True, issuers=["https://ci.*"]),), Reason.ISSUER_REFUSED),
    ],
)
def test_the_rules_on_federation_are_about_it_too(rules, reason):
    assert stops(wanting(rules=rules)).reason is reason
    assert does(wanting(rules=(rule(federation=True),))) == ["Exchange"]


# The exchange -----------------------------------------------------------------------


def test_a_token_of_the_account_is_exchanged_for_the_robots_password():
    assert decide(wanting()).actions == (
        Exchange(wanting().robot_name, "shop", "builder", (ORIGIN.removesuffix(":443"),)),
    )


def test_audiences_are_those_that_are_declared():
    scene = wanting(spec=keyless(credentials={**KEYLESS, "audiences": ["quay", "other"]}))

    assert only(decide(scene).actions, Exchange).audiences == ("quay", "other")


@pytest.mark.parametrize(
    "audience",
    [OWN, "https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local",
     "kubernetes.default", "https://kubernetes.default.svc/", "kubernetes"],
)  # fmt: skip
def test_no_token_for_the_api_server_leaves_the_cluster(audience):
    scene = wanting(spec=keyless(credentials={**KEYLESS, "audiences": ["quay", audience]}))

    error = stops(scene)

    assert (type(error), error.reason) == (InvalidSpec, Reason.INVALID_SPEC)
    assert audience not in error.message


def test_a_password_goes_into_every_secret_with_its_end():
    got_it = password()
    scene = wanting(
        spec=keyless(secrets=[{"name": "a"}, {"name": "b", "format": "BasicAuth"}]),
        exchange=Present(got_it),
    )

    written = [each.wanted for each in decide(scene).actions]

    assert [each.name for each in written] == ["a", "b"]
    assert {each.annotations[ANNOTATION_DIGEST] for each in written} == {got_it.token.digest}
    assert {each.annotations[ANNOTATION_EXPIRES_AT] for each in written} == {rfc3339(NOW + HOUR)}
    assert written[1].data["password"] == got_it.token


def test_the_status_tells_the_end_and_how_to_know_the_robot():
    got_it = password()
    rest = at_rest(got_it)

    said = status_after(rest, (), adopted=ownership(rest))

    assert said.credential == CredentialState(
        digest=got_it.token.digest, issued_at=rfc3339(NOW), expires_at=rfc3339(NOW + HOUR)
    )
    assert said.robot.token_digest == TOKEN.digest


def test_at_rest_nothing_is_done_until_two_thirds_of_its_life():
    due = refresh_at(at_rest().status.credential, me().uid)

    assert HOUR * 0.56 <= due - NOW <= HOUR * 2 / 3
    assert does(at_rest(now=due - SECOND)) == []
    assert does(at_rest(now=due)) == ["Exchange"]


def test_each_resource_has_a_share_of_its_own():
    credential = at_rest().status.credential

    assert len({refresh_at(credential, f"uid-{number}") for number in range(50)}) == 50


def test_the_next_look_is_when_it_is_due_and_then_when_it_ends():
    known_status, uid = at_rest().status, me().uid
    due = refresh_at(known_status.credential, uid)

    assert next_look(known_status, uid, NOW) == due
    assert next_look(known_status, uid, due) == NOW + HOUR
    assert next_look(known_status, uid, NOW + HOUR) is None
    assert next_look(status(), uid, NOW) is None


DAMAGE = {
    "gone": lambda _seen: Absent(),
    "other bytes": lambda seen: Present(replace(seen, digests={".dockerconfigjson": "x"})),
    "one key more": lambda seen: Present(replace(seen, digests={**seen.digests, "k": "x"})),
    "no label": lambda seen: Present(replace(seen, labels={})),
    "another end": lambda seen: Present(
        replace(seen, annotations={**seen.annotations, ANNOTATION_EXPIRES_AT: rfc3339(NOW)})
    ),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_secret_is_mended_by_an_exchange(damage):
    rest = at_rest()
    scene = replace(rest, secrets={"ci": damage(rest.secrets["ci"].value)})

    assert does(scene) == ["Exchange"]


def test_what_is_asked_for_anew_is_got_by_an_exchange():
    assert does(at_rest(spec=keyless(secrets=[{"name": "ci"}, {"name": "b"}]), secrets={
        **at_rest().secrets, "b": Absent()}, status=at_rest().status)) == ["Exchange"]  # fmt: skip
    moved = at_rest(connection=connection(registry_hosts=("registry.example",)))
    assert does(moved) == ["Exchange"]


def test_a_robot_that_was_made_anew_gets_a_new_password():
    again = replace(listed(created=CREATED_ANEW), metadata=got().metadata).without_token()
    scene = at_rest(robot=Present(again), **reads(BUILDER))

    assert words(decide(scene))[-1:] == ["Exchange"]


def test_a_status_that_was_lost_is_an_exchange_and_no_rotation():
    scene = at_rest()
    lost = replace(scene, status=status(credential=None, robot=None), robot=Present(got()))

    assert "Regenerate" not in words(decide(lost))
    assert not owes_switch(lost)


# What keeps it from happening -------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"secrets": {"ci": Present(foreign())}}, Reason.SECRET_NOT_OWNED),
        ({"secrets": {"ci": unknown(CLUSTER_AWAY)}}, Reason.CLUSTER_UNAVAILABLE),
        ({"accounts": {"builder": Absent()}}, Reason.SERVICE_ACCOUNT_NOT_FOUND),
        ({"namespace": NamespaceSeen("shop", terminating=True)}, Reason.NAMESPACE_TERMINATING),
        ({"exchange": Unknown(REFUSED)}, Reason.EXCHANGE_REFUSED),
        ({"exchange": Unknown(OUTAGE)}, Reason.QUAY_UNREACHABLE),
    ],
)
def test_without_a_password_it_says_why(changes, reason):
    scene = wanting(**changes)

    assert stops(scene).reason is reason
    said = conditions(scene)
    assert said["Ready"] == said["SecretsReady"] == ("False", reason)


def test_an_old_quay_is_asked_for_no_password():
    old = Refused(Reason.NOT_SUPPORTED, "this version of Quay has no federation")
    scene = wanting(federation=Unknown(old))

    plan = decide(scene)

    assert plan.actions == ()
    assert {each.error.reason for each in plan.findings} == {Reason.NOT_SUPPORTED}
    assert conditions(scene)["Ready"] == ("False", Reason.NOT_SUPPORTED)


@pytest.mark.parametrize("make", [wanting, late, ended])
def test_what_is_suspended_or_goes_asks_for_nothing(make):
    scene = make()

    assert does(replace(scene, spec=scene.spec.model_copy(update={"suspend": True}))) == []
    going = replace(scene, me=me(guarded=True, terminating=True))
    assert "Exchange" not in words(decide(going))


@pytest.mark.parametrize(
    ("make", "works"), [(late, "True"), (ended, "False")], ids=["for a while", "not any more"]
)
def test_a_suspended_password_is_ready_until_it_ends_and_says_when(make, works):
    scene = make()
    paused = replace(scene, spec=scene.spec.model_copy(update={"suspend": True}))

    said = status_after(paused, (), adopted=ownership(paused))

    parts = {each.type: each for each in said.conditions}
    assert (parts["Ready"].status, parts["Ready"].reason) == (works, "Suspended")
    assert ("SecretsReady" in parts) is (works == "False")
    assert scene.status.credential.expires_at in parts["Ready"].message


@pytest.mark.parametrize("error", [REFUSED, OUTAGE], ids=["refused", "outage"])
def test_what_works_is_ready_while_its_successor_is_late(error):
    said = conditions(late(exchange=Unknown(error)))

    assert said["Ready"] == said["SecretsReady"] == ("True", Reason.RECONCILED)
    assert said["Reconciling"] == ("True", error.reason)
    assert "Stalled" not in said


@pytest.mark.parametrize("error", [REFUSED, OUTAGE], ids=["refused", "outage"])
def test_what_has_ended_is_not_ready(error):
    said = conditions(ended(exchange=Unknown(error)))

    assert said["Ready"] == said["SecretsReady"] == ("False", error.reason)
    assert ("Stalled" in said) == isinstance(error, Refused)


def test_an_outage_of_quay_is_no_news_until_the_password_ends():
    away = {"robot": unknown(OUTAGE), "list_due": False}

    assert decide(at_rest(**away)).quiet
    assert decide(late(**away)).quiet
    assert conditions(ended(**away))["Ready"] == ("False", Reason.QUAY_UNREACHABLE)


def test_bytes_that_somebody_changed_are_never_taken_for_ours():
    rest = at_rest()
    edited = {"ci": DAMAGE["other bytes"](rest.secrets["ci"].value)}
    scene = replace(rest, secrets=edited, exchange=Unknown(OUTAGE))

    assert not still_works(scene)
    said = status_after(scene, decide(scene).findings, adopted=False)
    assert said.secrets == rest.status.secrets


def test_the_right_bytes_in_a_secret_of_another_type_let_nobody_in():
    rest = at_rest()
    edited = {"ci": Present(replace(rest.secrets["ci"].value, type="Opaque"))}

    assert still_works(rest)
    assert not still_works(replace(rest, secrets=edited))


def test_what_a_pass_wrote_that_died_goes_on_to_count():
    rest, before = at_rest(password()), late()
    scene = replace(rest, status=before.status, exchange=Unknown(OUTAGE))

    assert still_works(scene)
    assert does(replace(scene, exchange=Unlooked())) == ["Exchange"]
