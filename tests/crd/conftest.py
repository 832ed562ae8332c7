"""What the tests of the definitions share: the API server with our kinds, spoken to directly."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from quayrobot.model.crd import DEFINITIONS, crd
from tests.kit.controlplane import ControlPlane
from tests.kit.processes import wait_for

Body = dict[str, Any]
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
MERGE = {"Content-Type": "application/merge-patch+json"}


class Api:
    """The API server as its administrator sees it; a test reads statuses and messages."""

    def __init__(self, plane: ControlPlane) -> None:
        user = yaml.safe_load(plane.kubeconfig.read_text())["users"][0]["user"]
        context = ssl.create_default_context(cafile=str(plane.ca_file))
        context.load_cert_chain(user["client-certificate"], user["client-key"])
        self._http = httpx.Client(base_url=plane.url, verify=context, trust_env=False, timeout=30)

    def call(
        self, method: str, path: str, body: Body | None = None, **query: str
    ) -> httpx.Response:
        """Make one request."""
        headers = MERGE if method == "PATCH" else None
        return self._http.request(method, path, json=body, params=query, headers=headers)

    def create(self, path: str, body: Body, *, dry: bool = False, **query: str) -> httpx.Response:
        """Create *body*; *dry* stores nothing."""
        return self.call("POST", path, body, **query, **({"dryRun": "All"} if dry else {}))

    def edit(self, path: str, body: Body, *, dry: bool = False) -> httpx.Response:
        """Put the spec of *body* into the stored object at *path*, as it stands now."""
        live = self.call("GET", path).json()
        live["spec"] = body["spec"]
        return self.call("PUT", path, live, **({"dryRun": "All"} if dry else {}))

    def apply(self, path: str, body: Body, *, manager: str = "flux") -> httpx.Response:
        """Apply *body* server-side as *manager*, which takes over what others said."""
        # The body is JSON, which is YAML.
        return self._http.patch(
            path,
            json=body,
            params={"fieldManager": manager, "force": "true"},
            headers={"Content-Type": "application/apply-patch+yaml"},
        )

    def define(self, definition: Body) -> None:
        """Make or replace a definition, and wait until its kind is served."""
        spec, name = definition["spec"], definition["metadata"]["name"]
        answer = self.create(CRDS, definition)
        if answer.status_code == 409:
            live = self.call("GET", f"{CRDS}/{name}").json()
            answer = self.call("PUT", f"{CRDS}/{name}", {**live, "spec": spec})
        assert answer.status_code in {200, 201}, answer.text
        path = f"/apis/{spec['group']}/v1alpha1/{spec['names']['plural']}"
        wait_for(lambda: self.call("GET", path, limit="1").status_code == 200, f"kind {name}")

    def namespace(self) -> str:
        """Make a namespace and return its name."""
        name = f"crd-{uuid.uuid4().hex[:8]}"
        made = self.create("/api/v1/namespaces", {"metadata": {"name": name}})
        assert made.status_code == 201
        return name

    def close(self) -> None:
        """Close what is open."""
        self._http.close()


def collection(kind: str, namespace: str, *, group: str = "quayrobot.io") -> str:
    """Return the path of all objects of *kind* in *namespace*."""
    definition = next(each for each in DEFINITIONS if each.kind == kind)
    place = f"/namespaces/{namespace}" if definition.scope == "Namespaced" else ""
    return f"/apis/{group}/v1alpha1{place}/{definition.plural}"


@pytest.fixture(scope="session")
def api(control_plane: ControlPlane) -> Iterator[Api]:
    """Yield the API server with the definitions that are shipped."""
    made = Api(control_plane)
    for definition in DEFINITIONS:
        made.define(crd(definition))
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_namespace(api: Api) -> str:
    """Return a namespace for objects that are never stored."""
    return api.namespace()


@pytest.fixture
def namespace(api: Api) -> str:
    """Return a namespace of the test's own."""
    return api.namespace()


EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"
