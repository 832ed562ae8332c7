"""Whose certificates are believed of a server that is called?"""

from __future__ import annotations

import ssl
from pathlib import Path

from ..model.errors import InvalidSpec, Reason
from ..model.tls import believe, even

__all__ = ["public_authorities", "trusting"]


def public_authorities() -> tuple[int, int] | None:
    """
    Return what differs once the file of the public authorities was replaced; None without one.

    It is the one that SSL_CERT_FILE names, as where it is mounted from a ConfigMap.
    """
    try:
        found = Path(ssl.get_default_verify_paths().cafile or "").stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def trusting(bundle: str | None, name: str) -> ssl.SSLContext:
    """
    Return a TLS context that trusts *bundle* (PEM) besides the public authorities.

    Raises:
        InvalidSpec: It holds no certificate; *name* is what it is called.
    """
    context = even(ssl.create_default_context())
    if bundle is not None:
        try:
            believe(context, bundle)
        except (ssl.SSLError, ValueError):
            msg = f"{name} holds no PEM certificate"
            raise InvalidSpec(Reason.INVALID_SPEC, msg) from None
    return context
