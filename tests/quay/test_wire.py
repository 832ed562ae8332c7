"""Is each of Quay's answers understood, and nothing believed that is not?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quayrobot.model.errors import (
    Ambiguous,
    Denied,
    Failed,
    QuayRobotError,
    Reason,
    Refused,
    TryLater,
)
from quayrobot.model.names import OwnerName, RobotName
from quayrobot.quay.answers import ABSENT, message_of, parse_json
from quayrobot.quay.transport import Reply
from quayrobot.quay.wire import (
    failure,
    parse_list,
    parse_robot,
)
from tests.kit.canary import oauth_token, robot_token, scan

ACME = OwnerName("organization", "acme")
CI = RobotName(ACME, "ci")
CREATED = "Mon, 23 Nov 2026 07:53:29 -0000"
JSON, HTML = "application/json", "text/html"


def reply(status: int, body: object, content_type: str = JSON, **more) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, content_type, raw, **more)


def shape_a(status: int, kind: str, message: str) -> Reply:
    return reply(status, {"detail": message, "error_message": message, "error_type": kind,
                          "title": kind, "type": f"https://q/api/v1/error/{kind}",
                          "status": status})  # fmt: skip


PAGE = b"<html><head><title>Internal Server Error</title></head></html>"
CSRF = {"error": "CSRF token was invalid or missing."}
SHAPES = {
    "A: not a right": (
        shape_a(403, "insufficient_scope", "Unauthorized"),
        (Refused, Reason.INSUFFICIENT_SCOPE),
    ),
    "A: no identity": (
        shape_a(401, "invalid_token", "Requires authentication"),
        (Denied, Reason.CREDENTIAL_REFUSED),
    ),
    "A: something else": (
        shape_a(400, "invalid_request", "Robot is tired"),
        (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD),
    ),
    "B: no organization": (
        reply(400, {"message": "Organization does not exist: acme"}),
        (Refused, Reason.ORGANIZATION_NOT_FOUND),
    ),
    "B: something else": (
        reply(400, {"message": "duplicate key value violates ..."}),
        (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD),
    ),
    "C: a bare refusal": (
        reply(403, {"message": "You don't have the permission to access ..."}),
        (Refused, Reason.INSUFFICIENT_SCOPE),
    ),
    "C: a bad argument": (
        reply(400, {"message": {"limit": "If specified, ..."}}),
        (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD),
    ),
    "C: a wrong method": (
        reply(405, {"message": "The method is not allowed"}),
        (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD),
    ),
    "D: a dead token on a write": (reply(403, CSRF, HTML), (Denied, Reason.CREDENTIAL_REFUSED)),
    "D: a dead token on a write, with a user": (
        reply(403, {"error": CSRF["error"] + " (authorized: user bob)"}, HTML),
        (Denied, Reason.CREDENTIAL_REFUSED),
    ),
    "D: anonymous": (
        reply(401, {"error": "Anonymous access is not allowed"}, HTML),
        (Denied, Reason.CREDENTIAL_REFUSED),
    ),
    "D: the browser guard": (
        reply(400, {"error": "API calls must be invoked with an X-Requested-With header"}, HTML),
        (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD),
    ),
    "D: another refusal in HTML": (
        reply(403, {"error": "Go away"}, HTML),
        (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD),
    ),
    "E: an exception": (reply(500, PAGE, HTML), (Failed, Reason.QUAY_UNREACHABLE)),
    "F: too large": (reply(413, PAGE, HTML), (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD)),
    "F: too many": (reply(429, PAGE, HTML), (TryLater, Reason.QUAY_THROTTLED)),
    "F: loading": (reply(502, PAGE, HTML), (TryLater, Reason.QUAY_UNREACHABLE)),
    "read-only": (
        reply(503, {"is_readonly": True, "message": "System is currently read-only."}),
        (TryLater, Reason.QUAY_READ_ONLY),
    ),
    "away": (reply(503, PAGE, HTML), (TryLater, Reason.QUAY_UNREACHABLE)),
    "a page of a proxy": (reply(403, PAGE, HTML), (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD)),
    "a redirect": (reply(308, b"", HTML), (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD)),
    "a page: 404": (reply(404, PAGE, HTML), (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD)),
    "a page: 200": (reply(200, PAGE, HTML), (TryLater, Reason.QUAY_ANSWER_NOT_UNDERSTOOD)),
    "an outer service": (
        shape_a(520, "downstream_issue", "x"),
        (TryLater, Reason.QUAY_UNREACHABLE),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_what_a_refusal_means_for_a_read(shape):
    answer, (kind, reason) = SHAPES[shape]

    error = failure(answer, write=False, scope="org:admin")

    assert (type(error), error.reason) == (kind, reason)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_write_whose_outcome_is_not_known_is_ambiguous(shape):
    answer, (kind, reason) = SHAPES[shape]
    told = {Reason.QUAY_THROTTLED, Reason.QUAY_READ_ONLY}

    error = failure(answer, write=True, scope="org:admin")

    expected = Ambiguous if kind in {TryLater, Failed} and reason not in told else kind
    assert (type(error), error.reason) == (expected, reason)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_as_one(status):
    error = failure(reply(status, b"", HTML), write=False, scope="org:admin")

    assert f"a redirect (status {status})" in error.message


def test_a_missing_right_is_named():
    error = failure(SHAPES["A: not a right"][0], write=False, scope="the scope org:admin")

    assert "the scope org:admin" in error.message


# Messages --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": "one"}, "one"),
        ({"error": "one"}, "one"),
        ({"detail": "one", "message": "two"}, "one"),
        ({"detail": "'x' is too long\n\nFailed validating ..."}, "'x' is too long"),
        ({"message": {"limit": "text"}}, ""),
        ({"other": "text"}, ""),
        (["text"], ""),
        ("text", ""),
        (None, ""),
        (b"<html>", ""),
        (b"", ""),
        (b"\xff\xfe", ""),
    ],
)
def test_the_first_line_of_what_quay_says(body, message):
    assert message_of(reply(400, body)) == message


def test_no_text_of_an_answer_enters_an_error():
    token = robot_token()
    for status in (200, 400, 401, 403, 404, 429, 500, 502, 503):
        for body in ({"message": token}, {"error": token, "detail": token}, token.encode()):
            for kind in (JSON, HTML):
                error = failure(reply(status, body, kind), write=True, scope="x")

                assert scan(str(error)) == []


# One robot -------------------------------------------------------------------------


def robot(**changes) -> dict[str, object]:
    return {
        "name": "acme+ci",
        "created": CREATED,
        "last_accessed": None,
        "description": "d",
        "token": robot_token(),
        "unstructured_metadata": {"a": 1},
        **changes,
    }


def test_one_robot_is_read_whole():
    token = robot_token()
    seen = parse_robot(
        reply(200, robot(token=token, last_accessed="Tue, 24 Nov 2026 23:59:59 -0000")),
        CI,
        write=False,
    )

    assert (seen.full_name, seen.description) == ("acme+ci", "d")
    assert seen.created == "2026-11-23T07:53:29Z"
    assert seen.token.reveal() == token
    assert (seen.last_used_on, seen.metadata) == ("2026-11-24", {"a": 1})


def test_a_robot_made_without_metadata_shows_none():
    assert parse_robot(
        reply(201, robot(unstructured_metadata=None)), CI, write=True
    ).metadata == {}  # fmt: skip


def without(*keys: str) -> dict[str, object]:
    return {key: value for key, value in robot().items() if key not in keys}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(robot(name="acme+cd"), id="another robot"),
        pytest.param(robot(name="acme+CI"), id="another case"),
        pytest.param(robot(name=None), id="no name"),
        pytest.param(without("name"), id="name left out"),
        pytest.param(without("created"), id="no creation time"),
        pytest.param(robot(created=7), id="an odd creation time"),
        pytest.param(robot(created=""), id="an empty creation time"),
        pytest.param(robot(token=""), id="an empty token"),
        pytest.param(robot(token=None), id="no token"),
        pytest.param(robot(token=["x"]), id="an odd token"),
        pytest.param([robot()], id="a list"),
        pytest.param({}, id="nothing"),
        pytest.param("text", id="a text"),
        pytest.param(b"<html>", id="a page"),
        pytest.param(b"", id="no body"),
        pytest.param({"error": "x"}, id="an error with status 200"),
    ],
)
@pytest.mark.parametrize(("write", "kind"), [(False, TryLater), (True, Ambiguous)])
def test_what_is_not_the_robot_is_not_understood(body, write, kind):
    with pytest.raises(kind) as raised:
        parse_robot(reply(200, body), CI, write=write)

    assert raised.value.reason == Reason.QUAY_ANSWER_NOT_UNDERSTOOD
    assert scan(str(raised.value)) == []


def test_a_robot_of_that_name_of_another_user_tells_whose_the_token_is():
    """Quay shows robots of users as "mine": the token is somebody else's, or was renamed."""
    mine = RobotName(OwnerName("user", "alice"), "ci")
    for whose in ("bob", "alice2", "Alice"):
        with pytest.raises(Refused) as raised:
            parse_robot(reply(200, robot(name=f"{whose}+ci")), mine, write=False)
        assert raised.value.reason == Reason.ACCESS_DENIED
        assert "does not belong to the user alice" in raised.value.message
        with pytest.raises(Ambiguous):
            parse_robot(reply(200, robot(name=f"{whose}+ci")), mine, write=True)
    with pytest.raises(TryLater):
        parse_robot(reply(200, robot(name="bob+cd")), mine, write=False)


