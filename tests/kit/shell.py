"""How does a test type what users type, and compare it with what the docs show?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .controlplane import ControlPlane
from .fakequay import FakeQuay

BIN = Path(sys.executable).parent
RECORDING = r"(<!-- recorded: {name} -->\n```console\n)(.*?)(```\n)"


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything that was said."""
        return self.out + self.err


class Shell:
    """A user's shell, whose kubeconfig leads to the cluster of the test."""

    def __init__(self, plane: ControlPlane, kubeconfig: Path | None = None) -> None:
        self._kubectl = plane.kubectl_command[:-2]
        self._env = {
            "KUBECONFIG": str(kubeconfig or plane.kubeconfig),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(plane.folder),
            "COLUMNS": "100",
        }

    def plugin(self, *words: str, stdin: str = "") -> Said:
        """Type `kubectl quayrobot` and *words*: kubectl itself finds the plugin."""
        return self._type([*self._kubectl, "quayrobot", *words], stdin)

    def kubectl(self, *words: str) -> Said:
        """Type `kubectl` and *words*."""
        return self._type([*self._kubectl, *words], "")

    def quayrobot(self, *words: str, stdin: str = "") -> Said:
        """Type `quayrobot` and *words*."""
        return self._type([str(BIN / "quayrobot"), *words], stdin)

    def _type(self, command: list[str], stdin: str) -> Said:
        done = subprocess.run(
            command, input=stdin, env=self._env, capture_output=True, text=True, check=False,
            timeout=150,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)


def normalized(text: str, quay: FakeQuay, names: dict[str, str]) -> str:
    """Return *text* with what differs from run to run as the docs write it."""
    text = text.replace(quay.url, "https://quay.example.com:443")
    for name, shown in names.items():
        text = text.replace(name, shown)
    text = re.sub(r"\b\d+[smhd] ago\b", "3m ago", text)
    text = re.sub(r"\b(known for|in|since) \d+[smhd]\b", r"\1 3m", text)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def recorded(page: Path, name: str) -> str:
    """Return the recording *name* of *page*."""
    found = re.search(RECORDING.format(name=name), page.read_text(), re.DOTALL)
    assert found is not None, f"{page.name} has no recording {name}"
    return found[2]


def check_recording(page: Path, name: str, said: str) -> None:
    """Compare *said* with the page, or write it there where RECORD=1 asks for that."""
    if os.environ.get("RECORD") == "1":
        pattern = re.compile(RECORDING.format(name=name), re.DOTALL)
        text = pattern.sub(lambda found: found[1] + said + found[3], page.read_text())
        page.write_text(text)
    assert recorded(page, name) == said, f"run this test with RECORD=1 and look at {page.name}"
