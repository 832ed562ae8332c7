"""Which Secret exactly is ours, a place for a token, or written, and what is said of others?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import Component, CreateSecret, DeleteSecret, ReplaceSecret
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import QuayRobotError, Reason, TryLater
from quayrobot.model.names import ANNOTATION_DIGEST, ANNOTATION_ISSUED_AT, ANNOTATION_OWNER_UID
from quayrobot.model.resources.robot import secrets_of
from quayrobot.model.world import Absent, Missing, Present, Unlooked
from quayrobot.plan.credentials.secrets import (
    check_names,
    issued_at,
    ours_of,
    owns,
    plan_secret,
    plan_secrets,
    secrets_intact,
    wanted_secret,
    was_restored,
)
from quayrobot.plan.scene import Finding, Scene

from ..scenes import (
    NOW,
    OTHER_TOKEN,
    REGISTRY,
    TOKEN,
    foreign,
    fresh,
    got,
    held,
    listed,
    ours,
    spec,
    stored,
)
from .test_restored_secrets import ADOPTED, EARLIER

RETAINED = spec(secrets=[{"name": "ci", "deletionPolicy": "Retain"}])
BEFORE = Present(replace(ours(held()), **EARLIER))
HOUR_AGO = "2026-11-24T02:00:00Z"


def _only(scene: Scene):
    return tuple(secrets_of("ci", scene.spec).values())


def refusal(scene: Scene, **marking: bool) -> QuayRobotError:
    with pytest.raises(QuayRobotError) as refused:
        check_names(scene, **marking)
    return refused.value


# Whose it is -----------------------------------------------------------------------------


@pytest.mark.parametrize(("scene", "is_ours"), [(held(spec=RETAINED), True), (held(), False)])
def test_a_secret_of_an_earlier_life_is_ours_where_it_was_to_be_retained(scene, is_ours):
    unmarked = replace(scene, robot=Present(got(None))).with_secret("ci", BEFORE)

    assert owns(unmarked, "ci") is is_ours
    assert [each.name for each in ours_of(unmarked)] == (["ci"] if is_ours else [])
    # One that is ours anyway was not restored.
    assert was_restored(unmarked) is not is_ours


def test_a_secret_of_an_earlier_life_is_ours_where_the_mark_proves_the_robot():
    assert owns(held(robot=Present(got())).with_secret("ci", BEFORE), "ci")


def test_somebody_elses_secret_was_not_restored():
    assert not was_restored(fresh(secrets={"ci": Present(foreign())}))
    assert not was_restored(fresh())


def test_a_secret_with_the_bytes_that_we_would_write_is_taken_up_for_an_adopted_robot():
    adopted = held(robot=Present(got(None)), status=ADOPTED)

    plan = plan_secrets(adopted.with_secret("ci", BEFORE), TOKEN, (REGISTRY,))
    assert isinstance(plan.actions[0], ReplaceSecret)
    other = plan_secrets(adopted.with_secret("ci", BEFORE), OTHER_TOKEN, (REGISTRY,))
    assert [each.error.reason for each in other.findings] == [Reason.SECRET_NOT_OWNED]


def test_of_spare_secrets_only_our_own_tell_since_when_a_token_is_known():
    notes = {ANNOTATION_DIGEST: OTHER_TOKEN.digest, ANNOTATION_ISSUED_AT: HOUR_AGO}
    old = replace(ours(held()), name="old", annotations=notes)
    theirs = replace(old, controller_uid="uid-other")

    assert issued_at(held(spare_secrets=(old,)), OTHER_TOKEN) == HOUR_AGO
    assert issued_at(held(spare_secrets=(theirs,)), OTHER_TOKEN) == rfc3339(NOW)


# A place for a token ---------------------------------------------------------------------


def holding(digest: str) -> Scene:
    """Return a look at an unmarked robot whose Secret of before says that it has *digest*."""
    said = {**BEFORE.value.annotations, ANNOTATION_DIGEST: digest}
    secret = Present(replace(BEFORE.value, annotations=said))
    return fresh(robot=Present(listed(token=TOKEN)), secrets={"ci": secret})


def test_a_secret_of_before_that_holds_the_live_token_is_a_place_for_it():
    check_names(holding(TOKEN.digest))

    assert refusal(holding(OTHER_TOKEN.digest)).reason is Reason.SECRET_NOT_OWNED
    hidden = replace(holding(TOKEN.digest), robot=Present(listed(token=None)))
    assert refusal(hidden).reason is Reason.SECRET_NOT_OWNED
    gone = replace(holding(TOKEN.digest), robot=Absent())
    assert refusal(gone).reason is Reason.SECRET_NOT_OWNED


def test_somebody_elses_secret_that_says_so_is_no_place():
    notes = {ANNOTATION_DIGEST: TOKEN.digest}
    taken = {"ci": Present(foreign(annotations=notes))}

    error = refusal(fresh(robot=Present(listed()), secrets=taken))
    assert error.reason is Reason.SECRET_NOT_OWNED
    assert "Secret ci exists" in error.message


def test_of_an_earlier_life_is_a_place_only_for_a_robot_that_gets_our_mark():
    scene = fresh(secrets={"ci": BEFORE})

    check_names(scene, marking=True)
    assert refusal(scene).reason is Reason.SECRET_NOT_OWNED
    taken = fresh(secrets={"ci": Present(foreign())})
    assert refusal(taken, marking=True).reason is Reason.SECRET_NOT_OWNED


@pytest.mark.parametrize("secrets", [{}, {"ci": Unlooked()}, {"ci": Missing()}])
def test_a_name_that_was_not_looked_at_is_no_place(secrets):
    error = refusal(fresh(secrets=secrets))

    assert (type(error), error.reason) == (TryLater, Reason.CLUSTER_UNAVAILABLE)
    assert "Secret ci could not be read" in error.message
    (finding,) = plan_secrets(fresh(secrets=secrets), TOKEN, (REGISTRY,)).findings
    assert finding == Finding(Component.SECRETS, finding.error)
    assert finding.error.message == error.message
    assert not secrets_intact(held(secrets=secrets))


# Writes ----------------------------------------------------------------------------------


def test_what_cannot_be_edited_is_deleted_as_it_was_seen_and_created():
    plain = ours(held())
    seen = replace(plain, type="Opaque", uid="uid-1", version="9")
    want = wanted_secret(held(), *_only(held()), TOKEN, (REGISTRY,))

    assert plan_secret(want, Present(seen)) == (
        DeleteSecret("shop", "ci", "uid-1", "9"), CreateSecret(want),
    )  # fmt: skip


def test_a_secret_that_goes_is_waited_for_by_name():
    want = wanted_secret(held(), *_only(held()), TOKEN, (REGISTRY,))

    with pytest.raises(TryLater, match="Secret ci is being deleted") as later:
        plan_secret(want, Present(replace(stored(want), deleting=True)))
    assert later.value.reason is Reason.CLUSTER_UNAVAILABLE
    with pytest.raises(QuayRobotError, match="Secret ci exists"):
        plan_secret(want, Present(foreign()))
    with pytest.raises(QuayRobotError, match="Secret ci exists"):
        plan_secret(want, BEFORE_OTHER)


BEFORE_OTHER = Present(
    replace(
        BEFORE.value,
        annotations={**BEFORE.value.annotations, ANNOTATION_OWNER_UID: "uid-of-before"},
        digests={".dockerconfigjson": "sha256:old"},
    )
)


def test_a_secret_for_repositories_is_filed_under_each():
    rights = {"repositories": [{"name": "app", "role": "read"}, {"name": "lib", "role": "read"}]}
    scoped = [{"name": "ci", "scope": "Repositories"}]
    scene = held(spec=spec(permissions=rights, secrets=scoped))

    want = wanted_secret(scene, *_only(scene), TOKEN, (REGISTRY,))
    text = want.data[".dockerconfigjson"].reveal()
    assert f"{REGISTRY}/acme/app" in text
    assert f"{REGISTRY}/acme/lib" in text
