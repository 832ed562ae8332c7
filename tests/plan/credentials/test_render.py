"""Do the rendered bytes log in, and are they the same each time?"""

from __future__ import annotations

import base64
import json

import pytest

from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.resources.secret import SecretSpec
from quayrobot.plan.credentials.render import SECRET_TYPES, render_data

from ..scenes import TOKEN

CI = RobotName(OwnerName("organization", "acme"), "ci")
HOST = "quay.example:8443"


def revealed(**fields) -> dict[str, str]:
    spec = SecretSpec.model_validate({"name": "ci", **fields})
    return {key: value.reveal() for key, value in render_data(spec, CI, TOKEN, (HOST,)).items()}


@pytest.mark.parametrize(
    ("scope", "place"), [("Registry", HOST), ("Organization", f"{HOST}/acme")]
)
def test_a_docker_config_holds_one_login(scope, place):
    data = revealed(scope=scope)
    auth = base64.b64encode(f"acme+ci:{TOKEN.reveal()}".encode()).decode()

    assert list(data) == [".dockerconfigjson"]
    # To the byte: a digest of other bytes would have each Secret written again.
    assert data[".dockerconfigjson"] == f'{{"auths":{{"{place}":{{"auth":"{auth}"}}}}}}'


def test_basic_auth_holds_user_and_password():
    assert revealed(format="BasicAuth") == {"username": "acme+ci", "password": TOKEN.reveal()}


@pytest.mark.parametrize(
    ("scope", "place"), [("Registry", HOST), ("Organization", f"{HOST}/acme")]
)
def test_opaque_holds_user_password_and_registry(scope, place):
    expected = {"username": "acme+ci", "password": TOKEN.reveal(), "registry": place}

    assert expected == revealed(format="Opaque", scope=scope)


def test_the_keys_of_an_opaque_secret_can_be_named():
    data = revealed(format="Opaque", keys={"username": "u", "password": "p", "registry": "r"})

    assert data == {"u": "acme+ci", "p": TOKEN.reveal(), "r": HOST}


@pytest.mark.parametrize("format_", SECRET_TYPES)
def test_equal_credentials_give_equal_bytes(format_):
    assert revealed(format=format_) == revealed(format=format_)


def test_several_names_of_a_registry_carry_the_same_credential():
    names = ("quay.example", "mirror.example:8443")
    wide = SecretSpec(name="ci")
    narrow = SecretSpec(name="ci", scope="Repositories")
    opaque = SecretSpec(name="ci", format="Opaque")

    auths = json.loads(render_data(wide, CI, TOKEN, names)[".dockerconfigjson"].reveal())["auths"]
    paths = json.loads(
        render_data(narrow, CI, TOKEN, names, repositories=["b", "a"])[
            ".dockerconfigjson"
        ].reveal()
    )["auths"]

    assert list(auths) == list(names)
    assert len({each["auth"] for each in auths.values()}) == 1
    assert list(paths) == [f"{host}/acme/{each}" for host in names for each in ("a", "b")]
    assert render_data(opaque, CI, TOKEN, names)["registry"].reveal() == names[0]


def test_every_format_has_a_type():
    assert set(SECRET_TYPES) == {"DockerConfigJson", "BasicAuth", "Opaque"}
