"""When does the proxy in front of Quay say that it is too much?"""

from __future__ import annotations

import time

from .state import Settings


class Zone:
    """One limit of nginx: a bucket per key that leaks; a burst passes without delay."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, float]] = {}

    def admits(self, key: str, rate_per_s: float, burst: int) -> bool:
        """Tell whether one more call of *key* passes now."""
        now = time.monotonic()
        excess, last = self._seen.get(key, (-1.0, now))
        excess = max(0.0, excess - (now - last) * rate_per_s + 1) if key in self._seen else 0.0
        if excess > burst:
            return False
        self._seen[key] = (excess, now)
        return True


def passes(zone: Zone, settings: Settings, path: str, client: str) -> bool:
    """Tell whether a call goes through; only the API is limited by address."""
    if not settings.rate_limits or not path.startswith("/api/"):
        return True
    return zone.admits(client, settings.rate_per_s, settings.rate_burst)
