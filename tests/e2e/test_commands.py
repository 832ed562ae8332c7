"""Do the commands of the day after tell the truth?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kit.canary import oauth_token
from tests.kit.controlplane.plane import AuditEntry
from tests.kit.installation import Tenant
from tests.kit.shell import Shell, check_recording, normalized

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
RIGHTS = {
    "repositories": [{"name": "app", "role": "write"}, {"name": "lib", "role": "read"}],
    "teams": ["devs"],
}
OWN = {"kind": "QuayConnection", "name": "own"}


@pytest.fixture
def shop(tenant: Tenant) -> Tenant:
    """Return a tenant with a robot that is well and one that is not."""
    tenant.repository("app", "lib")
    tenant.house.quay.admin("team", org=tenant.name, name="devs")
    tenant.connection()
    tenant.kubectl("create", "secret", "generic", "puller")
    account = {"name": "default"}
    tenant.robot(
        "deployer",
        connectionRef=OWN,
        permissions=RIGHTS,
        rotation={"interval": "2160h"},
        secrets=[{"name": "deployer", "serviceAccounts": [account]}],
    )
    tenant.robot("puller", connectionRef=OWN)
    tenant.wait_ready("deployer")
    tenant.wait_reason("SecretNotOwned", "puller")
    return tenant


@pytest.fixture
def shell(shop: Tenant) -> Shell:
    """Return the shell of a user of its own, so that the audit log tells what it did."""
    plane, name = shop.house.plane, f"{shop.name}-looker"
    shop.kubectl("create", "serviceaccount", "looker")
    account = f"--serviceaccount={shop.name}:looker"
    plane.kubectl("create", "clusterrolebinding", name, "--clusterrole=cluster-admin", account)
    return Shell(plane, plane.service_account_kubeconfig(shop.name, "looker"))


def did(tenant: Tenant, since: int) -> list[AuditEntry]:
    """Return what that user asked of the API server."""
    user = f"system:serviceaccount:{tenant.name}:looker"
    found = [each for each in tenant.house.plane.audit()[since:] if each.user == user]
    assert found
    return found


def told(tenant: Tenant, text: str) -> str:
    return normalized(text, tenant.house.quay, {tenant.name: "team-a"})


def test_status_tells_what_is_well_and_what_helps_where_it_is_not(shop: Tenant, shell: Shell):
    called, written = shop.house.quay.mark(), len(shop.house.plane.audit())

    said = shell.plugin("status", "-n", shop.name)
    told_as_json = shell.plugin("status", "-n", shop.name, "-o", "json")
    nobody = shell.plugin("status", "nobody", "-n", shop.name)

    words = f"$ kubectl quayrobot status\n{told(shop, said.out)}"
    check_recording(PAGE, "status", words)
    assert [each["ready"] for each in json.loads(told_as_json.out)["items"]] == ["True", "False"]
    assert (said.code, told_as_json.code) == (1, 1)
    assert (nobody.code, nobody.out) == (2, "")
    assert f"there is no quayrobot nobody in the namespace {shop.name}" in nobody.err
    # The operator's own resync may come meanwhile.
    assert set(shop.operations(called)) <= {"robot.list"}
    assert [each for each in did(shop, written) if each.write] == []


def test_kubectl_completes_words_and_names(shop: Tenant):
    shell = Shell(shop.house.plane)

    words = shell.kubectl("__complete", "quayrobot", "st")
    names = shell.kubectl("__complete", "quayrobot", "status", "-n", shop.name, "")

    assert words.out.splitlines()[0].split("\t")[0] == "status"
    assert names.out.splitlines() == ["deployer", "puller", ":4"]

    spaces = shell.kubectl("__complete", "quayrobot", "plan", "-n", "kube-")
    output = shell.kubectl("__complete", "quayrobot", "status", "-n", shop.name, "-o", "")

    assert {"kube-public", "kube-system"} <= set(spaces.out.splitlines())
    assert output.out.splitlines() == ["text", "json", "yaml", ":4"]


CHANGED = """
apiVersion: quayrobot.io/v1alpha1
kind: QuayRobot
metadata:
  name: deployer
spec:
  organization: {org}
  connectionRef: {{kind: QuayConnection, name: own}}
  permissions:
    repositories:
      - {{name: app, role: read}}
      - {{name: tool, role: read}}
---
apiVersion: quayrobot.io/v1alpha1
kind: QuayRobot
metadata:
  name: pusher
spec:
  organization: {org}
  connectionRef: {{kind: QuayConnection, name: own}}
  permissions:
    repositories: [{{name: app, role: write}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: other}}
