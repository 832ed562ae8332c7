"""What is a way of installing, and which two versions does it move between?"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from ..site import ROOT, Site

__all__ = [
    "COLUMN",
    "DEFINITION",
    "LATER",
    "NOW",
    "Body",
    "AppliedWay",
    "Version",
    "Way",
    "as_version",
    "shipped",
    "words",
]

Body = dict[str, Any]
DEFINITION = "quayrobots.quayrobot.io"
# What the definition of QuayRobots has more in the later version.
COLUMN = {"name": "Later", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


@dataclass(frozen=True, slots=True)
class Version:
    """One version: the image's tag, and what the Deployment's arguments say."""

    tag: str
    workers: int

    @property
    def argument(self) -> str:
        """What tells the version by the Deployment."""
        return f"--workers={self.workers}"

    @property
    def later(self) -> bool:
        """Tell whether its definitions have one column more."""
        return self is LATER


NOW = Version("node", 8)
LATER = Version("later", 9)


class Way(ABC):
    """One tool and its steps. After each the tool says that it is done."""

    name: ClassVar[str]

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.image = site.image.rpartition(":")[0]

    @abstractmethod
    def install(self) -> None:
        """Bring version NOW into a cluster that has nothing of it."""

    @abstractmethod
    def upgrade(self) -> None:
        """Go to version LATER."""

    @abstractmethod
    def roll_back(self) -> None:
        """Go back to version NOW."""

    @abstractmethod
    def remove(self) -> None:
        """Take everything away; robots and connections are gone by then."""


class AppliedWay(Way):
    """A tool whose one step brings any version: the later one, and the first one again."""

    def install(self) -> None:
        """Apply version NOW."""
        self._go_to(NOW)

    def upgrade(self) -> None:
        """Apply version LATER over it."""
        self._go_to(LATER)

    def roll_back(self) -> None:
        """Apply version NOW again."""
        self._go_to(NOW)

    def _go_to(self, version: Version) -> None:
        self.apply(version)
        self.site.wait_operator(timeout_s=120)

    @abstractmethod
    def apply(self, version: Version) -> None:
        """Have the tool apply *version*."""


def as_version(objects: list[Body], image: str, version: Version) -> list[Body]:
    """Return copies of *objects* as they are in *version*."""
    copies: list[Body] = json.loads(json.dumps(objects))
    for each in copies:
        if each["kind"] == "Deployment":
            (container,) = each["spec"]["template"]["spec"]["containers"]
            container["image"] = f"{image}:{version.tag}"
            container["args"].append(version.argument)
        if each["metadata"]["name"] == DEFINITION and version.later:
            each["spec"]["versions"][0]["additionalPrinterColumns"].append(COLUMN)
    return copies


def shipped(site: Site) -> list[Body]:
    """Return the objects of the shipped manifests."""
    said = site.plane.kubectl("kustomize", str(ROOT / "deploy" / "manifests"))
    return [each for each in yaml.safe_load_all(said) if each]


def words(objects: list[Body]) -> str:
    """Return *objects* as one file."""
    return yaml.safe_dump_all(objects)
