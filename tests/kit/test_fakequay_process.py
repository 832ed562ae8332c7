"""What does the double keep, cost and log, as a process and over a restart?"""

from __future__ import annotations

import concurrent.futures
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from . import canary
from .fakequay import FakeQuay
from .fakequay.__main__ import double_of, options_of

ROOT = Path(__file__).parents[2]
ROBOTS = "/api/v1/organization/acme/robots"
READS = 1500


def ask(url: str, token: str, method: str, path: str, body: object = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.request(method, url + path, headers=headers, json=body, timeout=30)


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """Start the double as a process; yield its address, its token, and the process."""
    token = canary.oauth_token()
    (folder / "token").write_text(token)
    command = [sys.executable, "-m", "tests.kit.fakequay", "--port", "0", "--org", "acme"]
    process = subprocess.Popen(
        [*command, "--token-file", str(folder / "token"), *arguments],
        cwd=ROOT, env={"PYTHONPATH": "operator:."}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), token, process
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_help_tells_how_to_use_it():
    command = [sys.executable, "-m", "tests.kit.fakequay", "--help"]

    said = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": "operator:."}, text=True,
        capture_output=True, check=True,
    ).stdout  # fmt: skip

    for word in ("--realistic", "--workers", "--state", "--quay-version", "/__admin/", "grants"):
        assert word in said


def test_the_command_line_sets_what_quay_is():
    options = options_of(["--quay-version", "3.13", "--org", "a", "--org", "b", "--workers", "3"])

    state = double_of(options).state

    assert (
        state.settings.version,
        state.settings.workers,
        sorted(state.organizations),
    ) == ("3.13", 3, ["a", "b"])


def test_what_was_made_outlives_a_restart(tmp_path: Path):
    file = tmp_path / "state.json"
    with FakeQuay(file=file) as quay:
        quay.double.state.make_robot_token = canary.robot_token
        quay.admin("organization", name="acme")
        quay.admin("repository", namespace="acme", name="app")
        quay.admin("team", org="acme", name="devs")
        token = quay.admin("token", value=canary.oauth_token())
        ask(quay.url, token, "PUT", f"{ROBOTS}/ci", {"unstructured_metadata": {"a": 1}})
        quay.admin("grant", repository="acme/app", user="acme+ci", role="write")
        quay.double.save()
        before = quay.admin("robot/show", name="acme+ci")

    with FakeQuay(file=file) as again:
        assert before == again.admin("robot/show", name="acme+ci")
        assert again.admin("grants", name="acme+ci")["repositories"] == {"app": "write"}
        assert ask(again.url, token, "GET", f"{ROBOTS}/ci").status_code == 200
        assert file.stat().st_mode & 0o777 == 0o600


def test_a_process_saves_by_itself(tmp_path: Path):
    file = tmp_path / "state.json"
    with started(tmp_path, "--state", str(file)) as (url, token, _):
        assert ask(url, token, "PUT", f"{ROBOTS}/ci").status_code == 201

    with started(tmp_path, "--state", str(file)) as (url, token, _):
        assert ask(url, token, "GET", f"{ROBOTS}/ci").status_code == 200


def test_a_read_closes_its_connection_and_what_it_costs_is_measured(
    tmp_path: Path, record_property
):
    with started(tmp_path) as (url, token, process):
        ask(url, token, "PUT", f"{ROBOTS}/ci")
        server = psutil.Process(process.pid)
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=url, headers=headers) as client:
            client.get(f"{ROBOTS}/ci")
            # CPU time, not wall time: others may use this machine too.
            begun = sum(server.cpu_times()[:2])
            answers = [client.get(f"{ROBOTS}/ci") for _ in range(READS)]
            spent = sum(server.cpu_times()[:2]) - begun

    assert {(200, "close")} == {(each.status_code, each.headers["connection"]) for each in answers}
    record_property("robot reads of the double", f"{READS / spent:.0f} per second and core")


def cpu_of(process: subprocess.Popen[str]) -> float:
    """Return the seconds of CPU that *process* and its workers have had."""
    root = psutil.Process(process.pid)
    spent = [each.cpu_times() for each in (root, *root.children(recursive=True))]
    return sum(each.user + each.system for each in spent)


def test_a_realistic_call_costs_a_worker_a_fifth_of_a_second_of_cpu(tmp_path: Path):
    with started(tmp_path, "--realistic", "--workers", "2") as (url, token, process):
        ask(url, token, "GET", ROBOTS)
        at_first = cpu_of(process)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: ask(url, token, "GET", ROBOTS), range(4)))
        authorized = cpu_of(process)
        for _ in range(4):
            httpx.get(f"{url}/api/v1/organization/acme")
        anonymous = cpu_of(process) - authorized

    assert authorized - at_first > 4 * 0.19
    assert anonymous < (authorized - at_first) / 2


