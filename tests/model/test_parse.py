"""Is a stored object read as typed words, refused without a quote, or read leniently?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.conditions import Condition
from quayrobot.model.errors import InvalidSpec, Reason
from quayrobot.model.names import OwnerName
from quayrobot.model.resources.connection import ClusterConnectionSpec, ConnectionSpec
from quayrobot.model.resources.parse import (
    lenient_robot,
    parse_connection,
    parse_connection_status,
    parse_robot,
    parse_robot_status,
)
from quayrobot.model.resources.robot import RobotSpec, RobotStatus, robot_name_of, secrets_of
from tests.kit.canary import oauth_token, robot_token, scan
from tests.kit.examples import examples

ORG = {"organization": "acme"}
OWN = {"url": "https://quay.example", "credentials": {"secretRef": {"name": "t"}}}
MANAGED = {"app.kubernetes.io/managed-by": "y"}
SHARED = {
    "url": "https://quay.example",
    "credentials": {"secretRef": {"name": "t", "namespace": "quay"}},
    "access": [],
}


def refusal(spec, name="ci") -> str:
    with pytest.raises(InvalidSpec) as raised:
        parse_robot(name, spec)

    assert raised.value.reason == Reason.INVALID_SPEC
    assert raised.value.__cause__ is None
    return raised.value.message


def refusal_of_connection(spec, kind="QuayConnection") -> str:
    with pytest.raises(InvalidSpec) as raised:
        parse_connection(kind, spec)
    return raised.value.message


# Robots: what is accepted ---------------------------------------------------


def test_the_least_that_can_be_said_has_the_documented_defaults():
    spec = parse_robot("ci", ORG)

    assert (spec.connection_ref.kind, spec.connection_ref.name) == (
        "ClusterQuayConnection",
        "default",
    )
    assert (spec.creation_policy, spec.deletion_policy, spec.suspend) == (
        "Create",
        "Delete",
        False,
    )
    assert robot_name_of("ci", spec).full == "acme+ci"
    (secret,) = secrets_of("ci", spec).values()
    assert (secret.name, secret.format, secret.scope) == ("ci", "DockerConfigJson", "Registry")
    assert secret.deletion_policy == "Delete"


def test_a_user_owns_a_robot_too():
    assert parse_robot("ci", {"user": "bob"}).owner == OwnerName("user", "bob")


def test_the_robots_name_is_the_resources_unless_it_is_given():
    assert robot_name_of("ci", parse_robot("ci", {**ORG, "robotName": "cd"})).short == "cd"


def test_no_secrets_at_all_can_be_asked_for():
    assert secrets_of("ci", parse_robot("ci", {**ORG, "secrets": []})) == {}


@pytest.mark.parametrize("short", ["b" * 250, "b" * 2])
def test_a_full_name_of_255_characters_is_taken(short):
    assert parse_robot("ci", {**ORG, "robotName": short})


# Robots: what is refused --------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "exactly one of organization and user"),
        ({"organization": "a", "user": "b"}, "exactly one of organization and user"),
        ({**ORG, "robotName": "A"}, "2 to 255 lower-case"),
        ({**ORG, "robotName": "acme+ci"}, "without the organization"),
        ({**ORG, "robotName": "ab\n"}, "2 to 255 lower-case"),
        ({**ORG, "robotName": "b" * 251}, "longer than 255"),
        ({**ORG, "metadata": {"quayrobot.io": "x"}}, "key quayrobot.io"),
        ({**ORG, "secrets": [{"name": "a"}, {"name": "a"}]}, "same name"),
        ({**ORG, "secrets": [{"name": "a", "keys": {}}]}, "format: Opaque only"),
        (
            {**ORG, "secrets": [{"name": "a", "format": "BasicAuth", "scope": "Organization"}]},
            "scope must be Registry",
        ),
        ({**ORG, "secrets": [{"name": "a", "labels": {"quayrobot.io/x": "y"}}]}, "operator's own"),
        ({**ORG, "secrets": [{"name": "a", "annotations": MANAGED}]}, "operator's own"),
        ({"organization": 3}, "spec.organization"),
        ({**ORG, "creationPolicy": "create"}, "spec.creationPolicy"),
        ({**ORG, "suspend": [True]}, "spec.suspend"),
        ({**ORG, "secrets": [{}]}, "spec.secrets[0].name"),
        ({**ORG, "connectionRef": {"kind": "Other"}}, "spec.connectionRef.kind"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words_that_say_where(spec, words):
    assert words in refusal(spec)


@pytest.mark.parametrize(
    "name", ["Ci", "a--b", "a", "a.b."], ids=["upper case", "two dashes", "too short", "dot"]
)
def test_a_resource_whose_name_quay_does_not_take_needs_a_robot_name(name):
    assert "robotName" in refusal(ORG, name=name)
    assert parse_robot(name, {**ORG, "robotName": "ci"})


def test_many_faults_are_told_in_one_short_message():
    spec = {"organization": 1, "user": 2, "suspend": [], "metadata": 3, "secrets": 4,
            "description": 5, "robotName": 6}  # fmt: skip

    assert len(refusal(spec)) < 400


# Nothing of the input is quoted ------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(lambda t: {**ORG, "description": [t]}, id="a list for a text"),
        pytest.param(lambda t: {"organization": f"{t}!"}, id="a value that no pattern takes"),
        pytest.param(lambda t: {"organization": {t: t}}, id="a map for a text"),
        pytest.param(lambda t: {**ORG, "creationPolicy": t}, id="a word that is none"),
        pytest.param(lambda t: {**ORG, "robotName": t}, id="a name"),
        pytest.param(lambda t: {**ORG, "secrets": t}, id="a text for a list"),
        pytest.param(lambda t: {**ORG, "secrets": [{"name": t}]}, id="the name of a Secret"),
        pytest.param(lambda t: {**ORG, "secrets": [t]}, id="a text for a Secret"),
        pytest.param(lambda t: {**ORG, "metadata": {"a": [t]}}, id="a value of metadata"),
        pytest.param(lambda t: {**ORG, f"{t}-x": 1}, id="a field that is none, with a dash"),
        pytest.param(lambda t: {**ORG, t: 1}, id="a field that is none"),
        pytest.param(lambda t: {**ORG, "metadata": {t: 1}}, id="a key of metadata"),
        pytest.param(
            lambda t: {**ORG, "secrets": [{"name": "a", "labels": {t: 1}}]},
            id="a key of labels",
        ),
    ],
)
@pytest.mark.parametrize("made", [robot_token, oauth_token])
def test_a_token_in_the_wrong_field_is_never_quoted(place, made):
    assert scan(refusal(place(made()))) == []


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(lambda t: {**OWN, "url": f"https://x:{t}@quay.example"}, id="in the url"),
        pytest.param(lambda t: {**OWN, "credentials": t}, id="for the credentials"),
        pytest.param(lambda t: {**OWN, "credentials": {"secretRef": t}}, id="for a reference"),
        pytest.param(lambda t: {**OWN, "caBundle": [t]}, id="for the CA"),
        pytest.param(
            lambda t: {**OWN, "credentials": {"secretRef": {"name": "t"}, t: ""}},
            id="a field of the credentials",
        ),
    ],
)
def test_a_token_in_the_wrong_field_of_a_connection_is_never_quoted(place):
    assert scan(refusal_of_connection(place(oauth_token()))) == []


# Connections ----------------------------------------------------------------------------


def test_each_kind_has_its_own_body():
    assert isinstance(parse_connection("QuayConnection", OWN), ConnectionSpec)
    assert isinstance(parse_connection("ClusterQuayConnection", SHARED), ClusterConnectionSpec)


def test_the_defaults_of_a_connection():
    spec = parse_connection("QuayConnection", OWN)

    assert (spec.resync_interval, spec.limits.timeout) == ("5m", "30s")
    assert spec.credentials.secret_ref.key == "token"
    assert spec.registry == "quay.example"


@pytest.mark.parametrize(
    ("kind", "spec", "words"),
    [
        ("QuayConnection", {**OWN, "url": "http://quay.example"}, "https"),
        ("QuayConnection", {**OWN, "url": "ftp://quay.example"}, "spec.url"),
        ("QuayConnection", {**OWN, "url": "https://quay.example\n"}, "spec.url"),
        ("QuayConnection", {**OWN, "access": []}, "spec.access"),
        ("QuayConnection", {**OWN, "resyncInterval": "1d"}, "spec.resyncInterval"),
        ("QuayConnection", SHARED, "not accepted"),
        ("ClusterQuayConnection", OWN, "not accepted"),
        (
            "ClusterQuayConnection",
            {**SHARED, "access": [{"namespaces": {}, "users": ["*"], "adoption": True}]},
            "robotNames",
        ),
        ("ClusterQuayConnection", {**SHARED, "access": [{}]}, "spec.access[0].namespaces"),
    ],
)
def test_a_connection_that_cannot_be_is_refused(kind, spec, words):
    assert words in refusal_of_connection(spec, kind)


def test_plain_http_can_be_accepted_on_purpose():
    assert parse_connection(
        "QuayConnection", {**OWN, "url": "http://quay.example", "allowPlaintext": True}
    )


@pytest.mark.parametrize("change", [{"resyncInterval": "0s"}, {"limits": {"timeout": "1s"}}])
def test_the_second_line_has_the_least_durations_too(change):
    assert "10s" in refusal_of_connection({**OWN, **change})


def test_the_second_line_says_how_long_a_token_lives_at_least():
    renewed = {**OWN["credentials"], "renewal": {"type": "Bootstrap", "lifetime": "59s"}}

    assert "must be at least 1m" in refusal_of_connection({**OWN, "credentials": renewed})


# Deletion reads anything -------------------------------------------------------------------

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
FIELDS = [each.alias for each in RobotSpec.model_fields.values()]


@examples(60)
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), ANY, max_size=5))
def test_whatever_was_stored_can_be_read_for_its_deletion(stored):
    spec = lenient_robot("ci", stored)

    assert spec.deletion_policy in {"Delete", "Orphan"}
    assert spec.connection_ref.kind in {"QuayConnection", "ClusterQuayConnection"}
    assert isinstance(robot_name_of("ci", spec).full, str)
    assert isinstance(dict(secrets_of("ci", spec)), dict)


def test_a_spec_that_is_valid_is_read_whole():
    assert lenient_robot("ci", ORG) == parse_robot("ci", ORG)


@pytest.mark.parametrize(
    ("stored", "policy"),
    [("Orphan", "Orphan"), ("Delete", "Delete"), ("orphan", "Delete"), (["Orphan"], "Delete")],
)
def test_what_a_deletion_needs_is_kept_from_a_spec_that_is_refused(stored, policy):
    spec = lenient_robot(
        "ci",
        {
            "organization": "acme",
            "robotName": "cd",
            "deletionPolicy": stored,
            "connectionRef": {"kind": "QuayConnection", "name": "own", "odd": 1},
            "secrets": "nonsense",
        },
    )

    assert spec.deletion_policy == policy
    assert robot_name_of("ci", spec).full == "acme+cd"
    assert (spec.connection_ref.kind, spec.connection_ref.name) == ("QuayConnection", "own")


def test_both_owners_at_once_is_read_as_the_organization():
    assert lenient_robot("ci", {"organization": "acme", "user": "bob"}).owner == OwnerName(
        "organization", "acme"
    )


# Statuses -----------------------------------------------------------------------------------

ROBOT_STATUS = {
    "observedGeneration": 3,
    "conditions": [
        {"type": "Ready", "status": "True", "reason": "Reconciled", "message": "m",
         "observedGeneration": 3, "lastTransitionTime": "2026-11-24T03:00:00Z"},
    ],
    "robot": {"fullName": "acme+ci", "createdAt": "then", "adopted": True},
    "connection": {"kind": "QuayConnection", "name": "own", "origin": "https://q:443"},
    "credential": {"digest": "sha256:1", "issuedAt": "then"},
    "secrets": [{"name": "ci", "digest": "sha256:2"}],
    "pending": ["description"],
}  # fmt: skip


def test_a_stored_status_is_read_and_written_back_the_same():
    status = parse_robot_status(ROBOT_STATUS)
    dumped = status.model_dump(by_alias=True, exclude_none=True, mode="json")

    assert status.holds
    assert parse_robot_status(dumped) == status
    assert {**dumped, **ROBOT_STATUS}["robot"].items() <= dumped["robot"].items()


@pytest.mark.parametrize("field", ROBOT_STATUS)
@pytest.mark.parametrize("odd", [None, "x", 7, {"a": 1}, [{"a": 1}], [3]])
def test_a_part_that_a_later_release_wrote_differently_does_not_cost_the_rest(field, odd):
    status = parse_robot_status({**ROBOT_STATUS, field: odd, "future": {"x": 1}})
    whole = parse_robot_status(ROBOT_STATUS)

    for name, each in RobotStatus.model_fields.items():
        if (each.alias or name) != field:
            assert getattr(status, name) == getattr(whole, name)


def test_a_condition_of_a_later_release_does_not_cost_the_others():
    later = [{"type": "Future", "status": "True", "reason": "New"}, 3,
             *ROBOT_STATUS["conditions"]]  # fmt: skip
    status = parse_robot_status({"conditions": later})

    assert [each.type for each in status.conditions] == ["Ready"]
    assert isinstance(status.conditions[0], Condition)


@examples(60)
@given(st.dictionaries(st.sampled_from([*ROBOT_STATUS, "other"]), ANY, max_size=4))
def test_any_stored_status_can_be_read(stored):
    assert parse_robot_status(stored).pending is not None
    assert parse_connection_status(stored).conditions is not None


def test_no_status_is_an_empty_one():
    assert parse_robot_status({}) == RobotStatus()
    assert not parse_robot_status({}).holds


def test_a_robot_is_held_once_its_creation_is_known():
    assert not parse_robot_status({"robot": {"fullName": "acme+ci"}}).holds
