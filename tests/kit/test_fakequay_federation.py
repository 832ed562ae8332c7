"""Does the double verify what a cluster signs, over the network and each time anew?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import RSAKey

from tests.contract.issuer import Issuer

from . import canary
from .controlplane import ControlPlane
from .fakequay import FakeQuay

ROBOT = "acme+ci"
DISCOVERY, KEYS = "/.well-known/openid-configuration", "/keys"


@pytest.fixture
def quay() -> Iterator[FakeQuay]:
    with FakeQuay() as quay:
        quay.double.state.make_robot_token = canary.robot_token
        quay.admin("organization", name="acme")
        quay.admin("robot", name=ROBOT)
        yield quay


@pytest.fixture
def issuer(tmp_path: Path, quay: FakeQuay) -> Iterator[Issuer]:
    with Issuer(tmp_path) as issuer:
        quay.admin("settings", oidc_ca=str(issuer.ca))
        trust(quay, issuer.url, "someone")
        yield issuer


def trust(quay: FakeQuay, issuer: str, subject: str) -> None:
    quay.admin("federation/set", name=ROBOT, entries=[{"issuer": issuer, "subject": subject}])


def exchange(quay: FakeQuay, token: str) -> httpx.Response:
    url = f"{quay.url}/oauth2/federation/robot/token"
    return httpx.get(url, auth=(ROBOT, token), timeout=30)


def test_a_service_account_of_a_real_cluster_gets_a_robots_token(
    control_plane: ControlPlane, quay: FakeQuay
):
    control_plane.kubectl("create", "namespace", "federated")
    for name in ("builder", "other"):
        control_plane.kubectl("-n", "federated", "create", "serviceaccount", name)
    quay.admin("settings", oidc_ca=str(control_plane.issuer_ca))
    trust(quay, control_plane.issuer, "system:serviceaccount:federated:builder")

    answers = {
        name: exchange(
            quay,
            control_plane.kubectl(
                "-n", "federated", "create", "token", name, "--audience=quay"
            ).strip(),
        )
        for name in ("builder", "other")
    }

    assert answers["builder"].status_code == 200, answers["builder"].text
    assert quay.login(ROBOT, answers["builder"].json()["token"])
    assert answers["other"].json() == {"message": "Token does not match robot"}


def test_each_exchange_asks_for_discovery_and_keys(quay: FakeQuay, issuer: Issuer):
    for _ in range(2):
        assert exchange(quay, issuer.token()).status_code == 200

    assert issuer.asked == [DISCOVERY, KEYS, DISCOVERY, KEYS]


def test_a_bad_signature_asks_for_the_keys_twice(quay: FakeQuay, issuer: Issuer):
    stranger = RSAKey.generate_key(2048, {"kid": "one"})

    assert exchange(quay, issuer.token(key=stranger)).status_code == 400
    assert issuer.asked.count(KEYS) == 2


def test_an_issuer_whose_authority_is_not_trusted_cannot_be_reached(
    quay: FakeQuay, issuer: Issuer
):
    quay.admin("settings", oidc_ca=None)

    assert exchange(quay, issuer.token()).status_code == 502


def test_an_exchange_is_logged_with_subject_and_issuer(quay: FakeQuay, issuer: Issuer):
    exchange(quay, issuer.token())

    [row] = quay.admin("logs", name="acme")

    assert row["kind"] == "federated_robot_token_exchange"
    assert row["metadata"] == {"robot": "ci", "issuer": issuer.url, "subject": "someone"}


def test_3_12_has_no_exchange(quay: FakeQuay, issuer: Issuer):
    quay.admin("settings", version="3.12")

    assert exchange(quay, issuer.token()).status_code == 404
