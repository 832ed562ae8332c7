"""What can be counted about a running operator?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from quayrobot.app.metrics import Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(clock=lambda: 5.0)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_a_call_to_quay_is_counted_by_operation_and_status(metrics):
    metrics.called("get_robot", 400, 0.2)
    metrics.called("get_robot", "timeout", 30.0)

    assert value(metrics, "quayrobot_quay_calls_total", operation="get_robot", status="400") == 1
    assert (
        value(metrics, "quayrobot_quay_calls_total", operation="get_robot", status="timeout") == 1
    )
    assert value(metrics, "quayrobot_quay_call_seconds_count", operation="get_robot") == 2


@pytest.mark.parametrize("status", [0, 999, "a text of somebody else", "x" * 40])
def test_a_status_that_is_none_becomes_other(metrics, status):
    metrics.called("get_robot", status, 0.1)

    assert value(metrics, "quayrobot_quay_calls_total", operation="get_robot", status="other") == 1


def test_labels_are_bounded(metrics):
    for number in range(300):
        metrics.called(f"operation-{number}", 200, 0.1)
        metrics.circuit("QuayConnection", f"team-{number}/quay", "closed")
    families = {each.name: each for each in text_string_to_metric_families(text(metrics))}

    assert len({s.labels["operation"] for s in families["quayrobot_quay_calls"].samples}) == 65
    assert (
        len({s.labels["connection"] for s in families["quayrobot_connection_circuit"].samples})
        == 201
    )


def text(metrics: Metrics) -> str:
    return metrics.render().decode()


def test_a_state_that_no_robot_is_in_is_zero(metrics):
    metrics.robots({"Ready": 3, "Stalled": 1})
    metrics.robots({"Ready": 4})

    assert value(metrics, "quayrobot_robots", state="Ready") == 4
    assert value(metrics, "quayrobot_robots", state="Stalled") == 0


def test_a_reason_that_no_rotation_waits_for_has_no_series(metrics):
    metrics.rotations_put_off({"AdmissionDenied": 2, "QuayUnreachable": 1})
    metrics.rotations_put_off({"AdmissionDenied": 3})

    assert value(metrics, "quayrobot_rotations_put_off", reason="AdmissionDenied") == 3
    assert value(metrics, "quayrobot_rotations_put_off", reason="QuayUnreachable") is None


def test_robots_are_counted_by_connection_and_state(metrics):
    shared = {"kind": "ClusterQuayConnection", "connection": "default"}
    metrics.robots_of({(*shared.values(), "ready"): 3, (*shared.values(), "AccessDenied"): 1})
    metrics.robots_of({(*shared.values(), "ready"): 4})

    assert value(metrics, "quayrobot_robots_by_connection", **shared, state="ready") == 4
    assert value(metrics, "quayrobot_robots_by_connection", **shared, state="AccessDenied") is None


def test_connections_with_few_robots_are_counted_together(metrics):
    counts = {("QuayConnection", f"team-{each}", "ready"): 1 + each for each in range(300)}
    metrics.robots_of(counts)

    (family,) = (
        each
        for each in text_string_to_metric_families(text(metrics))
        if each.name == "quayrobot_robots_by_connection"
    )
    shown = {each.labels["connection"]: each.value for each in family.samples}
    assert len(shown) == 201
    assert shown["other"] == sum(range(1, 101))
    assert shown["team-299"] == 300


def test_no_series_says_when_a_counter_began(metrics):
    metrics.called("get_robot", 200, 0.1)

    assert "_created" not in text(metrics)


def test_a_circuit_is_in_one_state_at_a_time(metrics):
    connection = {"kind": "ClusterQuayConnection", "connection": "default"}
    metrics.circuit(**connection, state="closed")
    metrics.circuit(**connection, state="open")
    metrics.concurrency(**connection, limit=2.5)

    assert value(metrics, "quayrobot_connection_concurrency_limit", **connection) == 2.5
    assert value(metrics, "quayrobot_connection_circuit", **connection, state="closed") == 0
    assert value(metrics, "quayrobot_connection_circuit", **connection, state="open") == 1

    metrics.connection_gone(**connection)

    assert None is value(metrics, "quayrobot_connection_circuit", **connection, state="open")
    assert None is value(metrics, "quayrobot_connection_concurrency_limit", **connection)


def test_the_end_of_a_token_is_told_while_it_is_known(metrics):
    connection = {"kind": "ClusterQuayConnection", "connection": "default"}
    name = "quayrobot_connection_token_expiry_timestamp_seconds"
    metrics.token_ends(**connection, at=None)
    assert None is value(metrics, name, **connection)

    metrics.token_ends(**connection, at=datetime(2026, 11, 26, tzinfo=UTC))
    assert value(metrics, name, **connection) == 1795651200

    metrics.token_ends(**connection, at=None)
    assert None is value(metrics, name, **connection)

    metrics.token_ends(**connection, at=datetime(2026, 11, 26, tzinfo=UTC))
    metrics.connection_gone(**connection)
    assert None is value(metrics, name, **connection)


def test_the_age_of_the_last_event_grows_until_the_next():
    now = [0.0]
    metrics = Metrics(clock=lambda: now[0])
    now[0] = 7.0

    assert value(metrics, "quayrobot_watch_last_event_age_seconds") == 7.0

    metrics.observed("Secret")

    assert value(metrics, "quayrobot_watch_last_event_age_seconds") == 0.0


def test_everything_is_rendered_in_one_text(metrics):
    metrics.queued("edits", 2)
    metrics.passed("QuayRobot", "reconciled", 0.01)
    metrics.posted("Normal", "Reconciled")
    metrics.event_dropped("queue_full")
    metrics.diverged("QuayRobot")
    metrics.leftovers("ClusterQuayConnection", "default", 3, 1)
    shown = text(metrics)

    for line in (
        'quayrobot_queue_depth{lane="edits"} 2.0',
        'quayrobot_passes_total{kind="QuayRobot",outcome="reconciled"} 1.0',
        'quayrobot_events_total{reason="Reconciled",type="Normal"} 1.0',
        'quayrobot_events_dropped_total{cause="queue_full"} 1.0',
        'quayrobot_watch_divergence_total{resource="QuayRobot"} 1.0',
        'kind="ClusterQuayConnection",state="unmanaged"} 3.0',
        "process_resident_memory_bytes",
    ):
        assert line in shown


def test_it_says_which_version_runs_and_not_when_a_series_began():
    metrics = Metrics(version="1.2.3")
    metrics.called("get_robot", 200, 0.2)
    shown = text(metrics)

    assert 'quayrobot_build_info{version="1.2.3"} 1.0' in shown
    assert "_created" not in shown


def test_what_an_alert_must_not_miss_begins_at_zero(metrics):
    for kind in ("QuayRobot", "ClusterQuayRobot", "QuayConnection", "ClusterQuayConnection"):
        labels = {"kind": kind, "outcome": "InternalError"}
        assert value(metrics, "quayrobot_passes_total", **labels) == 0
        assert value(metrics, "quayrobot_watch_divergence_total", resource=kind) == 0
    for resource in ("Secret", "ServiceAccount", "Namespace"):
        assert value(metrics, "quayrobot_watch_divergence_total", resource=resource) == 0
