"""
How does a test look at objects many times a second, and make and delete them?

Over HTTP as admin. kubectl, a process of its own for each call, would cost more
than all that is looked at; it stays what users type, and what tests type for them.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import httpx

from .certificates import Pair

__all__ = ["AdminClient"]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where objects of one kind are."""

    root: str
    plural: str
    namespaced: bool

    def path(self, name: str, namespace: str | None) -> str:
        return f"{self.collection(namespace)}/{name}"

    def collection(self, namespace: str | None) -> str:
        where = f"/namespaces/{namespace or 'default'}" if self.namespaced else ""
        return f"{self.root}{where}/{self.plural}"


class AdminClient:
    """Reads, makes and deletes objects by the names that kubectl knows kinds by."""

    def __init__(self, http: httpx.Client) -> None:
        """Take a client whose requests reach the API server as admin's; it is closed here."""
        self._http = http
        self._places: dict[str, _Place] = {}

    @classmethod
    def with_certificate(cls, url: str, context: ssl.SSLContext, admin: Pair) -> Self:
        """Make one that says by a certificate who it is; *context* is its own from now on."""
        context.load_cert_chain(admin.certificate, admin.key)
        return cls(httpx.Client(base_url=url, verify=context, trust_env=False, timeout=30))

    @classmethod
    def by_socket(cls, socket: Path) -> Self:
        """Make one whose requests `kubectl proxy` sends on, as whoever its kubeconfig names."""
        way = httpx.HTTPTransport(uds=str(socket))
        return cls(httpx.Client(base_url="http://localhost", transport=way, timeout=30))

    def get(self, kind: str, name: str, namespace: str | None) -> dict[str, Any] | None:
        """
        Return one object as `kubectl get -o json` shows it, None where there is none.

        Raises:
            AssertionError: The API server cannot say, or knows no such kind.
        """
        answer = self._ask("GET", self._place(kind).path(name, namespace))
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, f"{kind} {name}: {answer.status_code}"
        body: dict[str, Any] = answer.json()
        body["metadata"].pop("managedFields", None)
        return body

    def create(self, body: Body) -> bool:
        """
        Make an object that is not there as `kubectl apply` does; False: there is one.

        Raises:
            AssertionError: The API server refused it.
        """
        meta = body["metadata"]
        version = body["apiVersion"]
        place = replace(
            self._place(body["kind"].lower()),
            root=f"/apis/{version}" if "/" in version else f"/api/{version}",
        )
        applied = {LAST_APPLIED: json.dumps(body, separators=(",", ":")) + "\n"}
        marked = {**meta, "annotations": {**(meta.get("annotations") or {}), **applied}}
        answer = self._ask(
            "POST",
            place.collection(meta.get("namespace")),
            params={"fieldManager": "kubectl-client-side-apply", "fieldValidation": "Strict"},
            json={**body, "metadata": marked},
        )
        if answer.status_code == 409:
            return False
        assert answer.status_code == 201, answer.text
        return True

    def knows(self, kind: str) -> bool:
        """Tell whether the API server serves *kind* in the version that its group prefers."""
        try:
            return bool(self._place(kind))
        except AssertionError:
            return False

    def read(self, path: str) -> Any:
        """Return the JSON at *path*."""
        answer = self._ask("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.json()

    def delete(self, kind: str, name: str, namespace: str | None = None) -> bool:
        """
        Ask for a deletion as `kubectl delete --wait=false` does; False: it was not there.

        Raises:
            AssertionError: The API server refused it.
        """
        path = self._place(kind).path(name, namespace)
        answer = self._ask("DELETE", path, json={"propagationPolicy": "Background"})
        assert answer.status_code in {200, 202, 404}, answer.text
        return answer.status_code != 404

    def names(self, kind: str, namespace: str | None) -> list[str]:
        """Return the names of all objects of *kind* in *namespace*."""
        answer = self._ask("GET", self._place(kind).collection(namespace))
        assert answer.status_code == 200, answer.text
        return [each["metadata"]["name"] for each in answer.json()["items"] or ()]

    def close(self) -> None:
        """Close what is open."""
        self._http.close()

    def _ask(self, verb: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(verb, path, **more)
        except httpx.TransportError as error:
            raise AssertionError(f"the API server does not answer: {error!r}") from error

    def _place(self, kind: str) -> _Place:
        if kind not in self._places:
            for root in self._roots():
                for known in self._ask("GET", root).json().get("resources", ()):
                    place = _Place(root, known["name"], known["namespaced"])
                    for word in _words(known):
                        self._places.setdefault(word, place)
        assert kind in self._places, f"the API server knows no {kind}"
        return self._places[kind]

    def _roots(self) -> Iterator[str]:
        yield "/api/v1"
        for group in self._ask("GET", "/apis").json()["groups"]:
            yield f"/apis/{group['preferredVersion']['groupVersion']}"


def _words(known: dict[str, Any]) -> tuple[str, ...]:
    if "/" in known["name"]:
        return ()
    return (known["name"], known["kind"].lower(), *known.get("shortNames", ()))
