"""Do two robots take turns without a failing login, wherever the operator dies?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.names import ALT, MAIN
from quayrobot.model.resources.robot import RobotStatus
from quayrobot.model.secrecy import Token
from tests.kit.canary import robot_token
from tests.kit.examples import examples

from ..turns import OVERLAP, Turns, overlapping

CREATED = ["RehearseSecrets", "CreateRobot", "GiveRole", "JoinTeam", "SetFederation"]

crashes = st.lists(st.integers(1, 12), max_size=4)
pauses = st.integers(0, 900).map(lambda seconds: timedelta(seconds=seconds))
many = examples(40)


def born(**fields) -> Turns:
    """Return a resource at rest that holds its first robot."""
    life = Turns(spec=overlapping({"trigger": "0"}, **fields))
    life.rest()
    return life


def asked(**fields) -> Turns:
    """Return the same, with a new trigger."""
    life = born(**fields)
    life.ask(overlapping({"trigger": "1"}, **fields))
    return life


def test_a_first_robot_is_made_in_the_main_slot_and_nothing_else():
    life = born()

    assert life.robots() == ["acme+ci"]
    assert life.is_at_rest()
    assert life.one_pass() == ["ListRobots"]


@pytest.mark.parametrize("strategy", ["Overlap", "InPlace"])
def test_a_serviceaccount_that_is_missing_holds_up_no_rotation(strategy: str):
    late = {"secrets": [{"name": "ci", "serviceAccounts": [{"name": "late"}]}]}
    life = born(**late)

    for trigger in ("1", "2", "3"):
        life.ask(overlapping({"trigger": trigger, "strategy": strategy}, **late))
        # In place the credential before dies at once.
        life.watched = strategy == "Overlap"
        life.settle()
        assert life.is_at_rest()

    turns = strategy == "Overlap"
    assert (life.pair.made, life.pair.deleted) == ((4, 3) if turns else (1, 0))
    assert life.pair.regenerated == (0 if turns else 3)
    [ready] = [each for each in life.status.conditions if each.type == "Ready"]
    assert (ready.status, ready.reason) == ("False", "ServiceAccountNotFound")


def test_a_turn_without_trouble_makes_one_robot_and_replaces_nothing():
    life = asked()

    done = life.one_pass()

    writes = [each for each in done if not each.startswith(("List", "LookAt"))]
    assert writes == ["RecordIntent", *CREATED, "ReplaceSecret"]
    assert life.robots() == ["acme+ci", "acme+ci.alt"]
    assert life.active == ALT
    assert life.status.rotation.retiring.slot == MAIN
    assert life.one_pass() == ["ListRobots"]


def test_the_robot_before_goes_after_the_overlap_and_not_earlier():
    life = asked()
    life.rest()

    life.wait(OVERLAP - timedelta(seconds=30))
    assert life.one_pass() == ["ListRobots"]
    life.wait(timedelta(seconds=40))

    assert life.one_pass() == ["ListRobots", "LookAtRoles", "DeleteRobot", "LookAtRobot"]
    assert life.is_at_rest()
    assert life.one_pass() == ["ListRobots"]


def test_the_second_turn_goes_back_to_the_first_name():
    life = asked()
    life.settle()
    life.ask(overlapping({"trigger": "2"}))
    life.settle()

    assert (life.active, life.pair.made, life.pair.regenerated) == (MAIN, 3, 0)
    assert life.is_at_rest()


def test_a_request_waits_until_the_robot_before_is_gone():
    life = asked()
    life.rest()
    life.ask(overlapping({"trigger": "2"}))

    life.rest()
    assert life.pair.made == 2
    assert life.status.rotation.next_at == life.status.rotation.retiring.until
    life.settle()
    life.settle()

    assert life.pair.made == 3
    assert life.is_at_rest()


@pytest.mark.parametrize("step", range(1, 12))
def test_a_crash_after_any_step_is_no_second_robot(step):
    life = asked()

    life.one_pass(dies_after=step)
    life.settle()

    assert (life.pair.made, life.pair.regenerated, life.pair.deleted) == (2, 0, 1)
    assert life.active == ALT
    assert life.is_at_rest()


@many
@given(st.lists(st.tuples(st.booleans(), crashes, pauses), min_size=1, max_size=4))
def test_each_request_is_one_turn_whatever_crashes(requests):
    life = born()
    for number, (by_annotation, deaths, pause) in enumerate(requests, start=1):
        if by_annotation:
            life.annotation = f"{number}"
        else:
            life.ask(overlapping({"trigger": f"{number}"}))
        for step in deaths:
            life.one_pass(dies_after=step)
            life.wait(pause)
        life.settle()
        life.settle()

        assert (life.pair.made, life.pair.deleted, life.pair.regenerated) == (
            number + 1,
            number,
            0,
        )
        assert life.is_at_rest()
    assert life.logins


@many
@given(st.lists(st.tuples(st.integers(1, 12), pauses), min_size=1, max_size=6))
def test_requests_without_pause_never_cost_a_login(edits):
    life = born()
    for number, (step, pause) in enumerate(edits, start=1):
        life.ask(overlapping({"trigger": f"{number}"}))
        life.one_pass(dies_after=step)
        life.wait(pause)
    life.settle()
    life.settle()

    assert 1 <= life.pair.made - 1 <= len(edits)
    assert life.pair.regenerated == 0
    assert life.is_at_rest()


@many
@given(st.integers(1, 12), crashes, st.booleans())
def test_a_status_that_is_lost_at_any_time_loses_no_robot_and_no_login(step, deaths, secret_too):
    life = asked()
    life.one_pass(dies_after=step)
    life.status = RobotStatus()
    if secret_too:
        life.secrets = {}
    for each in deaths:
        life.one_pass(dies_after=each)
    life.settle()
    life.settle()

    assert life.pair.made <= 2
    assert life.pair.regenerated == 0
    assert life.is_at_rest()


@many
@given(st.integers(0, 12), crashes, pauses, st.booleans())
def test_a_deletion_at_any_time_leaves_no_robot(step, deaths, pause, lost):
    life = asked()
    if step:
        life.one_pass(dies_after=step)
    life.wait(pause)
    if lost:
        life.status = RobotStatus()
    life.terminating = True
    for each in deaths:
        life.one_pass(dies_after=each)
    life.rest()

    assert life.robots() == []
    assert not life.guarded


@many
@given(st.integers(1, 12), crashes)
def test_a_deletion_that_orphans_leaves_both(step, deaths):
    life = asked()
    life.one_pass(dies_after=step)
    before = life.robots()
    life.ask(overlapping({"trigger": "1"}, deletionPolicy="Orphan"))
    life.terminating = True
    for each in deaths:
        life.one_pass(dies_after=each)
    if life.guarded:
        life.rest()

    assert life.robots() == before
    assert not life.guarded


@many
@given(st.integers(1, 12), crashes)
def test_a_strategy_that_is_taken_back_at_any_time_ends_with_one_robot(step, deaths):
    life = asked()
    life.one_pass(dies_after=step)
    switched = life.status.robot.slot == ALT or "alt" in str(life.secrets)
    life.ask(overlapping({"trigger": "1", "strategy": "InPlace"}))
    # In place the credential before dies at once: that is what was asked for now.
    life.watched = False
    for each in deaths:
        life.one_pass(dies_after=each)
    life.settle()

    begun = life.pair.made
    assert life.pair.regenerated == (0 if switched else 1)
    assert life.is_at_rest()
    life.ask(overlapping({"trigger": "2", "strategy": "InPlace"}))
    life.settle()
    assert life.pair.made == begun
    assert life.pair.regenerated == (1 if switched else 2)
    assert life.is_at_rest()


@many
@given(st.integers(1, 12), st.sampled_from([MAIN, ALT]), crashes)
def test_a_robot_that_somebody_deletes_by_hand_is_made_good(step, slot, deaths):
    life = asked()
    life.one_pass(dies_after=step)
    one = life.pair.robots[slot]
    one.robot = None
    one.rights.repositories, one.rights.teams, one.identities = {}, set(), ()
    # Whoever deletes a robot by hand ends its credential.
    life.watched = False
    for each in deaths:
        life.one_pass(dies_after=each)
    life.settle()
    life.settle()

    assert life.pair.regenerated == 0
    assert life.is_at_rest()


def test_a_token_that_somebody_regenerates_meanwhile_is_followed():
    life = asked()
    life.one_pass(dies_after=3)
    life.watched = False
    main = life.pair.robots[MAIN]
    main.robot = replace(main.robot, token=Token(robot_token()))
    life.settle()

    assert life.pair.regenerated == 0
    assert life.is_at_rest()


def test_rights_that_are_edited_meanwhile_are_both_robots():
    life = asked()
    life.rest()
    wider = {"repositories": [{"name": "lib", "role": "write"}], "teams": ["devs"]}
    life.ask(overlapping({"trigger": "1"}, permissions=wider))

    life.rest()

    for one in life.pair.robots.values():
        assert one.rights.repositories == {"lib": "write"}
    assert any(
        (each.type, each.status) == ("GrantsReady", "True") for each in life.status.conditions
    )
