"""
What do all misoperations share? A control plane, a Quay, one operator, and all that it calls.

Quay believes a login service and this cluster's own tokens, and a proxy leads to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.crd.conftest import Api
from tests.kit.connect_proxy import ConnectProxy
from tests.kit.controlplane import ControlPlane
from tests.kit.fakequay import FakeQuay
from tests.kit.installation import Installation
from tests.kit.oidc_service import OidcService
from tests.kit.surroundings import Surroundings

from .grounds import OFTEN, WIDE

__all__ = ["CLIENT", "CLIENT_SECRET", "JWT_USER", "LOGIN", "Stage", "filled", "staged"]

CLIENT, CLIENT_SECRET, JWT_USER = "operator", "a-client-secret", "jwt_user"
LOGIN = ("quay-robots", "a-password-of-the-proxy")
USERS = ("mary", "bob", JWT_USER)
# A tenant's proxy has to be named; any host may be.
FLAGS = ("--tenant-hosts=*",)
EVERYTHING = {
    "namespaces": {}, "organizations": ["*"], "users": ["*"], "robotNames": ["*"],
    "maxRole": "admin", "teams": ["*"], "defaults": True, "federation": True,
    "issuers": ["https://*"], "adoption": True,
}  # fmt: skip


@dataclass
class Stage:
    """All parts together; *texts* are what the grounds' placeholders stand for."""

    house: Installation
    api: Api
    oidc: OidcService
    around: Surroundings
    texts: dict[str, str]


def filled(value: Any, texts: dict[str, str]) -> Any:
    """Return a JSON value with its placeholders replaced by *texts*."""
    if isinstance(value, dict):
        return {filled(k, texts): filled(v, texts) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(each, texts) for each in value]
    if isinstance(value, str):
        for place, text in texts.items():
            value = value.replace(place, text)
    return value


@contextmanager
def staged(plane: ControlPlane) -> Iterator[Stage]:
    """Yield the stage with the operator at work."""
    with ExitStack() as stack:
        quay = stack.enter_context(FakeQuay())
        around = stack.enter_context(Surroundings(plane.folder))
        house = Installation.make(plane, quay, *FLAGS, *around.flags)
        stack.callback(house.close)
        house.operator.environment |= around.environment
        oidc = stack.enter_context(OidcService(plane.folder / "oidc"))
        pair = plane.server_pair("proxy")
        proxy = stack.enter_context(
            ConnectProxy(pair=(pair.certificate, pair.key), login=LOGIN)
        )  # fmt: skip
        api = Api(plane)
        stack.callback(api.close)
        _open_quay(quay, plane, oidc)
        for name in (WIDE["name"], "other"):
            house.cluster_connection(name, access=[EVERYTHING], **OFTEN)
        ca = plane.ca_file.read_text()
        texts = {"<url>": quay.url, "<ca>": ca, "<oidc>": oidc.url, "<proxy>": proxy.url,
                 "<oidc-ca>": oidc.ca.read_text()}  # fmt: skip
        house.operator.start()
        yield Stage(house, api, oidc, around, texts)


def _open_quay(quay: FakeQuay, plane: ControlPlane, oidc: OidcService) -> None:
    """Have Quay believe the login service and this cluster's tokens."""
    both = plane.folder / "quay-ca.pem"
    both.write_text(plane.ca_file.read_text() + oidc.ca.read_text())
    oidc.clients = {CLIENT: CLIENT_SECRET}
    oidc.cluster_keys = lambda: json.loads(plane.kubectl("get", "--raw", "/openid/v1/jwks"))
    config = {"prefix": "SSO", "server": oidc.url, "client_id": "quay"}
    quay.admin("settings", sign_on=(config,), oidc_ca=str(both))
    quay.double.state.sign_on_users["SSO", CLIENT] = JWT_USER
    for each in USERS:
        quay.admin("user", name=each)
    quay.admin("repository", namespace="admin", name="app")
