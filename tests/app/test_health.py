"""Is the process alive, is it ready, and what are its numbers?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from quayrobot.app.health import LAG_MAX_S, HealthServer, Probes, Pulse
from quayrobot.app.metrics import Metrics
from quayrobot.app.settings import Settings
from quayrobot.app.startup import CannotStart

LOOPBACK = Settings(bind_address="127.0.0.1", health_port=0, metrics_port=0)


@pytest.fixture
def probes() -> Probes:
    return Probes(listed=lambda: True, working=lambda: True)


@pytest.fixture
async def server(probes) -> AsyncIterator[HealthServer]:
    async with HealthServer(LOOPBACK, probes, Metrics()) as serving:
        yield serving


async def ask(server: HealthServer, path: str) -> aiohttp.ClientResponse:
    url = f"http://127.0.0.1:{server.ports[path]}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        await answer.read()
        return answer


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_all_is_well(server, path):
    answer = await ask(server, path)

    assert answer.status == 200
    assert "Server" not in answer.headers


@pytest.mark.parametrize(
    ("path", "part"),
    [
        pytest.param("/livez", "shell_alive", id="without its shell it is dead"),
        pytest.param("/livez", "trusted", id="without belief in the API server it is dead"),
        pytest.param("/readyz", "listed", id="before the first lists it is not ready"),
        pytest.param("/readyz", "working", id="without workers it is not ready"),
    ],
)
async def test_a_part_that_fails_is_told(server, probes, path, part):
    setattr(probes, part, lambda: False)

    assert (await ask(server, path)).status == 503


async def test_a_loop_that_was_stuck_is_dead(server):
    server.pulse._late = LAG_MAX_S + 1
    answer = await ask(server, "/livez")

    assert answer.status == 503


def test_a_pulse_knows_how_late_it_is():
    now = [0.0]
    pulse = Pulse(lambda: now[0])
    pulse.beat()
    now[0] = 41.0

    assert pulse.lag_s == 40.0

    pulse.beat()
    now[0] = 41.5

    assert pulse.lag_s == 40.0

    pulse.beat()

    assert pulse.lag_s == 0.0


async def test_one_port_serves_everything_when_the_ports_are_equal(probes, unused_tcp_port):
    one = LOOPBACK.model_copy(
        update={"health_port": unused_tcp_port, "metrics_port": unused_tcp_port}
    )
    async with HealthServer(one, probes, Metrics()) as server:
        assert {unused_tcp_port} == set(server.ports.values())
        assert (await ask(server, "/metrics")).status == 200


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(server, probes):
    taken = LOOPBACK.model_copy(update={"metrics_port": server.ports["/metrics"]})

    with pytest.raises(CannotStart, match="is taken by another process"):
        async with HealthServer(taken, probes, Metrics()):
            pass
