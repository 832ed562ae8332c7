"""
Which authorities does a connection trust besides the public ones?

Their certificates are kept in a ConfigMap or in a Secret, where other tools
put and renew them. What is read is bounded and has to look like certificates;
whether it is some is for who uses them to say.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from ..model.errors import Reason, Refused
from .api import ClusterApi
from .kinds import CONFIG_MAP, SECRET

__all__ = ["BundlePlace", "Bundles"]

# All public authorities with comments are 230 KiB, some companies add many. No ConfigMap has more.
BUNDLE_MAX = 1048576
MARK = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class BundlePlace:
    """Where certificates are kept; *kind* is ConfigMap or Secret."""

    kind: str
    namespace: str
    name: str
    key: str

    def __str__(self) -> str:
        return f"key {self.key} of {self.kind} {self.name}"


class Bundles:
    """Reads certificates."""

    def __init__(self, api: ClusterApi) -> None:
        self._api = api

    async def read(self, place: BundlePlace) -> str:
        """
        Return the certificates at *place*, in PEM.

        Raises:
            Refused: There are none.
            TryLater: They cannot be read now.
        """
        kind = SECRET if place.kind == "Secret" else CONFIG_MAP
        body = await self._api.get(kind.path(place.namespace, place.name))
        if body is None:
            where = f"in the namespace {place.namespace}"
            raise _no_bundle(f"{place.kind} {place.name} does not exist {where}")
        raw = (body.get("data") or {}).get(place.key)
        if not isinstance(raw, str):
            raise _no_bundle(f"{place.kind} {place.name} has no key {place.key}")
        text = _decoded(raw, place) if place.kind == "Secret" else raw
        if len(text) > BUNDLE_MAX:
            raise _no_bundle(f"{place} is larger than 1 MiB")
        if MARK not in text:
            raise _no_bundle(f"{place} holds no PEM certificate")
        return text


def _decoded(raw: str, place: BundlePlace) -> str:
    try:
        return base64.b64decode(raw).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _no_bundle(f"{place} is not text") from None


def _no_bundle(what: str) -> Refused:
    return Refused(Reason.CONNECTION_NOT_READY, f"caBundleRef cannot be used: {what}")
