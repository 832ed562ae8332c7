"""Does everything else go on while somebody sets back one field?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quayrobot.model.actions import CreateSecret, LinkAccount, ReplaceSecret
from quayrobot.model.conditions import Condition
from quayrobot.model.errors import Contested, Reason
from quayrobot.model.resources.robot import LinkState, secrets_of
from quayrobot.model.world import Absent, AccountSeen, Contest, Present
from quayrobot.plan.credentials.contest import (
    account_fields,
    is_of_credential,
    lost_fields,
    was_as_wanted,
    was_linked,
)
from quayrobot.plan.credentials.secrets import wanted_secret
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import status_after

from ..scenes import (
    OTHER_TOKEN,
    REGISTRY,
    TOKEN,
    does,
    got,
    held,
    ours,
    spec,
    status,
    unknown,
)

LABEL = "app.kubernetes.io/managed-by"
FIELD = f"metadata.labels[{LABEL}]"
THE_SECRET = secrets_of("ci", spec())["ci"]


def contested(*fields: str, usable: bool = True) -> dict[str, Contest]:
    error = Contested("somebody sets it back", retry_after=60.0, usable=usable)
    return {"Secret/ci": Contest(frozenset(fields), error)}


def relabelled():
    seen = ours(held())
    return replace(seen, labels={**seen.labels, LABEL: "platform"})


def test_a_field_whose_turn_has_not_come_is_left_and_told():
    scene = held(secrets={"ci": Present(relabelled())}, contested=contested(FIELD))

    plan = decide(scene)

    assert plan.actions == ()
    assert [each.error.reason for each in plan.findings] == [Reason.CONTESTED]


def test_a_field_whose_turn_has_come_is_repaired():
    assert "ReplaceSecret" in [
        type(each).__name__
        for each in decide(
            held(secrets={"ci": Present(relabelled())}, contested=contested())
        ).actions
    ]


def test_a_new_token_does_not_wait_for_a_label():
    scene = held(
        robot=Present(got(token=OTHER_TOKEN)),
        secrets={"ci": Present(relabelled())},
        contested=contested(FIELD),
    )

    assert [type(each).__name__ for each in decide(scene).actions] == ["ReplaceSecret"]


@pytest.mark.parametrize(("usable", "ready"), [(True, "True"), (False, "False")])
def test_ready_is_about_the_credential_alone(usable, ready):
    scene = held(contested=contested(FIELD, usable=usable))
    plan = decide(scene)

    status = status_after(scene, plan.findings, adopted=False)

    told = {each.type: (each.status, each.reason) for each in status.conditions}
    assert told["Ready"][0] == ready
    assert told["SecretsReady"] == ("False", Reason.CONTESTED)
    assert ("Reconciling" in told) is not usable
    assert "Stalled" not in told


def test_without_a_contest_nothing_is_due():
    assert does(held()) == []


# What differs, and what is wanted of it ----------------------------------------------------


def test_each_field_that_differs_is_named_with_what_is_wanted_of_it():
    scene = held(spec=spec(secrets=[{"name": "ci", "labels": {"team": "a"}}]))
    wanted = wanted_secret(scene, scene.spec.secrets[0], TOKEN, (REGISTRY,))
    there = replace(
        ours(scene), labels={}, controller_uid=None, digests={"other": "sha256:x"},
        annotations={"quayrobot.io/unknown": "1"}, type="Opaque",
    )  # fmt: skip

    assert lost_fields(wanted, Present(there)) == {
        **{f"data[{key}]": digest for key, digest in wanted.digests.items()},
        **{f"metadata.labels[{key}]": value for key, value in wanted.labels.items()},
        **{f"metadata.annotations[{key}]": value for key, value in wanted.annotations.items()},
        "metadata.labels[team]": "a",
        "metadata.ownerReferences": "True",
        "data (keys that are not ours)": "none",
        "type": "kubernetes.io/dockerconfigjson",
    }
    assert wanted.annotations
    assert lost_fields(wanted, Present(ours(scene))) == {}


def test_a_secret_that_is_gone_is_one_field_and_one_that_was_not_seen_is_none():
    wanted = wanted_secret(held(), THE_SECRET, TOKEN, (REGISTRY,))

    assert lost_fields(wanted, Absent()) == {"the Secret itself": "there"}
    assert lost_fields(wanted, unknown()) == {}


@pytest.mark.parametrize(
    ("fields", "needed"),
    [
        (["the Secret itself"], True),
        (["type"], True),
        (["metadata.labels[a]", "data[.dockerconfigjson]"], True),
        (["data (keys that are not ours)"], False),
        (["metadata.labels[data[a]]", "metadata.ownerReferences", "secrets[ci]"], False),
        ([], False),
    ],
)
def test_a_credential_needs_its_secret_with_its_type_and_data(fields, needed):
    assert is_of_credential(fields) is needed


def account(**links: frozenset[str]) -> Present[AccountSeen]:
    return Present(AccountSeen("shop", "builder", "uid-builder", "1", links))


def test_of_an_account_the_entries_that_it_lacks_are_fields():
    link = linking(("imagePullSecrets", "ci"), ("secrets", "ci"))

    half = account(imagePullSecrets=frozenset({"ci"}), secrets=frozenset({"other"}))
    assert account_fields(link, half) == {"secrets[ci]": "named"}
    both = {"imagePullSecrets[ci]": "named", "secrets[ci]": "named"}
    assert account_fields(link, account()) == both
    assert account_fields(link, unknown()) == account_fields(link, None) == both


# Was it as wanted before? What another process wrote counts as well ---------------------------


def linking(*entries: tuple[str, str]) -> LinkAccount:
    return LinkAccount("shop", "builder", frozenset(entries), frozenset())


def known(*, ready: str = "True", generation: int = 1, **said: Any) -> Scene:
    """Return a look at a resource whose status says that its Secrets are *ready*."""
    conditions = tuple(
        Condition(type=kind, status=value, reason=Reason.RECONCILED)
        for kind, value in (("Ready", "True"), ("SecretsReady", ready))
    )
    scene = held()
    plain = scene.status.model_copy(
        update={"conditions": conditions, "observed_generation": generation, **said}
    )
    return replace(scene, status=plain)


def test_an_account_was_linked_if_the_status_says_so_of_this_generation():
    noted = tuple(
        LinkState(service_account=name, secret=secret, link="imagePullSecrets")
        for name, secret in (("builder", "ci"), ("other", "cd"))
    )
    one = linking(("imagePullSecrets", "ci"))

    assert was_linked(known(links=noted), one)
    assert not was_linked(known(links=noted, ready="False"), one)
    assert not was_linked(known(links=noted, generation=0), one)
    assert not was_linked(known(links=noted), linking(("secrets", "ci")))
    assert not was_linked(known(links=noted), linking(("imagePullSecrets", "cd")))
    more = (*noted, noted[0].model_copy(update={"secret": "more"}))
    assert was_linked(known(links=more), one)


def test_no_other_condition_says_that_an_account_was_linked():
    noted = (LinkState(service_account="builder", secret="ci", link="secrets"),)

    assert not was_linked(held(status=status(links=noted)), linking(("secrets", "ci")))


def test_a_secret_was_as_wanted_if_the_status_has_its_digest():
    scene = known()
    wanted = wanted_secret(scene, THE_SECRET, TOKEN, (REGISTRY,))
    other = wanted_secret(scene, THE_SECRET, OTHER_TOKEN, (REGISTRY,))

    assert was_as_wanted(scene, ReplaceSecret(wanted, "uid", "7"))
    assert not was_as_wanted(scene, ReplaceSecret(other, "uid", "7"))
    # One that is gone was made before: with which credential does not count.
    assert was_as_wanted(scene, CreateSecret(other))
    assert not was_as_wanted(known(secrets=()), CreateSecret(wanted))
    assert not was_as_wanted(known(secrets=()), ReplaceSecret(wanted, "uid", "7"))
    for write in (CreateSecret(wanted), ReplaceSecret(wanted, "uid", "7")):
        assert not was_as_wanted(known(generation=0), write)
