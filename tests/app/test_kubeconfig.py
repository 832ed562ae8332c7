"""How does the shell get to the API server, and as whom?"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml

from quayrobot.app.kubeconfig import LoginError, find_access
from quayrobot.model.secrecy import Token
from tests.kit.canary import oauth_token, scan


def written(folder: Path, user: dict, cluster: dict | None = None) -> Path:
    config = {
        "current-context": "here",
        "contexts": [
            {"name": "there", "context": {"cluster": "there", "user": "me"}},
            {"name": "here", "context": {"cluster": "here", "user": "me"}},
        ],
        "clusters": [
            {"name": "here", "cluster": {"server": "https://here:6443/", **(cluster or {})}},
            {"name": "there", "cluster": {"server": "https://there:6443"}},
        ],
        "users": [{"name": "me", "user": user}],
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(config))
    return path


def test_the_current_context_is_used(tmp_path):
    assert find_access(written(tmp_path, {"token": "t"})).server == "https://here:6443"


def test_another_context_can_be_named(tmp_path):
    assert find_access(written(tmp_path, {}), "there").server == "https://there:6443"


def test_the_environment_names_the_file(tmp_path):
    path = written(tmp_path, {"token": "t"})
    access = find_access(environ={"KUBECONFIG": str(path)})

    assert Token("t") == access.token


def test_files_are_found_beside_the_kubeconfig(tmp_path):
    (tmp_path / "ca.pem").write_text("the CA")
    path = written(tmp_path, {"tokenFile": "token"}, {"certificate-authority": "ca.pem"})
    access = find_access(path)

    assert ("the CA", tmp_path / "token") == (access.ca, access.token_file)


def test_data_wins_over_files(tmp_path):
    data = base64.b64encode(b"from data").decode()
    path = written(tmp_path, {}, {"certificate-authority-data": data})

    assert find_access(path).ca == "from data"


def test_a_pod_uses_its_service_account(tmp_path):
    (tmp_path / "token").write_text("t")
    (tmp_path / "ca.crt").write_text("the CA")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    access = find_access(environ=environ, service_account=tmp_path)

    assert (access.server, access.ca) == ("https://[fd00::1]:6443", "the CA")
    assert tmp_path / "token" == access.token_file


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="no file"),
        pytest.param("{}", id="nothing in it"),
        pytest.param("a: [", id="no YAML"),
        pytest.param("just words", id="no mapping"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path, content):
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)

    with pytest.raises(LoginError, match="kubeconfig"):
        find_access(path)


def test_a_user_that_needs_a_helper_program_is_refused(tmp_path):
    with pytest.raises(LoginError, match="helper program"):
        find_access(written(tmp_path, {"exec": {"command": "aws"}}))


@pytest.mark.parametrize(
    ("user", "cluster"),
    [
        ({}, {"proxy-url": "http://proxy:3128"}),
        ({}, {"tls-server-name": "api.internal"}),
        ({"as": "somebody"}, {}),
        ({"as-uid": "1"}, {}),
        ({"as-groups": ["readers"]}, {}),
        ({"as-user-extra": {"scopes": ["view"]}}, {}),
    ],
    ids=str,
)
def test_another_way_or_another_self_than_ours_is_refused(tmp_path, user, cluster):
    (name,) = {**user, **cluster}

    with pytest.raises(LoginError, match=f"has {name}, which is not supported"):
        find_access(written(tmp_path, {"token": "t", **user}, cluster))


def test_an_empty_proxy_is_none(tmp_path):
    access = find_access(written(tmp_path, {"token": "t"}, {"proxy-url": ""}))

    assert access.server == "https://here:6443"


def test_credentials_are_not_in_the_repr(tmp_path):
    key = base64.b64encode(oauth_token().encode()).decode()
    access = find_access(written(tmp_path, {"token": oauth_token(), "client-key-data": key}))

    assert scan(repr(access)) == []
