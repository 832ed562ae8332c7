"""What does a team do with a robot on a node: run pods whose image only the robot may pull?"""

from __future__ import annotations

import json
from typing import Any

from tests.kit.installation import API, Tenant
from tests.kit.packing import packed
from tests.kit.processes import wait_for

from .site import Body, Site

__all__ = ["READ", "Team", "pod_of"]

READ = {"repositories": [{"name": "app", "role": "read"}]}


class Team:
    """A tenant with a private image `app` in its organization."""

    def __init__(self, site: Site, tenant: Tenant) -> None:
        self._site, self.tenant, self.name = site, tenant, tenant.name
        self.image = f"{site.registry}/{self.name}/app:1"
        tenant.repository("app")
        archive = packed(site.plane.folder / f"{self.name}.tar", "localhost/app:1", site.program)
        site.push(archive, f"{self.name}/app:1")

    def robot(self, name: str = "ci", **spec: Any) -> Body:
        """Return a QuayRobot that may pull the image, by the ServiceAccount default."""
        links = [{"name": f"{name}-pull", "serviceAccounts": [{"name": "default"}]}]
        return {
            "apiVersion": API,
            "kind": "QuayRobot",
            "metadata": {"name": name, "namespace": self.name},
            "spec": {"organization": self.name, "permissions": READ, "secrets": links, **spec},
        }

    def deployment(self, name: str = "app", secret: str | None = None) -> Body:
        """Return a Deployment of the image; *secret*: named by its pods themselves."""
        spec = pod_of(self.image, secret)
        labels = {"app": name}
        template = {"metadata": {"labels": labels}, "spec": spec}
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": self.name},
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        }

    def run(self, name: str) -> None:
        """Make a pod that pulls the image anew."""
        self._site.plane.apply(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "namespace": self.name},
                "spec": pod_of(self.image, None),
            }
        )

    def wait_running(self, name: str, timeout_s: float = 40) -> None:
        """Wait until a pod whose name begins with *name* runs."""

        def running() -> bool:
            return any(
                each["metadata"]["name"].startswith(name) and each["status"]["phase"] == "Running"
                for each in self._site.pods(self.name)
            )

        try:
            wait_for(running, "", timeout_s=timeout_s, every_s=0.2)
        except AssertionError:
            raise AssertionError(f"{name} does not run: {self._states()}") from None

    def wait_linked(self, name: str = "ci") -> None:
        """Wait until the robot is Ready, and with it its Secret and ServiceAccount."""
        self.tenant.wait_ready(name, timeout_s=60)

    def runs(self, name: str) -> None:
        """Let a new pod pull the image, and see it run."""
        self.run(name)
        self.wait_running(name)

    def wait_refused(self, name: str) -> str:
        """Wait until the registry refuses the pull of pod *name*, and return its words."""

        def refused() -> str:
            body = self._site.plane.get("pod", name, self.name) or {}
            for each in body.get("status", {}).get("containerStatuses", ()):
                waiting = each["state"].get("waiting", {})
                if waiting.get("reason") == "ErrImagePull":
                    return str(waiting["message"])
            return ""

        return str(wait_for(refused, f"{name} to be refused", timeout_s=40, every_s=0.1))

    def _states(self) -> str:
        states = [each["status"] for each in self._site.pods(self.name)]
        return f"{json.dumps(states)[-2000:]}; {self.tenant.condition()}"


def pod_of(image: str, secret: str | None) -> Body:
    """Return the spec of a pod that pulls *image* whenever it starts."""
    container = {"name": "app", "image": image, "imagePullPolicy": "Always"}
    spec: Body = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return spec | ({"imagePullSecrets": [{"name": secret}]} if secret else {})
