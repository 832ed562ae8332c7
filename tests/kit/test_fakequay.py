"""Does the double do for tests what they rely on, beyond what the contract proves of Quay?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from . import canary
from .fakequay import FakeQuay
from .fakequay.admin import CALLS

ROBOT = "/api/v1/organization/acme/robots/ci"
ROBOTS = "/api/v1/organization/acme/robots"


class Quay:
    """A double with one organization, and a caller who owns it."""

    def __init__(self, double: FakeQuay) -> None:
        self.double = double
        double.double.state.make_robot_token = canary.robot_token
        double.double.state.make_oauth_token = canary.oauth_token
        double.admin("organization", name="acme")
        self.token = double.admin("token", value=canary.oauth_token())

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None):
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.request(
            method, self.double.url + path, headers=headers, json=body, timeout=30
        )

    def admin(self, call: str, **fields: Any) -> Any:
        return self.double.admin(call, **fields)

    def by_http(self, call: str, **fields: Any) -> Any:
        reply = httpx.post(f"{self.double.url}/__admin/{call}", json=fields)
        return reply.raise_for_status().json()

    def user(self, name: str, **settings: Any) -> str:
        """Return the token of another user."""
        if settings:
            self.admin("settings", **settings)
        return self.admin("token", user=name, value=canary.oauth_token())


@pytest.fixture
def quay() -> Iterator[Quay]:
    with FakeQuay() as double:
        yield Quay(double)


# The admin side ---------------------------------------------------------------


def test_what_is_made_by_hand_is_seen_by_the_api_and_by_grants(quay: Quay):
    quay.admin("robot", name="acme+ci")
    quay.admin("repository", namespace="acme", name="app/web")
    quay.admin("team", org="acme", name="builders", role="creator")
    quay.admin("team/member", org="acme", team="builders", member="acme+ci")
    quay.admin("grant", repository="acme/app/web", user="acme+ci", role="write")
    default = {"role": "read", "delegate": {"name": "acme+ci", "kind": "user"}}
    made = quay.ask("POST", "/api/v1/organization/acme/prototypes", default).json()

    listed = quay.ask("GET", f"{ROBOTS}?permissions=true").json()["robots"]

    assert listed[0]["repositories"] == ["app/web"]
    assert [each["name"] for each in listed[0]["teams"]] == ["builders"]
    assert quay.admin("grants", name="acme+ci") == {
        "repositories": {"app/web": "write"},
        "teams": ["builders"],
        "prototypes": [{"id": made["id"], "role": "read", "creator": None}],
    }


def test_a_grant_of_no_role_takes_it_away(quay: Quay):
    quay.admin("robot", name="acme+ci")
    quay.admin("repository", namespace="acme", name="app")
    quay.admin("grant", repository="acme/app", user="acme+ci", role="write")
    quay.admin("grant", repository="acme/app", user="acme+ci", role=None)

    assert quay.admin("grants", name="acme+ci")["repositories"] == {}


def test_federation_is_shown_and_set_by_hand(quay: Quay):
    quay.admin("robot", name="acme+ci")
    entry = {"issuer": "https://x", "subject": "s"}
    quay.ask("POST", f"{ROBOT}/federation", [entry])

    assert [entry] == quay.admin("federation", name="acme+ci")

    quay.admin("federation/set", name="acme+ci", entries=[])

    assert quay.ask("GET", f"{ROBOT}/federation").json() == []


def test_every_call_of_the_admin_side_is_reachable_both_ways(quay: Quay):
    fields = {
        "organization": {"name": "other"},
        "user": {"name": "ann", "password": canary.password()},
        "token": {"user": "ann", "value": canary.oauth_token()},
        "token/revoke": {"token": quay.token},
        "robot": {"name": "acme+a"},
        "robot/change": {"name": "acme+a"},
        "robot/regenerate": {"name": "acme+a"},
        "robot/show": {"name": "acme+a"},
        "robot/delete": {"name": "acme+zz"},
        "repository": {"namespace": "acme", "name": "app"},
        "team": {"org": "acme", "name": "devs", "role": "member"},
        "team/member": {"org": "acme", "team": "devs", "member": "acme+a"},
        "grant": {"repository": "acme/app", "user": "acme+a", "role": "read"},
        "grants": {"name": "acme+a"},
        "mirror": {"repository": "acme/app", "robot": "acme+a"},
        "user/disable": {"name": "ann", "enabled": True},
        "prototype": {"org": "acme", "delegate": "acme+a", "role": "read"},
        "federation": {"name": "acme+a"},
        "federation/set": {"name": "acme+a", "entries": []},
        "clock": {"shift_s": 0},
        "fault": {"operation": "robot.get"},
        "logs": {"name": "acme"},
        "repository/delete": {"namespace": "acme", "name": "app"},
        "organization/delete": {"name": "other"},
    }
    order = [call for call in fields if call in CALLS]
    order += [call for call in CALLS if call not in fields]

    for call in order:
        quay.admin(call, **fields.get(call, {}))
        quay.by_http(call, **fields.get(call, {}))

    assert sorted(order) == sorted(CALLS)


# Faults -----------------------------------------------------------------------


def test_a_page_comes_before_the_effect_as_often_as_asked(quay: Quay):
    quay.admin("fault", operation="robot.create", kind="page", status=502, count=2)

    seen = [quay.ask("PUT", ROBOT) for _ in range(3)]

    assert [each.status_code for each in seen] == [502, 502, 201]
    assert "Quay is currently loading" in seen[0].text


def test_an_answer_after_the_effect_hides_it(quay: Quay):
    quay.admin("fault", operation="robot.create", when="after", status=500)

    assert quay.ask("PUT", ROBOT).status_code == 500
    assert quay.ask("GET", ROBOT).status_code == 200


@pytest.mark.parametrize(("when", "robots"), [("before", []), ("after", ["acme+ci"])])
def test_a_cut_connection_leaves_what_was_done(quay: Quay, when: str, robots: list[str]):
    quay.admin("fault", operation="robot.create", kind="cut", when=when)

    with pytest.raises(httpx.TransportError):
        quay.ask("PUT", ROBOT)

    assert robots == quay.admin("robots")


def test_a_delay_is_spent_and_then_it_is_as_usual(quay: Quay):
    quay.admin("fault", operation="robot.list", kind="delay", delay_s=0.3)
    begun = time.monotonic()

    assert quay.ask("GET", ROBOTS).status_code == 200
    assert time.monotonic() - begun > 0.3


def test_another_robots_name_is_in_the_answer(quay: Quay):
    quay.admin("robot", name="acme+ci")
    quay.admin("fault", operation="robot.get", kind="rename", body="acme+other")

    assert quay.ask("GET", ROBOT).json()["name"] == "acme+other"


def test_a_lagging_replica_shows_the_past_as_often_as_asked(quay: Quay):
    quay.admin("fault", operation="robot.get", kind="lag", count=2)
    quay.ask("PUT", ROBOT)

    seen = [quay.ask("GET", ROBOT).status_code for _ in range(3)]

    assert seen == [400, 400, 200]


def test_a_fault_of_one_path_spares_the_others(quay: Quay):
    quay.admin("fault", operation="robot.create", path="/robots/bad$", status=500, count=-1)

    assert quay.ask("PUT", f"{ROBOTS}/bad").status_code == 500
    assert quay.ask("PUT", f"{ROBOTS}/good").status_code == 201


# The ledger -------------------------------------------------------------------


def test_the_ledger_names_operations_and_effects(quay: Quay):
    mark = quay.double.mark()
    quay.admin("repository", namespace="acme", name="app")
    quay.ask("PUT", ROBOT)
    quay.ask("PUT", "/api/v1/repository/acme/app/permissions/user/acme+ci", {"role": "read"})
    quay.ask("PUT", "/api/v1/organization/acme/team/devs", {"role": "member"})
    quay.ask("PUT", "/api/v1/organization/acme/team/devs/members/acme+ci")
    quay.ask("DELETE", f"{ROBOTS}/none")

    calls = quay.double.calls(mark)

    assert [(each.operation, each.effect) for each in calls] == [
        ("robot.create", True),
        ("permission.put", True),
        ("team.put", True),
        ("member.put", True),
        ("robot.delete", False),
    ]


# Superusers, versions, configuration ------------------------------------------


@pytest.mark.parametrize(
    ("version", "organization", "user", "tokens"),
    [
        ("3.12", 308, 308, 404),
        ("3.13", 200, 308, 404),
        ("3.17", 200, 308, 404),
        ("3.18", 200, 200, 200),
    ],
)
def test_each_version_has_its_endpoints(
    quay: Quay, version: str, organization: int, user: int, tokens: int
):
    application = quay.ask("POST", "/api/v1/organization/acme/applications", {"name": "a"}).json()
    quay.admin("robot", name="acme+ci")
    quay.admin("robot", name="admin+ci")
    quay.admin("settings", version=version)
    minted = f"/api/v1/organization/acme/applications/{application['client_id']}/tokens/"

    assert organization == quay.ask("GET", f"{ROBOT}/federation").status_code
    assert user == quay.ask("GET", "/api/v1/user/robots/ci/federation").status_code
    listed = quay.ask("GET", minted.rstrip("/") if tokens == 200 else minted)
    assert tokens == listed.status_code


def test_before_3_18_pairs_that_join_alike_are_duplicates(quay: Quay):
    quay.admin("robot", name="acme+ci")
    alike = [
        {"issuer": "https://a", "subject": "b:c"},
        {"issuer": "https://a:b", "subject": "c"},
    ]

    assert quay.ask("POST", f"{ROBOT}/federation", alike).status_code == 200

    quay.admin("settings", version="3.17")

    assert quay.ask("POST", f"{ROBOT}/federation", alike).status_code == 400


@pytest.mark.parametrize(
    ("version", "token", "grants"),
    [("3.13", True, False), ("3.17", True, True), ("3.18", True, True), ("3.19", False, True)],
)
def test_what_a_read_only_superuser_sees_depends_on_the_version(
    quay: Quay, version: str, token: bool, grants: bool
):
    quay.admin("robot", name="acme+ci")
    auditor = quay.user("auditor", readonly_superusers=["auditor"], version=version)

    [listed] = quay.ask("GET", f"{ROBOTS}?permissions=true", token=auditor).json()["robots"]
    one = quay.ask("GET", ROBOT, token=auditor).json()

    assert (token, token, grants) == ("token" in listed, "token" in one, "teams" in listed)


def test_disallowed_robots_log_in_only_from_the_whitelist(quay: Quay):
    tokens = {name: quay.admin("robot", name=name) for name in ("acme+in", "acme+out")}
    quay.admin("settings", robots_disallow=True, robots_whitelist=["acme+in"])

    let_in = [name for name, token in tokens.items() if quay.double.login(name, token)]

    assert let_in == ["acme+in"]
    assert quay.ask("POST", f"{ROBOTS}/in/regenerate").status_code == 200


def test_a_read_only_registry_takes_no_writes_and_lets_robots_in(quay: Quay):
    token = quay.admin("robot", name="acme+ci")
    quay.admin("settings", readonly=True)

    refused = quay.ask("PUT", f"{ROBOTS}/other")

    assert (refused.status_code, refused.json()["is_readonly"]) == (503, True)
    assert quay.ask("GET", ROBOT).status_code == 200
    assert quay.double.login("acme+ci", token)
    assert quay.ask("PUT", f"{ROBOTS}/other", token="wrong").status_code == 403


def test_the_limit_lets_a_burst_pass_and_says_429_without_retry_after(quay: Quay):
    quay.admin("settings", rate_limits=True, rate_per_s=0.001)

    seen = [quay.ask("GET", ROBOTS) for _ in range(28)]

    assert [each.status_code for each in seen] == [200] * 26 + [429] * 2
    assert "retry-after" not in seen[-1].headers
    assert seen[-1].headers["content-type"].startswith("text/html")


def test_last_accessed_is_written_once_a_minute(quay: Quay):
    token = quay.admin("robot", name="acme+ci")
    used = []
    for shift in (0, 30, 90):
        quay.admin("clock", shift_s=shift)
        quay.double.login("acme+ci", token)
        used.append(quay.admin("robot/show", name="acme+ci")["last_accessed"])

    assert used[0] == used[1] < used[2]


def test_a_list_without_last_accessed_shows_null(quay: Quay):
    quay.double.login("acme+ci", quay.admin("robot", name="acme+ci"))
    quay.admin("settings", last_accessed_shown=False)

    assert [each["last_accessed"] for each in quay.ask("GET", ROBOTS).json()["robots"]] == [None]


def test_restricted_users_write_no_robots_of_their_own(quay: Quay):
    quay.admin("settings", restricted_users=True)

    assert quay.ask("PUT", "/api/v1/user/robots/ci").status_code == 403
    assert quay.ask("GET", "/api/v1/user/robots").status_code == 200
    assert quay.ask("PUT", ROBOT).status_code == 201


def test_with_mailing_a_robot_of_another_organization_is_refused_in_a_team(quay: Quay):
    quay.admin("organization", name="other")
    quay.admin("robot", name="other+ci")
    quay.admin("team", org="acme", name="devs")
    quay.admin("settings", mailing=True)

    refused = quay.ask("PUT", "/api/v1/organization/acme/team/devs/members/other+ci")

    assert refused.status_code == 400
    assert refused.json()["message"].startswith("Cannot add the specified robot to this team")
