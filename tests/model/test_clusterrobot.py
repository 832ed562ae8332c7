"""What does a ClusterQuayRobot say, and how are its robots named?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quayrobot.model.errors import InvalidSpec
from quayrobot.model.names import is_robot_short_name
from quayrobot.model.resources.parse_clusterrobot import (
    name_robot,
    parse_cluster_robot,
    parse_cluster_robot_status,
    robot_spec_for,
)

RAW = {"namespaceSelectors": [{}], "template": {"spec": {"organization": "acme"}}}


def named(template, *, name="pull", namespace="shop", cluster=None, **fields):
    extra = {"robotNameTemplate": template} if template else {}
    spec = parse_cluster_robot({**RAW, **extra, **fields})
    return name_robot(spec, name, namespace, cluster).short


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (None, "shop-pull"),
        ("{name}.{namespace}", "pull.shop"),
        ("{cluster}-{namespace}", "east-shop"),
        ("{namespace}{namespace}", "shopshop"),
        ("fixed", "fixed"),
    ],
)
def test_a_template_names_the_robot(template, expected):
    assert expected == named(template, cluster="east")


def test_one_for_all_is_named_like_the_resource():
    assert named(None, mode="Shared") == "pull"


@pytest.mark.parametrize(
    ("template", "namespace", "name"),
    [
        pytest.param(None, "a--b", "pull", id="two dashes in the namespace's name"),
        pytest.param("{namespace}-{name}", "shop", "a..b", id="two dots in the resource's"),
        pytest.param("-{namespace}", "shop", "pull", id="a dash at the start"),
        pytest.param("{namespace}.", "shop", "pull", id="a dot at the end"),
        pytest.param("x", "shop", "pull", id="too short"),
        pytest.param("{name}", "shop", "a" * 253, id="too long with its owner"),
    ],
)
def test_a_name_that_quay_does_not_take_is_refused(template, namespace, name):
    with pytest.raises(InvalidSpec):
        named(template, namespace=namespace, name=name)


def test_a_cluster_without_a_name_is_asked_for_one():
    with pytest.raises(InvalidSpec, match="--cluster-name"):
        named("{cluster}-{namespace}")


@given(
    template=st.from_regex(
        r"\A([a-z0-9._-]|\{namespace\}|\{name\}|\{cluster\}){1,12}\Z",
        alphabet="ab09._-{}clustername",
    ),
    namespace=st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?\Z", alphabet="ab09-"),
)
def test_whatever_the_template_a_name_is_legal_or_refused(template, namespace):
    try:
        short = named(template, namespace=namespace, cluster="east")
    except InvalidSpec:
        return

    assert is_robot_short_name(short)
    assert "{" not in short


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param({}, id="nothing"),
        pytest.param({**RAW, "namespaceSelectors": []}, id="no selector"),
        pytest.param({**RAW, "mode": "Both"}, id="no such mode"),
        pytest.param({**RAW, "template": {"spec": {}}}, id="nobody's robot"),
        pytest.param({**RAW, "template": {"spec": {"organization": "a", "user": "b"}}}, id="two"),
        pytest.param(
            {**RAW, "template": {"spec": {"organization": "acme", "robotName": "x"}}}, id="a name"
        ),
        pytest.param(
            {**RAW, "template": {"spec": {"organization": "acme", "secrets": [
                {"name": "x", "format": "BasicAuth", "scope": "Organization"}]}}},
            id="what a QuayRobot may not say either",
        ),
        pytest.param(
            {**RAW, "template": {"metadata": {"labels": {"quayrobot.io/x": "y"}},
                                 "spec": {"organization": "acme"}}},
            id="our own label",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(raw):
    with pytest.raises(InvalidSpec):
        parse_cluster_robot(raw)


def test_a_robots_spec_is_the_templates_with_its_name():
    spec = parse_cluster_robot(RAW)

    made = robot_spec_for(RAW, name_robot(spec, "pull", "shop", None))

    assert made == {"organization": "acme", "robotName": "shop-pull"}


def test_a_status_is_read_as_far_as_it_can_be():
    read = parse_cluster_robot_status(
        {"namespaces": {"targets": 3}, "failed": "odd", "removal": {"confirmed": "5", "left": 2}}
    )

    assert read.namespaces is not None
    assert (read.namespaces.targets, read.namespaces.ready) == (3, 0)
    assert read.failed == ()
    assert read.removal is not None
    assert read.removal.left == 2
