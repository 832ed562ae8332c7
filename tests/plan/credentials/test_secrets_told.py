"""Whose is a retained Secret, since when is a password known, and what is told of one Secret?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import Component, DeleteSecret, ReplaceSecret
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import Reason, Refused
from quayrobot.model.names import ANNOTATION_OWNER_UID
from quayrobot.model.resources.robot import LinkState, secrets_of
from quayrobot.model.world import AccountSeen, Present
from quayrobot.plan.credentials.secrets import (
    issued_at,
    plan_secret,
    plan_secrets,
    still_going,
    wanted_secret,
)
from quayrobot.plan.scene import Finding

from ..passwords import HOUR, password
from ..scenes import BORN, NOW, OTHER_TOKEN, REGISTRY, TOKEN, fresh, held, ours, spec, stored

RETAINED = spec(secrets=[{"name": "ci", "deletionPolicy": "Retain"}])
STALE = {".dockerconfigjson": "sha256:old"}
DENIED = Refused(Reason.ADMISSION_DENIED, "secrets: a policy denies it")


@pytest.mark.parametrize("uid", ["uid-of-before", None])
def test_a_retained_secret_that_nobody_controls_is_ours_in_any_life(uid):
    scene = held(spec=RETAINED)
    (one,) = secrets_of("ci", scene.spec).values()
    want = wanted_secret(scene, one, TOKEN, (REGISTRY,))
    notes = dict(want.annotations) | ({ANNOTATION_OWNER_UID: uid} if uid else {})
    seen = stored(want, annotations=notes, digests=STALE)

    assert plan_secret(want, Present(seen)) == (ReplaceSecret(want, seen.uid, seen.version),)


def test_a_password_is_known_since_its_exchange_and_another_token_is_not():
    got = Present(password())
    scene = held(exchange=got)

    assert issued_at(scene, got.value.token) == rfc3339(got.value.issued_at) != rfc3339(BORN)
    assert issued_at(scene, TOKEN) == rfc3339(BORN)
    assert issued_at(scene, OTHER_TOKEN) == rfc3339(NOW)
    assert got.value.expires_at - got.value.issued_at == HOUR


def test_the_secret_that_could_not_be_written_is_told_and_the_others_are_written():
    scene = fresh(spec=spec(secrets=[{"name": "a"}, {"name": "b"}]), unwritten={"a": DENIED})

    plan = plan_secrets(scene, TOKEN, (REGISTRY,))
    assert [each.wanted.name for each in plan.actions] == ["b"]
    assert plan.findings == (Finding(Component.SECRETS, DENIED),)


def test_one_that_goes_is_told_with_those_who_hold_it():
    secret = ours(held())

    assert still_going(secret).message == "Secret ci is being deleted; a new one follows"
    kept = still_going(replace(secret, finalizers=("b.example.com/x", "a.example.com/y")))
    assert kept.message == (
        "Secret ci is being deleted and waits for its finalizers a.example.com/y, "
        "b.example.com/x; a new one follows"
    )


@pytest.mark.parametrize(
    ("links", "goes"),
    [({"secrets": ("old",)}, False), ({"secrets": ()}, True), ({"imagePullSecrets": ()}, True)],
)
def test_a_spare_secret_goes_when_no_account_names_it_any_more(links, goes):
    spare = replace(ours(held()), name="old")
    link = LinkState(service_account="builder", secret="old", link="secrets")
    account = AccountSeen("shop", "builder", "uid-builder", "1", links)
    scene = held(spare_secrets=(spare,), accounts={"builder": Present(account)})
    scene = replace(scene, status=scene.status.model_copy(update={"links": (link,)}))

    found = plan_secrets(scene, TOKEN, (REGISTRY,)).actions
    assert found == ((DeleteSecret("shop", "old", spare.uid, spare.version),) if goes else ())
