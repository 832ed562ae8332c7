"""
How do images come to a machine that has no container engine running?

The operator's is built by buildah from the Dockerfile as it is, over a base
that mmdebstrap makes from Debian's packages under the name that the Dockerfile
says. What sandboxes run is compiled from the source in the Kubernetes module.
"""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

from tests.kit.controlplane.build import find_go

from .parts import CACHE, cached, run

__all__ = [
    "BASE",
    "base_image",
    "buildah",
    "operator_image",
    "pause_program",
    "size_of",
]

ROOT = Path(__file__).parents[2]
BASE = "docker.io/library/python:3.11-slim"
OPERATOR = "localhost/quay-robot-operator:node"
PACKAGES = "python3,python3-venv,ca-certificates"
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")
# Debian's python3 is 3.11 under another name; what mmdebstrap copies from this machine goes.
_FINISH = (
    'cd "$1" && rm -f etc/resolv.conf etc/hostname && ln -s /usr/bin/python3 usr/local/bin/python'
)


def buildah(*words: str, timeout_s: float = 600) -> str:
    """Run buildah with a storage of its own."""
    place = CACHE / "images"
    command = ("buildah", f"--root={place / 'root'}", f"--runroot={place / 'run'}", *words)
    return run(command, cwd=ROOT, timeout_s=timeout_s)


def base_image() -> None:
    """Make the base image, unless this machine has it."""
    if BASE in buildah("images", "--format", "{{.Name}}:{{.Tag}}").splitlines():
        return
    tar = CACHE / "base.tar"
    left_out = [f"--dpkgopt=path-exclude={each}" for each in _LEFT_OUT]
    sources = _sources()
    run(("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", *left_out,
         f"--customize-hook={_FINISH}", "bookworm", str(tar), *map(str, sources)))  # fmt: skip
    container = buildah("from", "scratch").strip()
    buildah("add", container, str(tar), "/")
    buildah("commit", "--rm", container, BASE)
    tar.unlink()


def _sources() -> list[Path]:
    # The archives that this machine uses itself.
    folder = Path("/etc/apt")
    found = [*folder.glob("sources.list.d/debian.sources"), *folder.glob("sources.list")]
    return [each for each in found if each.read_text().strip()][:1]


def operator_image(folder: Path, *more: str) -> Path:
    """Build the operator's image from the Dockerfile and return it as an archive."""
    archive = folder / "operator.tar"
    archive.unlink(missing_ok=True)
    buildah("bud", "--isolation=chroot", "--network=host", "--pull-never", "--layers",
            f"--tag={OPERATOR}", *more, *_for_pip(), ".")  # fmt: skip
    buildah("push", "--quiet", OPERATOR, f"docker-archive:{archive}:{OPERATOR}")
    return archive


def _for_pip() -> list[str]:
    # How this machine reaches its packages: seen by the build alone, no part of the image.
    config = Path(os.environ.get("PIP_CONFIG_FILE", "/etc/pip.conf"))
    bundle = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    options = []
    if config.is_file():
        options.append(f"--volume={config}:/etc/pip.conf:ro")
    if bundle.is_file():
        options.append(f"--volume={bundle}:/etc/ssl/certs/ca-certificates.crt:ro")
    return options


def pause_program() -> Path:
    """Return a static program that waits to be told to end: the sandboxes' own."""

    def build(folder: Path) -> None:
        module = run((find_go(), "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes"),
                     cwd=Path(__file__).parent / "programs").strip()  # fmt: skip
        source = Path(module) / "build" / "pause" / "linux" / "pause.c"
        run(("gcc", "-static", "-Os", "-DVERSION=node", "-o", str(folder / "pause"), str(source)))

    return cached("pause-1", build) / "pause"


def size_of(archive: Path) -> int:
    """Return how many bytes the layers of an archive have."""
    with tarfile.open(archive) as tar:
        return sum(each.size for each in tar if each.name.endswith(".tar"))
