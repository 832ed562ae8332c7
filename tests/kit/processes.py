"""
How do processes of a test run end, whatever happens to the run?

Each is told by the kernel when its parent dies, and folders of runs that were
killed are removed by the next one.
"""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

PREFIX = "quayrobot-run-"
PORTS = range(12_000, 29_000)
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_given: set[int] = set()


def start(
    command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start *command* with its output in *log*; it dies with this process."""

    def follow_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=dict(env) if env is not None else None,
            preexec_fn=follow_parent,  # noqa: PLW1509 - one call into libc
        )


def stop(process: subprocess.Popen[bytes] | None, *, grace_s: float = 5.0) -> None:
    """Ask *process* to end, and end it when it does not."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run_folder() -> Path:
    """Return a fresh folder of this run; those of dead runs are removed."""
    root = Path(tempfile.gettempdir())
    for old in root.glob(f"{PREFIX}*"):
        pid = old.name.removeprefix(PREFIX).split("-")[0]
        if pid.isdigit() and not _lives(int(pid)):
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    """
    Return a port of loopback that is free now, and never twice.

    Below those that the system gives to outgoing connections: whoever is started again on its
    port, as after a kill, would at times find somebody's connection on it.
    """
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port
    raise RuntimeError("no port of loopback is free")


def wait_for(
    condition: Callable[[], object], what: str, *, timeout_s: float = 30.0, every_s: float = 0.05
) -> object:
    """
    Wait until *condition* returns something true, and return that.

    Raises:
        AssertionError: It did not within *timeout_s*.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(every_s)