def test_a_reader_without_the_right_sees_no_token():
    assert parse_robot(reply(200, without("token")), CI, write=False).token is None
    with pytest.raises(Ambiguous):
        parse_robot(reply(200, without("token")), CI, write=True)


# A list -------------------------------------------------------------------------------


def listed(name: str, **changes) -> dict[str, object]:
    return {"name": name, "created": CREATED, "last_accessed": None, "description": "", **changes}


def test_items_of_other_namespaces_are_dropped():
    names = ["acme+ci", "acme+cd", "acm3+ci", "ACME+x", "acme2+x", "acme", "xacme+ci", "a_me+ci"]
    body = {"robots": [listed(each, token=robot_token()) for each in names]}

    assert sorted(parse_list(reply(200, body), ACME)) == ["acme+cd", "acme+ci"]


def test_a_list_shows_no_metadata_and_says_nothing_about_it():
    body = {"robots": [listed("acme+ci", unstructured_metadata={}, token=robot_token())]}

    (seen,) = parse_list(reply(200, body), ACME).values()

    assert seen.metadata is None


def test_a_robot_older_than_quays_note_of_its_making_is_a_robot():
    """Quay keeps the moment since 2017 or so, and shows null for those from before."""
    old = listed("acme+old", created=None, token=robot_token())

    robots = parse_list(reply(200, {"robots": [listed("acme+ci"), old]}), ACME)

    assert robots["acme+old"].created == "1970-01-01T00:00:00Z"
    one = parse_robot(reply(200, robot(created=None)), CI, write=False)
    assert one.created == "1970-01-01T00:00:00Z"


