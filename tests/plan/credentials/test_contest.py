"""Does everything else go on while somebody sets back one field?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.errors import Contested, Reason
from quayrobot.model.world import Contest, Present
from quayrobot.plan.credentials.contest import lost_fields
from quayrobot.plan.credentials.secrets import wanted_secret
from quayrobot.plan.decide import decide
from quayrobot.plan.words.status import status_after

from ..scenes import OTHER_TOKEN, REGISTRY, TOKEN, does, got, held, ours, spec

LABEL = "app.kubernetes.io/managed-by"
FIELD = f"metadata.labels[{LABEL}]"


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


def test_each_field_that_differs_is_named():
    scene = held(spec=spec(secrets=[{"name": "ci", "labels": {"team": "a"}}]))
    seen = ours(scene)
    there = replace(
        seen, labels={}, controller_uid=None, digests={"other": "sha256:x"}, annotations={}
    )

    wanted = wanted_secret(scene, scene.spec.secrets[0], TOKEN, (REGISTRY,))

    found = set(lost_fields(wanted, Present(there)))
    assert {FIELD, "metadata.labels[team]", "data[.dockerconfigjson]"} <= found
    assert {"metadata.ownerReferences", "data (keys that are not ours)"} <= found
    assert lost_fields(wanted, Present(seen)) == {}
