"""
Which certificates are believed, on every version of Python alike?

From 3.13 on Python refuses authorities that lack key identifiers, as those of
some clouds' API servers and many companies do, and takes an intermediate one
of the bundle for a root. Here the first is believed as before, and the second
is a root, whatever Python it is: an operator must not lose its Quay, or its
cluster, by a newer image.
"""

from __future__ import annotations

import ssl

__all__ = ["believe", "even"]


def even(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return *context*, set to verify as on every version; every client's goes through here."""
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def believe(context: ssl.SSLContext, bundle: str) -> None:
    """
    Let *context* trust the certificates in *bundle* (PEM) besides those that it trusts.

    Comments between them may be in any language, as in bundles of all public authorities;
    ssl takes ASCII only.

    Raises:
        ssl.SSLError: It holds no certificate.
        ValueError: It is empty.
    """
    context.load_verify_locations(cadata=bundle.encode("ascii", "ignore").decode())
