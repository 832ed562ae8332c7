"""Which of several kubeconfig files decides?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from quayrobot.app.commands.access.cluster_access import context_namespace
from quayrobot.app.kubeconfig import LoginError, find_access
from quayrobot.cluster.api import ClusterApi
from quayrobot.model.errors import QuayRobotError


def written(folder: Path, name: str, current: str | None = None) -> Path:
    """Write a kubeconfig of one cluster, with files beside it, and return its path."""
    folder.mkdir()
    config = {
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": name, "namespace": f"ns-{name}"}},
            {"name": "both", "context": {"cluster": name, "user": name, "namespace": "of-both"}},
        ],
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}:6443"}}],
        "users": [{"name": name, "user": {"tokenFile": "token"}}],
    }
    (folder / "token").write_text(f"token-{name}")
    path = folder / "config"
    path.write_text(
        yaml.safe_dump(config | ({"current-context": current} if current is not None else {}))
    )
    return path


@pytest.fixture
def listed(tmp_path, monkeypatch):
    def name(*paths: Path) -> None:
        monkeypatch.setenv("KUBECONFIG", os.pathsep.join(str(path) for path in paths))

    # No pod of a CI may stand in for the files.
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    return name


async def servers(context: str | None = None) -> tuple[str, str, str]:
    """Return where a command goes, where the shell goes, and in which namespace."""
    api = await ClusterApi.connect(None, context)
    await api.aclose()
    access = find_access(context=context, service_account=Path("/nowhere"))
    return api.server, access.server, context_namespace(None, context)


async def test_the_first_file_that_names_a_context_decides(tmp_path, listed):
    listed(written(tmp_path / "a", "a", "a"), written(tmp_path / "b", "b", "b"))

    assert await servers() == ("https://a:6443", "https://a:6443", "ns-a")


@pytest.mark.parametrize("current", [pytest.param(None, id="none"), pytest.param("", id="empty")])
async def test_a_file_without_a_context_leaves_it_to_the_next(tmp_path, listed, current):
    listed(written(tmp_path / "a", "a", current), written(tmp_path / "b", "b", "b"))

    assert await servers() == ("https://b:6443", "https://b:6443", "ns-b")


async def test_any_file_can_have_the_context_that_is_named(tmp_path, listed):
    listed(written(tmp_path / "a", "a", "a"), written(tmp_path / "b", "b", "b"))

    assert await servers("b") == ("https://b:6443", "https://b:6443", "ns-b")


async def test_of_two_contexts_of_one_name_the_first_counts(tmp_path, listed):
    listed(written(tmp_path / "a", "a", "both"), written(tmp_path / "b", "b", "b"))

    assert await servers() == ("https://a:6443", "https://a:6443", "of-both")


async def test_files_that_are_missing_or_empty_are_left_out(tmp_path, listed):
    (tmp_path / "empty").write_text("")
    listed(tmp_path / "none", tmp_path / "empty", written(tmp_path / "b", "b", "b"))

    assert await servers() == ("https://b:6443", "https://b:6443", "ns-b")


def test_a_file_is_looked_for_beside_the_one_that_names_it(tmp_path, listed):
    listed(written(tmp_path / "a", "a", "a"), written(tmp_path / "b", "b", "b"))
    access = find_access(context="b", service_account=Path("/nowhere"))

    assert access.token_file == tmp_path / "b" / "token"


async def test_an_empty_file_alone_is_no_kubeconfig(tmp_path, listed):
    (tmp_path / "empty").write_text("")
    listed(tmp_path / "empty")

    with pytest.raises(QuayRobotError, match="no kubeconfig that can be used"):
        await ClusterApi.connect(None, None)


@pytest.mark.parametrize(
    ("text", "context", "words"),
    [
        (None, None, "no such file"),
        ("a: [", None, "not YAML"),
        ("{contexts: [{name: a, context: {}}]}", "b", "no context b"),
        ("{contexts: [{name: a, context: {}}], current-context: b}", None, "not in it"),
        ("{contexts: [{name: a, context: {}}]}", None, "no current context"),
    ],
)
async def test_what_is_wrong_with_a_kubeconfig_is_told(tmp_path, text, context, words):
    path = tmp_path / "config"
    if text is not None:
        path.write_text(text)

    with pytest.raises(QuayRobotError, match=words):
        await ClusterApi.connect(path, context)


@pytest.mark.parametrize("part", ["contexts", "clusters", "users"])
async def test_an_entry_without_fields_is_told(tmp_path, listed, part):
    path = written(tmp_path / "a", "a", "a")
    config = yaml.safe_load(path.read_text())
    config[part][0][part.removesuffix("s")] = "text"
    path.write_text(yaml.safe_dump(config))
    listed(path)

    with pytest.raises(QuayRobotError, match="no kubeconfig that can be used"):
        await ClusterApi.connect(None, None)
    with pytest.raises(LoginError, match="lacks a part"):
        find_access(service_account=Path("/nowhere"))
    assert context_namespace(None, None) == ("default" if part == "contexts" else "ns-a")
