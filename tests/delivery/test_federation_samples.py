"""
Do the samples for pipelines log in as they stand?

Each script is run against the double, with a token of the identity that the
sample's QuayRobot declares. What would log in at a registry is a program that
notes its stdin; whether the password works is asked of the double.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.issuer import Issuer
from tests.kit.canary import robot_token
from tests.kit.controlplane import ControlPlane
from tests.kit.fakequay import FakeQuay

from .helm import ROOT
from .programs import program

SAMPLES = ROOT / "deploy" / "examples" / "federation"
HOST = "quay.example.com"
PODMAN = '#!/bin/sh\necho "$@" > "$NOTES/words"\ncat > "$NOTES/stdin"\n'
Body = dict[str, Any]


def bodies(name: str) -> dict[str, Body]:
    """Return the objects of a file by their kind."""
    found = list(yaml.safe_load_all((SAMPLES / name).read_text()))
    return {each["kind"]: each for each in found}


@dataclass
class Bench:
    """A Quay with one robot of a sample, whose identities are an issuer's on this machine."""

    quay: FakeQuay
    issuer: Issuer
    folder: Path

    def declare(self, robot: Body) -> str:
        """Put the robot and its identities into Quay; return the subject of the first."""
        spec, meta = robot["spec"], robot["metadata"]
        name = f"{spec['organization']}+{meta['name']}"
        (identity,) = spec["federation"]["identities"]
        account = f"system:serviceaccount:{meta['namespace']}:{identity.get('serviceAccount')}"
        subject: str = identity.get("subject", account)
        self.quay.admin("robot", name=name)
        entries = [{"issuer": self.issuer.url, "subject": subject}]
        self.quay.admin("federation/set", name=name, entries=entries)
        return subject

    def run(self, script: str, **environment: str) -> tuple[str, list[str], str]:
        """Run *script*; return what it said, podman's words, and what podman was given."""
        place = self.folder / "podman"
        place.write_text(PODMAN)
        place.chmod(0o755)
        script = script.replace(f"https://{HOST}/", f"{self.quay.url}/")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={"PATH": f"{self.folder}:{os.environ['PATH']}", "NOTES": str(self.folder),
                 **environment},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        words = (self.folder / "words").read_text().split()
        return done.stdout, words, (self.folder / "stdin").read_text().strip()

    def logs_in(self, words: list[str], password: str) -> bool:
        """Hold what podman was called with, and tell whether the password works."""
        robot = words[2]
        assert words == ["login", "--username", robot, "--password-stdin", HOST]
        return self.quay.login(robot, password)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with FakeQuay() as quay, Issuer(tmp_path) as issuer:
        quay.double.state.make_robot_token = robot_token
        quay.admin("organization", name="acme")
        quay.admin("settings", oidc_ca=str(issuer.ca))
        yield Bench(quay, issuer, tmp_path)