"""


def test_a_plan_tells_what_then_happens_and_writes_nothing(shop: Tenant, shell: Shell):
    quay, plane = shop.house.quay, shop.house.plane
    shop.kubectl("delete", "secret", "puller")
    shop.wait_ready("puller")
    shop.repository("tool")
    manifests = CHANGED.format(org=shop.name)
    called, written = quay.mark(), len(plane.audit())

    rests = shell.plugin("plan", "deployer", "puller", "-n", shop.name)
    changes = shell.plugin("plan", "-f", "-", "-n", shop.name, stdin=manifests)

    assert (rests.code, rests.out.count("plan: nothing to do")) == (0, 2), rests.all
    assert changes.code == 2
    words = f"$ kubectl quayrobot plan -f robots.yaml\n{told(shop, changes.out)}"
    check_recording(PAGE, "plan", words)
    assert "ConfigMap other is skipped" in changes.err
    assert [each for each in quay.calls(called) if each.effect] == []
    assert [each for each in did(shop, written) if each.write] == []
    assert shop.credential("deployer")[1] not in rests.all + changes.all

    shop.kubectl("apply", "-n", shop.name, "-f", _file(shop, manifests))
    shop.wait_ready("deployer")
    shop.wait_ready("pusher")
    done = [each for each in shop.effects(called) if not each.endswith("list")]
    assert len(done) == sum(int(each.split()[0]) for each in _sums(changes.out))
    assert shell.plugin("plan", "-f", "-", "-n", shop.name, stdin=manifests).code == 0


def _file(shop: Tenant, text: str) -> str:
    path = shop.house.plane.folder / f"{shop.name}.yaml"
    path.write_text(text)
    return str(path)


def _sums(said: str) -> list[str]:
    return [line.split("plan: ")[1] for line in said.splitlines() if "plan: " in line]


def test_a_plan_tells_what_is_in_the_way_and_what_was_changed_by_hand(shop: Tenant, shell: Shell):
    quay = shop.house.quay
    quay.admin("grant", repository=f"{shop.name}/lib", user=shop.full("deployer"), role="admin")

    drifted = shell.plugin("plan", "deployer", "-n", shop.name)
    blocked = shell.plugin("plan", "puller", "-n", shop.name)
    moved = CHANGED.format(org="elsewhere")
    refused = shell.plugin("plan", "-f", "-", "-n", shop.name, stdin=moved)
    broken = shell.plugin("plan", "-f", "-", "-n", shop.name, stdin="a: [")

    assert drifted.code == 2
    assert "grant the role read on the repository lib (it has the role admin)" in drifted.out
    assert blocked.code == 1
    assert "in the way: SecretNotOwned" in blocked.out
    assert "fix: Give the Secret another name" in blocked.out
    assert refused.code == 1
    assert "cannot be changed" in refused.out
    assert (broken.code, broken.out) == (1, "")
    assert "is not YAML" in broken.err


def check(shell: Shell, *words: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Return the exit code, and state and words of each check."""
    said = shell.quayrobot("check", "-o", "json", *words)
    assert said.err == ""
    items = json.loads(said.out)["items"]
    return said.code, {each["about"]: (each["state"], each["words"]) for each in items}


def test_check_tells_what_is_wrong_and_writes_nothing(shop: Tenant, shell: Shell):
    quay, plane = shop.house.quay, shop.house.plane
    about = f"QuayConnection own in {shop.name}"
    there = f"{about}, organization {shop.name}"
    called, written = quay.mark(), len(plane.audit())

    _, sound = check(shell)

    assert sound["definition quayrobots.quayrobot.io"][0] == "ok"
    assert sound["rights of ServiceAccount quay-robot-operator/quay-robot-operator"][0] == "ok"
    assert sound["clock of the API server"][0] == "ok"
    assert sound[f"clock of the Quay of {about}"][0] == "ok"
    assert {
        sound[each][0] for each in (there, f"{there}, repositories", f"{there}, federation")
    } == {"ok"}
    # Nothing runs a Deployment's pods here.
    assert sound["operators"][0] == "wrong"

    value = quay.admin("token", value=oauth_token(), scopes=["org:admin"])
    shop.house.secret(shop.name, "token-own", value)
    _, lesser = check(shell)
    assert lesser[there][0] == "ok"
    assert "repo:admin" in lesser[f"{there}, repositories"][1]

    shop.house.secret(shop.name, "token-own", oauth_token())
    code, dead = check(shell)
    assert code == 1
    assert dead[there][0] == "wrong"
    assert "wrong, expired or revoked" in dead[there][1]

    shop.kubectl("create", "serviceaccount", "nobody")
    _, weak = check(shell, "--service-account", f"{shop.name}/nobody")
    assert "may not" in weak[f"rights of ServiceAccount {shop.name}/nobody"][1]
    shop.house.secret(shop.name, "token-own", shop.house.token)
    mine = [each for each in quay.calls(called) if shop.name in each.path and each.effect]
    assert mine == []
    asked = [each.resource for each in did(shop, written) if each.write]
    assert set(asked) == {"subjectaccessreviews"}
