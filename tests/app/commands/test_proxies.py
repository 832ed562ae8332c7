"""Does `quayrobot check` tell of proxies that nobody uses, and of no password in them?"""

from __future__ import annotations

from typing import Any

import pytest

from quayrobot.app.commands.report.checks import State
from quayrobot.app.commands.report.proxies import check_proxies

SHARED = "ClusterQuayConnection default"
URL = "http://somebody:a-password@proxy.example.com:3128"


def deployment(*env: dict[str, Any]) -> dict[str, Any]:
    containers = [{"name": "sidecar"}, {"name": "operator", "env": list(env)}]
    return {
        "metadata": {"namespace": "quay", "name": "operator"},
        "spec": {"template": {"spec": {"containers": containers}}},
    }


@pytest.mark.parametrize(
    ("deployments", "environ", "words"),
    [
        ([deployment({"name": "HTTPS_PROXY", "value": URL})], {},
         "HTTPS_PROXY of the Deployment quay/operator names a proxy. "),
        ([deployment({"name": "all_proxy", "valueFrom": {}})], {},
         "ALL_PROXY of the Deployment quay/operator names a proxy. "),
        ([deployment()], {"https_proxy": URL, "HTTP_PROXY": URL},
         "HTTPS_PROXY, HTTP_PROXY of your environment names a proxy. "),
        (None, {"HTTP_PROXY": URL}, "HTTP_PROXY of your environment names a proxy. "),
    ],
)  # fmt: skip
def test_a_proxy_of_the_environment_is_told_with_the_connections_that_lack_one(
    deployments, environ, words
):
    (result,) = check_proxies(deployments, environ, [SHARED])

    assert result.state is State.DOUBTFUL
    assert result.words.startswith(words)
    assert result.words.endswith(f"are called without one: {SHARED}.")
    assert "spec.proxy" in result.cure
    assert "password" not in result.words


@pytest.mark.parametrize(
    ("environ", "without"),
    [({}, [SHARED]), ({"NO_PROXY": "*", "HTTPS_PROXY": ""}, [SHARED]), ({"HTTPS_PROXY": URL}, [])],
)
def test_where_there_is_none_or_all_name_theirs_nothing_is_told(environ, without):
    assert check_proxies([deployment()], environ, without) == []
