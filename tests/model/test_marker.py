"""Is a marker read as what it says, and garbage never as nobody's?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.marker import Marker, read_marker
from quayrobot.model.world import RobotSeen

OURS = Marker("c", "QuayRobot", "shop", "ci", "uid", "main")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
texts = st.text(max_size=8)
markers = st.builds(Marker, texts, texts, texts, texts, texts, texts)


@given(markers)
def test_what_was_written_is_read(marker):
    assert read_marker({"quayrobot.io": marker.as_metadata()}) == marker


@given(st.dictionaries(texts, json_values))
def test_without_the_key_there_is_no_marker(metadata):
    metadata.pop("quayrobot.io", None)

    assert read_marker(metadata) is None


@given(json_values)
def test_whatever_stands_under_the_key_is_a_marker_and_not_ours_by_accident(found):
    marker = read_marker({"quayrobot.io": found})

    assert marker is not None
    assert not marker.same_owner(OURS)


@pytest.mark.parametrize("missing", ["cluster", "kind", "namespace", "name"])
def test_a_marker_that_lacks_a_part_is_not_ours(missing):
    parts = OURS.as_metadata()
    del parts[missing]

    found = read_marker({"quayrobot.io": parts})

    assert found is not None
    assert not found.same_owner(OURS)


@pytest.mark.parametrize(
    ("change", "same_owner", "same_name"),
    [
        ({"uid": "x"}, True, True),
        ({"slot": "alt"}, True, True),
        ({"cluster": "x"}, False, True),
        ({"kind": "x"}, False, False),
        ({"namespace": "x"}, False, False),
        ({"name": "x"}, False, False),
    ],
)
def test_identity_is_cluster_kind_namespace_and_name(change, same_owner, same_name):
    other = replace(OURS, **change)

    assert OURS.same_owner(other) is same_owner
    assert OURS.same_name(other) is same_name


def test_a_robot_of_a_list_shows_no_marker_and_says_nothing_about_it():
    listed = RobotSeen("acme+ci", "now")
    bare = RobotSeen("acme+ci", "now", metadata={})

    assert (listed.marker, bare.marker) == (None, None)
    assert (listed.metadata, bare.metadata) == (None, {})
