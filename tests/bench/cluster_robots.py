"""
What does a ClusterQuayRobot cost over many namespaces, and does a new one wait for them?

The namespaces are there; the clock runs from the first label to the last
Secret. Then all of them are refreshed (Shared: a rotation; PerNamespace: an
edit of the template), and in the middle of that one namespace more is labelled.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import CLUSTER_QUAY_CONNECTION, CLUSTER_QUAY_ROBOT, NAMESPACE, SECRET
from tests.kit.controlplane import ControlPlane, PartMissing
from tests.kit.operating import NAMESPACE as HOME
from tests.kit.operating import OperatorProcess
from tests.kit.processes import wait_for

from .double import cpu_of
from .load import connection_body, credential_body
from .measuring import still
from .stage import Stage

__all__ = [
    "ClusterRobotRow",
    "cluster_robot_faults",
    "cluster_robot_table",
    "measure_cluster_robot",
]

Body = dict[str, Any]
ClusterRobotRow = dict[str, Any]
LABEL = "bench-cluster-robot"
PATIENCE_S = 240.0
DIGEST = "quayrobot.io/credential-digest"
COLUMNS = {
    "mode": "mode",
    "namespaces": "namespaces",
    "label_s": "labels set s",
    "served_s": "to the last Secret s",
    "calls": "calls to Quay",
    "writes": "cluster writes",
    "cpu_s": "CPU s",
    "rss_mb": "RSS MB",
    "refresh_s": "refresh of all s",
    "refresh_calls": "its calls",
    "one_more_s": "one more meanwhile s",
    "restart_calls": "calls at restart",
    "restart_writes": "writes at restart",
}


@dataclass
class ClusterRobot:
    """A ClusterQuayRobot and its namespaces on the stage."""

    stage: Stage
    mode: str
    size: int

    @property
    def name(self) -> str:
        """What everything of it is called."""
        return f"cluster-robot-{self.mode.lower()}"

    @property
    def spaces(self) -> list[str]:
        """The namespaces, the one that comes later last."""
        return [f"{self.name}-{number}" for number in range(self.size + 1)]

    def body(self, **changes: Any) -> Body:
        """Return the ClusterQuayRobot."""
        robot = {"organization": self.name, "connectionRef": {"name": self.name}, **changes}
        return {
            "apiVersion": CLUSTER_QUAY_ROBOT.api_version,
            "kind": CLUSTER_QUAY_ROBOT.kind,
            "metadata": {"name": self.name},
            "spec": {
                "mode": self.mode,
                "namespaceSelectors": [{"matchLabels": {LABEL: self.name}}],
                "template": {"spec": {**robot, "secrets": [{"name": self.name}]}},
            },
        }

    def prepare(self) -> None:
        """Make the namespaces, the connection and the resource; nothing is labelled yet."""
        double = self.stage.double
        double.admin("organization", name=self.name)
        made = [{"metadata": {"name": each}} for each in self.spaces]
        self.stage.each([("POST", NAMESPACE.path(), body) for body in made])
        secret, connection = SECRET.path(HOME), CLUSTER_QUAY_CONNECTION.path()
        self.stage.each([("POST", secret, credential_body(self.name, double.token))])
        self.stage.each([("POST", connection, connection_body(self.name, double.url))])
        self.stage.each([("POST", CLUSTER_QUAY_ROBOT.path(), self.body())])

    def label(self, names: list[str]) -> None:
        """Label namespaces, as fast as the API server takes it."""
        patch = {"metadata": {"labels": {LABEL: self.name}}}
        self.stage.each([("PATCH", NAMESPACE.path(None, each), patch) for each in names])

    def change(self, patch: Body) -> None:
        """Change the resource."""
        self.stage.each([("PATCH", CLUSTER_QUAY_ROBOT.path(None, self.name), patch)])

    def digests(self) -> dict[str, str]:
        """Return the credential digest of each namespace's Secret."""
        found: dict[str, str] = {}

        async def look(api: ClusterApi) -> None:
            listed = await api.get(SECRET.path(), fieldSelector=f"metadata.name={self.name}")
            for each in (listed or {}).get("items", ()):
                meta = each["metadata"]
                if meta["namespace"] != HOME:
                    found[meta["namespace"]] = meta.get("annotations", {}).get(DIGEST, "")

        self.stage.run(look)
        return found

    def wait_secrets(self, count: int) -> None:
        """Wait until *count* namespaces have their Secret."""
        self.wait(lambda: len(self.digests()) >= count, f"{count} Secrets")

    def settled(self) -> bool:
        """Tell whether the resource is Ready, and not on its way."""
        body = self.stage.plane.get("clusterquayrobot", self.name) or {}
        said = {e["type"]: e for e in (body.get("status") or {}).get("conditions") or []}
        ready = said.get("Ready", {})
        current = ready.get("observedGeneration") == body["metadata"]["generation"]
        return bool(ready.get("status") == "True" and current and "Reconciling" not in said)

    def wait_settled(self) -> None:
        """Wait until it is."""
        self.wait(self.settled, "the ClusterQuayRobot")

    def wait_one(self, name: str) -> None:
        """Wait until the namespace *name* has its Secret."""
        found = lambda: self.stage.plane.get("secret", self.name, name)  # noqa: E731
        wait_for(found, f"the Secret of {name}", timeout_s=PATIENCE_S, every_s=0.02)

    def wait(self, condition: Any, what: str) -> None:
        """Wait for *condition*."""
        wait_for(condition, what, timeout_s=PATIENCE_S, every_s=0.3)

    def clear(self) -> None:
        """Take all of it away; the operator still runs."""
        self.stage.plane.kubectl("delete", "clusterquayrobot", self.name, "--timeout=300s")
        self.wait(lambda: not self._robots(), "the robots gone")
        self.stage.each([("DELETE", NAMESPACE.path(None, each), {}) for each in self.spaces])

    def _robots(self) -> list[str]:
        robots: list[str] = self.stage.double.admin("robots")
        return [each for each in robots if each.startswith(f"{self.name}+")]


