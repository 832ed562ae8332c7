"""
Who issues this cluster's ServiceAccount tokens?

The API server's own discovery document says so. It is read once and kept; what
could not be read is asked for again.
"""

from __future__ import annotations

from ..model.errors import QuayRobotError
from .api import ClusterApi

__all__ = ["Issuer"]

DISCOVERY = "/.well-known/openid-configuration"


class Issuer:
    """This cluster's issuer."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api
        self._known: str | None = None

    async def read(self) -> str | None:
        """Return the issuer; None while it cannot be read."""
        if self._known is None:
            try:
                document = await self._api.get(DISCOVERY)
            except QuayRobotError:
                return None
            found = (document or {}).get("issuer")
            self._known = found if isinstance(found, str) else None
        return self._known
