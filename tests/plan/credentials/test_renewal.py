"""When is a connection's token renewed, and what is said of it?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quayrobot.model.conditions import Condition, ConditionType
from quayrobot.model.errors import Ambiguous, Reason, Refused
from quayrobot.model.resources.connection import CredentialSeen
from quayrobot.model.resources.renewal import Renewal
from quayrobot.model.secrecy import digest_of
from quayrobot.plan.credentials.renewal import (
    RenewalRequest,
    RenewalResult,
    RenewalStep,
    TokenLifetime,
    TokenSeen,
    credential_status,
    is_arriving,
    lifetime_of,
    meaning_of_refusal,
    next_step,
    next_step_s,
    recorded_request,
    renewed_condition,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
RENEWAL = Renewal(type="Bootstrap")
OLD, NEW = digest_of("old"), digest_of("new")
PLACE = CredentialSeen(secret_name="token", secret_namespace="quay")
NO = Refused(Reason.RENEWAL_REFUSED, "no")
BROKE = Ambiguous(Reason.RENEWAL_FAILED, "failed")


def seen(written: datetime | None, digest: str = NEW, made: datetime = NOW - 9 * HOUR):
    return TokenSeen(digest, written, made)


def told(digest: str, issued: datetime) -> CredentialSeen:
    return PLACE.model_copy(update={"digest": digest, "issued_at": f"{issued:%Y-%m-%dT%H:%M:%SZ}"})


# How old it is -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "before", "issued"),
    [
        pytest.param(seen(NOW - HOUR), None, NOW - HOUR, id="as the API server noted"),
        pytest.param(seen(NOW - HOUR), PLACE, NOW - HOUR, id="renewal is declared again"),
        pytest.param(seen(NOW + MINUTE), None, NOW, id="clocks differ: not in the future"),
        pytest.param(seen(NOW), told(NEW, NOW - HOUR), NOW - HOUR, id="somebody set a label"),
        pytest.param(seen(NOW - HOUR), told(NEW, NOW), NOW - HOUR, id="it is older than was said"),
        pytest.param(seen(NOW), told(OLD, NOW - HOUR), NOW, id="another token"),
        pytest.param(seen(None), None, NOW - 9 * HOUR, id="not noted: as old as the Secret"),
        pytest.param(seen(None), told(OLD, NOW - HOUR), NOW, id="not noted: it came just now"),
        pytest.param(seen(None), told(NEW, NOW - MINUTE), NOW - MINUTE, id="not noted: as said"),
    ],
)
def test_a_token_is_taken_for_no_younger_than_it_can_be(token, before, issued):
    assert lifetime_of(RENEWAL, token, before, NOW).issued_at == issued


def test_it_is_renewed_in_the_third_quarter_hour_always_at_the_same_moment_of_its_life():
    digests = [digest_of(str(number)) for number in range(200)]

    lives = [lifetime_of(RENEWAL, seen(NOW, each), None, NOW) for each in digests]

    after = sorted(each.renew_at - NOW for each in lives)
    assert 36 * MINUTE <= after[0] < 37 * MINUTE
    assert 39 * MINUTE < after[-1] <= 40 * MINUTE
    assert lives == [lifetime_of(RENEWAL, seen(NOW, each), None, NOW) for each in digests]
    assert {each.expires_at for each in lives} == {NOW + HOUR}


def test_its_times_follow_the_lifetime():
    life = lifetime_of(Renewal(type="Bootstrap", lifetime="1m"), seen(NOW), None, NOW)

    assert 36 * SECOND <= life.renew_at - NOW <= 40 * SECOND
    assert life.expires_at == NOW + MINUTE


# What is done ------------------------------------------------------------------------

YOUNG = TokenLifetime(NEW, NOW, NOW + 40 * MINUTE, NOW + HOUR)
DUE = TokenLifetime(NEW, NOW - 40 * MINUTE, NOW, NOW + 20 * MINUTE)
SHORT = TokenLifetime(NEW, NOW - 40 * SECOND, NOW, NOW + 20 * SECOND)


def asked(ago: timedelta, heard: RenewalResult, error=None) -> RenewalRequest:
    return RenewalRequest(NOW - ago, heard, error)


@pytest.mark.parametrize(
    ("life", "before", "step", "seconds"),
    [
        pytest.param(YOUNG, None, RenewalStep.WAIT, 2400, id="young"),
        pytest.param(DUE, None, RenewalStep.ASK, 0, id="due"),
        pytest.param(
            DUE,
            asked(HOUR, RenewalResult.NOTHING),
            RenewalStep.LOOK,
            0,
            id="asked, not known what",
        ),
        pytest.param(
            DUE, asked(HOUR, RenewalResult.ALIVE), RenewalStep.ASK, 0, id="nothing came of it"
        ),
        pytest.param(
            DUE, asked(SECOND, RenewalResult.ASKING), RenewalStep.WAIT, 0, id="under way"
        ),
        pytest.param(DUE, asked(9 * HOUR, RenewalResult.ROTATED), RenewalStep.WAIT, 0, id="made"),
        pytest.param(DUE, asked(9 * HOUR, RenewalResult.DEAD), RenewalStep.WAIT, 0, id="dead"),
        pytest.param(
            DUE, asked(9 * HOUR, RenewalResult.EXPIRED), RenewalStep.WAIT, 0, id="expired"
        ),
        pytest.param(
            DUE, asked(MINUTE, RenewalResult.REFUSED, NO), RenewalStep.WAIT, 240, id="refused"
        ),
        pytest.param(
            DUE,
            asked(5 * MINUTE, RenewalResult.REFUSED, NO),
            RenewalStep.ASK,
            0,
            id="refused before",
        ),
        pytest.param(
            DUE, asked(40 * SECOND, RenewalResult.FAILED, BROKE), RenewalStep.WAIT, 20, id="failed"
        ),
        pytest.param(
            DUE, asked(MINUTE, RenewalResult.FAILED, BROKE), RenewalStep.ASK, 0, id="failed before"
        ),
        pytest.param(
            SHORT,
            asked(5 * SECOND, RenewalResult.FAILED, BROKE),
            RenewalStep.ASK,
            0,
            id="short life",
        ),
        pytest.param(
            SHORT, asked(4 * SECOND, RenewalResult.REFUSED, NO), RenewalStep.WAIT, 1, id="not yet"
        ),
    ],
)
def test_what_is_due(life, before, step, seconds):
    assert next_step(life, before, NOW) is step
    assert next_step_s(life, before, NOW) == seconds


@pytest.mark.parametrize("heard", RenewalResult)
def test_a_refusal_is_doubted_only_while_the_next_token_may_be_on_its_way(heard):
    open_ended = {
        RenewalResult.ASKING,
        RenewalResult.NOTHING,
        RenewalResult.ROTATED,
        RenewalResult.DEAD,
    }

    assert is_arriving(asked(SECOND, heard), NOW) is (heard in open_ended)
    assert not is_arriving(asked(2 * MINUTE, heard), NOW)
    assert not is_arriving(None, NOW)


@pytest.mark.parametrize(
    "heard",
    [RenewalResult.ASKING, RenewalResult.ROTATED, RenewalResult.DEAD, RenewalResult.EXPIRED],
)
@pytest.mark.parametrize("life", [YOUNG, DUE, SHORT])
def test_a_token_that_was_replaced_is_never_asked_with_again(life, heard):
    moments = [NOW + number * 7 * MINUTE for number in range(500)]

    assert {next_step(life, asked(MINUTE, heard), each) for each in moments} == {RenewalStep.WAIT}


def test_a_token_that_was_asked_with_after_its_end_has_ended():
    assert meaning_of_refusal(DUE, RenewalRequest(DUE.expires_at)) is RenewalResult.EXPIRED
    assert meaning_of_refusal(DUE, RenewalRequest(DUE.expires_at - SECOND)) is RenewalResult.DEAD


# What is said ------------------------------------------------------------------------


def test_what_the_status_says_is_what_a_later_process_goes_on_with():
    noted = credential_status(PLACE, DUE, RenewalRequest(NOW))

    assert (noted.renew_at, noted.asked_at) == ("2026-11-26T12:00:00Z", "2026-11-26T12:00:00Z")
    assert recorded_request(noted, NEW) == RenewalRequest(NOW, RenewalResult.NOTHING)
    assert recorded_request(noted, OLD) is None
    assert recorded_request(credential_status(PLACE, DUE, None), NEW) is None
    assert recorded_request(PLACE, NEW) is None
    assert recorded_request(None, NEW) is None


SAID = Condition(type=ConditionType.RENEWED, status="False", reason=Reason.RENEWAL_FAILED)


@pytest.mark.parametrize(
    ("before", "stored", "reason"),
    [
        pytest.param(None, SAID, Reason.RECONCILED, id="a token that is young again"),
        pytest.param(asked(SECOND, RenewalResult.ASKING), None, Reason.RECONCILED, id="under way"),
        pytest.param(
            asked(SECOND, RenewalResult.ASKING), SAID, Reason.RENEWAL_FAILED, id="tried again"
        ),
        pytest.param(
            asked(HOUR, RenewalResult.NOTHING), SAID, Reason.RENEWAL_FAILED, id="not known"
        ),
        pytest.param(
            asked(SECOND, RenewalResult.ROTATED), None, Reason.RECONCILED, id="about to come"
        ),
        pytest.param(
            asked(2 * MINUTE, RenewalResult.ROTATED),
            None,
            Reason.RENEWAL_NOT_DELIVERED,
            id="did not come",
        ),
        pytest.param(
            asked(2 * MINUTE, RenewalResult.DEAD),
            None,
            Reason.RENEWAL_NOT_DELIVERED,
            id="dead for long",
        ),
        pytest.param(
            asked(SECOND, RenewalResult.EXPIRED), None, Reason.TOKEN_EXPIRED, id="too late"
        ),
        pytest.param(
            asked(SECOND, RenewalResult.REFUSED, NO), None, Reason.RENEWAL_REFUSED, id="refused"
        ),
        pytest.param(
            asked(SECOND, RenewalResult.FAILED, BROKE), None, Reason.RENEWAL_FAILED, id="failed"
        ),
    ],
)
def test_what_stands_in_the_way_is_said_and_stands_until_it_is_known_to_be_over(
    before, stored, reason
):
    said = renewed_condition(before, stored, place="key k of Secret s", now=NOW)

    assert said.reason is reason
    assert (said.status == "True") is (reason is Reason.RECONCILED)


def test_all_times_of_a_token_are_told():
    life = lifetime_of(RENEWAL, seen(NOW), None, NOW)

    told_of = credential_status(PLACE, life, None)
    assert (life.digest, life.expires_at) == (NEW, NOW + HOUR)
    assert (told_of.digest, told_of.asked_at) == (NEW, None)
    assert (told_of.issued_at, told_of.expires_at) == (
        "2026-11-26T12:00:00Z", "2026-11-26T13:00:00Z",
    )  # fmt: skip


def test_a_condition_of_the_renewal_says_why():
    refused = RenewalRequest(NOW, heard=RenewalResult.REFUSED, error=NO)

    assert renewed_condition(refused, None, place="here", now=NOW).message == NO.message
    fine = renewed_condition(None, None, place="here", now=NOW)
    assert (fine.status, "before it expires" in fine.message) == ("True", True)