def measure_cluster_robot(stage: Stage, mode: str, size: int) -> ClusterRobotRow:
    """Play one mode with *size* namespaces and return its figures."""
    cluster_robot, operator = ClusterRobot(stage, mode, size), stage.operator()
    cluster_robot.prepare()
    operator.start()
    try:
        cluster_robot.wait_settled()
        row = {"mode": mode, "namespaces": size}
        row |= _serve(cluster_robot, operator)
        row |= _refresh(cluster_robot)
        row |= _restart(cluster_robot, operator)
        cluster_robot.clear()
    finally:
        operator.stop()
    return {**row, "faults": list(cluster_robot_faults(row))}


def _serve(cluster_robot: ClusterRobot, operator: OperatorProcess) -> ClusterRobotRow:
    stage, process = cluster_robot.stage, psutil.Process(operator.pid)
    audit, ledger, cpu = len(stage.plane.audit()), stage.double.mark(), cpu_of(process)
    begun = time.monotonic()
    cluster_robot.label(cluster_robot.spaces[: cluster_robot.size])
    labelled = time.monotonic()
    cluster_robot.wait_secrets(cluster_robot.size)
    served = time.monotonic()
    cluster_robot.wait_settled()
    return {
        "label_s": round(labelled - begun, 1),
        "served_s": round(served - begun, 1),
        "calls": len(asked := stage.double.operations(ledger)),
        "asked": dict(Counter(asked)),
        "writes": stage.writes(audit),
        "cpu_s": round(cpu_of(process) - cpu, 1),
        "rss_mb": round(process.memory_info().rss / 1e6, 1),
    }


