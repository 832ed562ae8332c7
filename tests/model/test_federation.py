"""Is what a resource says of outside identities read as typed words, or refused with help?"""

from __future__ import annotations

import pytest

from quayrobot.model.errors import InvalidSpec
from quayrobot.model.resources.federation import Federation, IdentityState
from quayrobot.model.resources.parse import parse_connection, parse_robot, parse_robot_status
from tests.kit.canary import robot_token

OUTSIDE = {"issuer": "https://ci.example.com", "subject": "repo:shop/app"}
NAMED = {"serviceAccount": "builder"}
FORMS = "either issuer and subject, or serviceAccount"


def federation(*identities: object, **fields: object) -> Federation | None:
    """Return what a resource says of federation with *identities*."""
    said = {"identities": list(identities), **fields}
    return parse_robot("ci", {"organization": "acme", "federation": said}).federation


def refusal(*identities: object, **fields: object) -> str:
    """Return the words that *identities* are refused with."""
    with pytest.raises(InvalidSpec) as raised:
        federation(*identities, **fields)
    return raised.value.message


def test_without_federation_nothing_is_said_of_it():
    assert parse_robot("ci", {"organization": "acme"}).federation is None


def test_federation_that_says_nothing_means_no_identity_at_all():
    said = parse_robot("ci", {"organization": "acme", "federation": {}}).federation

    assert said == Federation(mode="Exact", identities=[])


def test_both_forms_are_read():
    one, other = federation(OUTSIDE, NAMED, mode="Additive").identities

    assert (one.issuer, one.subject, one.service_account) == (*OUTSIDE.values(), None)
    assert (other.issuer, other.subject, other.service_account) == (None, None, "builder")


def test_a_user_may_have_federated_robots_too():
    said = parse_robot("ci", {"user": "bob", "federation": {"identities": [OUTSIDE]}})

    assert len(said.federation.identities) == 1


@pytest.mark.parametrize("part", ["issuer", "subject"])
def test_half_an_identity_is_refused_with_help(part):
    half = {part: OUTSIDE[part]}

    assert FORMS in refusal(half)
    assert FORMS in refusal({**half, **NAMED})


def test_no_identity_and_two_in_one_are_refused_wherever_they_stand():
    assert FORMS in refusal({})
    assert FORMS in refusal({**OUTSIDE, **NAMED})
    assert FORMS in refusal(OUTSIDE, NAMED, {})


@pytest.mark.parametrize(
    "issuer",
    ["", "ci.example.com", "http://ci.example.com", "HTTPS://ci.example.com", "https://",
     "https://a b", "https://a?b", "https://a#b", "https://a\n", "https://" + "a" * 505],
)  # fmt: skip
def test_an_issuer_is_an_https_address_without_query(issuer):
    assert "federation.identities[0].issuer" in refusal({**OUTSIDE, "issuer": issuer})


def test_the_slash_at_the_end_of_an_issuer_stays_because_quay_compares_bytes():
    (said,) = federation({**OUTSIDE, "issuer": "https://ci.example.com/"}).identities

    assert said.issuer == "https://ci.example.com/"


@pytest.mark.parametrize("subject", ["", " ", " a", "a ", "a\n", "a\nb", "a" * 513])
def test_a_subject_is_one_line_without_space_around_it(subject):
    assert "federation.identities[0].subject" in refusal({**OUTSIDE, "subject": subject})


@pytest.mark.parametrize("name", ["", "Builder", "a/b", "other:builder", "a" * 254])
def test_a_service_account_is_named_without_its_namespace(name):
    assert "federation.identities[0].serviceAccount" in refusal({"serviceAccount": name})


@pytest.mark.parametrize("field", ["audiences", "namespace", "token"])
def test_what_quay_cannot_store_cannot_be_said(field):
    assert "federation" in refusal({**OUTSIDE, field: "x"})


@pytest.mark.parametrize("mode", ["exact", "", "Merge", None])
def test_a_mode_is_one_of_two_words(mode):
    assert "federation.mode" in refusal(mode=mode)


def test_there_are_at_most_32_identities():
    many = [{**OUTSIDE, "subject": f"s{number}"} for number in range(33)]

    assert len(federation(*many[:32]).identities) == 32
    assert "federation.identities" in refusal(*many)


def test_what_was_pasted_into_the_wrong_field_is_not_quoted():
    pasted = robot_token()

    message = refusal({**OUTSIDE, "issuer": pasted})

    assert pasted[:8] not in message


# The connection's rules -----------------------------------------------------------


def access(**fields: object):
    """Return the one access rule of a connection that says *fields*."""
    spec = {
        "url": "https://quay.example",
        "credentials": {"secretRef": {"name": "t", "namespace": "quay"}},
        "access": [{"namespaces": {}, "users": ["*"], **fields}],
    }
    (rule,) = parse_connection("ClusterQuayConnection", spec).access
    return rule


def test_a_rule_gives_no_federation_unless_it_says_so():
    assert access().federation is False
    assert access(federation=True).federation is True


def test_no_issuers_is_not_the_same_as_an_empty_list_of_them():
    assert access().issuers is None
    assert access(issuers=[]).issuers == []
    assert access(issuers=["https://*.example.com/*"]).issuers == ["https://*.example.com/*"]


@pytest.mark.parametrize("glob", ["", "https://a b", "https://a\n", "a" * 256])
def test_a_pattern_for_issuers_is_written_like_one(glob):
    with pytest.raises(InvalidSpec) as raised:
        access(issuers=[glob])

    assert "access[0].issuers" in raised.value.message


# The status -----------------------------------------------------------------------


def test_a_status_is_read_as_it_was_written():
    state = IdentityState(**OUTSIDE)

    dumped = state.model_dump(by_alias=True)

    assert dumped == OUTSIDE
    assert parse_robot_status({"federation": [dumped]}).federation == (state,)


def test_nothing_recorded_is_not_the_same_as_an_empty_record():
    assert parse_robot_status({}).federation is None
    assert parse_robot_status({"federation": []}).federation == ()
