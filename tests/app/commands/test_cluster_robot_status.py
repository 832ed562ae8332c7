"""What does `kubectl quayrobot status` say of a stored ClusterQuayRobot?"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
import typer
from rich.console import Console

from quayrobot.app.commands.access.resource_args import parse_resource_arg
from quayrobot.app.commands.render.cluster_robot_tree import cluster_robot_tree_of
from quayrobot.app.commands.report.cluster_robot import cluster_robot_report_of

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Body = dict[str, Any]


def condition(kind: str, status: str, reason: str, message: str = "said") -> Body:
    return {"type": kind, "status": status, "reason": reason, "message": message}


def cluster_robot(
    *, template: Body | None = None, status: Body | None = None, **spec: Any
) -> Body:
    return {
        "metadata": {"name": "puller", "generation": 1},
        "spec": {
            "namespaceSelectors": [{"matchLabels": {"pull": "acme"}}],
            "template": {"spec": {"organization": "acme", **(template or {})}},
            **spec,
        },
        "status": {
            "observedGeneration": 1,
            "conditions": [condition("Ready", "True", "Reconciled")],
            **(status or {}),
        },
    }


def counts(**of: int) -> Body:
    return {"targets": 0, "ready": 0, "stale": 0, "failed": 0, "leaving": 0, **of}


def held(used: str | None = None) -> Body:
    words = "25 of 30 namespaces are no longer selected"
    return {
        "conditions": [
            condition("Ready", "False", "RemovalNotConfirmed", words),
            condition("Stalled", "True", "RemovalNotConfirmed", words),
        ],
        "namespaces": counts(targets=5, ready=5, leaving=25),
        **({"removal": {"confirmed": used, "left": 0}} if used else {}),
    }


def shown(body: Body, connection: Body | None = None) -> str:
    out = io.StringIO()
    Console(file=out, width=300).print(
        cluster_robot_tree_of(cluster_robot_report_of(body, connection), NOW)
    )
    return out.getvalue()


def test_what_is_well_tells_mode_names_and_counts_and_no_cure():
    said = shown(cluster_robot(status={"namespaces": counts(targets=3, ready=3)}))

    assert said.startswith("clusterquayrobot/puller  Ready\n")
    assert "mode: PerNamespace, robots acme+{namespace}-puller\n" in said
    assert "selected: namespaces with pull=acme, except kube-*, openshift-*\n" in said
    assert "namespaces: 3 of 3 ready\n" in said
    assert "connection: ClusterQuayConnection/default" in said
    assert "fix" not in said
    assert "secret" not in said


def test_all_ways_to_mean_a_namespace_are_told():
    expressions = [
        {"key": "stage", "operator": "In", "values": ["test", "prod"]},
        {"key": "old", "operator": "DoesNotExist"},
    ]

    said = shown(
        cluster_robot(
            namespaceSelectors=[{"matchExpressions": expressions}, {}],
            excludeNamespaces=[],
            consent="quay=yes",
        )
    )

    assert "namespaces with stage in (test,prod),!old or any labels, and with" in said
    assert "consent quay=yes\n" in said
    assert "not counted yet" in said


def test_namespaces_that_fail_are_told_with_reason_and_one_cure_for_each_reason():
    failed = [
        {"namespace": f"team-{each}", "reason": "QuayRobotNotOwned", "message": "one is there"}
        for each in "ab"
    ]
    status = {"namespaces": counts(targets=9, ready=5, failed=4), "failed": failed}

    said = shown(cluster_robot(status=status))

    assert "5 of 9 ready, 4 failed\n" in said
    assert "team-a: QuayRobotNotOwned: one is there" in said
    assert "team-b: QuayRobotNotOwned: one is there" in said
    assert said.count("fix: ") == 1
    assert "and 2 more that the status does not name" in said


def test_a_removal_that_waits_tells_what_confirms_it():
    said = shown(cluster_robot(status=held()))

    assert "25 no longer selected, not cleaned up yet" in said
    assert "removal: 25 namespaces keep what they have until you confirm" in said
    assert "annotate clusterquayrobot puller quayrobot.io/confirm-removal=25 --over" in said
    assert "confirm-removal-\n" not in said
    assert "more: docs/operations.md#removalnotconfirmed" in said


def test_a_number_that_was_used_once_has_to_go_before_it_counts_again():
    lines = shown(cluster_robot(status=held(used="25"))).splitlines()

    first = next(at for at, each in enumerate(lines) if "confirm-removal-" in each)
    assert "confirm-removal=25" in lines[first + 1]


def test_a_removal_that_was_confirmed_tells_how_many_are_left():
    status = {
        "namespaces": counts(targets=5, leaving=3),
        "removal": {"confirmed": "25", "left": 3},
    }

    said = shown(cluster_robot(status=status))

    assert "removal: 25 were confirmed, 3 still to clean up" in said


def test_the_robot_of_all_is_told_with_its_rights_and_its_stale_copies():
    status = {
        "namespaces": counts(targets=3, ready=1, stale=2),
        "robot": {"fullName": "acme+puller", "createdAt": "Mon, 23 Nov 2026 07:53:29 -0000"},
        "grants": {"teams": ["devs"]},
    }
    template = {"permissions": {"teams": ["devs", "ops"]}, "suspend": True}

    said = shown(cluster_robot(template=template, status=status, mode="Shared"))

    assert said.startswith("clusterquayrobot/puller  Ready, suspended\n")
    assert "mode: Shared, one robot for all\n" in said
    assert "1 of 3 ready, 2 with copies of an older credential\n" in said
    assert "robot: acme+puller, created 28h ago" in said
    assert "secret/puller: DockerConfigJson\n" in said
    assert "team devs\n" in said
    assert "team ops, not granted" in said


def test_a_connection_in_trouble_is_told_with_what_helps():
    trouble = {"status": {"conditions": [condition("Ready", "False", "QuayUnreachable", "away")]}}

    assert "QuayUnreachable: away" in shown(cluster_robot(), trouble)


def test_fields_of_a_later_version_are_shown_as_they_are():
    said = shown(cluster_robot(template={"color": "red"}, status={"shade": "deep"}, size="big"))

    assert {"color: red", "shade: deep", "size: big"} <= {
        each.strip("│├└─ ") for each in said.splitlines()
    }


@pytest.mark.parametrize(
    ("word", "kind", "name"),
    [
        ("ci", "QuayRobot", "ci"),
        ("qr/ci", "QuayRobot", "ci"),
        ("quayrobots/ci", "QuayRobot", "ci"),
        ("cqr/puller", "ClusterQuayRobot", "puller"),
        ("ClusterQuayRobot/puller", "ClusterQuayRobot", "puller"),
        ("clusterquayrobots.quayrobot.io/puller", "ClusterQuayRobot", "puller"),
    ],
)
def test_a_word_names_a_resource_as_for_kubectl(word, kind, name):
    found = parse_resource_arg(word)

    assert (kind, name) == (found.kind.kind, found.name)


@pytest.mark.parametrize("word", ["pod/ci", "cqr/", "/ci", "qconn/own"])
def test_a_word_that_names_no_robots_ends_the_command(word, capsys):
    with pytest.raises(typer.Exit):
        parse_resource_arg(word)

    assert "cqr/NAME" in capsys.readouterr().err
