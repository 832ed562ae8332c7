"""
How is a mutant tried without a start of pytest for each?

The tests are collected once. Each mutant is then a fork of that process, in which the tests that
reach it are run until one fails. How long that may take is counted in CPU time: a machine that is
busy makes no mutant one that never ends.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
from collections.abc import Iterator
from time import process_time
from typing import NamedTuple

import pytest
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.runners.harness import PytestRunner
from mutmut.utils.file_utils import change_cwd
from mutmut.workers.isolation import ForkRunner, MutantResult

__all__ = ["CollectedOnce"]

# CPU seconds that a mutant may take beyond twice what its tests take.
PATIENCE_S = 6


class Job(NamedTuple):
    """One mutant, the tests that reach it with the fastest first, and CPU seconds for them."""

    mutant: str
    tests: list[str]
    limit_s: int


class CollectedOnce(ForkRunner):
    """mutmut's runner, whose processes are all forked from one that collected the tests."""

    def __init__(self, durations: dict[str, float]) -> None:
        super().__init__(max_workers=1, test_runner=PytestRunner())
        self._durations = durations
        self._jobs: list[Job] = []
        self._results: list[MutantResult] = []

    def submit(
        self, mutant_name: str, tests: list[str], cpu_time_limit: int, estimated_time: float
    ) -> None:
        """Remember a mutant; nothing runs before all are known."""
        del cpu_time_limit
        fastest_first = sorted(tests, key=lambda each: self._durations[each])
        self._jobs.append(Job(mutant_name, fastest_first, PATIENCE_S + int(2 * estimated_time)))

    def has_capacity(self) -> bool:
        """All are taken."""
        return True

    def signal_work_complete(self) -> None:
        """Try all mutants."""
        wanted = sorted({each for job in self._jobs for each in job.tests})
        if wanted:
            with change_cwd("mutants"):
                self.test_runner.execute_pytest(["-x", "-q", *wanted], plugins=[self])

    def pending_count(self) -> int:
        """Return how many results nobody has asked for yet."""
        return len(self._results)

    def wait_for_result(self, timeout: float | None = None) -> MutantResult:
        """Return the next result."""
        del timeout
        return self._results.pop(0)

    # A plugin of pytest --------------------------------------------------------------

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all mutants in place of running all tests."""
        items = {each.nodeid: each for each in session.items}
        gc.freeze()
        for number, job in enumerate(self._jobs):
            code = _forked(session, job, [items[each] for each in job.tests])
            self._results.append(MutantResult(job.mutant, code, 0.0))
            if number % 50 == 0:
                print(f"{number} of {len(self._jobs)}", file=sys.__stderr__, flush=True)
        return True


def _forked(session: pytest.Session, job: Job, items: list[pytest.Item]) -> int:
    """Return the exit code of a process in which *job*'s mutant is at work."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        session.config.pluginmanager.unregister(name="terminalreporter")
        limit = job.limit_s + int(process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        set_mutant_under_test(job.mutant)
        code = int(any(_fails(session, items)))
    finally:
        os._exit(code)


def _fails(session: pytest.Session, items: list[pytest.Item]) -> Iterator[bool]:
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        yield session.testsfailed > 0
