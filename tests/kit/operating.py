"""How does a test run the operator as users do: as a process of its own, under its own rights?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from .processes import free_port, start, stop, wait_for

NAMESPACE = "quay-robot-operator"
ACCOUNT = "quay-robot-operator"
USER = f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}"


class OperatorProcess:
    """`quayrobot run` as a process; a context manager."""

    def __init__(
        self, kubeconfig: Path, folder: Path, *flags: str, log_level: str = "debug"
    ) -> None:
        self._kubeconfig, self._folder, self._flags = kubeconfig, folder, flags
        self._log_level = log_level
        self.environment: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.log = folder / "operator.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> None:
        """Start it and wait until it is ready."""
        self.port = free_port()
        command = (
            str(Path(sys.executable).with_name("quayrobot")),
            "run",
            f"--kubeconfig={self._kubeconfig}",
            "--bind-address=127.0.0.1",
            f"--health-port={self.port}",
            f"--metrics-port={self.port}",
            f"--log-level={self._log_level}",
            *self._flags,
        )
        env = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        self._process = start(command, log=self.log, env=env | self.environment)
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until it says that it is ready."""
        wait_for(self._ready, f"the operator (see {self.log})", timeout_s=40)

    def stop(self) -> None:
        """End it as Kubernetes does."""
        stop(self._process, grace_s=20)
        self._process = None

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process = None

    def running(self) -> bool:
        """Tell whether it runs."""
        return self._process is not None and self._process.poll() is None

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def metrics(self) -> str:
        """Return its numbers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def said(self) -> str:
        """Return everything that it logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _ready(self) -> bool:
        if not self.running():
            raise AssertionError(f"the operator ended: {self.said()[-3000:]}")
        return self.answers()

    def answers(self) -> bool:
        """Tell whether it says that it is ready."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False
