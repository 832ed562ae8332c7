"""
`make demo`: the main job, on this machine, with nothing fake but Quay itself.

A real API server with etcd and its controllers, the shipped manifests, the
operator as a process under the shipped rights, the shipped examples, and a
double of Quay. With --stay it stays up to be tried.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from .controlplane import ControlPlane, PartMissing
from .fakequay import FakeQuay
from .installation import Installation, Tenant
from .operating import NAMESPACE
from .playground import addresses, lines_to_paste, prepare_first_hour, write_programs
from .processes import wait_for

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"
TEAM, ORGANIZATION, ROBOT = "team-a", "acme", "team-a-puller"


class Demo:
    """Tells what it does while it does it."""

    def __init__(self, house: Installation) -> None:
        self.house = house
        self.team = Tenant(house, TEAM)

    def run(self) -> None:
        """Live one robot's life, and check every step of it."""
        self.install()
        self.declare()
        self.log_in()
        self.give_rights()
        self.repair()
        self.rotate()
        self.delete()

    def install(self) -> None:
        """Start the operator as it is shipped."""
        step("The operator starts, under the ServiceAccount and rights of deploy/manifests")
        self.house.operator.start()
        say(f"ready, pid {self.house.operator.pid}")
        step("A connection to Quay, and who may use it (deploy/examples/cluster-connection.yaml)")
        self.house.quay.admin("organization", name=ORGANIZATION)
        self.house.secret(NAMESPACE, "quay-token", self.house.token)
        self.house.plane.apply(self._connection())
        self.kubectl("create", "namespace", TEAM)
        self.kubectl("label", "namespace", TEAM, f"example.com/team={TEAM}")

    def declare(self) -> None:
        """Apply the example and wait for it as a user would."""
        step("A QuayRobot is declared (deploy/examples/robot.yaml)")
        self.kubectl("apply", "-f", "deploy/examples/robot.yaml")
        self.kubectl("-n", TEAM, "wait", "--for=condition=Ready", f"qr/{ROBOT}", "--timeout=30s")
        self.kubectl("-n", TEAM, "get", "quayrobots,secrets")

    def log_in(self) -> None:
        """Use the Secret as a kubelet would."""
        step("The registry lets the Secret's credential in")
        check(self.team.logs_in(ROBOT), "GET /v2/auth with the Secret's content: 200, a token")
        calls = self.team_calls()
        # The first robot of a connection costs one read more: whether a Quay answers there.
        once = ["organization.get", "robot.create"]
        check(calls == once, f"calls to Quay so far: {', '.join(calls)}")

    def give_rights(self) -> None:
        """Declare a role, see that the registry gives exactly that, and take it back."""
        step("Rights are declared, and the registry gives exactly those")
        self.house.quay.admin("repository", namespace=ORGANIZATION, name="app")
        self._declare_rights([{"name": "app", "role": "read"}])
        check(self.actions() == {"pull"}, "role read: /v2/auth gives pull, and nothing else")
        self._declare_rights([{"name": "app", "role": "write"}])
        check(self.actions() == {"pull", "push"}, "role write: /v2/auth gives pull and push")
        self._declare_rights([])
        check(self.actions() == set(), "no role any more: /v2/auth gives nothing")

    def _declare_rights(self, repositories: list[dict[str, str]]) -> None:
        patch = json.dumps({"spec": {"permissions": {"repositories": repositories}}})
        self.kubectl("-n", TEAM, "patch", f"qr/{ROBOT}", "--type=merge", "-p", patch)
        self.team.wait_ready(ROBOT)

    def actions(self) -> set[str]:
        """Return what the registry lets the Secret's holder do with the repository."""
        pair = self.team.credential(ROBOT)
        assert pair is not None
        return self.house.quay.actions(*pair, f"{ORGANIZATION}/app")

    def rotate(self) -> None:
        """Ask for a new credential by the annotation."""
        step("A rotation is asked for")
        before = self.team.credential(ROBOT)
        self.kubectl("-n", TEAM, "annotate", f"qr/{ROBOT}", "quayrobot.io/rotate=once")
        wait_for(lambda: self.team.credential(ROBOT) not in {None, before}, "a new credential")
        check(self.team.logs_in(ROBOT), "the new credential logs in")
        check(before and not self.house.quay.login(*before), "the old one does not any more")

    def repair(self) -> None:
        """Break what can be broken by hand."""
        step("Somebody deletes the Secret; it comes back with the same credential")
        before = self.team.credential(ROBOT)
        self.kubectl("-n", TEAM, "delete", "secret", ROBOT)
        wait_for(lambda: self.team.credential(ROBOT) == before, "the Secret to be back")
        check(self.team.logs_in(ROBOT), "it logs in")
        step("Somebody regenerates the token in Quay; the Secret follows at the next resync")
        token = self.house.quay.admin("robot/regenerate", name=self.full())
        wait_for(lambda: self.team.credential(ROBOT) == (self.full(), token), "the new token")
        check(self.team.logs_in(ROBOT), "it logs in")

    def delete(self) -> None:
        """Delete the resource and see the robot gone."""
        step("The QuayRobot is deleted")
        self.kubectl("-n", TEAM, "delete", f"qr/{ROBOT}", "--timeout=30s")
        check(self.house.quay.admin("robots") == [], "no robot is left in Quay")
        if self.house.plane.has_controllers:
            self.team.wait_gone(ROBOT, "secret")
            say("the Secret went with its owner")

    def full(self) -> str:
        """Return the robot's full name."""
        return f"{ORGANIZATION}+{ROBOT}"

    def team_calls(self) -> list[str]:
        """Return what Quay was asked about the organization."""
        calls = self.house.quay.calls()
        return [each.operation for each in calls if f"/organization/{ORGANIZATION}" in each.path]

    def kubectl(self, *args: str) -> None:
        """Run kubectl, and show the command and its output."""
        say(f"$ kubectl {' '.join(args)}")
        for line in self.house.plane.kubectl(*args).splitlines():
            say(f"  {line}")

    def _connection(self) -> dict[str, Any]:
        body: dict[str, Any] = yaml.safe_load((EXAMPLES / "cluster-connection.yaml").read_text())
        url = self.house.quay.url
        body["spec"] |= {
            "url": url,
            "registryHost": url.removeprefix("http://"),
            "allowPlaintext": True,
            "resyncInterval": "10s",
        }
        return body


