"""
`make failover`: what does a change of leader cost, with many robots and edits all the time?

Three changes: the leader is killed, it ends cleanly, and both replicas are replaced one
after the other while robots take turns and somebody logs in with their Secrets all the
time. Each row says when the other first wrote, how many writes of both overlapped, what
Quay was asked beyond the edits, and which edits are lost. Fails for those, never for a
time.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.kinds import QUAY_ROBOT
from tests.kit.controlplane import PartMissing
from tests.kit.kept import keep
from tests.kit.processes import wait_for
from tests.kit.replicas import Replica

from .edits import Edits
from .site import Site, sited

ROBOTS, TURNING, PER_S = 1000, 20, 5.0
BEFORE_S, AFTER_S = 3.0, 5.0
COLUMNS = {
    "change": "change of leader",
    "robots": "robots",
    "edits": "edits",
    "seconds": "until the other writes, s",
    "overlapping": "overlapping writes",
    "surplus": "surplus calls that change",
    "lists": "lists per organization, at most",
    "lost": "edits lost",
    "logins": "logins",
    "failed": "failed",
}
Row = dict[str, Any]


def _killed(leader: Replica) -> None:
    leader.operator.kill()


def _ended(leader: Replica) -> None:
    leader.operator.stop()


def change(site: Site, what: str, end: Callable[[Replica], None]) -> Row:
    """Have *end* end the leader among edits, and return what came of it."""
    leader, standby = site.pair.leader()
    with Edits(site.house, site.names, site.plain, PER_S) as edits:
        time.sleep(BEFORE_S)
        written, begun = len(standby.writes), time.monotonic()
        end(leader)
        ended = time.monotonic()
        wait_for(lambda: len(standby.writes) > written, "a write of the other", timeout_s=90)
        time.sleep(AFTER_S)
    site.wait_settled()
    first = standby.writes[written][0]
    late = sum(when >= first for when, _ in leader.writes if when >= begun)
    leader.operator.start()
    failed = site.logins_failed(edits.places)
    return _row(site, what, edits, seconds=round(first - ended, 1), overlapping=late,
                logins=len(edits.places), failed=len(failed))  # fmt: skip


@dataclass
class Logins:
    """Somebody who logs in all the time; *failed* with what the Secret held at that moment."""

    site: Site
    tried: int = 0
    failed: list[str] = field(default_factory=list)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Log in over and over inside."""
        ended = threading.Event()

        def go() -> None:
            while not ended.is_set():
                self.failed += [name for _, name in self.site.logins_failed(self.site.turning)]
                self.tried += len(self.site.turning)

        thread = threading.Thread(target=go, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(60)


def rolling(site: Site) -> Row:
    """Replace both replicas, the leader last, while robots take turns."""
    leader, standby = site.pair.leader()
    logins = Logins(site)
    with logins.going_on(), Edits(site.house, site.names, site.plain, PER_S) as edits:
        site.run(lambda api: _turn(site, api))
        standby.operator.restart()
        written = len(standby.writes)
        leader.operator.stop()
        ended = time.monotonic()
        leader.operator.start()
        wait_for(lambda: len(standby.writes) > written, "a write of the other", timeout_s=90)
        time.sleep(AFTER_S)
        first = standby.writes[written][0]
        late = sum(first <= when <= ended for when, _ in leader.writes)
    site.wait_settled()
    return _row(site, "rolling change", edits, seconds=round(first - ended, 1),
                overlapping=late, logins=logins.tried, failed=len(logins.failed),
                turned=len(site.turning))  # fmt: skip


async def _turn(site: Site, api: ClusterApi) -> None:
    for place in site.turning:
        await api.write(
            "PATCH", QUAY_ROBOT.path(*place), {"spec": {"rotation": {"trigger": "two"}}}
        )


def _row(site: Site, what: str, edits: Edits, *, turned: int = 0, **more: Any) -> Row:
    surplus = edits.surplus()
    # A turn makes the next robot.
    surplus.subtract({"robot.create": turned})
    lost = -sum(count for count in surplus.values() if count < 0) + len([*edits.not_given()])
    return {
        "change": what,
        "robots": len(site.robots()),
        "edits": len(edits.places) + turned,
        "surplus": sum(count for count in surplus.values() if count > 0),
        "which": {each: count for each, count in surplus.items() if count},
        "lists": max(edits.lists().values(), default=0),
        "lost": lost,
        **more,
    }


def faults(row: Row) -> Iterator[str]:
    """Yield what a change of leader must not cost."""
    for each in ("overlapping", "surplus", "lost", "failed"):
        if row[each]:
            yield f"{row['change']}: {row[each]} {COLUMNS[each]} {row['which']}"
    if row["lists"] > 1:
        yield f"{row['change']}: {row['lists']} lists of an organization"


def table(rows: list[Row]) -> str:
    """Return the figures as a table of Markdown."""
    head = "| " + " | ".join(COLUMNS.values()) + " |"
    lines = ["| " + " | ".join(str(row[each]) for each in COLUMNS) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(COLUMNS), *lines])


def main() -> int:
    """Play all changes and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.failover")
    parser.add_argument("--robots", type=int, default=ROBOTS)
    parser.add_argument("--output", type=Path, help="also write the JSON there")
    options = parser.parse_args()
    try:
        with sited(options.robots, TURNING) as site:
            rows = [change(site, "killed", _killed), change(site, "clean end", _ended)]
            rows.append(rolling(site))
    except PartMissing as error:
        print(f"failover: SKIPPED: {error}")
        return 1
    keep("failover", rows)
    if options.output:
        options.output.write_text(json.dumps(rows, indent=2))
    print(table(rows))
    found = [fault for row in rows for fault in faults(row)]
    print("\n".join(f"NOT AS DESIGNED: {each}" for each in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
