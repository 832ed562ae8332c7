"""Does krew find the plugin where its manifest says, and does what it installs start?"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import pytest
import yaml

from .helm import ROOT
from .test_release import DOWNLOADS, VERSION
from .test_release import release as release  # noqa: PLC0414 - a fixture

LAUNCHER = "kubectl-quayrobot"


@pytest.fixture
def archive(release: Path) -> Path:
    return release / f"{LAUNCHER}-{VERSION}.tar.gz"


def test_the_manifest_leads_to_the_archive(release: Path, archive: Path):
    body = yaml.safe_load((release / "quayrobot.yaml").read_text())
    (platform,) = body["spec"]["platforms"]

    assert (body["kind"], body["metadata"]["name"]) == ("Plugin", "quayrobot")
    assert body["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2"
    assert body["spec"]["version"] == f"v{VERSION}"
    assert body["spec"]["homepage"] == "https://github.com/example/quay-robot-operator"
    assert platform["uri"] == f"{DOWNLOADS}/{archive.name}"
    assert platform["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    with tarfile.open(archive) as tar:
        assert tar.getmember(platform["bin"]).mode & 0o111
        # krew's index takes no plugin without one.
        assert tar.getmember("LICENSE")
        locked = tar.extractfile("run.txt")
        assert locked is not None
        assert locked.read() == (ROOT / "requirements" / "run.txt").read_bytes()


# Mostly `python -m venv`, on a machine that others use too.
@pytest.mark.timeout(600)
def test_what_it_installs_starts_through_krews_link(release: Path, archive: Path, tmp_path: Path):
    store, link = tmp_path / "store", tmp_path / "bin" / LAUNCHER
    with tarfile.open(archive) as tar:
        tar.extractall(store, filter="data")
    link.parent.mkdir()
    link.symlink_to(f"../store/{LAUNCHER}")
    # As docs/commands.md has it.
    tab = link.with_name("kubectl_complete-quayrobot")
    tab.symlink_to(LAUNCHER)
    (wheel,) = store.glob("*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    # No registry is asked: the locked dependencies are one, and it lies beside.
    env = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "QUAYROBOT_PYTHON": sys.executable,
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(release),
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }  # fmt: skip

    (store / "run.txt").write_text(f"quay-robot-operator==0.9.0rc1 --hash=sha256:{digest}\n")

    def start(program: Path = link, word: str = "--version") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, word], env=env, capture_output=True, text=True, check=False, timeout=500
        )

    early, first, second, late = start(tab, "st"), start(), start(), start(tab, "st")

    assert (early.returncode, early.stdout, early.stderr) == (0, "", "")
    assert late.stdout.startswith("status\t"), late.stderr
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout.strip()
    assert (first.stderr != "", second.stderr) == (True, "")
    assert list(store.glob("venv/lib/*/site-packages/quayrobot/app/plugin.py"))
