"""
What does a caller want otherwise than the kubeconfig's context has it?

Another of its users or clusters, another address, to act as somebody else, or to wait
longer or less long: as with kubectl's global options.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import yaml

from ..model.errors import Reason, Refused
from .kubeconfig_files import KubeconfigFiles, current_context, find_entry

__all__ = ["Login", "acting", "with_context"]

# No file has a context of this name by chance.
CONTEXT = "quayrobot-command-line"


@dataclass(frozen=True, slots=True)
class Login:
    """
    What is wanted otherwise; nothing, if None.

    *user* and *cluster* are entries of the kubeconfig, *server* is the API server's URL.
    *as_user*, *as_uid* and *as_groups* are who the caller acts as; the caller needs the
    right to impersonate them. *timeout_s* is for one request, in seconds.
    """

    user: str | None = None
    cluster: str | None = None
    server: str | None = None
    as_user: str | None = None
    as_uid: str | None = None
    as_groups: tuple[str, ...] = ()
    timeout_s: float | None = None


@contextmanager
def with_context(
    files: KubeconfigFiles, context: str | None, login: Login
) -> Iterator[tuple[KubeconfigFiles, str | None]]:
    """
    Yield *files* with, and the name of, a context that has what *login* wants otherwise.

    Raises:
        Refused: The files do not have it.
        KeyError: They do not have the *context*.
    """
    name = context or current_context(files)
    if login.user is None and login.cluster is None:
        yield files, name
        return
    _, chosen = find_entry(files, "contexts", name)
    wanted = {**chosen}
    for part, entry in (("users", login.user), ("clusters", login.cluster)):
        if entry is not None:
            wanted[part.removesuffix("s")] = _existing(files, part, entry)
    content = {"contexts": [{"name": CONTEXT, "context": wanted}], "current-context": CONTEXT}
    with tempfile.TemporaryDirectory() as folder:
        # The library reads files, the first of which has its say. It holds names alone.
        path = Path(folder) / "config"
        path.write_text(yaml.safe_dump(content))
        yield [(path, content), *files], CONTEXT


def _existing(files: KubeconfigFiles, part: str, name: str) -> str:
    try:
        find_entry(files, part, name)
    except KeyError:
        msg = f"the kubeconfig has no {part.removesuffix('s')} {name}"
        raise Refused(Reason.CLUSTER_UNAVAILABLE, msg) from None
    return name


def acting(login: Login) -> tuple[aiohttp.ClientMiddlewareType, ...]:
    """Return what has each request say as whom it acts, if that is somebody else."""
    pairs = [("Impersonate-User", login.as_user), ("Impersonate-Uid", login.as_uid)]
    pairs += [("Impersonate-Group", each) for each in login.as_groups]

    if login.as_user is None:
        return ()

    async def act(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        for name, value in pairs:
            if value is not None:
                request.headers.add(name, value)
        return await handler(request)

    return (act,)
