"""
What is the operator made of?

The locked packages that its image has, as CycloneDX, by the library made for that.
The same bytes each time: its time is the one given, its number comes from its
content. Usage: sbom.py VERSION; times are those of SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.markers import Marker

ROOT = Path(__file__).parents[1]
LOCKED = ROOT / "requirements" / "run.txt"
NAME = "quay-robot-operator"
# Its name, version and architecture.
DebianPackage = tuple[str, str, str]
IMAGE = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
_LOCKED = re.compile(
    r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?: ; ([^\\\n]+))?((?:.*\\\n)*.*)", re.MULTILINE
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def sbom(version: str, when: int, system: Iterable[DebianPackage] = (), digest: str = "") -> str:
    """
    Return what the image of *version* is made of, dated *when* in seconds since 1970.

    *system* is what the base brings, and *digest* (sha256:...) the image's, where it was built.
    """
    parts = [*components(), *(debian_component(*each) for each in sorted(set(system)))]
    name = ",".join([*(str(each.purl) for each in parts), digest])
    kind = ComponentType.CONTAINER if digest else ComponentType.APPLICATION
    about = [Property(name="oci:digest", value=digest)] if digest else []
    own = Component(name=NAME, version=version, type=kind, bom_ref=NAME, properties=about)
    made = Bom(components=parts, serial_number=uuid5(NAMESPACE_URL, f"{NAME}@{version}:{name}"))
    made.metadata.component = own
    made.metadata.timestamp = datetime.fromtimestamp(when, UTC)
    made.register_dependency(own, parts)
    return f"{JsonV1Dot6(made).output_as_string(indent=1)}\n"


def debian_component(name: str, version: str, architecture: str) -> Component:
    """Return a package of the base."""
    url = PackageURL("deb", "debian", name, version, qualifiers={"arch": architecture})
    return Component(name=name, version=version, type=ComponentType.LIBRARY, purl=url,
                     bom_ref=str(url))  # fmt: skip


def components() -> Iterator[Component]:
    """Yield a component for each locked package that is installed in the image."""
    for name, version, marker, rest in _LOCKED.findall(LOCKED.read_text()):
        if marker and not Marker(marker.strip()).evaluate(IMAGE):
            continue
        url = PackageURL("pypi", None, name.lower().replace("_", "-"), version)
        # One for each file of the package: whichever of them was installed, it is one of these.
        hashes = [Property(name="locked:sha256", value=each) for each in _HASH.findall(rest)]
        yield Component(
            name=name, version=version, type=ComponentType.LIBRARY, purl=url,
            bom_ref=str(url), properties=hashes,
        )  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(sbom(sys.argv[1], int(os.environ["SOURCE_DATE_EPOCH"])))