def _refresh(cluster_robot: ClusterRobot) -> ClusterRobotRow:
    stage, later = cluster_robot.stage, cluster_robot.spaces[-1]
    ledger, before = stage.double.mark(), cluster_robot.digests()
    begun = time.monotonic()
    if cluster_robot.mode == "Shared":
        cluster_robot.change({"metadata": {"annotations": {"quayrobot.io/rotate": "now"}}})
        cluster_robot.wait(lambda: _changed(cluster_robot, before) > 0, "the first new copy")
    else:
        labels = {"template": {"metadata": {"labels": {"edited": "yes"}}}}
        cluster_robot.change({"spec": labels})
        cluster_robot.wait(lambda: _edited(cluster_robot) > 0, "the first edited QuayRobot")
    joined = time.monotonic()
    cluster_robot.label([later])
    cluster_robot.wait_one(later)
    one_more = time.monotonic() - joined
    if cluster_robot.mode == "Shared":
        cluster_robot.wait(
            lambda: _changed(cluster_robot, before) >= cluster_robot.size, "all copies"
        )
    else:
        cluster_robot.wait(lambda: _edited(cluster_robot) > cluster_robot.size, "all QuayRobots")
    took = time.monotonic() - begun
    cluster_robot.wait_settled()
    return {
        "refresh_s": round(took, 1),
        "one_more_s": round(one_more, 2),
        "refresh_calls": stage.double.mark() - ledger,
    }


def _changed(cluster_robot: ClusterRobot, before: dict[str, str]) -> int:
    now = cluster_robot.digests()
    return sum(now.get(each) not in {None, digest} for each, digest in before.items())


def _edited(cluster_robot: ClusterRobot) -> int:
    names = cluster_robot.stage.plane.kubectl(
        "get", "quayrobots", "-A", "-l", "edited=yes", "-o", "name"
    )
    return len(names.split())


def _restart(cluster_robot: ClusterRobot, operator: OperatorProcess) -> ClusterRobotRow:
    stage = cluster_robot.stage
    operator.stop()
    audit, ledger = len(stage.plane.audit()), stage.double.mark()
    operator.start()
    still(lambda: (stage.double.mark(), operator.metrics().count("\n"), stage.writes(audit)))
    return {
        "restart_calls": len(stage.double.operations(ledger)),
        "restart_writes": stage.writes(audit),
    }


def cluster_robot_faults(row: ClusterRobotRow) -> Iterator[str]:
    """Yield what costs another number of calls or writes than it may."""
    what, size = row["mode"], row["namespaces"]
    robots = 1 if what == "Shared" else size
    # The connection's own looks come once, whatever the number of namespaces.
    looks = {each: n for each, n in row["asked"].items() if each != "robot.create"}
    if row["asked"].get("robot.create") != robots or max(looks.values(), default=0) > 1:
        yield f"{what}: {row['asked']} for {size} namespaces"
    if row["refresh_calls"] != 1:
        yield f"{what}: {row['refresh_calls']} calls for a refresh and one namespace more"
    if row["restart_writes"] or row["restart_calls"] > 1:
        yield f"{what}: {row['restart_calls']} calls, {row['restart_writes']} writes at a restart"


def cluster_robot_table(rows: list[ClusterRobotRow]) -> str:
    """Return the figures as a table of Markdown."""
    head = "| " + " | ".join(COLUMNS.values()) + " |"
    rule = "|" + "---|" * len(COLUMNS)
    lines = ["| " + " | ".join(str(row[each]) for each in COLUMNS) + " |" for row in rows]
    return "\n".join([head, rule, *lines])


def main() -> int:
    """Play both modes and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cluster_robots")
    parser.add_argument("--namespaces", type=int, default=1000)
    parser.add_argument("--modes", nargs="*", default=["PerNamespace", "Shared"])
    parser.add_argument("--output", type=Path, help="also write the JSON there")
    options = parser.parse_args()
    try:
        with ControlPlane() as plane, Stage(plane) as stage:
            rows = [
                measure_cluster_robot(stage, mode, options.namespaces) for mode in options.modes
            ]
    except PartMissing as error:
        print(f"bench: SKIPPED: {error}")
        return 1
    text = json.dumps({"cluster_robots": rows}, indent=2)
    if options.output:
        options.output.write_text(text)
    print(f"{text}\n\n{cluster_robot_table(rows)}")
    faults = [fault for row in rows for fault in row["faults"]]
    print("\n".join(f"NOT AS DESIGNED: {each}" for each in faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
