"""Is what a namespace may federate with decided by the rules, before any call?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.model.errors import InvalidSpec, Reason, Refused
from quayrobot.model.resources.connection import AccessRule
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Scene

from ..scenes import does, fresh, rule, spec, stops, words
from .test_federation import CD, CI, NAMED, OWN, known, said_of, wants


def bound(*rules: AccessRule, **changes: Any) -> Scene:
    """Return a look through a connection with *rules* at a resource that has no robot yet."""
    return fresh(**{"rules": rules, "issuer": OWN, **changes})


def refused(issuer: str, *rules: AccessRule, own: str | None = OWN) -> Refused:
    """Return the refusal of *issuer*; not even the first call may be made."""
    identity = {"issuer": issuer, "subject": "s"}
    error = stops(bound(*rules, spec=spec(federation=said_of(identity)), issuer=own))
    assert isinstance(error, Refused)
    return error


def allowed(issuer: str, *rules: AccessRule, own: str | None = OWN) -> bool:
    identity = {"issuer": issuer, "subject": "s"}
    plan = decide(bound(*rules, spec=spec(federation=said_of(identity)), issuer=own))
    return plan.findings == () and "CreateRobot" in words(plan)


GIVES = rule(federation=True)
PRIVATE = [
    "https://10.0.0.1",
    "https://192.168.1.1:8443/realm",
    "https://172.16.0.1",
    "https://127.0.0.1",
    "https://169.254.169.254/latest",
    "https://100.64.0.1",
    "https://0.0.0.0",
    "https://[::1]",
    "https://[fd00::1]:443",
    "https://[::ffff:10.0.0.1]",
    "https://localhost:6443",
    "https://LOCALHOST",
    "https://issuer",
    "https://printer.local",
    "https://VAULT.INTERNAL",
    "https://oidc.shop.svc",
    "https://kubernetes.default.svc.cluster.local",
]  # fmt: skip
# Each of these looks like a public name, and leads (or may lead) to a private place.
DISGUISED = [
    "https://10.0.0.1.",
    "https://localhost.",
    "https://oidc.shop.svc.",
    "https://127.1",
    "https://0177.0.0.1",
    "https://0x7f.0.0.1",
    "https://0x7f.0.0.0x1",
    "https://ci.localhost",
    "https://[64:ff9b::a00:1]",
    # A gateway on the way makes another address of them.
    "https://[64:ff9b::808:808]",
    "https://[2002:808:808::1]",
    "https://[::ffff:8.8.8.8]",
]
# What URL parsers may read in different ways is no issuer at all.
UNREADABLE = [
    "https://ci.example.com@10.0.0.1",
    "https://10.0.0.1\\@example.com",
    "https://[x",
    "https://b\u00fccher.example",
    "https://ci.example.com/a b",
]


@pytest.mark.parametrize("issuer", PRIVATE)
def test_a_private_issuer_is_refused_unless_it_is_named(issuer):
    assert refused(issuer, GIVES).reason == Reason.ISSUER_REFUSED
    assert allowed(issuer, rule(federation=True, issuers=["https://*"]))


@pytest.mark.parametrize("issuer", DISGUISED)
def test_a_private_issuer_in_disguise_is_refused_too(issuer):
    assert not allowed(issuer, GIVES)


@pytest.mark.parametrize("rules", [GIVES, rule(federation=True, issuers=["https://*"])])
def test_an_issuer_that_is_no_address_is_refused_whatever_the_rules_name(rules):
    assert refused("https://[1:2]", rules).reason == Reason.ISSUER_REFUSED


def test_a_rule_with_issuers_has_to_name_this_clusters_own_too():
    named = bound(rule(federation=True, issuers=["https://ci.example.com"]),
                  spec=spec(federation=said_of(CI, NAMED)))  # fmt: skip

    error = stops(named)
    assert (error.reason, OWN in error.message) == (Reason.ISSUER_REFUSED, True)


def test_without_a_rule_for_federation_the_connection_is_named():
    error = stops(bound(rule(), spec=spec(federation=said_of(CI))))

    assert error.reason == Reason.ACCESS_DENIED
    assert "ClusterQuayConnection default do not allow federation" in error.message


@pytest.mark.parametrize("issuer", UNREADABLE)
def test_an_issuer_that_can_be_read_in_two_ways_is_no_issuer(issuer):
    with pytest.raises(InvalidSpec, match="issuer"):
        spec(federation=said_of({"issuer": issuer, "subject": "s"}))


@pytest.mark.parametrize(
    "issuer", ["https://ci.example.com", "https://8.8.8.8", "https://[2606:4700::1]/a", OWN]
)
def test_a_public_issuer_is_allowed_by_default(issuer):
    assert allowed(issuer, GIVES)


@pytest.mark.parametrize(
    "own", [OWN, "https://kubernetes.default.svc.cluster.local", "https://10.0.0.1:6443"]
)
def test_this_clusters_own_issuer_is_allowed_by_default_wherever_it_is(own):
    named = bound(GIVES, spec=spec(federation=said_of(NAMED)), issuer=own)

    assert allowed(own, GIVES, own=own)
    assert "CreateRobot" in does(named)


def test_this_clusters_own_issuer_is_meant_to_the_byte():
    own = "https://kubernetes.default.svc"

    assert refused(f"{own}/", GIVES, own=own).reason == Reason.ISSUER_REFUSED
    assert refused(own, GIVES, own=None).reason == Reason.ISSUER_REFUSED


def test_where_issuers_are_named_nothing_else_is_allowed_not_even_the_own_one():
    only = rule(federation=True, issuers=["https://cd.example.com/*"])

    assert allowed("https://cd.example.com/a", only)
    assert refused(CI.issuer, only).reason == Reason.ISSUER_REFUSED
    assert refused(OWN, only).reason == Reason.ISSUER_REFUSED
    assert refused(CI.issuer, rule(federation=True, issuers=[])).reason == Reason.ISSUER_REFUSED


def test_the_refusal_names_the_issuer_and_the_connection():
    message = refused("https://10.0.0.1", GIVES).message

    assert "https://10.0.0.1" in message
    assert "default" in message


def test_a_rule_that_does_not_give_federation_lends_its_issuers_to_nobody():
    names_it = rule(issuers=["https://10.0.0.1"])

    assert refused(CI.issuer, names_it).reason == Reason.ACCESS_DENIED
    assert refused("https://10.0.0.1", names_it, GIVES).reason == Reason.ISSUER_REFUSED


def test_a_rule_for_other_robots_gives_nothing():
    others = rule(federation=True, organizations=["other"])

    assert refused(CI.issuer, rule(), others).reason == Reason.ACCESS_DENIED


def test_even_an_empty_list_needs_a_rule_because_it_takes_away():
    empty = bound(rule(), spec=spec(federation=said_of()))

    assert stops(empty).reason == Reason.ACCESS_DENIED


def test_each_issuer_needs_one_rule_not_all_the_same_one():
    one, other = (rule(federation=True, issuers=[each.issuer]) for each in (CI, CD))
    scene = bound(one, other, spec=spec(federation=said_of(CI, CD)))

    assert "CreateRobot" in does(scene)


def test_a_right_that_is_taken_back_stops_a_robot_that_has_its_identities():
    scene = wants(CI, rules=(rule(),), status=known(CI))

    assert stops(scene).reason == Reason.ACCESS_DENIED


def test_a_connection_without_rules_takes_any_issuer():
    scene = fresh(rules=None, issuer=OWN, spec=spec(federation=said_of(
        {"issuer": "https://10.0.0.1", "subject": "s"})))  # fmt: skip

    assert "CreateRobot" in does(scene)
