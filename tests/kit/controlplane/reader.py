"""
How does a test look at an object many times a second?

Over HTTP as admin. kubectl, a process of its own for each look, would cost more
than all that is looked at; it stays what users type, and what tests type for them.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from .certificates import Pair

__all__ = ["Reader"]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where objects of one kind are."""

    root: str
    plural: str
    namespaced: bool

    def path(self, name: str, namespace: str | None) -> str:
        where = f"/namespaces/{namespace or 'default'}" if self.namespaced else ""
        return f"{self.root}{where}/{self.plural}/{name}"


class Reader:
    """Reads objects by the names that kubectl knows kinds by."""

    def __init__(self, url: str, context: ssl.SSLContext, admin: Pair) -> None:
        context.load_cert_chain(admin.certificate, admin.key)
        self._http = httpx.Client(base_url=url, verify=context, trust_env=False, timeout=30)
        self._places: dict[str, _Place] = {}

    def get(self, kind: str, name: str, namespace: str | None) -> dict[str, Any] | None:
        """
        Return one object as `kubectl get -o json` shows it, None where there is none.

        Raises:
            AssertionError: The API server cannot say, or knows no such kind.
        """
        answer = self._ask(self._place(kind).path(name, namespace))
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, f"{kind} {name}: {answer.status_code}"
        body: dict[str, Any] = answer.json()
        body["metadata"].pop("managedFields", None)
        return body

    def close(self) -> None:
        """Close what is open."""
        self._http.close()

    def _ask(self, path: str) -> httpx.Response:
        try:
            return self._http.get(path)
        except httpx.TransportError as error:
            raise AssertionError(f"the API server does not answer: {error!r}") from error

    def _place(self, kind: str) -> _Place:
        if kind not in self._places:
            for root in self._roots():
                for known in self._ask(root).json().get("resources", ()):
                    place = _Place(root, known["name"], known["namespaced"])
                    for word in _words(known):
                        self._places.setdefault(word, place)
        assert kind in self._places, f"the API server knows no {kind}"
        return self._places[kind]

    def _roots(self) -> Iterator[str]:
        yield "/api/v1"
        for group in self._ask("/apis").json()["groups"]:
            yield f"/apis/{group['preferredVersion']['groupVersion']}"


def _words(known: dict[str, Any]) -> tuple[str, ...]:
    if "/" in known["name"]:
        return ()
    return (known["name"], known["kind"].lower(), *known.get("shortNames", ()))
