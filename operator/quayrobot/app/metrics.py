"""
What can be counted about a running operator?

One registry of our own, with names that dashboards rely on. The other rooms
know nothing of Prometheus: they call plain methods through small protocols of
theirs. Labels are bounded: no name that a tenant chooses becomes a label,
except the name of a connection, and of those only so many.
"""

from __future__ import annotations

import re
import time
from collections import Counter as Counted
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import IntEnum

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from ..cluster.kinds import NAMESPACE, OURS, SECRET, SERVICE_ACCOUNT
from ..model.errors import Reason

__all__ = ["CIRCUIT_STATES", "Metrics"]

CIRCUIT_STATES = ("closed", "half_open", "open")
OTHER = "other"
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,30}")
# What Prometheus first sees as 1 did not increase for it: what an alert must not miss begins at 0.
_RELISTED = (*OURS, SECRET.kind, SERVICE_ACCOUNT.kind, NAMESPACE.kind)
_CAUSES = ("queue_full", "not_written")
_LABELS_MAX = 64
_CONNECTIONS_MAX = 200
_PASS_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.3, 1, 3, 10, 30, 60)
_WAIT_BUCKETS = (0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60)
_REFRESH_BUCKETS = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)
_CALL_BUCKETS = (0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3, 6, 12, 30)