# The audit log ----------------------------------------------------------------


@pytest.fixture
def quay() -> Iterator[FakeQuay]:
    with FakeQuay() as quay:
        quay.double.state.make_robot_token = canary.robot_token
        quay.admin("organization", name="acme")
        yield quay


def kinds(quay: FakeQuay, token: str) -> list[str]:
    reply = ask(quay.url, token, "GET", "/api/v1/organization/acme/logs").json()
    return [each["kind"] for each in reply["logs"]]


def test_each_change_leaves_its_row_the_newest_first(quay: FakeQuay):
    token = quay.admin("token", value=canary.oauth_token())
    organization = "/api/v1/organization/acme"
    grant = "/api/v1/repository/acme/app/permissions/user/acme+ci"
    default = {"role": "read", "delegate": {"name": "acme+ci", "kind": "user"}}
    repository = {"namespace": "acme", "repository": "app", "visibility": "private"}
    for method, path, body in (
        ("PUT", f"{ROBOTS}/ci", {"unstructured_metadata": {"a": 1}}),
        ("POST", "/api/v1/repository", {**repository, "description": ""}),
        ("PUT", grant, {"role": "read"}),
        ("DELETE", grant, None),
        ("PUT", f"{organization}/team/devs", {"role": "member"}),
        ("PUT", f"{organization}/team/devs/members/acme+ci", None),
        ("DELETE", f"{organization}/team/devs/members/acme+ci", None),
        ("POST", f"{organization}/prototypes", default),
        ("POST", f"{ROBOTS}/ci/federation", []),
        ("DELETE", f"{ROBOTS}/ci/federation", None),
        ("POST", f"{ROBOTS}/ci/regenerate", None),
        ("DELETE", f"{ROBOTS}/ci", None),
    ):
        assert ask(quay.url, token, method, path, body).status_code < 300

    assert kinds(quay, token) == [
        "delete_robot",
        "regenerate_robot_token",
        "delete_robot_federation",
        "create_robot_federation",
        "create_prototype_permission",
        "org_remove_team_member",
        "org_add_team_member",
        "org_create_team",
        "delete_repo_permission",
        "change_repo_permission",
        "create_repo",
        "create_robot",
    ]


def test_a_row_says_who_when_and_with_which_token_but_no_credential(quay: FakeQuay):
    token = quay.admin("token", value=canary.oauth_token())
    ask(quay.url, token, "PUT", f"{ROBOTS}/ci", {"unstructured_metadata": {"a": 1}})

    page = ask(quay.url, token, "GET", "/api/v1/organization/acme/logs").json()
    [row] = page["logs"]

    assert row["metadata"]["unstructured_metadata"] == {"a": 1}
    assert row["metadata"]["oauth_token_id"]
    assert (row["performer"]["name"], row["ip"]) == ("admin", "127.0.0.1")
    assert row["datetime"].endswith("-0000")
    assert canary.scan(json.dumps(page)) == []


def test_a_login_is_logged_and_reading_is_not(quay: FakeQuay):
    token = quay.admin("token", value=canary.oauth_token())
    quay.double.state.logs.clear()
    quay.login("acme+ci", quay.admin("robot", name="acme+ci"))
    ask(quay.url, token, "GET", ROBOTS)

    assert kinds(quay, token) == ["login_success"]


def test_the_log_comes_in_pages_of_twenty(quay: FakeQuay):
    token = quay.admin("token", value=canary.oauth_token())
    for number in range(25):
        ask(quay.url, token, "PUT", f"{ROBOTS}/ci-{number}")
    path = "/api/v1/organization/acme/logs"

    first = ask(quay.url, token, "GET", path).json()
    second = ask(quay.url, token, "GET", f"{path}?next_page={first['next_page']}").json()

    assert (len(first["logs"]), len(second["logs"])) == (20, 5)
    assert "next_page" not in second


def test_the_log_of_another_day_is_empty(quay: FakeQuay):
    token = quay.admin("token", value=canary.oauth_token())
    ask(quay.url, token, "PUT", f"{ROBOTS}/ci")
    path = "/api/v1/organization/acme/logs?starttime=01/01/2020&endtime=01/02/2020"

    assert ask(quay.url, token, "GET", path).json()["logs"] == []
