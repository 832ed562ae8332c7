"""Does a command line reach the API server past the environment's proxy where kubectl does?"""

from __future__ import annotations

import pytest

from quayrobot.cluster.api import ClusterApi
from quayrobot.cluster.no_proxy import goes_past_proxy
from tests.kit.controlplane import ControlPlane


@pytest.fixture(autouse=True)
def _a_dead_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("spared", "server", "past"),
    [
        ("", "https://127.0.0.1:6443", True),
        ("", "https://[::1]:6443", True),
        ("", "https://localhost:6443", True),
        ("", "https://10.96.0.1", False),
        ("a.example.com, 10.96.0.0/12", "https://10.96.0.1", True),
        ("10.96.0.7/12", "https://10.96.0.1", True),
        ("10.96.0.0/12", "https://10.112.0.1", False),
        ("fd00:10:96::/112", "https://[fd00:10:96::1]:6443", True),
        ("fd00:10:96::/112", "https://10.96.0.1", False),
        ("[fd00:10:96::1]:6443", "https://[fd00:10:96::1]:6443", True),
        ("10.96.0.1:6443", "https://10.96.0.1:6443", True),
        ("10.96.0.1:6443", "https://10.96.0.1:8443", False),
        ("*.example.com", "https://api.example.com:6443", True),
        ("api.EXAMPLE.com:6443", "https://api.example.com:6443", True),
        (".example.com", "https://example.com.org", False),
        ("*", "https://10.96.0.1", True),
        ("*", "https://api.example.com", True),
        ("10.96.0.0/99,,", "https://10.96.0.1", False),
        ("*", "https://[x", False),
    ],
)
def test_ranges_and_this_machine_need_no_proxy(monkeypatch, spared, server, past):
    monkeypatch.setenv("NO_PROXY", spared)

    assert goes_past_proxy(server) is past


async def test_a_cluster_on_this_machine_answers_beside_a_proxy(control_plane: ControlPlane):
    api = await ClusterApi.connect(control_plane.kubeconfig, None)

    assert await api.list_metadata("/api/v1/namespaces") is not None
    await api.aclose()