def test_keys_may_be_missing_for_lesser_tokens():
    body = {"robots": [{"name": "acme+ci", "created": CREATED}]}

    (seen,) = parse_list(reply(200, body), ACME).values()

    assert (seen.token, seen.last_used_on, seen.description) == (None, None, "")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"robots": None},
        {"robots": {}},
        {"robots": "x"},
        [],
        b"<html>",
        {"robots": ["x"]},
        {"robots": [{}]},
        {"robots": [listed("acme+ci"), {"name": "acme+cd"}]},
        {"robots": [listed("acme+ci", token="")]},
    ],
)
def test_what_is_not_a_list_of_robots_is_not_an_empty_list(body):
    with pytest.raises(TryLater) as raised:
        parse_list(reply(200, body), ACME)

    assert raised.value.reason == Reason.QUAY_ANSWER_NOT_UNDERSTOOD


def test_an_organization_without_robots_has_an_empty_list():
    assert parse_list(reply(200, {"robots": []}), ACME) == {}


def test_a_day_of_use_that_is_none_is_no_day():
    odd = robot(last_accessed="Mon, 1 Jan 99999999999999999999 00:00:00 -0000")

    assert parse_robot(reply(200, odd), CI, write=False).last_used_on is None


# Anything at all --------------------------------------------------------------------------

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["robots", "name", "created", "token", "message", "error", "detail"])
            | st.text(max_size=4),
            inner,
        )
    ),
    max_leaves=8,
)
bodies = st.one_of(
    st.binary(max_size=40), JSON_VALUES.map(lambda value: json.dumps(value).encode())
)
replies = st.builds(
    Reply,
    status=st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 409, 429, 500, 503, 520, 599]),
    content_type=st.sampled_from([JSON, HTML, ""]),
    body=bodies,
    retry_after=st.none() | st.text(max_size=6),
)


@settings(max_examples=300, deadline=None)
@given(replies, st.booleans())
def test_any_answer_is_understood_or_an_error_of_ours(answer, write):
    parse_json(answer)
    assert isinstance(failure(answer, write=write, scope="x"), QuayRobotError)
    for read in (
        lambda: parse_robot(answer, CI, write=write),
        lambda: parse_list(answer, ACME),
    ):
        try:
            read()
        except TryLater as error:
            assert error.reason == Reason.QUAY_ANSWER_NOT_UNDERSTOOD  # noqa: PT017


def test_absent_has_one_wording_only():
    assert ABSENT == "Could not find robot with specified username"
    assert oauth_token() not in ABSENT
