"""
Does a registry client that nobody here wrote let itself in with a robot's Secret?

skopeo (a Debian package) talks to the double as it does to any registry: it
asks /v2/, follows the challenge to /v2/auth and comes back with the token.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from quayrobot.model.names import OwnerName, RobotName
from quayrobot.model.resources.secret import SecretSpec
from quayrobot.model.secrecy import Token
from quayrobot.plan.credentials.render import render_data

from . import canary
from .controlplane.certificates import Authority
from .fakequay import FakeQuay
from .packing import packed

ROBOT = "acme+builder"


@pytest.fixture(scope="module")
def skopeo() -> str:
    """Return the client; CI must have it."""
    found = shutil.which("skopeo")
    if found is None:
        if os.environ.get("REQUIRE_REGISTRY_CLIENTS"):
            pytest.fail("registry clients are required, and skopeo is not installed")
        pytest.skip("skopeo is not installed")
    return found


@pytest.fixture
def quay(tmp_path: Path) -> Iterator[FakeQuay]:
    pair = Authority(tmp_path, "registry-ca").server("registry")
    with FakeQuay(tls_cert=pair.certificate, tls_key=pair.key) as quay:
        quay.double.state.make_robot_token = canary.robot_token
        quay.admin("settings", hostname=quay.url.removeprefix("https://"))
        quay.admin("organization", name="acme")
        quay.admin("robot", name=ROBOT, token=canary.robot_token())
        quay.admin("repository", namespace="acme", name="app")
        quay.admin("grant", repository="acme/app", user=ROBOT, role="read")
        yield quay


class Client:
    """skopeo with one auth file, as a kubelet has the Secret's."""

    def __init__(self, skopeo: str, quay: FakeQuay, folder: Path) -> None:
        self._skopeo, self.file = skopeo, folder / "auth.json"
        self.registry = quay.url.removeprefix("https://")
        self.file.write_text("{}")

    def hold(self, scope: str, token: str) -> None:
        """Take the .dockerconfigjson of the Secret that the operator writes for *scope*."""
        spec = SecretSpec(name="pull", scope=scope)
        robot = RobotName(OwnerName("organization", "acme"), "builder")
        data = render_data(spec, robot, Token(token), (self.registry,))
        self.file.write_text(data[".dockerconfigjson"].reveal())

    def login(self, token: str) -> subprocess.CompletedProcess[str]:
        """Log in with name and token."""
        return self._run(
            "login", "--tls-verify=false", "--authfile", str(self.file), "--username", ROBOT,
            "--password-stdin", self.registry, said=token,
        )  # fmt: skip

    def tags(self, name: str = "app") -> subprocess.CompletedProcess[str]:
        """List the tags of the robot's repository, with what the auth file holds."""
        where = f"docker://{self.registry}/acme/{name}"
        return self._run("list-tags", "--tls-verify=false", "--authfile", str(self.file), where)

    def copy(self, source: str, target: str) -> subprocess.CompletedProcess[str]:
        """Copy an image from *source* to *target*."""
        return self._run(
            "copy", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false",
            "--authfile", str(self.file), source, target,
        )  # fmt: skip

    def _run(self, *command: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._skopeo, *command], input=said, text=True, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def client(skopeo: str, quay: FakeQuay, tmp_path: Path) -> Client:
    return Client(skopeo, quay, tmp_path)


def token_of(quay: FakeQuay) -> str:
    return str(quay.admin("robot/show", name=ROBOT)["token"])


def test_a_robot_logs_in_with_its_token(quay: FakeQuay, client: Client):
    done = client.login(token_of(quay))

    assert (done.returncode, done.stdout) == (0, "Login Succeeded!\n"), done.stderr


def test_a_wrong_token_is_refused(client: Client):
    done = client.login(canary.robot_token())

    assert done.returncode != 0
    assert "invalid username/password" in done.stderr


def test_after_a_regenerate_the_old_token_is_refused_and_the_new_one_is_not(
    quay: FakeQuay, client: Client
):
    old = token_of(quay)
    new = quay.admin("robot/regenerate", name=ROBOT)

    assert client.login(old).returncode != 0
    assert client.login(new).returncode == 0


def test_a_deleted_robot_is_refused(quay: FakeQuay, client: Client):
    token = token_of(quay)
    quay.admin("robot/delete", name=ROBOT)

    assert client.login(token).returncode != 0


@pytest.mark.parametrize("scope", ["Registry", "Organization"])
def test_the_secret_of_each_scope_serves_as_auth_file(quay: FakeQuay, client: Client, scope: str):
    client.hold(scope, token_of(quay))

    done = client.tags()

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Repository"] == f"{client.registry}/acme/app"


def test_the_secret_is_refused_after_a_regenerate(quay: FakeQuay, client: Client):
    client.hold("Registry", token_of(quay))
    quay.admin("robot/regenerate", name=ROBOT)

    assert client.tags().returncode != 0


def test_a_robot_without_a_grant_cannot_pull(quay: FakeQuay, client: Client):
    client.hold("Registry", token_of(quay))
    quay.admin("grant", repository="acme/app", user=ROBOT, role=None)

    done = client.tags()

    assert done.returncode != 0
    assert "unauthorized" in done.stderr


def test_an_image_is_pushed_and_pulled_by_who_may(quay: FakeQuay, client: Client, tmp_path: Path):
    """An image whose layers are skopeo's own business goes in and comes out as it was."""
    quay.admin("grant", repository="acme/app", user=ROBOT, role="write")
    client.hold("Registry", token_of(quay))
    image, back = tmp_path / "image", tmp_path / "back"
    made = packed(tmp_path / "image.tar", "localhost/app:1", Path("/bin/true"))

    assert client.copy(f"docker-archive:{made}", f"dir:{image}").returncode == 0
    pushed = client.copy(f"dir:{image}", f"docker://{client.registry}/acme/app:1")
    pulled = client.copy(f"docker://{client.registry}/acme/app:1", f"dir:{back}")
    listed = json.loads(client.tags().stdout)

    assert pushed.returncode == 0, pushed.stderr
    assert pulled.returncode == 0, pulled.stderr
    assert listed["Tags"] == ["1"]
    layers = json.loads((back / "manifest.json").read_text())["layers"]
    unpacked = gzip.decompress((back / layers[0]["digest"].removeprefix("sha256:")).read_bytes())
    assert Path("/bin/true").read_bytes() in unpacked


def test_who_may_only_read_pushes_nothing(quay: FakeQuay, client: Client, tmp_path: Path):
    client.hold("Registry", token_of(quay))
    made = packed(tmp_path / "image.tar", "localhost/app:1", Path("/bin/true"))

    done = client.copy(f"docker-archive:{made}", f"docker://{client.registry}/acme/app:1")

    assert done.returncode != 0
    assert quay.double.state.images.manifests == {}


def test_nobody_in_particular_pulls_what_is_public_and_nothing_else(
    quay: FakeQuay, client: Client
):
    quay.admin("repository", namespace="acme", name="open", public=True)

    assert client.tags("open").returncode == 0
    assert client.tags("app").returncode != 0
