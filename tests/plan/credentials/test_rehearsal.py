"""Is each write tried that is to follow, with what stands in for the credential?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import Component, CreateSecret, ReplaceSecret
from quayrobot.model.conditions import rfc3339
from quayrobot.model.errors import Reason, Refused, TryLater
from quayrobot.model.names import (
    ANNOTATION_EXPIRES_AT,
    ANNOTATION_ISSUED_AT,
    RobotName,
)
from quayrobot.model.world import Absent, Present
from quayrobot.plan.credentials.rehearsal import HOUR, STAND_IN, rehearse

from ..passwords import keyless
from ..scenes import ACME, NOW, REGISTRY, foreign, fresh, held, ours, spec
from .test_restored_secrets import EARLIER

BOTH = spec(secrets=[{"name": "ci"}, {"name": "cd"}])


def tried(scene, component=Component.ROTATION):
    (trial,) = rehearse(scene, (REGISTRY,), component)

    assert (trial.robot, trial.component) == (RobotName(ACME, "ci"), component)
    return trial.writes


@pytest.mark.parametrize("component", [Component.ROBOT, Component.ROTATION])
def test_each_secret_is_tried_as_it_is_to_be_written(component):
    there = held(spec=BOTH)

    writes = tried(there.with_secret("cd", Absent()), component)

    assert [type(each) for each in writes] == [ReplaceSecret, CreateSecret]
    assert [each.wanted.name for each in writes] == ["ci", "cd"]
    bytes_of = [each.reveal() for write in writes for each in write.wanted.data.values()]
    assert len(set(bytes_of)) == 1
    assert STAND_IN.digest in writes[0].wanted.annotations.values()


def test_a_password_is_tried_with_an_end():
    (write,) = tried(fresh(spec=keyless()))

    assert write.wanted.annotations[ANNOTATION_ISSUED_AT] == rfc3339(NOW)
    assert write.wanted.annotations[ANNOTATION_EXPIRES_AT] == rfc3339(NOW + HOUR)


def test_the_robots_own_token_is_tried_without_an_end():
    (write,) = tried(fresh())

    assert ANNOTATION_EXPIRES_AT not in write.wanted.annotations


def test_where_there_are_no_secrets_nothing_is_tried():
    assert rehearse(held(spec=spec(secrets=[])), (REGISTRY,), Component.ROTATION) == ()


def test_a_restored_secret_is_tried_and_somebody_elses_is_refused():
    restored = Present(replace(ours(held()), **EARLIER))

    (write,) = tried(fresh(secrets={"ci": restored}))
    assert isinstance(write, ReplaceSecret)
    with pytest.raises(Refused) as refused:
        tried(fresh(secrets={"ci": Present(foreign())}))
    assert refused.value.reason is Reason.SECRET_NOT_OWNED


def test_what_was_not_looked_at_is_not_tried():
    with pytest.raises(TryLater, match="Secret ci could not be read"):
        tried(fresh(secrets={}))
