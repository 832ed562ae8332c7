"""
How do two replicas of one installation stand, and who wrote what when?

Each goes through a proxy of its own, where its writes and its holds on the Lease are noted.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .installation import Installation
from .operating import ACCOUNT, NAMESPACE, OperatorProcess
from .processes import wait_for
from .proxy import Asked, Hook, Proxy, When

__all__ = ["Pair", "Replica", "replicas"]

WRITES = {"POST", "PUT", "PATCH", "DELETE"}
LEASE = "/leases"


@dataclass
class Replica:
    """An operator whose every request to the API server and when it was made is noted."""

    name: str
    operator: OperatorProcess
    front: Proxy
    folder: Path
    cut: bool = False
    writes: list[tuple[float, str]] = field(default_factory=list)
    # When the Lease was made to name it, or kept so.
    holds: list[float] = field(default_factory=list)
    spoil: Hook | None = None

    def note(self, asked: Asked, when: When) -> bool | int:
        """Note a write before its effect, and a hold on the Lease after it."""
        if asked.method in WRITES and LEASE not in asked.path and when == "before":
            self.writes.append((time.monotonic(), f"{asked.method} {asked.path}"))
        elif asked.method in WRITES and LEASE in asked.path and asked.status in {200, 201}:
            self.holds.append(time.monotonic())
        if self.cut or self.spoil is None:
            return self.cut
        return self.spoil(asked, when)

    @property
    def leads(self) -> bool:
        """Tell whether it says that it works."""
        return "\nquayrobot_leader 1.0" in self.operator.metrics()


@dataclass
class Pair:
    """Two replicas of one installation."""

    house: Installation
    replicas: tuple[Replica, Replica]

    def leader(self) -> tuple[Replica, Replica]:
        """Return who leads and who does not."""
        wait_for(lambda: [each.leads for each in self.replicas].count(True) == 1, "a leader")
        one, other = self.replicas
        return (one, other) if one.leads else (other, one)


@contextmanager
def replicas(
    house: Installation, *flags: str, front_of: Callable[..., Proxy] = Proxy
) -> Iterator[tuple[Replica, Replica]]:
    """
    Yield two replicas of *house*'s operator; none is started yet.

    Each has its own proxy, which *front_of* makes.
    """
    plane = house.plane
    certified = plane.server_pair("replicas")
    made = []
    with ExitStack() as stack:
        # Who comes next does not wait for the end of what a killed one held.
        stack.callback(lambda: plane.delete("lease", ACCOUNT, namespace=NAMESPACE))
        for name in ("one", "two"):
            front = front_of(
                "cluster",
                plane.url,
                certificate=(certified.certificate, certified.key),
                target_ca=plane.ca_file,
            )
            stack.enter_context(front)
            kubeconfig = plane.service_account_kubeconfig(NAMESPACE, ACCOUNT, server=front.url)
            folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=plane.folder))
            operator = OperatorProcess(
                kubeconfig, folder, f"--lease-namespace={NAMESPACE}", *flags
            )
            replica = Replica(name, operator, front, folder)
            front.hook = replica.note
            made.append(replica)
            stack.callback(operator.stop)
        yield made[0], made[1]
