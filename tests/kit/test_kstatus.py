"""Do the readers of a status say what the table of situations promises?"""

from __future__ import annotations

import json

import pytest

from quayrobot.model.crd import DEFINITIONS

from .controlplane.fixture import missing_part
from .kstatus import argo_health, disagreements, kstatus, kubectl_wait, run_script
from .real_kstatus import NoGo, real_kstatus

TRUE, FALSE, UNKNOWN = "True", "False", "Unknown"


def body(ready=None, *more, seen=1, deleting=False, spec=None, kind="QuayRobot"):
    """Return an object of generation 1 with Ready, other true conditions, and what is given."""
    conditions = [("Ready", *ready)] if ready else []
    conditions += [(each, TRUE, "Why") for each in more]
    meta = {"generation": 1} | ({"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleting else {})
    status = {"observedGeneration": seen} | ({"conditions": [
        {"type": name, "status": value, "reason": reason, "message": f"about {name}",
         "observedGeneration": seen} for name, value, reason in conditions]}
        if conditions else {})  # fmt: skip
    return {"kind": kind, "metadata": meta, "spec": spec or {}, "status": status}


SITUATIONS = {
    "nobody has looked yet": (body(seen=-1), "InProgress", "Progressing", False),
    "it is being made": (
        body((UNKNOWN, "Creating"), "Reconciling"), "InProgress", "Progressing", False),
    "it is as asked": (body((TRUE, "Reconciled")), "Current", "Healthy", True),
    "an edit was not seen yet": (
        body((TRUE, "Reconciled"), seen=0), "InProgress", "Progressing", False),
    "it may work later and never did": (
        body((FALSE, "QuayUnreachable"), "Reconciling"), "InProgress", "Progressing", False),
    "a rotation runs": (
        body((TRUE, "Rotating"), "Reconciling"), "InProgress", "Progressing", True),
    "somebody has to act": (
        body((FALSE, "AccessDenied"), "Stalled"), "Failed", "Degraded", False),
    "it is suspended and was ready": (
        body((TRUE, "Suspended"), spec={"suspend": True}), "Current", "Suspended", True),
    "it is suspended and never was": (
        body((FALSE, "Suspended"), spec={"suspend": True}), "InProgress", "Suspended", False),
    "its template is suspended": (
        body((TRUE, "Suspended"), spec={"template": {"spec": {"suspend": True}}}),
        "Current", "Suspended", True),
    "it is suspended and the edit was not seen yet": (
        body((TRUE, "Reconciled"), seen=0, spec={"suspend": True}),
        "InProgress", "Progressing", False),
    "it is being deleted": (
        body((FALSE, "Deleting"), deleting=True), "Terminating", "Progressing", False),
    "its deletion is blocked": (
        body((FALSE, "DeletionBlocked"), deleting=True), "Terminating", "Progressing", False),
}  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_readers_say_what_the_situation_is(situation):
    seen, current, argo, waited = SITUATIONS[situation]

    assert (kstatus(seen), argo_health(seen)[0], kubectl_wait(seen)) == (current, argo, waited)
    assert disagreements(seen) == []


def real(bodies):
    try:
        return real_kstatus(bodies)
    except NoGo as error:
        missing_part(str(error))


def test_our_port_of_kstatus_says_what_the_real_one_says():
    seen = [one for one, *_ in SITUATIONS.values()]
    # Which of two comes first decides, where both are true.
    both = ("Reconciling", "Stalled")
    seen += [body((FALSE, "Why"), *order) for order in (both, both[::-1])]
    bodies = [{"apiVersion": "quayrobot.io/v1alpha1", **each} for each in seen]

    assert real(bodies) == [kstatus(each) for each in bodies]


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda each: each.kind)
def test_every_kind_has_a_script_that_tells_reason_and_words(definition):
    stalled = body((FALSE, "AccessDenied"), "Stalled", kind=definition.kind)

    assert run_script(stalled) == ("Degraded", "Why: about Stalled")


def test_a_condition_without_words_borrows_those_of_ready():
    seen = body((TRUE, "Rotating"), "Reconciling")
    seen["status"]["conditions"][1]["message"] = ""

    assert run_script(seen) == ("Progressing", "Why: about Ready")


def test_a_blocked_deletion_says_why():
    seen = body((FALSE, "DeletionBlocked"), deleting=True)

    assert run_script(seen) == ("Progressing", "DeletionBlocked: about Ready")
    assert argo_health(seen) == ("Progressing", "DeletionBlocked: about Ready")


def test_a_deletion_that_goes_its_way_has_the_words_of_argo_cd_itself():
    assert argo_health(body((TRUE, "Why"), deleting=True)) == ("Progressing", "Pending deletion")


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        ({"status": {}}, "kstatus says Current and Argo CD Progressing"),
        (body((FALSE, "Why")), "in progress, and Reconciling does not say so"),
        (body((TRUE, "Why"), "Stalled"), "kstatus says Failed and kubectl wait ends"),
        (body((UNKNOWN, "Why")), "in progress, and Reconciling does not say so"),
    ],
    ids=json.dumps,
)
def test_a_contradiction_is_found(wrong, finding):
    assert finding in disagreements(body() | wrong)
