"""
How is the Lease of the leader election read and written?

Its writes are the only ones that pass a closed fence: they are what opens it.
"""

from __future__ import annotations

from .api import Body, ClusterApi
from .kinds import LEASE

__all__ = ["Leases"]


class Leases:
    """One Lease, by name."""

    def __init__(self, api: ClusterApi, namespace: str, name: str) -> None:
        self._api, self.namespace, self.name = api, namespace, name

    async def read(self) -> Body | None:
        """
        Return the Lease as it is stored; None where there is none.

        Raises:
            QuayRobotError: It could not be read.
        """
        return await self._api.get(LEASE.path(self.namespace, self.name))

    async def create(self, spec: Body) -> Body:
        """
        Store the first Lease with *spec*.

        Raises:
            Conflict: Another replica was faster.
            QuayRobotError: It could not be written.
        """
        meta = {"name": self.name, "namespace": self.namespace}
        body = {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": meta,
            "spec": spec,
        }
        return await self._api.write_unfenced("POST", LEASE.path(self.namespace), body)

    async def replace(self, seen: Body, spec: Body) -> Body:
        """
        Store *spec* if the Lease still is the one that was *seen*.

        Raises:
            Conflict: Somebody else wrote it.
            QuayRobotError: It could not be written.
        """
        path = LEASE.path(self.namespace, self.name)
        return await self._api.write_unfenced("PUT", path, {**seen, "spec": spec})
