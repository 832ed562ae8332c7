"""Who else writes to the cluster, and does not stop?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["each_time"]


@contextmanager
def each_time(do: Callable[[], object]) -> Iterator[None]:
    """Have another writer do what it does, again and again."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.4):
            do()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
