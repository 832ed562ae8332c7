"""
How does the Grafana board come about?

Written from the short list below, so that panels look alike and each query is
in one place. `python tools/board.py > deploy/monitoring/dashboard.json`
"""

from __future__ import annotations

import json
import sys

WAITS = "rate(quayrobot_quay_wait_seconds_bucket[5m])"
WORDS = {
    "Robots by state": "QuayRobots that are ready, and for which reason the others are not.",
    "Robots ready": "QuayRobots whose credential and rights are as declared.",
    "Replica at work": "0: nobody holds the Lease, and nothing is done.",
    "Connections whose Quay is away": "Three calls in a row had no answer.",
    "Calls to Quay": "Calls per second, by operation and the status of the answer.",
    "Slow calls to Quay (p99)": "Over 5 s, fewer calls are made at once.",
    "Wait for a turn at Quay (p99)": "How long the limits of a connection hold calls up.",
    "Calls at once (limit)": "How many each Quay can do, as found until now.",
    "Passes": "Passes over resources per second, by how they ended.",
    "Queue": "Resources that wait for a worker. Edits that wait for long are those to look at.",
    "Robots that nobody declares or uses": "unused: without a login in 90 days.",
    "Events": "Kubernetes Events per second, by reason.",
    "Memory": "Resident memory of each replica.",
    "CPU": "Cores that each replica uses.",
}
Row = tuple[str, str, str, list[tuple[str, str]]]
PANELS: list[Row] = [
    ("Robots by state", "timeseries", "none", [("quayrobot:robots:max", "{{state}}")]),
    ("Robots ready", "stat", "none", [('quayrobot:robots:max{state="ready"}', "ready")]),
    ("Replica at work", "stat", "none", [("sum(quayrobot_leader)", "leaders")]),
    (
        "Connections whose Quay is away",
        "stat",
        "none",
        [('sum(max by (kind, connection) (quayrobot_connection_circuit{state="open"}))', "open")],
    ),
    (
        "Calls to Quay",
        "timeseries",
        "reqps",
        [("quayrobot:quay_calls:rate5m", "{{operation}} {{status}}")],
    ),
    (
        "Slow calls to Quay (p99)",
        "timeseries",
        "s",
        [("quayrobot:quay_call_seconds:p99_5m", "{{operation}}")],
    ),
    (
        "Wait for a turn at Quay (p99)",
        "timeseries",
        "s",
        [(f"histogram_quantile(0.99, sum by (urgency, le) ({WAITS}))", "{{urgency}}")],
    ),
    (
        "Calls at once (limit)",
        "timeseries",
        "none",
        [
            (
                "max by (kind, connection) (quayrobot_connection_concurrency_limit)",
                "{{kind}} {{connection}}",
            )
        ],
    ),
    (
        "Passes",
        "timeseries",
        "ops",
        [("sum by (outcome) (quayrobot:passes:rate5m)", "{{outcome}}")],
    ),
    (
        "Queue",
        "timeseries",
        "none",
        [("sum by (lane) (quayrobot_queue_depth)", "{{lane}}")],
    ),
    (
        "Robots that nobody declares or uses",
        "timeseries",
        "none",
        [
            (
                "max by (connection, state) (quayrobot_connection_robots)",
                "{{connection}} {{state}}",
            )
        ],
    ),
    (
        "Events",
        "timeseries",
        "ops",
        [("sum by (type, reason) (rate(quayrobot_events_total[5m]))", "{{reason}}")],
    ),
    (
        "Memory",
        "timeseries",
        "bytes",
        [('process_resident_memory_bytes{job="$job"}', "{{instance}}")],
    ),
    (
        "CPU",
        "timeseries",
        "none",
        [('rate(process_cpu_seconds_total{job="$job"}[5m])', "{{instance}}")],
    ),
]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(number: int, row: Row) -> dict[str, object]:
    """Return one panel in its place, three in a row."""
    title, kind, unit, queries = row
    return {
        "id": number + 1,
        "title": title,
        "description": WORDS[title],
        "type": kind,
        "datasource": SOURCE,
        "gridPos": {"h": 8, "w": 8, "x": number % 3 * 8, "y": number // 3 * 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(65 + at), "datasource": SOURCE, "expr": expr, "legendFormat": legend}
            for at, (expr, legend) in enumerate(queries)
        ],
    }


def board() -> dict[str, object]:
    """Return the whole board."""
    variables = [
        {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Source"},
        {
            "name": "job",
            "type": "query",
            "label": "Job",
            "datasource": SOURCE,
            "query": "label_values(quayrobot_leader, job)",
            "refresh": 2,
        },
    ]
    return {
        "uid": "quay-robot-operator",
        "title": "Quay robots",
        "tags": ["quay"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        # Grafana's model of a board requires the list, empty as it is.
        "annotations": {"list": []},
        "templating": {"list": variables},
        "panels": [panel(number, row) for number, row in enumerate(PANELS)],
    }


if __name__ == "__main__":
    json.dump(board(), sys.stdout, indent=1)
    print()
