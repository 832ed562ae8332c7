"""
How is the image of a release built, for every architecture that this machine can build?

With docker's buildx, podman or buildah, whichever runs here, from nothing and dated
by the commit; no root is asked for that the tool does not ask for itself. What comes
out is one archive (an OCI layout as a tar) with the same bytes each time.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from oci import join_layouts

ROOT = Path(__file__).parents[1]
PLATFORMS = ("linux/amd64", "linux/arm64")
_MACHINES = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}
_EMULATORS = {"linux/amd64": "qemu-x86_64", "linux/arm64": "qemu-aarch64"}
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
Words = tuple[str, ...]


class NoImage(Exception):
    """The image cannot be built here; the message says why."""


def write_image(target: Path, name: str, when: int, platforms: Sequence[str], base: str) -> None:
    """
    Write the archive of the image to *target*.

    *name* is what the image is called, with a tag; *when* in seconds since 1970. No *platforms*:
    those that can be built here. *base* replaces the Dockerfile's base where it is not empty.

    Raises:
        NoImage: No tool for images runs here, or one cannot build what is asked for.
    """
    engine = find_engine()
    chosen = tuple(platforms) or buildable()
    for each in PLATFORMS:
        if each not in chosen:
            print(f"image: {each} is left out: nothing here runs its programs", file=sys.stderr)
    more = (*shlex.split(os.environ.get("IMAGE_BUILD_FLAGS", "")),)
    more += ("--build-arg", f"PYTHON={base}") if base else ()
    with tempfile.TemporaryDirectory() as made:
        layouts = [Path(made) / str(number) for number in range(len(chosen))]
        for layout, each in zip(layouts, chosen, strict=True):
            build = _with_buildx if engine == "docker" else _with_buildah
            build(engine, layout, each, when, more)
        join_layouts(layouts, target, name, when)


def find_engine() -> str:
    """
    Return the name of a tool that builds images here.

    Raises:
        NoImage: None does.
    """
    asked: dict[str, Words] = {
        "docker": ("buildx", "inspect", "--bootstrap"),
        "podman": ("info",),
        "buildah": ("info",),
    }
    for name, words in asked.items():
        if shutil.which(name) is None:
            continue
        if subprocess.run((name, *words), capture_output=True, check=False).returncode == 0:
            return name
    raise NoImage("none of docker with buildx, podman and buildah runs here")


def buildable() -> Words:
    """Return the platforms whose programs this machine runs, its own or by an emulator."""
    own = _MACHINES.get(platform.machine())
    emulated = {each for each, name in _EMULATORS.items() if (_BINFMT / name).exists()}
    return tuple(each for each in PLATFORMS if each == own or each in emulated)


def _with_buildah(engine: str, layout: Path, wanted: str, when: int, more: Words) -> None:
    # Podman takes the same words.
    name = f"localhost/quay-robot-operator-release:{wanted.partition('/')[2]}"
    _run((engine, "build", "--no-cache", f"--timestamp={when}", f"--platform={wanted}",
          "--format=oci", f"--tag={name}", *more, str(ROOT)))  # fmt: skip
    try:
        _run((engine, "push", "--quiet", name, f"oci:{layout}:image"))
    finally:
        _run((engine, "rmi", name))


def _with_buildx(engine: str, layout: Path, wanted: str, when: int, more: Words) -> None:
    archive = layout.with_suffix(".tar")
    # Attestations name the time and the machine; the pipeline adds them to what it pushes.
    _run((engine, "buildx", "build", "--no-cache", f"--platform={wanted}", "--provenance=false",
          "--sbom=false", f"--build-arg=SOURCE_DATE_EPOCH={when}",
          f"--output=type=oci,dest={archive},rewrite-timestamp=true", *more,
          str(ROOT)))  # fmt: skip
    with tarfile.open(archive) as tar:
        tar.extractall(layout, filter="data")
    archive.unlink()


def _run(command: Words) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoImage(f"{' '.join(command[:3])}: {done.stderr.strip()[-2000:]}")