def step(text: str) -> None:
    """Begin a step."""
    print(f"\n== {text}", flush=True)


def say(text: str) -> None:
    """Tell a detail."""
    print(f"   {text}", flush=True)


def check(ok: object, text: str) -> None:
    """
    Tell what was found.

    Raises:
        AssertionError: It is not as it has to be.
    """
    say(f"[{'ok' if ok else 'NOT OK'}] {text}")
    if not ok:
        raise AssertionError(text)


def stay(demo: Demo) -> None:
    """Apply the example once more, and leave everything to the user."""
    demo.declare()
    house = demo.house
    first, *rest = lines_to_paste(house, write_programs(house), TEAM, ROBOT)
    step("Everything stays up until Ctrl-C. In another shell, first:")
    say(first)
    step("Then any of these, as they stand:")
    for line in rest:
        say(line)
    step("Or the blocks of docs/first-hour.md, here with this Quay's address:")
    say(str(prepare_first_hour(house)))
    step("What listens where:")
    for what, url in addresses(house).items():
        say(f"{what}: {url}")
    signal.pause()


def main() -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stay", action="store_true", help="stay up to be tried")
    options = parser.parse_args()
    begun = time.monotonic()
    # So that everything is torn down, as Ctrl-C does it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        step("A Kubernetes API server with etcd and its controllers starts, and a double of Quay")
        with ControlPlane() as plane, FakeQuay() as quay:
            say(f"API server {plane.url}, Quay {quay.url}")
            step("The shipped manifests are applied (kubectl apply -k deploy/manifests)")
            house = Installation.make(plane, quay)
            demo = Demo(house)
            try:
                demo.run()
                print(f"\ndemo: ok in {time.monotonic() - begun:.0f} s", flush=True)
                if options.stay:
                    stay(demo)
            finally:
                house.close()
    except PartMissing as error:
        print(f"demo: SKIPPED: {error}")
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopped", flush=True)
    except AssertionError as error:
        print(f"\ndemo: FAILED: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
