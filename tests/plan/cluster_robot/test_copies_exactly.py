"""Which copy exactly is written, deleted or refused, and what is told of it?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from quayrobot.model.actions import Component, CreateSecret, DeleteSecret, ReplaceSecret
from quayrobot.model.errors import Contested, Reason, Refused
from quayrobot.model.names import ANNOTATION_LINKS, ANNOTATION_OWNER_UID
from quayrobot.model.world import AccountSeen, Contest, Present
from quayrobot.plan.cluster_robot.copies import (
    check_copy,
    is_fresh,
    plan_copy,
    plan_copy_removal,
)
from quayrobot.plan.scene import Finding, Scene

from ..scenes import NO_RIGHT, OTHER_TOKEN, REGISTRY, TOKEN, got, marked, rule, status
from .test_copies import LINKED, account, lived, shared

TWO = {"secrets": [{"name": "one"}, {"name": "two"}]}
DENIED = Refused(Reason.ADMISSION_DENIED, "secrets: a policy denies it")
NAMED = "ClusterQuayConnection default "


def copied(**fields: object) -> Scene:
    """Return a look at a namespace that has all copies."""
    end, *_ = lived(shared(**fields))
    return end


# Writes ----------------------------------------------------------------------------------


def test_every_copy_is_written_and_one_that_cannot_be_is_told_beside_the_others():
    both = plan_copy(shared(**TWO), TOKEN, REGISTRY)
    assert [each.wanted.name for each in both.actions] == ["one", "two"]

    held_up = replace(shared(**TWO), unwritten={"one": DENIED})
    plan = plan_copy(held_up, TOKEN, REGISTRY)
    assert [each.wanted.name for each in plan.actions] == ["two"]
    assert plan.findings == (Finding(Component.SECRETS, DENIED),)


def test_a_copy_that_was_not_looked_at_is_not_written():
    plan = plan_copy(replace(shared(), secrets={}), TOKEN, REGISTRY)

    (finding,) = plan.findings
    assert (plan.actions, finding.error.reason) == ((), Reason.CLUSTER_UNAVAILABLE)
    assert "Secret ci could not be read" in finding.error.message


def test_a_field_of_a_copy_that_others_set_back_waits_for_its_turn():
    field = "metadata.labels[app.kubernetes.io/managed-by]"
    error = Contested("somebody sets it back", retry_after=60, usable=True)
    seen = copied().secrets["ci"].value
    theirs = replace(seen, labels={**seen.labels, "app.kubernetes.io/managed-by": "platform"})
    scene = copied().with_secret("ci", Present(theirs))
    assert isinstance(plan_copy(scene, TOKEN, REGISTRY).actions[0], ReplaceSecret)

    held_back = replace(scene, contested={"Secret/ci": Contest(frozenset({field}), error)})
    plan = plan_copy(held_back, TOKEN, REGISTRY)
    assert (plan.actions, [each.error for each in plan.findings]) == ((), [error])
    # Everything else goes on.
    stale = held_back.with_secret("ci", Present(replace(theirs, digests={})))
    assert isinstance(plan_copy(stale, TOKEN, REGISTRY).actions[0], ReplaceSecret)


def test_a_copy_that_was_restored_is_taken_up_where_the_mark_proves_the_robot():
    seen = copied().secrets["ci"].value
    before = {**seen.annotations, ANNOTATION_OWNER_UID: "uid-of-before"}
    restored = Present(replace(seen, controller_uid=None, annotations=before, digests={}))
    ours = Present(got(marked(kind="ClusterQuayRobot", namespace="")))

    proven = replace(copied(), robot=ours).with_secret("ci", restored)
    assert isinstance(plan_copy(proven, TOKEN, REGISTRY).actions[0], ReplaceSecret)
    unproven = replace(proven, robot=Present(got(None)))
    assert plan_copy(unproven, TOKEN, REGISTRY).actions == ()


def test_a_link_into_a_list_that_is_not_there_is_noted_no_more():
    scene = replace(shared(**LINKED), accounts={"builder": Present(account("builder"))})
    end, *_ = lived(scene)
    emptied = Present(AccountSeen("bakery", "builder", "uid-builder", "4", {}))
    undeclared = shared(secrets=[{"name": "pull"}]).spec
    turned = replace(end, spec=undeclared, accounts={"builder": emptied})

    (write,) = plan_copy(turned, TOKEN, REGISTRY).actions
    assert ANNOTATION_LINKS not in write.wanted.annotations


# Deletions -------------------------------------------------------------------------------


def test_a_deletion_is_of_the_object_that_was_looked_at():
    seen = copied().secrets["ci"].value

    assert plan_copy_removal(copied()) == (
        DeleteSecret("bakery", "ci", seen.uid, seen.version),
    )  # fmt: skip


def test_of_spare_secrets_those_go_that_are_ours_and_not_going_already():
    old = replace(copied().secrets["ci"].value, name="old", uid="uid-old")
    theirs = replace(old, name="theirs", controller_uid="uid-other")
    going = replace(old, name="going", deleting=True)
    scene = replace(copied(), spare_secrets=(theirs, going, old))

    plan = plan_copy(scene, TOKEN, REGISTRY)
    assert plan.actions == (DeleteSecret("bakery", "old", "uid-old", old.version),)


# Who may have one ------------------------------------------------------------------------


@pytest.mark.parametrize("known", [status(), status(robot=None)], ids=["created", "not yet"])
def test_a_robot_that_was_not_adopted_needs_no_adoption(known):
    check_copy(replace(shared(), status=known))


BEYOND = {"permissions": {"repositories": [{"name": "a", "role": "admin"}]}}


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        pytest.param(replace(shared(), rules=()), f"there is no {NAMED}", id="no rule"),
        pytest.param(replace(shared(), rules=None), f"there is no {NAMED}", id="no connection"),
        pytest.param(replace(shared(), rules=(rule(organizations=["x"]),)), NAMED, id="no robot"),
        pytest.param(replace(shared(**BEYOND), rules=(rule(),)), NAMED, id="more rights"),
    ],
)
def test_a_refusal_names_the_connection(scene: Scene, words: str):
    with pytest.raises(Refused) as refused:
        check_copy(scene)

    assert words in refused.value.message


def test_what_is_wrong_with_the_connection_is_told_before_that_there_is_none():
    with pytest.raises(Refused) as refused:
        check_copy(replace(shared(), rules=None, connection=NO_RIGHT))

    assert refused.value is NO_RIGHT


def test_a_copy_is_fresh_when_it_says_that_it_carries_the_credential():
    seen = copied().secrets["ci"].value

    assert is_fresh(seen, TOKEN.digest)
    assert not is_fresh(seen, OTHER_TOKEN.digest)
    assert not is_fresh(replace(seen, annotations={}), None)
    assert isinstance(plan_copy(shared(), TOKEN, REGISTRY).actions[0], CreateSecret)
