"""
What if the cluster's CA is replaced while the operator runs?

The kubelet puts the new `ca.crt` into the pod, and the API server shows a
certificate of the new CA at some later time. The file is looked at every few
seconds, and what it gains is believed by the connections that are open already;
what it loses is believed until the next start. Where that does not help (the
file cannot be read, or lacks the CA) the process says that it is not alive, and
a new one reads everything again.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import structlog

from ..cluster.api import ClusterApi
from ..model.tls import believe
from .kubeconfig import ClusterAccess

__all__ = ["DISTRUST_MAX_S", "follow_authority", "trusted"]

LOOK_S = 5.0
# Longer than the kubelet takes to bring a new file.
DISTRUST_MAX_S = 120.0

log = structlog.get_logger(__name__)


async def follow_authority(access: ClusterAccess, api: ClusterApi) -> None:
    """Let what connects to the API server believe what the CA's file says, as it changes."""
    if access.ca_file is None:
        return
    known = access.ca
    while True:
        await asyncio.sleep(LOOK_S)
        found = _read(access.ca_file)
        if found is None or found == known:
            continue
        try:
            for context in (*access.contexts, api.tls):
                believe(context, found)
        except (ssl.SSLError, ValueError):
            # Half of a file, or none of certificates: the next look may see more.
            log.warning("cluster.authority_unreadable")
        else:
            known = found
            log.info("cluster.authority_changed")


def trusted(api: ClusterApi) -> bool:
    """Return whether the API server's certificate was believed, at least until lately."""
    since = api.distrusted_since
    return since is None or asyncio.get_running_loop().time() - since < DISTRUST_MAX_S


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return None
