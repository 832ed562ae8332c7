"""
How is every test searched for leaked credentials?

`tests/conftest.py` imports what is here: each test runs with all loggers at
DEBUG (the libraries that production mutes are muted as there), and fails when
a canary was logged, printed, or said in a sink that the test added.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from quayrobot.app.logs import mute_libraries, route_structlog

from .canary import CanaryWatch, LogSink, scan

__all__ = ["canary_watch", "pytest_runtest_makereport"]


@pytest.fixture(autouse=True)
def canary_watch() -> Iterator[CanaryWatch]:
    """Yield the watch; add sinks to it where a test has more places to look at."""
    route_structlog()
    mute_libraries()
    root, ours = logging.getLogger(), logging.getLogger("quayrobot")
    before = (root.level, ours.level)
    sink = LogSink()
    root.addHandler(sink)
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    watch = CanaryWatch()
    watch.add("logs", lambda: list(sink.lines))
    yield watch
    root.removeHandler(sink)
    root.setLevel(before[0])
    ours.setLevel(before[1])
    watch.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Fail a test whose output holds a canary."""
    report = yield
    if call.when == "teardown" and report.passed:
        said = [
            (name, text)
            for name, text in report.sections
            if name.startswith(("Captured stdout", "Captured stderr"))
        ]
        found = [leak for name, text in said for leak in scan(text, name)]
        if found:
            report.outcome = "failed"
            report.longrepr = f"a credential was printed: {found}"
    return report
