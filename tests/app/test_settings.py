"""How is the operator told what to do?"""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from pydantic import ValidationError

from quayrobot.app.settings import Settings
from quayrobot.model.address_policy import AddressPolicy


def test_the_whole_cluster_is_served_by_default(monkeypatch):
    monkeypatch.delenv("QUAYROBOT_NAMESPACES", raising=False)

    assert Settings().clusterwide


def test_namespaces_are_read_from_the_environment_once_each(monkeypatch):
    monkeypatch.setenv("QUAYROBOT_NAMESPACES", "team-a, team-b,team-a")
    monkeypatch.setenv("QUAYROBOT_CLUSTER_ID", "test")

    assert Settings().namespaces == ("team-a", "team-b")


def test_a_flag_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("QUAYROBOT_HEALTH_PORT", "9000")

    assert Settings(health_port=9001).health_port == 9001


def test_where_tenants_connections_lead_is_bounded_by_settings(monkeypatch):
    monkeypatch.setenv("QUAYROBOT_TENANT_HOSTS", "quay.example.com, *.test:8443")
    monkeypatch.setenv("QUAYROBOT_TENANT_REFUSED_NETWORKS", "127.0.0.0/8,::1")

    reach = Settings().tenants_reach

    assert reach.names("quay.test", 8443)
    assert not reach.names("quay.example.org", 443)
    assert not reach.leads_to(ip_address("127.0.0.1"))
    assert not reach.leads_to(ip_address("::1"))
    assert reach.leads_to(ip_address("10.0.0.1"))
    free = Settings(tenant_hosts="", tenant_refused_networks="").tenants_reach
    assert free == AddressPolicy(any_proxy=False)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"tenant_hosts": "https://quay.example.com"}, id="a url is no host"),
        pytest.param({"tenant_refused_networks": "10.0.0.1/8"}, id="bits beyond the mask"),
        pytest.param({"tenant_refused_networks": "all"}, id="no network"),
        pytest.param({"namespaces": ("a",)}, id="namespaces without the cluster's name"),
        pytest.param({"namespaces": ("a-*",), "cluster_id": "x"}, id="a pattern is no name"),
        pytest.param({"log_level": "loud"}, id="a level that does not exist"),
        pytest.param({"health_port": 70000}, id="a port that does not exist"),
        pytest.param({"workers": 0}, id="nobody to work"),
    ],
)
def test_a_wrong_setting_is_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)