@contextmanager
def job_tokens(secret: str, token: str) -> Iterator[str]:
    """Serve a job's token as GitHub does, to whoever has the job's *secret*; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["Authorization"] == f"Bearer {secret}"
            asked = self.path == f"/token?api-version=2.0&audience=https://{HOST}"
            self.send_response(200 if known and asked else 401)
            self.end_headers()
            self.wfile.write(json.dumps({"value": token}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/token?api-version=2.0"
        server.shutdown()
        thread.join()


def test_a_tekton_task_logs_in_as_its_service_account(bench: Bench):
    found = bodies("tekton.yaml")
    (step,) = found["Task"]["spec"]["steps"]
    environment = {each["name"]: each["value"] for each in step["env"]}
    file = bench.folder / "token"
    file.write_text(bench.issuer.token(sub=bench.declare(found["QuayRobot"])))

    _, words, password = bench.run(step["script"], **{**environment, "TOKEN_FILE": str(file)})

    assert bench.logs_in(words, password)
    (mount,) = step["volumeMounts"]
    (volume,) = found["Task"]["spec"]["volumes"]
    assert mount["name"] == volume["name"]
    (source,) = volume["projected"]["sources"]
    path = f"{mount['mountPath']}/{source['serviceAccountToken']['path']}"
    assert environment["TOKEN_FILE"] == path


def test_a_workflow_of_github_logs_in_as_its_branch(bench: Bench):
    robot = bodies("github-actions-robot.yaml")["QuayRobot"]
    job = yaml.safe_load((SAMPLES / "github-actions.yaml").read_text())["jobs"]["image"]
    (login,) = (each["run"] for each in job["steps"] if each.get("name") == "Log in")
    subject = bench.declare(robot)
    with job_tokens("the-job", bench.issuer.token(sub=subject)) as url:
        said, words, password = bench.run(
            login, ROBOT=job["env"]["ROBOT"], ACTIONS_ID_TOKEN_REQUEST_URL=url,
            ACTIONS_ID_TOKEN_REQUEST_TOKEN="the-job",
        )  # fmt: skip

    assert bench.logs_in(words, password)
    assert f"sub: {subject}\n" in said
    shown = [each for each in said.splitlines() if not each.startswith("::add-mask::")]
    assert shown == [f"sub: {subject}"]


def test_the_workflow_stands_up_to_its_linter():
    command = [
        program("actionlint"),
        "-shellcheck=",
        "-pyflakes=",
        SAMPLES / "github-actions.yaml",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_a_job_of_jenkins_logs_in_as_its_url(bench: Bench):
    text = (SAMPLES / "Jenkinsfile").read_text()
    found = re.search(r"sh '''\n(.*?)'''", text, re.DOTALL)
    assert found is not None
    # In Groovy's text a backslash stands for itself only when there are two.
    script = found[1].replace("\\\\", "\\")
    named = re.search(r"ROBOT = '(.*)'", text)
    assert named is not None
    robot = bodies("jenkins-robot.yaml")["QuayRobot"]
    file = bench.folder / "token"
    file.write_text(bench.issuer.token(sub=bench.declare(robot)))

    said, words, password = bench.run(script, ROBOT=named[1], TOKEN_FILE=str(file))

    assert bench.logs_in(words, password)
    assert said == ""


def test_external_secrets_gets_the_robot_that_is_declared():
    found = bodies("external-secrets.yaml")
    robot, spec = found["QuayRobot"], found["QuayAccessToken"]["spec"]
    (identity,) = robot["spec"]["federation"]["identities"]
    secret = found["ExternalSecret"]["spec"]
    (source,) = secret["dataFrom"]
    text = secret["target"]["template"]["data"][".dockerconfigjson"]
    auth = base64.b64encode(b"acme+x:y").decode()
    rendered = text.replace("{{ .registry }}", HOST).replace("{{ .auth }}", auth)

    assert spec["robotAccount"] == f"{robot['spec']['organization']}+{robot['metadata']['name']}"
    assert spec["serviceAccountRef"]["name"] == identity["serviceAccount"]
    assert spec["serviceAccountRef"]["name"] == found["ServiceAccount"]["metadata"]["name"]
    generator = {key: found["QuayAccessToken"][key] for key in ("apiVersion", "kind")}
    name = found["QuayAccessToken"]["metadata"]["name"]
    assert source["sourceRef"]["generatorRef"] == {**generator, "name": name}
    assert json.loads(rendered) == {"auths": {HOST: {"auth": auth}}}


def test_their_robots_are_accepted_by_the_letter(control_plane: ControlPlane):
    control_plane.kubectl("apply", "-k", str(ROOT / "deploy" / "crds"))
    control_plane.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s")
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}}
    control_plane.apply(namespace)
    files = (
        "tekton.yaml",
        "github-actions-robot.yaml",
        "jenkins-robot.yaml",
        "external-secrets.yaml",
    )
    robots = [bodies(each)["QuayRobot"] for each in files]

    said = control_plane.kubectl(
        "apply", "--dry-run=server", "--validate=strict", "-f", "-",
        stdin=yaml.safe_dump_all(robots),
    )  # fmt: skip

    assert len(said.splitlines()) == len(robots)
