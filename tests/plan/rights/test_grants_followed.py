"""Do changes of rights lead to what is declared, from anywhere and through any crash?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quayrobot.model.actions import GiveDefault, GiveRole, JoinTeam
from quayrobot.model.resources.permissions import ROLES, GrantsState, Permissions
from quayrobot.model.resources.robot import RobotStatus
from quayrobot.model.world import GrantsSeen, Present, Unlooked
from quayrobot.plan.decide import decide
from quayrobot.plan.rights.grants import after
from quayrobot.plan.rights.grants import given as put_there
from quayrobot.plan.scene import Scene
from quayrobot.plan.words.status import status_after
from tests.kit.examples import examples

from ..answering import Grants, Rights, World, declared, settled
from ..scenes import held, me, spec, status
from ..worlds import ANYTHING

many = examples(80)

NAMES, TEAMS, CREATORS = (
    ("app", "group/tool", "lib", "old"),
    ("devs", "old", "ops"),
    (None, "bob", "mary"),
)
roles = st.sampled_from(ROLES)
repositories = st.dictionaries(st.sampled_from(NAMES), roles)
teams = st.sets(st.sampled_from(TEAMS))
per_creator = st.dictionaries(st.sampled_from(CREATORS), roles)


@st.composite
def permissions(draw, modes=("Exact", "Additive")) -> Permissions:
    return Permissions.model_validate(
        {
            "mode": draw(st.sampled_from(modes)),
            "repositories": [{"name": n, "role": r} for n, r in draw(repositories).items()],
            "teams": sorted(draw(teams)),
            "defaults": [
                {"role": role, **({"creator": who} if who else {})}
                for who, role in draw(per_creator).items()
            ],
        }
    )


@st.composite
def rights(draw) -> Rights:
    """Whatever somebody may have given by hand, twins among default permissions included."""
    several = draw(st.lists(st.tuples(roles, st.sampled_from(CREATORS)), max_size=5))
    numbered = {f"id-{number}": each for number, each in enumerate(several)}
    creators = frozenset(draw(teams))
    return Rights(draw(repositories), draw(teams), numbered, creators=creators)


def look(
    wanted: Permissions,
    known: RobotStatus | None = None,
    seen: GrantsSeen | None = None,
    *,
    generation: int = 1,
) -> Scene:
    """Return the first look of a pass at a held robot that declares *wanted*."""
    asked = spec(permissions=wanted.model_dump(by_alias=True, exclude_none=True))
    return held(
        spec=asked,
        status=known or status(),
        rules=(ANYTHING,),
        grants=Unlooked() if seen is None else Present(seen),
        me=me(guarded=True, generation=generation),
    )


def live(
    world: World,
    wanted: Permissions,
    known: RobotStatus | None = None,
    seen: GrantsSeen | None = None,
    *,
    generation: int = 1,
) -> RobotStatus:
    """Have one pass, undisturbed, and return the status that it leaves."""
    scene = look(wanted, known, seen, generation=generation)
    world.robot = scene.robot.value
    last, plan = world.follow(scene)
    return status_after(last, plan.findings, adopted=False)


def remembered(wanted: Permissions, there: Rights, *, restarted: bool) -> GrantsSeen | None:
    """Return what the process still knows of the pass that made *wanted* so."""
    asked = tuple(each.name for each in wanted.repositories)
    return None if restarted else there.seen(asked)


# After a restart nothing is remembered; what status says of another generation is not believed.
whether_restarted = pytest.mark.parametrize(
    "restarted",
    [pytest.param(False, id="in one process"), pytest.param(True, id="after a restart")],
)


@dataclass(frozen=True)
class Left:
    """What Additive must leave alone: it is not declared, and we did not give it."""

    wanted: Permissions
    recorded: GrantsState

    def of(self, have: Grants) -> Grants:
        names = {each.name for each in (*self.wanted.repositories, *self.recorded.repositories)}
        known = {*self.wanted.teams, *self.recorded.teams}
        creators = {each.creator or "" for each in self.wanted.defaults}
        ours = {(each.creator or "", each.role) for each in self.recorded.defaults}
        roles_there, teams_there, defaults = have
        return (
            {name: role for name, role in roles_there.items() if name not in names},
            frozenset(teams_there - known),
            tuple(each for each in defaults if each[0] not in creators and each not in ours),
        )


def items(have: Grants) -> set[tuple[str, str, str]]:
    found = {("repository", name, role) for name, role in have[0].items()}
    found |= {("team", name, "") for name in have[1]}
    return found | {("default", creator or "", role) for creator, role in have[2]}


def both(one: Grants, other: Grants) -> Grants:
    return {**one[0], **other[0]}, one[1] | other[1], tuple(sorted((*one[2], *other[2])))


# The end ---------------------------------------------------------------------------


@many
@given(permissions(("Exact",)), rights())
def test_exact_ends_with_what_is_declared_and_what_quay_gave_for_it(wanted, there):
    world, before = World(None, rights=there), there.held()

    told = live(world, wanted)

    assert there.held() == settled(wanted, before, there.creators)
    assert told.grants == put_there(wanted)


@many
@given(permissions(("Additive",)), rights())
def test_additive_ends_with_what_is_declared_and_what_was_foreign(wanted, there):
    foreign = Left(wanted, GrantsState()).of(there.held())

    live(World(None, rights=there), wanted)

    assert there.held() == both(declared(wanted), foreign)


@many
@given(permissions(), rights())
def test_at_the_end_nothing_more_is_due_now_and_after_a_restart(wanted, there):
    world = World(None, rights=there)
    told = live(world, wanted)

    assert decide(look(wanted, told)).actions == ()
    seen = replace(look(wanted, told), grants=Present(there.seen(None, more=True)))
    assert decide(seen).actions == ()


@whether_restarted
@many
@given(first=permissions(), second=permissions(), there=rights())
def test_an_edit_takes_back_what_was_given_and_leaves_what_is_foreign(
    restarted, first, second, there
):
    world = World(None, rights=there)
    told = live(world, first)
    between = there.held()
    foreign = Left(second, told.grants).of(between)

    seen = remembered(first, there, restarted=restarted)
    live(world, second, told, seen, generation=2)

    if second.mode == "Exact":
        assert there.held() == settled(second, between, there.creators)
    else:
        assert there.held() == both(declared(second), foreign)


@many
@given(permissions(), rights(), st.sets(st.sampled_from([*NAMES, *TEAMS])))
def test_what_is_missing_holds_up_only_itself(wanted, there, lost):
    there.missing = frozenset(
        [*(f"repository {each}" for each in lost), *(f"team {each}" for each in lost)]
    )
    there.repositories = {k: v for k, v in there.repositories.items() if k not in lost}
    there.teams -= lost
    asked = declared(wanted)
    possible = (
        {name: role for name, role in asked[0].items() if name not in lost},
        asked[1] - lost,
        asked[2],
    )
    before = there.held()
    foreign = Left(wanted, GrantsState()).of(before)

    told = live(World(None, rights=there), wanted)

    kept = settled(wanted, before, there.creators)[0].items() - asked[0].items()
    left = {name: role for name, role in kept if name not in asked[0]}, frozenset(), ()
    expected = both(possible, left if wanted.mode == "Exact" else foreign)
    assert there.held() == expected
    ready = {each.type: each.status for each in told.conditions}["Ready"]
    assert ready == ("True" if possible == asked else "False")


# Each instant ------------------------------------------------------------------------


def instants(
    wanted: Permissions, there: Rights, known: RobotStatus | None, seen: GrantsSeen | None
) -> Iterator[Scene]:
    scene = look(wanted, known, seen, generation=2)
    for step, _ in World(scene.robot.value, rights=there).steps(scene):
        yield step


def ranks(have: Grants) -> dict[tuple[str, str], int]:
    """Return how far each right goes; of twins the further."""
    reach = {("repository", name): ROLES.index(role) for name, role in have[0].items()}
    reach |= {("team", name): 0 for name in have[1]}
    for creator, role in have[2]:
        place = ("default", creator)
        reach[place] = max(reach.get(place, -1), ROLES.index(role))
    return reach


@whether_restarted
@many
@given(first=permissions(), second=permissions(), there=rights())
def test_at_each_instant_rights_are_within_the_old_or_the_new(restarted, first, second, there):
    told = live(World(None, rights=there), first)
    old = ranks(there.held())
    before = there.held()
    end = settled(second, before, there.creators)
    if second.mode == "Additive":
        end = both(declared(second), Left(second, told.grants).of(before))
    new = ranks(end)
    seen = remembered(first, there, restarted=restarted)
    shrinking = True

    for _ in instants(second, there, told, seen):
        now = ranks(there.held())
        assert all(reach <= max(old.get(k, -1), new.get(k, -1)) for k, reach in now.items())
        if any(reach > old.get(k, -1) for k, reach in now.items()):
            shrinking = False
        if not shrinking:
            # It grows: then nothing is left that has to go.
            assert all(reach <= new.get(k, -1) for k, reach in now.items())


@many
@given(permissions(("Additive",)), permissions(("Additive",)), rights())
def test_additive_never_touches_what_is_foreign(first, second, there):
    told = live(World(None, rights=there), first)
    left = Left(second, told.grants)
    foreign = left.of(there.held())

    for _ in instants(second, there, told, None):
        assert left.of(there.held()) == foreign


@many
@given(permissions(), permissions(), rights())
def test_whatever_is_ours_is_on_record_at_each_instant(first, second, there):
    foreign = Left(first, GrantsState()).of(there.held()) if first.mode == "Additive" else None
    told = live(World(None, rights=there), first)
    by_quay = set(there.held()[0]) - set(declared(first)[0])

    for step in instants(second, there, told, remembered(first, there, restarted=False)):
        on_record = step.status.grants
        names, known = {e.name for e in on_record.repositories}, set(on_record.teams)
        have = there.held()
        assert set(have[0]) - names <= set(foreign[0] if foreign else by_quay)
        assert have[1] - known <= (foreign[1] if foreign else set())


@whether_restarted
@many
@given(
    first=permissions(), second=permissions(("Additive",)), third=permissions(), there=rights(),
    step=st.integers(0, 12),
)  # fmt: skip
def test_a_crash_at_any_step_leaves_nothing_of_ours_behind(
    restarted, first, second, third, there, step
):
    """One edit is cut off anywhere, and the process ends; then there is another edit."""
    told = live(World(None, rights=there), first)
    before = there.held()
    foreign = Left(third, put_there(second)).of(Left(second, told.grants).of(before))
    stored = told
    seen = remembered(first, there, restarted=restarted)
    for number, scene in enumerate(instants(second, there, told, seen)):
        stored = scene.status
        if number == step:
            break
    finished = any(c.type == "GrantsReady" and c.status == "True" for c in stored.conditions)
    assume(restarted or not finished)

    cut_off = there.held()
    live(World(None, rights=there), third, stored, generation=3)

    if third.mode == "Exact":
        assert there.held() == settled(third, cut_off, there.creators)
        return
    left, expected = items(there.held()), items(both(declared(third), foreign))
    assert expected <= left
    # What the second would have changed and did not come to was never ours to take.
    assert left - expected <= items(before) - items(declared(first))


# The product's own idea of a change ------------------------------------------------------


@many
@given(permissions(), rights())
def test_what_is_remembered_after_a_change_is_what_is_there(wanted, there):
    scene = look(wanted)
    for step, _plan in World(scene.robot.value, rights=there).steps(scene):
        if isinstance(step.grants, Present):
            known = step.grants.value
            assert Rights.of(known).held()[1:] == there.held()[1:]
            read = {name for name, role in known.repositories.items() if role is not None}
            assert set(known.repositories) == set(there.repositories)
            assert all(known.repositories[name] == there.repositories[name] for name in read)


def test_a_change_of_one_right_leaves_the_others():
    before = GrantsSeen({"app": "read"}, frozenset({"devs"}), ())
    given_all = (GiveRole(None, "lib", "write"), JoinTeam(None, "ops"),
                 GiveDefault(None, "read", None))  # fmt: skip

    now = before
    for each in given_all:
        now = after(each, now)

    assert now.repositories == {"app": "read", "lib": "write"}
    assert now.teams == {"devs", "ops"}
    assert [each.role for each in now.defaults] == ["read"]
    assert before == GrantsSeen({"app": "read"}, frozenset({"devs"}), ())
