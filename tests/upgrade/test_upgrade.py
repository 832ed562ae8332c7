"""Does what an older version stored stay as it is under this one, and go when it is told to?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.canary_fixture import CanaryWatch
from tests.kit.controlplane import ControlPlane
from tests.kit.controlplane.fixture import missing_part
from tests.kit.fakequay.ledger import Entry
from tests.kit.installation import ROOT

from .busy import differing
from .declared import take_away
from .judging import Before, looked_around, surprises
from .site import Site, sited
from .snapshot import load

# 0.1.0-dev is 65e622f: the last one before the statuses told requests to rotate and times in
# words, before robots took three writes with `made-at`, and before keys that clients look up.
SNAPSHOTS = sorted(each.parent for each in Path(__file__).parent.glob("*/objects.yaml"))


ROBOTS = "/api/v1/organization/up/robots"
ROLES = "/api/v1/repository/up/app/permissions/user"


def call(operation: str, path: str, *, effect: bool = True) -> Entry:
    return Entry(0, 0.0, "POST", path, operation, 200, effect, None)


def test_what_was_not_asked_for_and_what_was_asked_for_in_vain_is_told():
    edits = [("rotate", "busy-0"), ("give", "busy-1"), ("make", "busy-new"), ("take", "busy-new")]
    calls = [
        call("robot.regenerate", f"{ROBOTS}/busy-0/regenerate"),
        call("permission.put", f"{ROLES}/up+busy-1"),
        call("robot.create", f"{ROBOTS}/busy-new"),
        call("robot.delete", f"{ROBOTS}/busy-new"),
    ]
    refused = call("robot.delete", f"{ROBOTS}/plain", effect=False)

    assert differing([*calls, refused], edits) == []
    assert differing([*calls, calls[0]], edits) == [
        "in Quay: robot.regenerate of busy-0: 2, not 1"
    ]
    assert differing([call("robot.delete", f"{ROBOTS}/plain")], []) == [
        "in Quay: robot.delete of plain: 1, not 0"
    ]
    assert differing(calls[1:], edits) == ["in Quay: robot.regenerate of busy-0: 0, not 1"]


@pytest.fixture
def site(own_control_plane: ControlPlane, canary_watch: CanaryWatch) -> Iterator[Site]:
    if not own_control_plane.has_controllers:
        missing_part("what is owned goes only where garbage is collected")
    with sited(own_control_plane) as site:
        canary_watch.add("logs of operators", site.said)
        yield site


@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=lambda each: each.name)
def test_what_an_older_version_stored_is_kept_as_it_is_and_can_be_deleted(
    site: Site, snapshot: Path
):
    load(site, snapshot)
    before = Before.of(site)
    site.define(ROOT)
    site.run(ROOT)
    looked_around(site, before)

    assert surprises(site, before) == []

    take_away(site)
    assert site.quay.admin("robots") == ["up+kept"]
