"""What the tests of this room share: a double that answers as Quay does, a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings

from quayrobot.model.secrecy import Token
from quayrobot.quay.client import QuayClient
from quayrobot.quay.limits import Limits
from quayrobot.quay.rate_limiter import Urgency
from quayrobot.quay.snapshot import Snapshots
from quayrobot.quay.transport import Endpoint
from tests.kit.canary import oauth_token, robot_token
from tests.kit.fakequay import FakeQuay

from .lists import Lists

settings.register_profile("steady", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("steady")


class Meter:
    """Notes every call that was made."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int | str]] = []

    def called(self, operation: str, status: int | str, seconds: float) -> None:
        assert seconds >= 0
        self.calls.append((operation, status))

    def waited(self, how: Urgency, seconds: float) -> None:
        assert seconds >= 0


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def one_quay() -> Iterator[FakeQuay]:
    with FakeQuay() as quay:
        quay.double.state.make_robot_token = robot_token
        yield quay


@pytest.fixture
def quay(one_quay: FakeQuay) -> Iterator[FakeQuay]:
    """Yield the double with one organization and nothing else."""
    state = one_quay.double.state
    state.robots.clear()
    state.organizations.clear()
    one_quay.admin("organization", name="acme", members=["mary"])
    yield one_quay
    one_quay.admin("faults/clear")
    one_quay.admin("settings", readonly=False, robots_disallow=False, anonymous_access=True,
                   superusers=[], superusers_full_access=False)  # fmt: skip


@pytest.fixture
def secret(quay: FakeQuay) -> str:
    """Return an administrator's token."""
    return str(quay.admin("token", value=oauth_token()))


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(clock=clock, jitter=lambda: 0.0)


@pytest.fixture
async def client(
    quay: FakeQuay, secret: str, meter: Meter, limits: Limits
) -> AsyncIterator[QuayClient]:
    endpoint = Endpoint(quay.url, None, 5.0)
    made = QuayClient(endpoint, Token(secret), limits=limits, observer=meter)
    yield made
    await made.aclose()


@pytest.fixture
def lists() -> Lists:
    return Lists()


@pytest.fixture
def snapshots(lists: Lists, clock: Clock) -> Snapshots:
    return Snapshots(lists, clock=clock)
