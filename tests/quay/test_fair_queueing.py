"""Does everybody get a turn, however many others want one, and however often?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quayrobot.quay.fair_queueing import FairQueueing


def order(rounds: FairQueueing, *asked: tuple[str, int]) -> list[str]:
    """Return in which order the tenants of *asked*, who all wait, are served."""
    ranks = [(rounds.join(tenant, step), number) for number, (tenant, step) in enumerate(asked)]
    for rank, _ in sorted(ranks):
        rounds.serve(rank)
    return [asked[number][0] for _, number in sorted(ranks)]


def test_one_of_another_party_waits_for_one_of_a_crowd():
    assert order(FairQueueing(), *[("crowd", 1)] * 500, ("other", 1))[:3] == [
        "crowd",
        "other",
        "crowd",
    ]


def test_parties_take_turns():
    asked = [(tenant, 1) for tenant in "aaabbc"]

    assert order(FairQueueing(), *asked) == ["a", "b", "c", "a", "b", "a"]


def test_who_comes_while_a_crowd_is_served_waits_no_longer_than_at_its_begin():
    rounds = FairQueueing()
    crowd = [rounds.join("crowd", 1) for _ in range(500)]
    for rank in crowd[:200]:
        rounds.serve(rank)

    assert rounds.join("other", 1) == crowd[200]


def test_less_urgent_ones_are_overtaken_for_so_many_rounds_and_no_more():
    rounds = FairQueueing()
    crowd = [rounds.join(("crowd", "edit"), 1) for _ in range(500)]

    repair = rounds.join(("other", "repair"), 4)
    refresh = rounds.join(("other", "list"), 16)

    assert [sum(each < rank for each in crowd) for rank in (repair, refresh)] == [3, 15]


def test_who_waits_no_longer_leaves_no_gap():
    rounds = FairQueueing()
    rounds.join("other", 1)
    first = rounds.join("a", 1)
    rounds.leave("a", rounds.join("a", 1), 1)

    assert rounds.join("a", 1) == first + 1


def test_nothing_is_remembered_of_those_who_are_gone():
    rounds = FairQueueing()
    for tenant in range(100):
        rank = rounds.join(tenant, 1)
        if tenant % 2:
            rounds.leave(tenant, rank, 1)
        else:
            rounds.serve(rank)

    assert rounds._last == {}


@given(
    st.lists(st.sampled_from(["join", "serve"]), max_size=60),
    st.integers(1, 6),
    st.data(),
)
def test_between_two_turns_of_one_who_waits_each_other_has_one_turn_about(steps, tenants, data):
    rounds, waiting, number = FairQueueing(), [], 0
    others: dict[int, int] = {}
    mine = rounds.join("me", 1)
    for step in steps:
        if step == "join":
            tenant = data.draw(st.integers(1, tenants))
            waiting.append((rounds.join(tenant, 1), number := number + 1, tenant))
        elif waiting and min(waiting)[0] < mine:
            waiting.sort()
            rank, _, tenant = waiting.pop(0)
            rounds.serve(rank)
            others[tenant] = others.get(tenant, 0) + 1

    assert max(others.values(), default=0) <= 1
