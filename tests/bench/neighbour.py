"""How long does a call of somebody else take at that Quay, alone and beside the operator?"""

from __future__ import annotations

import statistics
import threading
import time
from typing import Self

import httpx

__all__ = ["Neighbour"]

# Asked at rest before, for comparison.
ALONE = 5
PATIENCE_S = 60


class Neighbour:
    """
    A context manager: asks for its own user again and again, with rests of *rest_s* seconds.

    It comes by connections of its own, one call each, as Quay ends each after its answer.
    *asked* is how many calls it made within the context.
    """

    def __init__(self, url: str, token: str, *, rest_s: float) -> None:
        self._url, self._token, self._rest_s = f"{url}/api/v1/user/", token, rest_s
        self._took: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Self:
        self._alone_s = statistics.median(self._ask_s() for _ in range(ALONE))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE_S)

    @property
    def asked(self) -> int:
        """How many calls it made beside the operator's."""
        return len(self._took)

    @property
    def times_as_long(self) -> float:
        """Beside the operator a call took this many times as long as alone; medians."""
        return statistics.median(self._took) / self._alone_s if self._took else float("nan")

    def _live(self) -> None:
        while not self._over.wait(self._rest_s):
            self._took.append(self._ask_s())

    def _ask_s(self) -> float:
        headers = {"Authorization": f"Bearer {self._token}"}
        begun = time.monotonic()
        answer = httpx.get(self._url, headers=headers, timeout=PATIENCE_S, trust_env=False)
        answer.raise_for_status()
        return time.monotonic() - begun
