"""What does a call cost a Quay? CPU time, on as many workers as it has."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor


def burn(cpu_s: float) -> None:
    """Spend *cpu_s* seconds of CPU, as the hash of an API token does."""
    end = time.process_time() + cpu_s
    while time.process_time() < end:
        sum(range(1000))


class Workers:
    """Processes that do nothing but cost; made when first needed."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._count = 0

    async def spend(self, cpu_s: float, count: int) -> None:
        """Wait for a worker of *count*, then for *cpu_s* seconds of its CPU."""
        if self._pool is None or self._count != count:
            self.close()
            context = multiprocessing.get_context("spawn")
            self._pool, self._count = ProcessPoolExecutor(count, mp_context=context), count
        await asyncio.get_running_loop().run_in_executor(self._pool, burn, cpu_s)

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
