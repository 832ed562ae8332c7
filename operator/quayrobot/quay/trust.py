"""Whose certificates are believed of a server that is called?"""

from __future__ import annotations

import ssl

from ..model.errors import InvalidSpec, Reason
from ..model.tls import even

__all__ = ["trusting"]


def trusting(bundle: str | None, name: str) -> ssl.SSLContext:
    """
    Return a TLS context that trusts *bundle* (PEM) besides the public authorities.

    Raises:
        InvalidSpec: It holds no certificate; *name* is what it is called.
    """
    context = even(ssl.create_default_context())
    if bundle is not None:
        try:
            # Comments between certificates may be in any language; ssl takes ASCII only.
            context.load_verify_locations(cadata=bundle.encode("ascii", "ignore").decode())
        except (ssl.SSLError, ValueError):
            msg = f"{name} holds no PEM certificate"
            raise InvalidSpec(Reason.INVALID_SPEC, msg) from None
    return context
