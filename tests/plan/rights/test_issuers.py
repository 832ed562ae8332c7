"""Is an issuer put into Quay only after a look at where its host leads, and is that all?"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from quayrobot.model.actions import LookAtHosts, RecordFederation, SetFederation
from quayrobot.model.errors import QuayRobotError, Reason, Refused, TryLater
from quayrobot.model.resources.connection import AccessRule
from quayrobot.model.world import Absent, HostSeen, Present, Unknown
from quayrobot.plan.decide import decide
from quayrobot.plan.scene import Scene

from ..scenes import does, rule, spec, words
from .test_federation import BUILDER, CD, CI, NAMED, OWN, known, reads, said_of, wants

GIVES = rule(federation=True)
AWAY = TryLater(Reason.ISSUER_REFUSED, "cannot be looked up now")
HOST, OTHER = "ci.example.com", "cd.example.com"


def at(*addresses: str) -> Present[tuple[Any, ...]]:
    return Present(tuple(ip_address(each) for each in addresses))


def adding(*rules: AccessRule, **changes: Any) -> Scene:
    """Return a look at a robot without identities for which one is declared."""
    return wants(CI, **{"rules": rules or (GIVES,), **reads(), **changes})


def seen(scene: Scene, **hosts: HostSeen) -> Scene:
    return replace(scene, hosts={HOST: at("8.8.8.8"), OTHER: at("8.8.4.4")} | hosts)


def refusal(scene: Scene) -> QuayRobotError:
    """Return why no identity is written in *scene*, where none may be."""
    plan = decide(scene)
    written = [each for each in plan.actions if isinstance(each, SetFederation | RecordFederation)]
    assert written == []
    (finding,) = plan.findings
    return finding.error


# When it is looked at -----------------------------------------------------------------


def test_the_host_of_an_issuer_is_looked_at_before_anything_is_stored_or_written():
    assert decide(adding()).actions == (LookAtHosts((HOST,)),)
    assert does(seen(adding())) == ["RecordFederation", "SetFederation"]


def test_each_host_is_looked_at_once_in_a_pass():
    twice = CI.model_copy(update={"subject": "other"})
    scene = wants(CI, CD, twice, rules=(GIVES,), **reads())
    assert decide(scene).actions == (LookAtHosts((HOST, OTHER)),)

    half = replace(scene, hosts={HOST: at("8.8.8.8")})
    assert decide(half).actions == (LookAtHosts((OTHER,)),)


@pytest.mark.parametrize(
    "scene",
    [
        wants(CI, rules=(GIVES,), status=known(CI), **reads(CI)),
        wants(CI, rules=(GIVES,), status=known(CI)),
    ],
    ids=["read", "remembered"],
)
def test_what_is_there_already_is_not_looked_at_again(scene):
    assert does(scene) == []


def test_to_take_an_identity_away_needs_no_look():
    scene = wants(CI, rules=(GIVES,), status=known(CI, CD), **reads(CI, CD))

    assert does(scene)[-1] == "SetFederation"


def test_only_what_is_added_is_looked_at_and_nothing_that_others_put_there():
    scene = wants(CI, CD, mode="Additive", rules=(GIVES,), status=known(CI), **reads(CI))

    assert decide(scene).actions == (LookAtHosts((OTHER,)),)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param((rule(federation=True, issuers=["https://ci.example.com"]),), id="by name"),
        pytest.param((rule(federation=True, issuers=["https://*"]),), id="by a pattern"),
        pytest.param(
            (GIVES, rule(federation=True, issuers=["https://ci.*"])), id="by another rule"
        ),
    ],
)
def test_an_issuer_that_a_rule_names_is_the_administrators_word(rules):
    assert does(adding(*rules))[-1] == "SetFederation"


def test_a_rule_that_does_not_give_federation_spares_no_look():
    names_it = rule(issuers=["https://ci.example.com"])

    assert decide(adding(GIVES, names_it)).actions == (LookAtHosts((HOST,)),)


def test_this_clusters_own_issuer_is_not_looked_at():
    scene = adding(spec=spec(federation=said_of(NAMED)))
    explicit = adding(spec=spec(federation=said_of(BUILDER)))

    assert [does(scene)[-1], does(explicit)[-1]] == ["SetFederation", "SetFederation"]


def test_a_connection_without_rules_is_the_tenants_own_and_nothing_is_looked_at():
    assert does(adding(rules=None))[-1] == "SetFederation"


def test_an_address_was_judged_by_its_text():
    plain = {"issuer": "https://8.8.8.8", "subject": "s"}

    assert does(adding(spec=spec(federation=said_of(plain))))[-1] == "SetFederation"


def test_a_dot_at_the_end_is_looked_at_as_it_is():
    dotted = {"issuer": "https://CI.example.com./a", "subject": "s"}

    (look,) = decide(adding(spec=spec(federation=said_of(dotted)))).actions

    assert look == LookAtHosts(("ci.example.com.",))


# What it shows ------------------------------------------------------------------------

PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "fd00::1",
    "fe80::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_issuer_whose_host_leads_to_a_private_place_is_not_put_there(address):
    error = refusal(seen(adding(), **{HOST: at(address)}))

    assert isinstance(error, Refused)
    assert error.reason == Reason.ISSUER_REFUSED
    assert CI.issuer in error.message
    # The address is one that only the operator may be able to see.
    assert address not in error.message


@pytest.mark.parametrize("order", [("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "8.8.8.8")])
def test_one_private_address_among_public_ones_is_enough(order):
    assert refusal(seen(adding(), **{HOST: at(*order)})).reason == Reason.ISSUER_REFUSED


def test_one_private_issuer_stops_the_others_of_the_same_list():
    scene = seen(wants(CI, CD, rules=(GIVES,), **reads()), **{OTHER: at("10.0.0.1")})

    assert CD.issuer in refusal(scene).message


def test_a_refused_issuer_leaves_what_is_there_and_the_rest_goes_on():
    scene = seen(wants(CI, rules=(GIVES,), status=known(), **reads()), **{HOST: at("10.0.0.1")})

    assert words(decide(scene)) == []
    assert [each.component for each in decide(scene).findings] == ["Federation"]


def test_a_host_that_has_no_address_from_here_is_not_known_to_be_private():
    assert does(seen(adding(), **{HOST: Absent()}))[-1] == "SetFederation"


def test_where_the_name_service_does_not_answer_nothing_is_written_yet():
    assert refusal(seen(adding(), **{HOST: Unknown(AWAY)})) is AWAY


def test_the_rules_own_words_come_first():
    nothing = rule(federation=True, issuers=["https://cd.example.com"])
    error = refusal(seen(adding(nothing)))

    assert error.reason == Reason.ISSUER_REFUSED
    assert "do not allow" in error.message


def test_a_look_that_was_made_for_one_robot_serves_the_one_that_takes_turns_with_it():
    scene = seen(adding())

    assert scene.turned().hosts == scene.hosts


def test_the_own_issuer_is_meant_to_the_byte():
    scene = adding(issuer=f"{OWN}/", spec=spec(federation=said_of(BUILDER)))

    assert decide(scene).actions == (LookAtHosts(("kubernetes.example.com",)),)
