"""How is a program installed that has no place in the development environment?"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["install_beside"]


def install_beside(requirements: Path, folder: Path) -> None:
    """Install what *requirements* locks into *folder*, unless just that is there."""
    done = folder / ".requirements"
    if done.exists() and done.read_text() == requirements.read_text():
        return
    shutil.rmtree(folder, ignore_errors=True)
    command = ("pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
    subprocess.run(
        (sys.executable, "-m", *command, f"--target={folder}", "-r", requirements), check=True
    )
    done.write_text(requirements.read_text())