class _Bounded:
    """Lets the first *limit* values through and calls the rest `other`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def __call__(self, value: str) -> str:
        if value not in self._known:
            if len(self._known) >= self._limit:
                return OTHER
            self._known.add(value)
        return value

    def forget(self, value: str) -> None:
        self._known.discard(value)


log = structlog.get_logger(__name__)


class Metrics:
    """The operator's own numbers; *clock* is monotonic seconds, *version* the operator's."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, version: str = "unknown"
    ) -> None:
        # A series more per counter, of no use to Prometheus, which knows when each began.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._clock = clock
        self._last_event = clock()
        self._operation = _Bounded(_LABELS_MAX)
        self._connection = _Bounded(_CONNECTIONS_MAX)
        self._state = _Bounded(_LABELS_MAX)
        self._states: set[str] = set()
        Gauge(
            "quayrobot_build_info", "1; which version runs.", ["version"], registry=self.registry
        ).labels(version).set(1)
        self._make_queue()
        self._make_events()
        self._make_quay()
        self._make_cluster()

    def _make_queue(self) -> None:
        own = self.registry
        self._depth = Gauge(
            "quayrobot_queue_depth", "Keys that wait, by lane.", ["lane"], registry=own
        )
        self._passes = Counter(
            "quayrobot_passes", "Passes over a resource.", ["kind", "outcome"], registry=own
        )
        for kind in OURS:
            self._passes.labels(self._state(kind), self._state(Reason.INTERNAL_ERROR))
        self._pass_s = Histogram(
            "quayrobot_pass_seconds",
            "Duration of a pass.",
            ["kind"],
            buckets=_PASS_BUCKETS,
            registry=own,
        )
        self._leader = Gauge(
            "quayrobot_leader", "1 while this replica holds the Lease.", registry=own
        )
        self._robots = Gauge("quayrobot_robots", "QuayRobots by state.", ["state"], registry=own)
        self._robots_of = Gauge(
            "quayrobot_robots_by_connection",
            "QuayRobots by their connection and state.",
            ["kind", "connection", "state"],
            registry=own,
        )
        self._put_off = Gauge(
            "quayrobot_rotations_put_off",
            "Rotations that are due and not done, by what they wait for.",
            ["reason"],
            registry=own,
        )
        self._namespaces = Gauge(
            "quayrobot_cluster_robot_namespaces",
            "Namespaces of all ClusterQuayRobots by state.",
            ["state"],
            registry=own,
        )
        self._refresh_s = Histogram(
            "quayrobot_shared_refresh_seconds",
            "Time from a shared robot's new credential to its last copy.",
            buckets=_REFRESH_BUCKETS,
            registry=own,
        )

    def _make_events(self) -> None:
        own = self.registry
        self._events = Counter(
            "quayrobot_events", "Kubernetes Events posted.", ["type", "reason"], registry=own
        )
        self._dropped = Counter(
            "quayrobot_events_dropped", "Kubernetes Events given up.", ["cause"], registry=own
        )
        for cause in _CAUSES:
            self._dropped.labels(cause)

    def _make_quay(self) -> None:
        own = self.registry
        self._calls = Counter(
            "quayrobot_quay_calls",
            "Calls to Quay by operation and status.",
            ["operation", "status"],
            registry=own,
        )
        self._call_s = Histogram(
            "quayrobot_quay_call_seconds",
            "Duration of calls to Quay.",
            ["operation"],
            buckets=_CALL_BUCKETS,
            registry=own,
        )
        self._wait_s = Histogram(
            "quayrobot_quay_wait_seconds",
            "How long calls to Quay waited for their turn.",
            ["urgency"],
            buckets=_WAIT_BUCKETS,
            registry=own,
        )
        self._listed = Gauge(
            "quayrobot_connection_robots",
            "Robots in the organizations of a connection, as of the last lists.",
            ["kind", "connection", "state"],
            registry=own,
        )
        self._circuit = Gauge(
            "quayrobot_connection_circuit",
            "1 for the state that a connection's circuit is in.",
            ["kind", "connection", "state"],
            registry=own,
        )
        self._concurrency = Gauge(
            "quayrobot_connection_concurrency_limit",
            "How many calls at once a connection's Quay can do, as found until now.",
            ["kind", "connection"],
            registry=own,
        )
        self._token_ends = Gauge(
            "quayrobot_connection_token_expiry_timestamp_seconds",
            "When the token of a connection that renews it ends, as seconds since 1970.",
            ["kind", "connection"],
            registry=own,
        )

    def _make_cluster(self) -> None:
        own = self.registry
        self._seen = Counter(
            "quayrobot_watch_events", "Events seen by the watches.", ["resource"], registry=own
        )
        self._diverged = Counter(
            "quayrobot_watch_divergence",
            "Objects that a relist showed otherwise than the watches had.",
            ["resource"],
            registry=own,
        )
        for each in _RELISTED:
            self._diverged.labels(self._state(each))
        age = Gauge(
            "quayrobot_watch_last_event_age_seconds",
            "Time since any watch showed an event.",
            registry=own,
        )
        age.set_function(lambda: self._clock() - self._last_event)

    def leader(self, held: Callable[[], bool]) -> None:
        """Show what *held* says: whether this replica works."""
        self._leader.set_function(lambda: float(held()))

    def queued(self, lane: str, depth: int) -> None:
        """Set how many keys wait in *lane*."""
        self._depth.labels(self._state(lane)).set(depth)

    def passed(self, kind: str, outcome: str, seconds: float) -> None:
        """Count one pass over a resource of *kind*."""
        self._passes.labels(self._state(kind), self._state(outcome)).inc()
        self._pass_s.labels(self._state(kind)).observe(seconds)

    def called(self, operation: str, status: int | str, seconds: float) -> None:
        """Count one call to Quay; *status* is a number, or a word where there was no answer."""
        name = self._operation(operation)
        log.debug("quay.called", operation=name, status=status, seconds=round(seconds, 4))
        self._calls.labels(name, _status(status)).inc()
        self._call_s.labels(name).observe(seconds)

    def waited(self, how: IntEnum, seconds: float) -> None:
        """Note how long a call to Quay of urgency *how* waited for its turn."""
        self._wait_s.labels(how.name.lower()).observe(seconds)

    def robots(self, counts: Mapping[str, int]) -> None:
        """Set how many robots are in each state; a state left out has none."""
        for state in self._states - set(counts):
            self._robots.labels(state).set(0)
        for state, count in counts.items():
            self._states.add(self._state(state))
            self._robots.labels(self._state(state)).set(count)

    def rotations_put_off(self, counts: Mapping[str, int]) -> None:
        """Set how many rotations wait, by the reason; one left out has none."""
        self._put_off.clear()
        for reason, count in counts.items():
            self._put_off.labels(self._state(reason)).set(count)

    def robots_of(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        """Set how many robots are in each state by (kind, name) of connection: those with most."""
        users, shown = Counted[tuple[str, str]](), Counted[tuple[str, str, str]]()
        for (kind, connection, _), count in counts.items():
            users[kind, connection] += count
        most = {each for each, _ in users.most_common(_CONNECTIONS_MAX)}
        for (kind, connection, state), count in counts.items():
            name = connection if (kind, connection) in most else OTHER
            shown[kind, name, self._state(state)] += count
        self._robots_of.clear()
        for labels, count in shown.items():
            self._robots_of.labels(*labels).set(count)

    def namespaces(self, counts: Mapping[str, int]) -> None:
        """Set how many namespaces of ClusterQuayRobots are in each state."""
        for state, count in counts.items():
            self._namespaces.labels(self._state(state)).set(count)

    def refreshed(self, seconds: float) -> None:
        """Take note of how long a shared robot's new credential took to its last copy."""
        self._refresh_s.observe(seconds)

    def posted(self, kind: str, reason: str) -> None:
        """Count one Kubernetes Event of *kind* (Normal or Warning)."""
        self._events.labels(self._state(kind), self._state(reason)).inc()

    def event_dropped(self, cause: str) -> None:
        """Count one Kubernetes Event that is not written, because of *cause*."""
        self._dropped.labels(self._state(cause)).inc()

    def circuit(self, kind: str, connection: str, state: str) -> None:
        """Say which of CIRCUIT_STATES the circuit of *connection* is in."""
        name = self._connection(connection)
        for each in CIRCUIT_STATES:
            self._circuit.labels(kind, name, each).set(1 if each == state else 0)

    def concurrency(self, kind: str, connection: str, limit: float) -> None:
        """Set how many calls at once *connection* makes at most."""
        self._concurrency.labels(kind, self._connection(connection)).set(limit)

    def leftovers(self, kind: str, connection: str, unmanaged: int, unused: int) -> None:
        """Set how many robots of *connection*'s organizations nobody declares, or uses."""
        name = self._connection(connection)
        self._listed.labels(kind, name, "unmanaged").set(unmanaged)
        self._listed.labels(kind, name, "unused").set(unused)

    def token_ends(self, kind: str, connection: str, at: datetime | None) -> None:
        """Say when the token of *connection* ends; None for one that is not renewed."""
        name = self._connection(connection)
        if at is None:
            self._token_ends.remove_by_labels({"kind": kind, "connection": name})
        else:
            self._token_ends.labels(kind, name).set(at.timestamp())

    def connection_gone(self, kind: str, connection: str) -> None:
        """Forget a connection that is no more."""
        self._connection.forget(connection)
        for each in CIRCUIT_STATES:
            self._circuit.remove_by_labels({"kind": kind, "connection": connection, "state": each})
        for each in ("unmanaged", "unused"):
            self._listed.remove_by_labels({"kind": kind, "connection": connection, "state": each})
        for gauge in (self._token_ends, self._concurrency):
            gauge.remove_by_labels({"kind": kind, "connection": connection})

    def observed(self, resource: str) -> None:
        """Count one event of a watch."""
        self._last_event = self._clock()
        self._seen.labels(self._state(resource)).inc()

    def diverged(self, resource: str, count: int = 1) -> None:
        """Count objects that a relist showed otherwise than the watches had."""
        self._diverged.labels(self._state(resource)).inc(count)

    def render(self) -> bytes:
        """Return all numbers in Prometheus' text format."""
        return generate_latest(self.registry)


def _status(status: int | str) -> str:
    word = str(status)
    if word.isdecimal():
        return word if 100 <= int(word) <= 599 else OTHER
    # A word of ours for "no answer"; anything longer is somebody's text.
    return word if _WORD.fullmatch(word) else OTHER
