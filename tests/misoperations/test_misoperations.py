"""Does a declaration that is wrong or merely odd harm anybody, and is it forgotten?"""

from __future__ import annotations

import re

import pytest

from tests.crd.schema import BY_KIND
from tests.kit.controlplane import ControlPlane

from .drawing import cases, drawn, places
from .grounds import GROUNDS
from .judging import spelled_out, without_given
from .looking import changes, flatten
from .running import ran
from .stage import staged

# One for each way in which a property is used; all of them: make misoperations.
CHOSEN = (
    r"opaque: \.spec\.(metadata emp|permissions left|secrets shrunk|rotation\.trigger emp)",
    r"docker: \.spec\.(permissions\.repositories shrunk|secrets\[\]\.serviceAccounts\[\]\.name)",
    r"keyless: \.spec\.(federation left out|credentials left out)",
    r"turning: \.spec\.(suspend toggled|secrets shrunk)",
    r"plain: \.spec\.secrets said",
    r"none: \.spec\.noSecret toggled",
    r"own with a token: \.spec\.(url changed|credentials\.secretRef\.key ch|registryHosts emp)",
    r"shared with a token: \.spec\.access\[\]\.(organizations emp|maxRole changed to read)",
    r"everywhere: \.spec\.(namespaceSelectors shrunk|template\.metadata emp|consent changed)",
    r"for all: \.spec\.template\.spec\.(suspend toggled|permissions left out)",
)


def test_every_property_of_every_kind_has_cases():
    tried = {(each.ground.kind, each.path) for each in drawn()}

    assert tried == {(kind, path) for kind in BY_KIND for path in places(kind)}


def test_the_cases_of_a_ground_are_all_different_and_none_is_the_ground_itself():
    for ground in GROUNDS.values():
        texts = [each.text for each in cases(ground)]
        assert len(set(texts)) == len(texts)
        assert ground.spec not in [each.spec for each in cases(ground)]


def test_the_order_of_what_has_a_name_is_no_difference():
    one, other = {}, {}
    flatten("s", [{"digest": "2", "name": "b"}, {"digest": "1", "name": "a"}], one)
    flatten("s", [{"digest": "3", "name": "a"}, {"digest": "2", "name": "b"}], other)

    assert changes(one, other, renewed=False) == ["s[a].digest: 1 became 3"]


def test_what_is_said_to_be_empty_is_a_difference_only_where_that_means_something():
    plain = {"organization": "acme", "secrets": [{"name": "ci"}]}
    empty = {"credentials": {}, "metadata": {}, "secrets": [{"name": "ci", "labels": {}}]}

    assert spelled_out(plain | empty) == spelled_out(plain)
    for block in ("permissions", "federation", "rotation"):
        assert spelled_out(plain | {block: {}}) != spelled_out(plain)
    assert spelled_out(plain | {"credentials": {"type": "Federated"}}) != spelled_out(plain)
    assert spelled_out(plain | {"secrets": []}) != spelled_out(plain)


def test_a_role_that_a_declared_default_may_have_given_is_no_difference_and_none_above_it():
    of = "robot acme+ci.grants.repositories"
    found = {f"{of}.app": "read", f"{of}.lib": "read", f"{of}.tool": "write", "robot x.y": "read"}
    rights = {"repositories": [{"name": "app", "role": "read"}], "defaults": [{"role": "read"}]}
    ground = {"permissions": rights}

    left = {path: role for path, role in found.items() if path != f"{of}.lib"}
    assert without_given(ground, found) == left
    assert without_given({"template": {"spec": ground}}, found) == left
    assert without_given({"permissions": {}}, found) == found
    assert without_given({}, found) == found


def test_what_a_new_credential_changes_is_a_difference_where_none_was_asked_for():
    before = {"robot a+ci.token": "one", "robot a+ci.description": "d"}
    after = {"robot a+ci.token": "two", "robot a+ci.description": "e"}

    assert len(changes(before, after, renewed=False)) == 2
    assert changes(before, after, renewed=True) == ["robot a+ci.description: d became e"]


@pytest.mark.rotates
@pytest.mark.timeout(600)
def test_chosen_misoperations_harm_nobody_and_are_forgotten(
    own_control_plane: ControlPlane, record_property
):
    if not own_control_plane.has_controllers:
        pytest.skip("ClusterQuayRobots need a control plane that collects garbage")
    chosen = [each for each in drawn() if any(re.match(e, str(each)) for e in CHOSEN)]
    with staged(own_control_plane) as stage:
        outcomes = ran(stage, chosen, width=len(chosen), bound_s=120, tell=print)

        assert [f"{each.case}: {each.wrong}" for each in outcomes if each.wrong] == []
        assert stage.house.recorder is not None
        assert stage.house.recorder.problems() == []
    record_property("misoperations", len(outcomes))
