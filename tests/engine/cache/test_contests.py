"""When is it our turn again, where somebody sets back what we write?"""

from __future__ import annotations

import sys

import pytest

from quayrobot.engine.cache.contests import Contests, Spot
from tests.engine.conftest import Clock

SPOT = Spot("uid-ci", 1, "shop", "Secret/ci")
LABEL = {"metadata.labels[team]": "a"}
BYTES = {"data[.dockerconfigjson]": "sha256:x"}
WORDS = "Secret ci"


@pytest.fixture
def contests(clock: Clock) -> Contests:
    return Contests(clock=clock)


def lose(contests: Contests, times: int, fields=LABEL) -> None:
    for _ in range(times):
        contests.wrote(SPOT, fields, {})
        contests.met(SPOT, fields, sure=False)


def test_two_losses_are_no_contest(contests: Contests):
    lose(contests, 2)

    assert contests.view(SPOT, WORDS) is None


def test_the_third_loss_holds_the_repair_back_for_a_minute(contests: Contests, clock: Clock):
    lose(contests, 3)

    contest = contests.view(SPOT, WORDS)
    assert contest.held == LABEL.keys()
    assert "metadata.labels[team]" in contest.error.message
    assert contest.error.usable
    clock.now += 61
    assert contests.view(SPOT, WORDS).held == set()


def test_each_further_loss_doubles_it_up_to_five_minutes(contests: Contests, clock: Clock):
    lose(contests, 3)
    waits = []
    for _ in range(5):
        waits.append(round(contests.view(SPOT, WORDS).error.retry_after))
        clock.now += waits[-1] + 1
        assert contests.view(SPOT, WORDS).held == set()
        lose(contests, 1)

    assert waits == [60, 120, 240, 300, 300]


def test_what_is_taken_waits_from_the_third_time_on(contests: Contests, clock: Clock):
    waits = []
    for _ in range(5):
        waits.append(contests.taken(SPOT, "status"))
        clock.now += waits[-1]

    assert waits == [0, 0, 60, 120, 240]


def test_what_is_taken_again_before_its_turn_waits_no_longer(contests: Contests, clock: Clock):
    for _ in range(3):
        contests.taken(SPOT, "status")
    clock.now += 20

    assert [contests.taken(SPOT, "status") for _ in range(3)] == [40, 40, 40]


def test_what_was_left_alone_for_ten_minutes_is_put_back_at_once(contests: Contests, clock: Clock):
    for _ in range(3):
        contests.taken(SPOT, "status")
    clock.now += 601

    assert contests.view(SPOT, WORDS) is None
    assert contests.taken(SPOT, "status") == 0


def test_three_losses_in_more_than_ten_minutes_are_none(contests: Contests, clock: Clock):
    for _ in range(5):
        lose(contests, 1)
        clock.now += 301

    assert contests.view(SPOT, WORDS) is None


def test_one_loss_counts_once_however_often_it_is_seen(contests: Contests):
    contests.wrote(SPOT, LABEL, {})
    for _ in range(10):
        contests.met(SPOT, LABEL, sure=False)

    assert contests.view(SPOT, WORDS) is None


def test_another_value_that_is_wanted_is_no_loss(contests: Contests):
    for value in "abcdef":
        contests.wrote(SPOT, {"metadata.labels[team]": value}, {})
        contests.met(SPOT, {"metadata.labels[team]": value + "!"}, sure=False)

    assert contests.view(SPOT, WORDS) is None


def test_what_comes_back_otherwise_is_not_written_twice_in_a_pass(
    contests: Contests, clock: Clock
):
    contests.wrote(SPOT, LABEL, LABEL)

    assert contests.view(SPOT, WORDS).held == LABEL.keys()
    clock.now += 1.1
    assert contests.view(SPOT, WORDS) is None
    for _ in range(2):
        contests.wrote(SPOT, LABEL, LABEL)
    assert contests.view(SPOT, WORDS).error.retry_after > 59


def test_a_field_that_stays_ends_the_contest(contests: Contests, clock: Clock):
    lose(contests, 3)
    clock.now += 61
    contests.wrote(SPOT, LABEL, {})

    assert contests.view(SPOT, WORDS) is not None
    clock.now += 61
    assert contests.view(SPOT, WORDS) is None


def test_an_edit_begins_anew(contests: Contests):
    lose(contests, 3)

    assert contests.view(Spot("uid-ci", 2, "shop", "Secret/ci"), WORDS) is None


def test_lost_bytes_are_told_as_what_cannot_be_used(contests: Contests):
    lose(contests, 3, BYTES)

    assert not contests.view(SPOT, WORDS).error.usable


def test_who_has_the_field_is_named(contests: Contests):
    lose(contests, 3)
    contests.name(SPOT, dict.fromkeys(LABEL, "release-tool"))

    assert "release-tool" in contests.view(SPOT, WORDS).error.message


def test_one_object_more_costs_the_same_however_many_are_known(contests: Contests):
    def calls(first: int) -> int:
        counted = 0

        def count(_frame: object, event: str, _arg: object) -> None:
            nonlocal counted
            counted += event in {"call", "c_call"}

        sys.setprofile(count)
        try:
            for number in range(first, first + 2000):
                contests.wrote(Spot("uid", 1, "shop", f"Secret/{number}"), LABEL, {})
        finally:
            sys.setprofile(None)
        return counted

    first = calls(0)

    assert sum(calls(2000 * each) for each in range(1, 5)) < 2 * 4 * first
