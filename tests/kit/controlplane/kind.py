"""How does the suite get a cluster of kind's, and when can it have none?"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .build import PartMissing
from .current import CurrentCluster, current_context, find_kubectl

__all__ = ["kind_cluster"]

CREATE_S = 600


@contextmanager
def kind_cluster(image: str | None) -> Iterator[CurrentCluster]:
    """
    Yield a cluster that kind makes for this run, and delete it at the end.

    *image* is the node's, which decides the version of Kubernetes; None is kind's own choice.

    Raises:
        PartMissing: kind or docker are not here, or make no cluster.
    """
    kind = _found_kind()
    name = f"quay-robot-operator-{os.getpid()}"
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        where = ("--name", name, "--kubeconfig", str(kubeconfig))
        chosen = ("--image", image) if image else ()
        try:
            _run(kind, "create", "cluster", *where, *chosen, "--wait=180s")
            kubectl = find_kubectl()
            _, config = current_context(kubectl, "--kubeconfig", str(kubeconfig))
            with CurrentCluster(kubectl, config) as cluster:
                yield cluster
        finally:
            _run(kind, "delete", "cluster", *where)


def _found_kind() -> str:
    kind = shutil.which("kind")
    if kind is None:
        raise PartMissing("kind is not installed")
    if "KIND_EXPERIMENTAL_PROVIDER" not in os.environ:
        docker = shutil.which("docker")
        if docker is None:
            raise PartMissing("docker is not installed, which kind needs")
        if subprocess.run((docker, "info"), capture_output=True, check=False).returncode:
            raise PartMissing("docker does not run, which kind needs")
    return kind


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=CREATE_S)
    if done.returncode:
        raise PartMissing(f"{' '.join(command[:3])}: {done.stderr.strip()[-1000:]}")
