"""
What was asked for so far? The bench's own book, which the referee judges by.

It knows what users declared and what others did, never what the operator says of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.kit.installation import Body

__all__ = ["Declared", "ClusterRobot", "reference"]


def reference(connection: str) -> Body:
    """Return the connectionRef of one of CONNECTIONS."""
    if connection == "token":
        return {"kind": "ClusterQuayConnection", "name": "soak"}
    return {"kind": "QuayConnection", "name": connection}


@dataclass
class Declared:
    """
    One QuayRobot as its users want it; *spec* is as it was drawn.

    Counts are of what may lead to a call that is otherwise one too many: *lives*
    of the resource, *rotations* asked for, *switches* to keyless, and robots that
    somebody removed in Quay (*lost*).
    """

    name: str
    spec: Body
    alive: bool = True
    again: bool = False
    lives: int = 1
    rotations: int = 0
    switches: int = 0
    lost: int = 0
    orphans: bool = False
    # A rotation that came before the first look is only noted.
    settled: bool = False
    unguarded: bool = False
    # Whether the status still says what the operator gave.
    noted: bool = True
    ever: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)

    @property
    def short(self) -> str:
        """The short name of the robot, the first of two with Overlap."""
        found: str = self.spec.get("robotName", self.name)
        return found

    @property
    def keyless(self) -> str | None:
        """The ServiceAccount whose token is exchanged, for a keyless one."""
        found: str | None = (self.spec.get("credentials") or {}).get("serviceAccount")
        return found

    @property
    def turns(self) -> bool:
        """Tell whether two robots take turns."""
        return bool((self.spec.get("rotation") or {}).get("strategy") == "Overlap")

    @property
    def secrets(self) -> list[Body]:
        """The Secrets that are wanted; names begin with that of the resource."""
        drawn = self.spec.get("drawn")
        named = [each | {"name": f"{self.name}-{each['name']}"} for each in drawn or ()]
        wanted = named or [{"name": self.name, "format": "DockerConfigJson"}]
        # Whoever pulls can read this one format only.
        pulls = wanted[0]["format"] == "DockerConfigJson"
        where = ["imagePullSecrets" if pulls else "secrets"]
        links = [{"name": each, "links": where} for each in self.spec.get("links", ())]
        return [wanted[0] | ({"serviceAccounts": links} if links else {}), *wanted[1:]]

    def body(self, organization: str, other: str) -> Body:
        """Return the spec to apply, in *organization* or in the one that is not allowed."""
        refused = self.spec.get("organization") == "<other>"
        spec = {
            "organization": other if refused else organization,
            "connectionRef": reference(self.spec["connectionRef"]),
            "secrets": self.secrets,
        }
        for key in ("robotName", "permissions", "federation", "credentials", "rotation",
                    "deletionPolicy", "suspend"):  # fmt: skip
            if key in self.spec:
                spec[key] = self.spec[key]
        declared = (self.spec.get("permissions") or {}).get("repositories", ())
        self.ever |= {each["name"] for each in declared}
        return spec


@dataclass
class ClusterRobot:
    """One ClusterQuayRobot as its users want it; *spaces* are the namespaces it picks."""

    name: str
    spec: Body
    spaces: set[str]
    rotations: int = 0

    def body(self, full: str, organization: str) -> Body:
        """Return the spec to apply for the resource called *full*."""
        template: dict[str, Any] = self.spec["template"] | {
            "connectionRef": reference("token"),
            "organization": organization,
            "secrets": [{"name": f"{self.name}-pull", "serviceAccounts": [{"name": "one"}]}],
        }
        return {
            "mode": self.spec["mode"],
            "namespaceSelectors": [{"matchLabels": {"soak": full.rpartition("-")[0]}}],
            "template": {"spec": template},
        }
